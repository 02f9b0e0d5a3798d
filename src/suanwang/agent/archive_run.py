"""The run of a `store` job: its inputs become an archive in the cold store."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from suanwang.agent.backends.order import Ended, EndedBy, Sample
from suanwang.agent.cold import MANIFEST, Archive
from suanwang.agent.lease import Lease
from suanwang.agent.outputs import Found, Sender
from suanwang.agent.reports import outputs_of_archive
from suanwang.agent.site import Site
from suanwang.basics.slots import format_instant


async def archive(
    lease: Lease, site: Site, *, folder: Path, stored_at: datetime, retain: timedelta
) -> tuple[Ended, list[dict[str, Any]]]:
    """Archive the staged inputs; return how that ended, and the outputs: manifest and files."""
    began, cpu = time.monotonic(), time.process_time()
    made: Archive = await asyncio.to_thread(
        site.cold.archive,
        folder / "work",
        job_id=lease.job_id,
        stored_at=format_instant(stored_at),
        keep_until=format_instant(stored_at + retain),
    )
    wall = time.monotonic() - began
    # Shared with the agent's other work, so an upper bound of what this archive took.
    used = min(time.process_time() - cpu, wall)
    sample = Sample(cpu_seconds=used, disk_bytes=made.bytes)
    manifest = folder / "control" / MANIFEST
    manifest.write_text(
        json.dumps(made.manifest, indent=1, ensure_ascii=False, sort_keys=True), "utf-8"
    )
    sender = Sender(lease, centre=site.centre, api=site.api)
    line = await sender.send(Found(name=MANIFEST, path=manifest, to=None))
    outputs = [line, *outputs_of_archive(made.manifest, taken=[MANIFEST])]
    return Ended(exit_code=0, by=EndedBy.EXIT, wall_seconds=wall, sample=sample), outputs
