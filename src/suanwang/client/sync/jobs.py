# Made by tools/unasync.py from ../aio/jobs.py; change that file and run the tool.
"""Jobs: quote, submit, accept, list, follow, fetch, cancel."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from suanwang.basics.errors import Unavailable
from suanwang.client import files, specs
from suanwang.client.answers import items_of, json_line
from suanwang.client.errors import ArrayNeedsAll, NoPlace, PriceRose, TimedOut
from suanwang.client.results import Fetched
from suanwang.client.specs import LoadedSpec, Source
from suanwang.client.sync.blobs import Blobs, Told, quiet
from suanwang.client.sync.job import Job
from suanwang.client.sync.results import fetch_output
from suanwang.client.sync.transport import Transport
from suanwang.client.wire import (
    WAITING_FOR_QUOTE,
    Bill,
    JobView,
    LogLine,
    Output,
    Quote,
    TimelineLine,
)

LOOK_SECONDS = 0.25
LOOK_MAX_SECONDS = 3.0
QUOTE_SECONDS = 60.0
_LOG_TRIES = 5


class Jobs:
    """The organisation's jobs."""

    def __init__(self, transport: Transport, blobs: Blobs) -> None:
        self._transport = transport
        self._blobs = blobs

    def quote(self, source: Source, **changes: Any) -> Quote:  # noqa: ANN401 - job file keys
        """Plan a job without handing it in: nothing is stored, sent or spent.

        `source` is a job file's path or a mapping; `changes` replace its keys (deadline="6h").
        Local inputs are only measured. An array is quoted by its first member.
        """
        return self.quote_loaded(specs.load(source, **changes))

    def quote_loaded(self, spec: LoadedSpec) -> Quote:
        """Plan a job whose file was loaded; as `quote`."""
        spec.must_be_good()
        found = specs.local_files(spec)
        paths = {file.path for group in found.values() for file in group}
        blobs = {path: files.digest(path) for path in paths}
        wire = specs.with_blobs(spec, blobs, found)
        member, _ = specs.one_member(wire)
        key = secrets.token_hex(16)
        document = self._transport.post("/v1/quotes", {"spec": member}, idempotency_key=key)
        quote = self._transport.read(Quote, document, "/v1/quotes")
        once = secrets.token_hex(16)
        return replace(quote, spec=spec.mapping, folder=str(spec.folder), idempotency_key=once)

    def submit(
        self,
        source: Source,
        *,
        accept: bool = False,
        idempotency_key: str | None = None,
        **changes: Any,  # noqa: ANN401 - job file keys
    ) -> Job:
        """Hand in one job; with `accept`, its quote is accepted when it comes."""
        spec = specs.load(source, **changes)
        if spec.mapping.get("array") is not None:
            raise ArrayNeedsAll(name=spec.job_name)
        made = self.submit_all([spec], accept=accept, idempotency_key=idempotency_key)
        return made[0]

    def submit_all(
        self,
        sources: Sequence[Source | LoadedSpec],
        *,
        accept: bool = False,
        idempotency_key: str | None = None,
        told: Told = quiet,
    ) -> tuple[Job, ...]:
        """Hand in several jobs at once, whose `after` may name each other, and arrays.

        Local inputs are sent first. Returns one job for each spec or array member.
        """
        loaded = [s if isinstance(s, LoadedSpec) else specs.load(s) for s in sources]
        for spec in loaded:
            spec.must_be_good()
        wires = self.upload(loaded, told=told)
        key = idempotency_key or secrets.token_hex(16)
        body = {"specs": [*wires], "accept": accept}
        document = self._transport.post("/v1/jobs", body, idempotency_key=key)
        items = items_of(document, "/v1/jobs")
        return tuple(self._job(each) for each in items)

    def upload(
        self, loaded: Sequence[LoadedSpec], *, told: Told = quiet
    ) -> tuple[dict[str, Any], ...]:
        """Send the local inputs of specs; return the specs with blobs in their place."""
        found = [specs.local_files(spec) for spec in loaded]
        paths = [file.path for one in found for group in one.values() for file in group]
        blobs = self._blobs.put_all(paths, told=told)
        return tuple(specs.with_blobs(s, blobs, f) for s, f in zip(loaded, found, strict=True))

    def accept(self, quote: Quote | JobView) -> Job:
        """Accept a quote: hand its job in if that has not happened, and hold the money.

        The idempotency key was made with the quote, so accepting twice is accepting once. Raises
        NoPlace, or PriceRose where a quote is dearer by now (the job is then cancelled).
        """
        if isinstance(quote, JobView):
            return self.accept_job(quote.id)
        if quote.job_id is not None:
            return self.accept_job(quote.job_id)
        assert quote.spec is not None, "a quote of our own has its spec"
        loaded = LoadedSpec(dict(quote.spec), folder=Path(quote.folder))
        made = self.submit_all([loaded], idempotency_key=quote.idempotency_key)
        if len(made) > 1:
            raise ArrayNeedsAll(name=made[0].name)
        job = self.wait_for_quote(made[0].id)
        if job.accepted:
            return job
        found = self.quote_of(job.id)
        if quote.hold is not None and found.hold is not None and found.hold > quote.hold:
            self.cancel(job.id)
            raise PriceRose(name=job.name, quoted=quote.hold, found=found.hold)
        return self.accept_job(job.id)

    def accept_job(self, job_id: str) -> Job:
        """Accept the quote of a job that was handed in."""
        return self._act(job_id, "accept")

    def cancel(self, job_id: str) -> Job:
        """End a job; what it has used is billed."""
        return self._act(job_id, "cancel")

    def _act(self, job_id: str, verb: str) -> Job:
        path = f"/v1/jobs/{job_id}/{verb}"
        key = secrets.token_hex(16)
        return self._job(self._transport.post(path, {}, idempotency_key=key))

    def get(self, job_id: str) -> Job:
        """Return one job."""
        return self._job(self._transport.get(f"/v1/jobs/{job_id}"))

    def list(
        self,
        *,
        state: str | None = None,
        kind: str | None = None,
        name: str | None = None,
        array_id: str | None = None,
        sort: str = "-created",
        most: int | None = None,
    ) -> Iterator[Job]:
        """Yield jobs, newest first, fetching pages as they are needed."""
        params = {"state": state, "kind": kind, "name": name, "array_id": array_id, "sort": sort}
        for document in self._transport.pages("/v1/jobs", params, most=most):
            yield self._job(document)

    def quote_of(self, job_id: str) -> Quote:
        """Return a job's plan and price."""
        quote = self._transport.fetch(Quote, f"/v1/jobs/{job_id}/quote")
        return replace(quote, job_id=job_id)

    def timeline(self, job_id: str, *, after: str | None = None) -> tuple[TimelineLine, ...]:
        """Return everything that has happened to a job, oldest first."""
        path = f"/v1/jobs/{job_id}/timeline"
        found = self._transport.pages(path, {"cursor": after})
        lines = [self._transport.read(TimelineLine, each, path) for each in found]
        return tuple(lines)

    def outputs(self, job_id: str) -> tuple[Output, ...]:
        """Return what a job has brought home, and where it lies."""
        path = f"/v1/jobs/{job_id}/outputs"
        found = self._transport.pages(path)
        outputs = [self._transport.read(Output, each, path) for each in found]
        return tuple(outputs)

    def results(
        self, job_id: str, folder: str | Path = ".", *, told: Told = quiet
    ) -> tuple[Fetched, ...]:
        """Fetch a job's outputs into a folder, each checked against its SHA-256.

        One that lies here whole is not fetched again; one that lies elsewhere is only named.
        """
        fetched = []
        for output in self.outputs(job_id):
            place = Path(folder)
            fetched.append(fetch_output(self._transport, job_id, output, folder=place, told=told))
        return tuple(fetched)

    def bill(self, job_id: str) -> Bill:
        """Return what a job cost. Raises NotFound until it is billed."""
        return self._transport.fetch(Bill, f"/v1/jobs/{job_id}/bill")

    def logs(self, job_id: str, *, follow: bool = False, after: str = "") -> Iterator[LogLine]:
        """Yield what a job prints; with `follow`, until it has ended, over lost connections."""
        path, tries = f"/v1/jobs/{job_id}/logs", 0
        while True:
            params = {"after": after or None, "follow": "true" if follow else None}
            try:
                with self._transport.stream(path, params) as answer:
                    for text in answer.iter_lines():
                        if text.strip():
                            document = json_line(text, path)
                            line = self._transport.read(LogLine, document, path)
                            after, tries = line.cursor or str(line.seq), 0
                            yield line
                if not follow or (self.get(job_id)).is_ended:
                    return
            except Unavailable:
                tries += 1
                if not follow or tries > _LOG_TRIES:
                    raise
            time.sleep(min(LOOK_SECONDS * 2**tries, LOOK_MAX_SECONDS))

    def wait(
        self,
        job_id: str,
        *,
        timeout: float | None = None,
        settled: bool = False,
    ) -> Job:
        """Wait until a job's work is over, or (`settled`) until its bill is. Raises TimedOut."""
        return self._wait_until(
            job_id,
            lambda job: job.is_final if settled else job.is_ended,
            timeout=timeout,
        )

    def wait_for_quote(
        self,
        job_id: str,
        *,
        timeout: float = QUOTE_SECONDS,
    ) -> Job:
        """Wait until a job has its quote. Raises TimedOut, or NoPlace if nothing can run it."""
        job = self._wait_until(
            job_id, lambda job: job.state not in WAITING_FOR_QUOTE, timeout=timeout
        )
        if job.state == "REJECTED":
            raise NoPlace(name=job.name, reason=job.reason.message if job.reason else job.state)
        return job

    def _wait_until(
        self,
        job_id: str,
        done: Callable[[Job], bool],
        *,
        timeout: float | None,
    ) -> Job:
        end = None if timeout is None else time.monotonic() + timeout
        pause = LOOK_SECONDS
        while not done(job := self.get(job_id)):
            left = LOOK_MAX_SECONDS if end is None else end - time.monotonic()
            if left <= 0:
                raise TimedOut(what=f"{job.id} ({job.state})", seconds=f"{timeout:g}")
            time.sleep(min(pause, left))
            pause = min(pause * 1.5, LOOK_MAX_SECONDS)
        return job

    def _job(self, document: Mapping[str, Any]) -> Job:
        return self._transport.read(Job, document, "/v1/jobs", jobs=self)
