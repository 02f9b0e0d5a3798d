"""The exchange's own key: it signs the heads of the log, and lies in the data directory.

    log.key   the private key, readable by nobody else      made at the first start
    log.pub   the verifier key, for everybody               what `suan ledger verify --key` takes

The log's origin is in the key: another name of the exchange later does not change it.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from suanwang.ledger.log.errors import NoteWrong
from suanwang.ledger.log.notes import KEY_BYTES, Signer
from suanwang.server.errors import LogKeyUnreadable
from suanwang.server.sealing import write_once

KEY_FILE, PUBLIC_FILE = "log.key", "log.pub"
NAME_CHARS_MAX = 63


@dataclass(slots=True)
class LogKey:
    """The key in `folder`; `name` is the origin of one that is made."""

    folder: Path
    name: str
    _signer: Signer | None = field(default=None, repr=False)

    def prepare(self) -> None:
        """Read the key, making it at the first start. Raises LogKeyUnreadable."""
        path = self.path
        try:
            if not path.exists():
                fresh = Signer(name=origin_of(self.name), private=secrets.token_bytes(KEY_BYTES))
                write_once(path, fresh.skey + "\n")
            self._signer = Signer.parse(path.read_text("ascii").strip())
            (self.folder / PUBLIC_FILE).write_text(self._signer.verifier.vkey + "\n", "ascii")
        except (OSError, ValueError, NoteWrong) as error:
            reason = getattr(error, "strerror", None) or "not a private key of a log"
            raise LogKeyUnreadable(path=path, reason=reason) from None

    @property
    def path(self) -> Path:
        """Where the private key lies."""
        return self.folder / KEY_FILE

    @property
    def signer(self) -> Signer:
        """The key that signs."""
        if self._signer is None:
            self.prepare()
        assert self._signer is not None, "prepared without a key"
        return self._signer

    @property
    def vkey(self) -> str:
        """The key that verifies, as text."""
        return self.signer.verifier.vkey


def origin_of(name: str) -> str:
    """Make a log's origin of an exchange's name: ASCII, no spaces, and never empty."""
    plain = re.sub(r"[^a-z0-9.-]+", "-", name.lower()).strip("-.")[:NAME_CHARS_MAX]
    return plain or "exchange"
