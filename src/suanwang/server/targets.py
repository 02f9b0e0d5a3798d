"""Where webhooks may go: no address inside our own network, unless the operator says so.

A name is resolved and every address it has is looked at; the delivery then connects to one of the
addresses that were looked at, so that a name cannot change its mind in between.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from suanwang.server.errors import TargetRefused, TargetUnknown

RESOLVE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be sent to: connect to `address`, speak as `host`."""

    scheme: str
    host: str
    port: int
    address: str


async def check_target(url: str, *, private: bool) -> Target:
    """Return where a URL leads, or raise TargetRefused."""
    scheme, host, port = _parts(url, private=private)
    try:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(RESOLVE_SECONDS):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError):
        raise TargetUnknown(url=url) from None
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses:
        raise TargetUnknown(url=url)
    if not private and not all(map(is_public, addresses)):
        raise TargetRefused(url=url)
    return Target(scheme, host, port, addresses[0])


def is_public(address: str) -> bool:
    """Say whether an address is one of the open internet."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    if mapped is not None and not is_public(str(mapped)):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _parts(url: str, *, private: bool) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise TargetRefused(url=url) from None
    schemes = ("https", "http") if private else ("https",)
    if parts.scheme not in schemes or not host:
        raise TargetRefused(url=url)
    if parts.username or parts.password or not url.isprintable() or not url.isascii():
        raise TargetRefused(url=url)
    return parts.scheme, host, port or (443 if parts.scheme == "https" else 80)
