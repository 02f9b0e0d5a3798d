"""What the operator tells the agent once: server, key, the centre's facts, pools, environments.

DIR/ (0700)
├─ agent.json      server and centre, as given at join
├─ server.key      the agent's key for the server (0600)
├─ signing.key     the centre's Ed25519 key (0600)
├─ journal.jsonl   leases in hand
├─ jobs/LEASE/     one job's work and control directories
└─ cold/           archives of `store` jobs
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from suanwang.agent.errors import CentreFileUnreadable, CentreFileWrong, KeyUnreadable, NotJoined

_KEY = re.compile(r"sk_\S+_\S+")
_KEY_BYTES_MAX = 4096
_SHOWN_CHARS = 12


def _decimal_text(value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
    # TOML numbers are welcome where the wire wants decimal strings.
    return str(value) if isinstance(value, int | float | Decimal) else value


Amount = Annotated[str, BeforeValidator(_decimal_text), Field(pattern=r"^\d{1,12}(\.\d{1,6})?$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PoolFacts(_Part):
    """One pool: n nodes × m cards of one chip. `price` is yuan per card-hour, or a table."""

    name: Annotated[str, Field(min_length=1, max_length=63)]
    chip: str
    nodes: Annotated[int, Field(ge=1)] = 1
    cards_per_node: Annotated[int, Field(ge=1)] = 1
    cores_per_node: Annotated[int, Field(ge=1)] = 1
    memory_gb: Annotated[float, Field(gt=0)] = 1.0
    disk_gb: Annotated[float, Field(gt=0)] = 10.0
    price: Annotated[str | dict[str, Any], BeforeValidator(_decimal_text)]

    @property
    def cards(self) -> int:
        """All cards of the pool."""
        return self.nodes * self.cards_per_node

    def to_wire(self) -> dict[str, Any]:
        """Write the pool as the server reads it."""
        wire = self.model_dump()
        if isinstance(self.price, str):
            wire["price"] = {"kind": "flat", "price": self.price}
        return wire


class EnvironmentFacts(_Part):
    """A named Python environment: a virtual environment's directory, or its python."""

    python: Path


class ObjectStore(_Part):
    """The centre's S3-compatible store; its key serves only the buckets that are named."""

    endpoint: str | None = None
    key: str | None = None
    secret: str | None = None
    buckets: tuple[str, ...] = ()


class SandboxFacts(_Part):
    """Further directories that jobs may read, e.g. a vendor's toolkit under /opt."""

    show: tuple[Path, ...] = ()


class CentreFacts(_Part):
    """A centre as its operator describes it in centre.toml."""

    name: Annotated[str, Field(min_length=1, max_length=63)]
    zone: str
    city: str | None = None  # none: the zone's
    province: str | None = None
    pue: Amount | None = None  # none: the national mean
    bandwidth_mbps: Annotated[float, Field(gt=0)] = 100.0
    data_price_gb: Amount = "0"
    cold_price_gb_month: Amount | None = None  # none: keeps no cold store
    export: Path | None = None  # file:// inputs come from below here, and only from here
    private_hosts: tuple[str, ...] = ()  # "host" or "host:port" inside the centre that jobs may use
    drain_seconds: Annotated[int, Field(ge=0)] = 600
    pools: Annotated[tuple[PoolFacts, ...], Field(min_length=1)]
    environments: dict[str, EnvironmentFacts] = {}
    s3: ObjectStore = ObjectStore()
    sandbox: SandboxFacts = SandboxFacts()

    def to_wire(self) -> dict[str, Any]:
        """Write the facts that the server needs; paths and keys stay here."""
        fields = {"name", "zone", "city", "province", "pue", "bandwidth_mbps"}
        prices = {"data_price_gb", "cold_price_gb_month"}
        return self.model_dump(include=fields | prices, exclude_none=True)


class AgentConfig(_Part):
    """Everything that `join` decided."""

    server: str
    centre: CentreFacts


def read_centre_file(path: Path) -> CentreFacts:
    """Read centre.toml. Raises CentreFileUnreadable or CentreFileWrong with the place."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise CentreFileUnreadable(path=path, reason=reason) from problem
    try:
        return CentreFacts.model_validate(raw)
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CentreFileWrong(path=path, place=place, reason=first["msg"]) from problem


def read_key(text: str, *, path: str) -> str:
    """Check that a text is an agent key. Shows at most its first characters in the error."""
    key = text.strip()
    if not _KEY.fullmatch(key):
        # Enough to recognise a wrong file, never enough to leak a key.
        found = repr(key[:_SHOWN_CHARS]) + "…" if key else "nothing"
        raise KeyUnreadable(path=path, found=found)
    return key


def read_key_file(path: Path) -> str:
    """Read the agent key from a file. Raises KeyUnreadable."""
    try:
        with path.open(encoding="utf-8") as file:
            return read_key(file.read(_KEY_BYTES_MAX), path=str(path))
    except (OSError, UnicodeDecodeError) as problem:
        found = getattr(problem, "strerror", None) or "bytes that are no text"
        raise KeyUnreadable(path=str(path), found=found) from problem


class Home:
    """The agent's own directory."""

    def __init__(self, folder: Path) -> None:
        # Jobs' launchers stand in another directory than the agent.
        self.folder = folder = folder.absolute()
        self.journal = folder / "journal.jsonl"
        self.jobs = folder / "jobs"
        self.cold = folder / "cold"
        self._config = folder / "agent.json"
        self._server_key = folder / "server.key"
        self._signing_key = folder / "signing.key"

    def save(self, config: AgentConfig, key: str) -> None:
        """Write what join decided; a signing key that is there already is kept."""
        self.signing_key()
        _write_private(self._server_key, key.encode() + b"\n")
        _write_private(self._config, config.model_dump_json(indent=1).encode())

    def config(self) -> AgentConfig:
        """Read what join decided. Raises NotJoined."""
        try:
            return AgentConfig.model_validate_json(self._config.read_bytes())
        except (OSError, ValidationError) as problem:
            raise NotJoined(path=self.folder) from problem

    def server_key(self) -> str:
        """Return the agent's key for the server. Raises KeyUnreadable."""
        return read_key_file(self._server_key)

    def signing_key(self) -> Ed25519PrivateKey:
        """Return the centre's signing key, made at the first call."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        if not self._signing_key.exists():
            _write_private(self._signing_key, Ed25519PrivateKey.generate().private_bytes_raw())
        return Ed25519PrivateKey.from_private_bytes(self._signing_key.read_bytes())


def public_key_hex(key: Ed25519PrivateKey) -> str:
    """Return the public half, 64 hex digits."""
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return raw.hex()


def default_home() -> Path:
    """Return where the agent keeps its things when --dir is not given."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "suanwang" / "agent"


def _write_private(path: Path, data: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    fd = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def canonical_json(wire: Any) -> str:  # noqa: ANN401 - JSON
    """Write JSON for people to read."""
    return json.dumps(wire, indent=1, ensure_ascii=False, default=str)
