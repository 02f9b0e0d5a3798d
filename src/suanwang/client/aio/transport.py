"""One connection to an exchange: signs, waits, tries again, and turns refusals into errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

import suanwang
from suanwang.client import answers
from suanwang.client.errors import AnswerUnreadable, ServerUnreachable
from suanwang.client.profiles import Access
from suanwang.client.reading import Misfit, R, read

Params = Mapping[str, str | int | None]
PAGE_SIZE = 100


class AsyncTransport:
    """Sends requests to one exchange with one key."""

    def __init__(
        self,
        access: Access,
        *,
        lang: str = "en",
        timeout: float = answers.TIMEOUT_SECONDS,
        retries: int = answers.RETRIES,
        watch: Callable[[httpx.Request], None] | None = None,
        mount: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.url = access.url
        self._timeout = timeout
        self._retries = retries
        self._watch = watch
        headers = {"Accept-Language": lang, "User-Agent": f"suanwang/{suanwang.__version__}"}
        if access.key:
            headers["Authorization"] = f"Bearer {access.key}"
        try:
            self._http = httpx.AsyncClient(
                base_url=access.url,
                headers=headers,
                timeout=httpx.Timeout(timeout, connect=min(timeout, answers.CONNECT_SECONDS)),
                transport=mount,
            )
        except (ImportError, ValueError, OSError) as error:
            # A proxy or certificate of the environment that cannot be used.
            reason = str(error).rstrip(".")
            raise ServerUnreachable(url=access.url, reason=reason) from None

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def get(self, path: str, params: Params | None = None) -> Any:  # noqa: ANN401 - JSON
        """GET a document."""
        return answers.document(await self.send("GET", path, params=params))

    async def post(self, path: str, body: Mapping[str, Any], *, idempotency_key: str) -> Any:  # noqa: ANN401 - JSON
        """POST a document; the key makes a repetition have the effect of one."""
        headers = {"Idempotency-Key": idempotency_key}
        return answers.document(await self.send("POST", path, body=body, headers=headers))

    async def delete(self, path: str) -> None:
        """DELETE a thing."""
        await self.send("DELETE", path)

    async def fetch(self, cls: type[R], path: str, params: Params | None = None) -> R:
        """GET a document and read it as a `cls`."""
        return self.read(cls, await self.get(path, params), path)

    def read(self, cls: type[R], document: object, path: str, **extra: Any) -> R:  # noqa: ANN401
        """Read a document as a `cls`; AnswerUnreadable if it is none."""
        try:
            return read(cls, document, **extra)
        except Misfit as misfit:
            raise AnswerUnreadable(url=f"{self.url}{path}", found=str(misfit)) from None

    async def pages(
        self, path: str, params: Params | None = None, *, most: int | None = None
    ) -> AsyncIterator[Any]:
        """Yield a list's documents, fetching pages as they are needed."""
        left = most
        query = {"limit": PAGE_SIZE, **(params or {})}
        while left is None or left > 0:
            page = await self.get(path, {**query, "limit": min(PAGE_SIZE, left or PAGE_SIZE)})
            items = answers.items_of(page, f"{self.url}{path}")
            for item in items[:left]:
                yield item
            left = None if left is None else left - len(items)
            cursor = page.get("next_cursor")
            if not cursor:
                return
            if cursor == query.get("cursor"):  # no list of ours goes round in circles
                found = "the same page twice"
                raise AnswerUnreadable(url=f"{self.url}{path}", found=found)
            query["cursor"] = cursor

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        content: Callable[[], AsyncIterator[bytes]] | None = None,
    ) -> httpx.Response:
        """Send a request and return its good answer, read to the end. Raises what it refuses.

        `content` makes the body afresh for every attempt.
        """
        attempt = 0
        while True:
            answer: httpx.Response | None = None
            try:
                request = self._request(
                    method, path, params=params, body=body, headers=headers, content=content
                )
                answer = await self._http.send(request)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                if attempt >= self._retries or not answers.may_try_again(error):
                    raise answers.trouble(error, self.url, seconds=self._timeout) from None
            else:
                if attempt >= self._retries or not answers.is_busy(answer):
                    refused = answers.refusal(answer)
                    if refused is not None:
                        raise refused
                    return answer
            await asyncio.sleep(answers.pause_before(attempt, answer))
            attempt += 1

    @asynccontextmanager
    async def stream(
        self, path: str, params: Params | None = None, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[httpx.Response]:
        """GET an answer whose body is read piece by piece. Trouble while reading is raised, too."""
        request = self._request("GET", path, params=params, headers=headers)
        request.extensions["timeout"]["read"] = answers.STREAM_SECONDS
        try:
            answer = await self._http.send(request, stream=True)
            try:
                if answer.is_error or answer.is_redirect:
                    await answer.aread()
                    refused = answers.refusal(answer)
                    if refused is not None:
                        raise refused
                yield answer
            finally:
                await answer.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise answers.trouble(error, self.url, seconds=answers.STREAM_SECONDS) from None

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        content: Callable[[], AsyncIterator[bytes]] | None = None,
    ) -> httpx.Request:
        query = {key: value for key, value in (params or {}).items() if value is not None}
        request = self._http.build_request(
            method,
            path,
            params=query or None,
            json=body,
            headers=headers,
            content=content() if content else None,
        )
        if self._watch:
            self._watch(request)
        return request
