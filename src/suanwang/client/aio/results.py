"""Fetching an output: streamed, checked, and in its place only when it is whole."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from suanwang.client.aio.blobs import Told
from suanwang.client.aio.transport import AsyncTransport
from suanwang.client.files import CHUNK_BYTES
from suanwang.client.results import Fetched, arriving, is_here, place_for
from suanwang.client.wire import Output


async def fetch_output(
    transport: AsyncTransport, job_id: str, output: Output, *, folder: Path, told: Told
) -> Fetched:
    """Fetch one output into `folder`, unless it lies there or stays elsewhere."""
    if output.kind != "blob":
        return Fetched(output, None)
    place = place_for(output, folder)
    if is_here(output, place):
        told("known", place, output.bytes or 0)
        return Fetched(output, place, fresh=False)
    path = f"/v1/jobs/{job_id}/outputs/{quote(output.name)}"
    async with transport.stream(path) as answer:
        with arriving(output, place) as coming:
            async for piece in answer.aiter_bytes(CHUNK_BYTES):
                coming.write(piece)
                told("fetch", place, len(piece))
    return Fetched(output, place)
