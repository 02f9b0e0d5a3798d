"""Where inputs come from besides the server: the centre's export directory, the web, S3.

Plain blocking functions for a worker thread. Each writes into an open file, calls `room` with the
bytes it is about to write, and says whose fault a failure is.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urljoin, urlsplit

import fsspec
import httpx

from suanwang.agent.config import CentreFacts
from suanwang.agent.errors import InputForbidden, InputMissing

CHUNK_BYTES = 1 << 20
REDIRECTS_MAX = 5
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_GONE = frozenset({400, 401, 403, 404, 405, 410, 451})
_PORTS = {"http": 80, "https": 443}

Room = Callable[[int], None]


def copy(source: IO[bytes], sink: IO[bytes], room: Room) -> None:
    """Copy in chunks, asking for room before each."""
    while chunk := source.read(CHUNK_BYTES):
        room(len(chunk))
        sink.write(chunk)


def exported_file(url: str, centre: CentreFacts) -> Path:
    """Return the file or directory of a file:// URL, which must lie in the export directory."""
    if centre.export is None:
        raise InputForbidden(source=url, reason="this centre exports no directory")
    root = centre.export.resolve()
    parts = urlsplit(url)
    path = Path(unquote(parts.path))
    # file://x/y means x/y below the export directory; file:///srv/… must name it in full.
    wanted = path if not parts.netloc else root / parts.netloc / path.relative_to("/")
    found = wanted.resolve()
    if not found.is_relative_to(root):
        raise InputForbidden(source=url, reason="it is outside the export directory")
    if not found.exists():
        raise InputMissing(source=url, reason="no such file in the export directory")
    return found


def fetch_web(url: str, sink: IO[bytes], *, centre: CentreFacts, room: Room) -> None:
    """Download over http or https, following at most five redirects, each checked anew."""
    with httpx.Client(timeout=_TIMEOUT, trust_env=True) as client:
        for _ in range(REDIRECTS_MAX + 1):
            with _get(client, url, centre) as answer:
                if answer.is_redirect:
                    url = urljoin(url, answer.headers["location"])
                    continue
                if answer.status_code in _GONE:
                    raise InputMissing(source=url, reason=f"HTTP {answer.status_code}")
                answer.raise_for_status()
                for chunk in answer.iter_bytes(CHUNK_BYTES):
                    room(len(chunk))
                    sink.write(chunk)
                return
    raise InputMissing(source=url, reason="too many redirects")


@contextmanager
def _get(client: httpx.Client, url: str, centre: CentreFacts) -> Iterator[httpx.Response]:
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise InputForbidden(source=url, reason="only http and https are fetched")
    port = parts.port or _PORTS[parts.scheme]
    address = public_address(url, parts.hostname, port, private_hosts=centre.private_hosts)
    # Connect to the address that was checked, not to a second answer of the name server.
    shown = f"[{address}]" if ":" in address else address
    pinned = httpx.URL(url).copy_with(host=shown, port=port)
    extensions = {"sni_hostname": parts.hostname}
    headers = {"Host": parts.netloc.rpartition("@")[2]}
    with client.stream("GET", pinned, headers=headers, extensions=extensions) as answer:
        yield answer


def public_address(url: str, host: str, port: int, *, private_hosts: tuple[str, ...]) -> str:
    """Resolve a host; refuse addresses inside the centre unless the operator listed the host.

    A job file must not make the agent knock on doors of its own network (metadata services, the
    cluster's control plane) that its buyer could not reach.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as problem:
        raise InputMissing(source=url, reason=f"unknown host {host}") from problem
    addresses = [str(each[4][0]) for each in found]
    listed = host in private_hosts or f"{host}:{port}" in private_hosts
    if not listed and not all(ipaddress.ip_address(a).is_global for a in addresses):
        raise InputForbidden(source=url, reason=f"{host} is inside the centre's own network")
    return addresses[0]


def object_store(url: str, *, centre: CentreFacts, secrets: Mapping[str, str]) -> tuple[Any, str]:
    """Return the fsspec file system of an s3:// URL and the key path in it.

    The buyer's own credentials (secrets AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) come first; the
    centre's serve only the buckets its operator named; anything else is read anonymously.
    """
    bucket = urlsplit(url).netloc
    options: dict[str, Any] = {"anon": True}
    if "AWS_ACCESS_KEY_ID" in secrets:
        key, secret = secrets["AWS_ACCESS_KEY_ID"], secrets.get("AWS_SECRET_ACCESS_KEY", "")
        options = {"key": key, "secret": secret}
    elif bucket in centre.s3.buckets:
        options = {"key": centre.s3.key, "secret": centre.s3.secret}
    if centre.s3.endpoint:
        options["client_kwargs"] = {"endpoint_url": centre.s3.endpoint}
    options["skip_instance_cache"] = True  # another buyer's credentials must not be reused
    return fsspec.filesystem("s3", **options), url.removeprefix("s3://")


def fetch_object(
    url: str, sink: IO[bytes], *, centre: CentreFacts, secrets: Mapping[str, str], room: Room
) -> None:
    """Download one S3 object."""
    store, path = object_store(url, centre=centre, secrets=secrets)
    try:
        with store.open(path, "rb") as source:
            copy(source, sink, room)
    except FileNotFoundError as problem:
        raise InputMissing(source=url, reason="no such object") from problem
    except PermissionError as problem:
        raise InputMissing(source=url, reason="the store denies access") from problem
