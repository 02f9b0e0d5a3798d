"""Seals what organisations keep secret: AES-256-GCM under a key that lies in the data directory.

    sealed = version (1 byte) | nonce (12 bytes) | ciphertext and tag

A sealed value is bound to its owner and its name: copied to another row, it does not open.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from suanwang.basics.ids import OrganisationId
from suanwang.server.errors import SecretsKeyUnreadable
from suanwang.server.secrets import SEALING_KEY_BYTES, new_sealing_key
from suanwang.store.secrets import Sealed

KEY_FILE = "secrets.key"
VERSION = b"\x01"
NONCE_BYTES = 12  # NIST SP 800-38D; random ones are good for 2^32 values under one key


@dataclass(slots=True)
class SecretBox:
    """Seals and opens values with the key in `path`."""

    path: Path
    _aead: AESGCM | None = field(default=None, repr=False)

    def prepare(self) -> None:
        """Read the key, making it at the first start. Raises SecretsKeyUnreadable."""
        try:
            if not self.path.exists():
                write_once(self.path, new_sealing_key().hex() + "\n")
            key = bytes.fromhex(self.path.read_text("ascii"))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not hexadecimal"
            raise SecretsKeyUnreadable(path=self.path, reason=reason) from None
        if len(key) != SEALING_KEY_BYTES:
            raise SecretsKeyUnreadable(path=self.path, reason=f"{len(key)} bytes")
        self._aead = AESGCM(key)

    def seal(self, value: str, *, owner: OrganisationId, name: str) -> Sealed:
        """Seal a value for its owner, under its name."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        closed = self._cipher().encrypt(nonce, value.encode(), _place(owner, name))
        return Sealed(organisation_id=owner, name=name, sealed=VERSION + nonce + closed)

    def open(self, value: Sealed) -> str | None:
        """Open a sealed value; None if another key has sealed it, or it was tampered with."""
        version, rest = value.sealed[:1], value.sealed[1:]
        nonce, closed = rest[:NONCE_BYTES], rest[NONCE_BYTES:]
        place = _place(value.organisation_id, value.name)
        try:
            return (
                self._cipher().decrypt(nonce, closed, place).decode()
                if version == VERSION
                else None
            )
        except (InvalidTag, ValueError):
            return None

    def _cipher(self) -> AESGCM:
        if self._aead is None:
            self.prepare()
        assert self._aead is not None, "prepared without a key"
        return self._aead


def _place(owner: OrganisationId, name: str) -> bytes:
    return f"{owner}\n{name}".encode()


def write_once(path: Path, text: str) -> None:
    """Write a private file whole, unless another server is quicker: then its file stays."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # A rename would put our key in the place of one that may have sealed something already.
        os.link(part, path)
    except FileExistsError:
        return
    finally:
        part.unlink()
