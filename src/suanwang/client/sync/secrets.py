# Made by tools/unasync.py from ../aio/secrets.py; change that file and run the tool.
"""Secrets: what jobs are given by name, and nobody is shown again."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from suanwang.client import answers
from suanwang.client.sync.transport import Transport
from suanwang.client.wire_grid import Secret


class Secrets:
    """The organisation's secrets."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def set(self, name: str, value: str | bytes) -> Secret:
        """Keep a value (UTF-8, at most 64 KiB) under a name, in the place of an earlier one."""
        data, path = value.encode() if isinstance(value, str) else value, _path(name)

        def body() -> Iterator[bytes]:
            yield data

        headers = {"Content-Length": str(len(data)), "Content-Type": "text/plain; charset=utf-8"}
        answer = self._transport.send("PUT", path, headers=headers, content=body)
        return self._transport.read(Secret, answers.document(answer), path)

    def list(self) -> Iterator[Secret]:
        """Yield the secrets by name, without their values."""
        for document in self._transport.pages("/v1/secrets"):
            yield self._transport.read(Secret, document, "/v1/secrets")

    def remove(self, name: str) -> None:
        """Forget a secret; jobs that name it and have not started will fail."""
        self._transport.delete(_path(name))


def _path(name: str) -> str:
    return f"/v1/secrets/{quote(name, safe='')}"
