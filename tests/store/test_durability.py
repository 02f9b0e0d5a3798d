"""What was acknowledged survives kill -9 of the process that acknowledged it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from suanwang.store.database import Store

WRITER = """
import asyncio, sys
from suanwang.store.database import Store

store = Store.open(sys.argv[1])

async def client(n):
    for i in range(10**9):
        name = f"c{n:02}_{i:06}"
        await store.run(lambda tx: tx.do(
            "organisation_add", id=name, name="n", kind="member", state="open", created_at=i))
        sys.stdout.write(name + "\\n")
        sys.stdout.flush()

async def main():
    await asyncio.gather(*(client(n) for n in range(8)))

asyncio.run(main())
"""


@pytest.mark.real
def test_kill_9_loses_nothing_that_was_acknowledged(database_url):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, database_url], stdout=subprocess.PIPE, text=True
    )
    acknowledged = [process.stdout.readline().strip() for _ in range(200)]
    time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    # Not communicate(): it would pass over the lines that readline has already buffered.
    with process.stdout:
        rest = process.stdout.read()
    process.wait(10)
    acknowledged += [line for line in rest.splitlines() if len(line) == len("c00_000000")]
    store = Store.open(database_url)
    kept = store.read_now(
        lambda tx: {r.id for r in tx.all("organisations_after", after="", limit=10**6)}
    )
    store.close()
    assert len(acknowledged) >= 200
    assert set(acknowledged) - kept == set()
    # At most one flow of each client was under way.
    assert len(kept) - len(acknowledged) <= 8
