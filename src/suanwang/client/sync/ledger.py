# Made by tools/unasync.py from ../aio/ledger.py; change that file and run the tool.
"""The log that proves the ledger: its key, heads and proofs, and the bundle of a bill."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from suanwang.client.errors import AnswerUnreadable, ConflictAnswered, ExportOther
from suanwang.client.log_files import MANIFEST, LogFiles, read_manifest, since_of, size_of
from suanwang.client.reading import R
from suanwang.client.sync.transport import Transport
from suanwang.client.wire_proofs import Consistency, Head, Inclusion, LogKey, Witness

HEAD_PENDING = "head-pending"
HEAD_SECONDS = 120.0  # twice as long as heads take by default
LOOK_SECONDS = 0.5
LEAVES_PAGE = 4_096


class Ledger:
    """Proofs of what the exchange has on record."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def key(self) -> LogKey:
        """Return the key that signs heads, and the witnesses' keys."""
        return self._transport.fetch(LogKey, "/v1/ledger/key")

    def checkpoint(self) -> str:
        """Return the newest head as a signed note. Raises NotFound before the first."""
        return str((self._transport.send("GET", "/v1/ledger/checkpoint")).text)

    def heads(self, *, most: int | None = None) -> Iterator[Head]:
        """Yield signed heads, newest first."""
        for document in self._transport.pages("/v1/ledger/heads", most=most):
            yield self._transport.read(Head, document, "/v1/ledger/heads")

    def sign_head(self) -> Head:
        """Put everything on record into the log and sign its head now; operators only."""
        return self._post(Head, "/v1/ledger/heads", {})

    def tile(self, path: str) -> bytes:
        """Return a tile of hashes by its path, such as `0/x001/067` or `0/000.p/5`."""
        return bytes((self._transport.send("GET", f"/v1/ledger/tile/{path}")).content)

    def inclusion(self, kind: str, record_id: str, *, size: int | None = None) -> Inclusion:
        """Prove a record of one's own, of kind "transfer", "bill", "usage" or "order"."""
        params = {"kind": kind, "id": record_id, "size": size}
        return self._transport.fetch(Inclusion, "/v1/ledger/proofs/inclusion", params)

    def consistency(self, first: int, second: int) -> Consistency:
        """Prove that the head of `second` leaves continues the one of `first`."""
        params = {"first": first, "second": second}
        return self._transport.fetch(Consistency, "/v1/ledger/proofs/consistency", params)

    def add_witness(self, key: str) -> Witness:
        """Take a witness's cosignatures from now on; operators only."""
        return self._post(Witness, "/v1/ledger/witnesses", {"key": key})

    def cosign(self, size: int, line: str) -> Head:
        """Hand in a witness's signature line under the head of a size."""
        return self._post(Head, "/v1/ledger/cosignatures", {"size": size, "line": line})

    def leaves(self, first: int, *, limit: int = LEAVES_PAGE) -> bytes:
        """Return leaves with salts and records, a line each, as files of an export hold them."""
        query = {"first": first, "limit": limit}
        answer = self._transport.send("GET", "/v1/ledger/leaves", params=query)
        return bytes(answer.content)

    def export(
        self,
        folder: str | Path,
        *,
        since: str | Path | None = None,
        told: Callable[[int, int], None] | None = None,
    ) -> Path:
        """Fetch every leaf of the log into files that prove themselves; auditors and operators.

        What a broken call left there is kept and gone on from. `since` is an earlier export, of
        which the new one holds the rest. `told` hears how many leaves are there, and of how many.
        Raises: ExportThere, ExportOther, FileMissing, FileTrouble.
        """
        files = LogFiles(Path(folder))
        before = None if since is None else size_of(read_manifest(Path(since) / MANIFEST))
        manifest = files.manifest()
        if manifest is None:
            manifest = self._transport.get("/v1/ledger/export", {"since": before})
            files.begin(manifest)
        if since_of(manifest) != (before or 0):
            raise ExportOther(path=folder)
        size = size_of(manifest)
        first = files.next_leaf(before or 0)
        while first < size:
            data = self.leaves(first, limit=min(LEAVES_PAGE, size - first))
            count = files.add(first, data)
            if not count:
                url = f"{self._transport.url}/v1/ledger/leaves"
                raise AnswerUnreadable(url=url, found="no leaves")
            first += count
            if told:
                told(first, size)
        files.finish()
        return Path(folder)

    def bundle(self, job_id: str) -> bytes:
        """Return the file that proves a job's bill to anybody. Raises Conflict while pending."""
        return bytes((self._transport.send("GET", f"/v1/jobs/{job_id}/bill/bundle")).content)

    def wait_for_bundle(
        self,
        job_id: str,
        *,
        timeout: float = HEAD_SECONDS,
    ) -> bytes:
        """Return a bill's bundle once its records are under a signed head. Raises Conflict."""
        end = time.monotonic() + timeout
        while True:
            try:
                return self.bundle(job_id)
            except ConflictAnswered as refused:
                if refused.code != HEAD_PENDING or time.monotonic() > end:
                    raise
            time.sleep(LOOK_SECONDS)

    def _post(self, cls: type[R], path: str, body: Mapping[str, Any]) -> R:
        key = secrets.token_hex(16)
        document = self._transport.post(path, body, idempotency_key=key)
        return self._transport.read(cls, document, path)
