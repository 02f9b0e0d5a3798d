"""The application's own route class, and what it does with requests that no route understands."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from suanwang.basics.errors import Refused, SuanwangError
from suanwang.server.errors import (
    BodyCut,
    FieldsInvalid,
    JsonMalformed,
    MediaTypeWrong,
    MethodRefused,
    RouteUnknown,
)
from suanwang.server.http.bodies import escape, explain, parse_json
from suanwang.server.http.problems import FieldError, problem

_PLACES = {"body": "", "query": "/query", "path": "/path", "header": "/header"}


class StrictRequest(Request):
    """A request whose JSON is read strictly."""

    async def json(self) -> Any:  # noqa: ANN401 - JSON may be anything
        """Read the body as JSON. Raises JsonMalformed or TextUnstorable."""
        if not hasattr(self, "_json"):
            self._json = parse_json(await self.body())
        return self._json


class StrictRoute(APIRoute):
    """A route that reads JSON strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's own handler, given a StrictRequest."""
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return strict


def a_router(**kwargs: Any) -> APIRouter:  # noqa: ANN401 - APIRouter's own
    """Make a router of strict routes."""
    return APIRouter(route_class=StrictRoute, **kwargs)


def answer_mistakes(app: FastAPI) -> None:
    """Let the application answer unknown routes, wrong methods and bad fields with problems."""

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return _problem(request, _named(request, error))

    @app.exception_handler(RequestValidationError)
    async def _fields(request: Request, error: RequestValidationError) -> Response:
        return _problem(request, _fields_error(request, error))


def _problem(request: Request, error: SuanwangError) -> Response:
    state = request.state
    return problem(error, lang=state.lang, instance=request.url.path, trace_id=state.trace_id)


def _named(request: Request, error: HTTPException) -> SuanwangError:
    cause = error.__cause__
    if isinstance(cause, SuanwangError):
        return cause  # ours, raised while the framework read the body
    if isinstance(cause, ClientDisconnect):
        return BodyCut(reason="cut")
    path = request.url.path
    if error.status_code == 404:  # noqa: PLR2004 - no such route
        return RouteUnknown(path=path, kind="route", id=path)
    if error.status_code == 405:  # noqa: PLR2004 - no such method there
        allowed = (error.headers or {}).get("Allow", "")
        return MethodRefused(method=request.method, path=path, allowed=allowed, reason="method")
    if error.status_code == 400:  # noqa: PLR2004 - the framework could not read the body
        return JsonMalformed(reason=str(error.detail))
    refused = Refused(reason=str(error.detail))
    refused.status = error.status_code  # type: ignore[misc]  # one instance speaks for the framework
    return refused


def _fields_error(request: Request, error: RequestValidationError) -> SuanwangError:
    findings = error.errors()
    lang = request.state.lang
    for one in findings:
        if one["type"] == "json_invalid":
            return JsonMalformed(reason=str(one.get("ctx", {}).get("error", one["msg"])))
        if one["loc"] == ("body",) and isinstance(error.body, bytes):
            found = request.headers.get("content-type", "")
            return MediaTypeWrong(expected="application/json", found=found, reason="media type")
    mistakes = []
    for one in findings:
        place, *rest = one["loc"]
        pointer = _PLACES.get(str(place), f"/{place}") + "".join(f"/{escape(p)}" for p in rest)
        detail = explain(one["type"], one["msg"], one.get("ctx") or {}, lang)
        mistakes.append(FieldError(pointer, detail))
    return FieldsInvalid(count=len(mistakes), errors=mistakes, reason="fields")
