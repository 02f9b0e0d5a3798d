"""Where the exchange is and which key opens it: arguments, environment, then the profile.

    ~/.config/suanwang/config.toml        [profiles.NAME] url = "…", `profile = NAME` is the default
    ~/.config/suanwang/keys/NAME.key      the key, mode 0600

XDG_CONFIG_HOME moves both. SUANWANG_URL, SUANWANG_KEY and SUANWANG_PROFILE come before them. A key
is never a flag: it would stand in the shell's history and in the process list.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from suanwang.client.errors import KeyUnreadable, ProfileUnreadable, UrlUnreadable

URL_DEFAULT = "http://127.0.0.1:8930"
PROFILE_DEFAULT = "default"
_KEY = re.compile(r"[!-~]{8,500}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_PRIVATE = 0o600
_PRIVATE_FOLDER = 0o700


@dataclass(frozen=True, slots=True)
class Access:
    """An exchange's address, and the key for it if there is one."""

    url: str
    key: str | None = field(default=None, repr=False)
    profile: str = PROFILE_DEFAULT


def find_access(
    url: str | None = None, key: str | None = None, *, profile: str | None = None
) -> Access:
    """Work out address and key. Raises UrlUnreadable, KeyUnreadable or ProfileUnreadable."""
    config = _read_config()
    name = _name(profile or os.environ.get("SUANWANG_PROFILE") or str(config.get("profile", "")))
    mine = _table(_table(config, "profiles"), name)
    address = url or os.environ.get("SUANWANG_URL") or str(mine.get("url") or URL_DEFAULT)
    found = key or os.environ.get("SUANWANG_KEY") or _stored_key(name)
    return Access(read_url(address), read_key(found) if found else None, name)


def read_url(text: str) -> str:
    """Check an exchange's address and cut what stands behind it. Raises UrlUnreadable."""
    try:
        parts = urlsplit(text.strip())
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or any(c.isspace() or not c.isprintable() for c in text.strip()):
        raise UrlUnreadable(found=text)
    path = parts.path.rstrip("/").removesuffix("/v1")
    return f"{parts.scheme}://{parts.netloc}{path}"


def read_key(text: str) -> str:
    """Check that a key could be one; never shows it. Raises KeyUnreadable."""
    key = text.strip()
    if not _KEY.fullmatch(key):
        raise KeyUnreadable(found="something else" if key else "nothing")
    return key


def save(access: Access) -> Path:
    """Write a profile and its key, which only its owner may read; return the key's file."""
    home, name = config_home(), _name(access.profile)
    config = _read_config()
    profiles = {**_table(config, "profiles"), name: {"url": access.url}}
    try:
        (home / "keys").mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
        _write(home / "config.toml", _toml({**config, "profile": name, "profiles": profiles}))
        if access.key:
            _write(_key_path(name), access.key + "\n")
    except OSError as error:
        path = error.filename or home
        raise ProfileUnreadable(path=path, reason=error.strerror or str(error)) from None
    return _key_path(name)


def config_home() -> Path:
    """Return the folder of the configuration."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "suanwang"


def _name(text: str) -> str:
    name = text or PROFILE_DEFAULT
    if not _NAME.fullmatch(name):
        path = config_home() / "config.toml"
        raise ProfileUnreadable(path=path, reason=f"no profile can be called {name!r}")
    return name


def _key_path(name: str) -> Path:
    return config_home() / "keys" / f"{name}.key"


def _stored_key(name: str) -> str | None:
    try:
        return _key_path(name).read_text("utf-8").strip() or None
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileUnreadable(path=_key_path(name), reason=_reason(error)) from None


def _read_config() -> dict[str, Any]:
    path = config_home() / "config.toml"
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileUnreadable(path=path, reason=_reason(error)) from None


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _table(whole: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = whole.get(key, {})
    if not isinstance(found, Mapping):
        raise ProfileUnreadable(path=config_home() / "config.toml", reason=f"{key} is no table")
    return found


def _toml(config: Mapping[str, Any]) -> str:
    """Write the few things that stand in the configuration; JSON strings are TOML strings."""
    lines = [f"profile = {json.dumps(config['profile'])}"]
    for name, profile in config["profiles"].items():
        lines += ["", f"[profiles.{json.dumps(name)}]", f"url = {json.dumps(profile['url'])}"]
    return "\n".join(lines) + "\n"


def _write(path: Path, text: str) -> None:
    """Replace a file at once; at no moment can others read it, or find half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE), "w") as file:
        file.write(text)
    draft.replace(path)
