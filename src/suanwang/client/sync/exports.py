# Made by tools/unasync.py from ../aio/exports.py; change that file and run the tool.
"""Bills and the ledger as files of other programs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from suanwang.basics.slots import format_instant
from suanwang.client import files
from suanwang.client.sync.transport import Transport


class Exports:
    """Exports of an organisation's bills (focus, csv, jsonl) and ledger (beancount, hledger).

    Sellers get what they earned: earned-csv, earned-jsonl.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def stream(
        self,
        form: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        excel: bool = False,
        everybody: bool = False,
        organisation_id: str | None = None,
    ) -> Iterator[bytes]:
        """Yield an export piece by piece; by default this Beijing month until now.

        `excel` makes plain CSV that Excel reads; `everybody` needs a key that sees all.
        """
        params = {
            "from": None if start is None else format_instant(start),
            "to": None if end is None else format_instant(end),
            "excel": "true" if excel else None,
            "everybody": "true" if everybody else None,
            "organisation_id": organisation_id,
        }
        with self._transport.stream(f"/v1/exports/{form}", params) as answer:
            yield from answer.iter_bytes(files.CHUNK_BYTES)

    def fetch(
        self,
        form: str,
        path: str | Path,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        excel: bool = False,
        everybody: bool = False,
        organisation_id: str | None = None,
    ) -> Path:
        """Write an export to `path`, where it appears only once it is whole."""
        place = Path(path)
        with files.whole(place) as file:
            for piece in self.stream(
                form, start=start, end=end, excel=excel, everybody=everybody,
                organisation_id=organisation_id,
            ):  # fmt: skip
                file.write(piece)
        return place
