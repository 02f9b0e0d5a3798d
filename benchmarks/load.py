"""A light load generator: raw sockets on one event loop, so that it leaves the CPU to the server.

    python benchmarks/load.py URL METHOD PATH BODY CLIENTS SECONDS      key in BENCH_KEY

Each client sends, reads the answer, sends again on the same connection. In PATH and BODY, `{n}`
becomes a number that counts up. Prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from urllib.parse import urlsplit


class Client(asyncio.Protocol):
    """One keep-alive connection with one request at a time."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.buffer = b""
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = transport
        self.send()

    def send(self) -> None:
        """Send the next request, or stop when the time is over."""
        if time.perf_counter() >= self.load.until:
            self.transport.close()
            return
        self.sent_at = time.perf_counter()
        self.transport.write(self.load.next_request())

    def data_received(self, data: bytes) -> None:
        """Take in an answer, which has a Content-Length."""
        self.buffer += data
        head, mark, body = self.buffer.partition(b"\r\n\r\n")
        if not mark:
            return
        at = head.lower().find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(body) < length:
            return
        self.buffer = b""
        self.load.latencies.append(time.perf_counter() - self.sent_at)
        status = int(head[9:12])
        self.load.statuses[status] = self.load.statuses.get(status, 0) + 1
        self.send()

    def connection_lost(self, _error: Exception | None) -> None:
        """Count this client out."""
        self.load.left -= 1
        if not self.load.left and not self.load.done.done():
            self.load.done.set_result(None)


class Load:
    """What all clients share."""

    def __init__(self, argv: list[str]) -> None:
        url, self.method, self.path, self.body, clients, seconds = argv
        self.where = urlsplit(url)
        self.clients = self.left = int(clients)
        self.seconds = float(seconds)
        self.key = os.environ["BENCH_KEY"]
        self.latencies: list[float] = []
        self.statuses: dict[int, int] = {}
        self.number = 0
        self.until = 0.0
        self.run_id = f"{os.getpid()}-{time.time_ns()}"

    def next_request(self) -> bytes:
        """Write one request."""
        self.number += 1
        path = self.path.replace("{n}", str(self.number))
        body = self.body.replace("{n}", str(self.number)).encode()
        lines = [
            f"{self.method} {path} HTTP/1.1",
            f"Host: {self.where.netloc}",
            f"Authorization: Bearer {self.key}",
        ]
        if self.method == "POST":
            lines += [
                "Content-Type: application/json",
                f"Content-Length: {len(body)}",
                f"Idempotency-Key: {self.run_id}-{self.number}",
            ]
        return "\r\n".join([*lines, "", ""]).encode() + body

    async def run(self) -> dict:
        """Run all clients until the time is over."""
        loop = asyncio.get_running_loop()
        self.done = loop.create_future()
        start = time.perf_counter()
        self.until = start + self.seconds
        for _ in range(self.clients):
            await loop.create_connection(lambda: Client(self), self.where.hostname, self.where.port)
        await self.done
        took = time.perf_counter() - start
        good = sum(n for status, n in self.statuses.items() if 200 <= status < 300)
        ordered = sorted(self.latencies)

        def at(share: float) -> float:
            return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)

        return {
            "rate": round(good / took, 1),
            "created": good,
            "failed": len(ordered) - good,
            "statuses": self.statuses,
            "p50_ms": at(0.50),
            "p95_ms": at(0.95),
            "p99_ms": at(0.99),
            "seconds": round(took, 2),
            "load_cpu_seconds": round(time.process_time(), 2),
        }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(Load(sys.argv[1:]).run())))
