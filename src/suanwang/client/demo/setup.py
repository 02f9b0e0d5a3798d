"""Opens the demo's grid: a control plane, a buyer with money, and three centres that joined.

Everything here is what an operator would do by hand with the same commands and calls.
"""

from __future__ import annotations

import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from suanwang.client.demo.centres import CENTRES, DemoCentre
from suanwang.client.demo.errors import DemoFailed
from suanwang.client.demo.processes import Processes, free_port

TOP_UP = "1000.00"
START_SECONDS = 60.0
HTTP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Opened:
    """The running grid: where it is, and whose keys open it."""

    url: str
    operator_key: str
    buyer_key: str
    centre_ids: dict[str, str]  # id → slug


class Operator:
    """The few operator calls that open a grid, over plain HTTP."""

    def __init__(self, url: str, key: str) -> None:
        self._http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=HTTP_SECONDS
        )

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST once; DemoFailed with the server's own words if it refuses."""
        answer = self._http.post(
            path, json=body, headers={"Idempotency-Key": secrets.token_hex(16)}
        )
        if answer.is_error:
            raise DemoFailed(what=f"POST {path}", why=answer.text)
        made: dict[str, Any] = answer.json()
        return made

    def get(self, path: str) -> dict[str, Any]:
        """GET; DemoFailed with the server's own words if it refuses."""
        answer = self._http.get(path)
        if answer.is_error:
            raise DemoFailed(what=f"GET {path}", why=answer.text)
        found: dict[str, Any] = answer.json()
        return found


def open_grid(folder: Path, processes: Processes, *, sandbox: bool, lang: str) -> Opened:
    """Start the server, open the buyer's account and join the three centres."""
    url = _start_server(folder, processes)
    operator_key = (folder / "server" / "operator.key").read_text("utf-8").strip()
    operator = Operator(url, operator_key)
    buyer = operator.post("/v1/organisations", {"name": "Demo Lab", "roles": ["buyer"]})
    operator.post(
        "/v1/top-ups",
        {"organisation_id": buyer["id"], "amount": TOP_UP, "reference": "demo"},
    )
    centre_ids = {}
    for centre in CENTRES:
        made = _join(folder, centre, processes=processes, operator=operator, url=url, lang=lang)
        centre_ids[made] = centre.slug
        flags = () if sandbox else ("--no-sandbox",)
        processes.start(centre.slug, "agent", "run", "--dir", str(folder / centre.slug), *flags)
    processes.wait_until(
        lambda: _all_present(operator), what="centres joining", seconds=START_SECONDS
    )
    return Opened(url, operator_key, buyer["keys"][0]["key"], centre_ids)


def _start_server(folder: Path, processes: Processes) -> str:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "SUANWANG_DATABASE_URL": f"sqlite:///{folder / 'server' / 'suanwang.db'}",
        "SUANWANG_DATA_DIR": str(folder / "server"),
        "SUANWANG_PORT": str(port),
        # A day is too long to watch: bills are settled every second.
        "SUANWANG_SETTLE_EVERY": "1",
        "SUANWANG_NAME": "Suanwang demo",
    }
    processes.start("server", "serve", env=settings)

    def healthy() -> bool:
        try:
            return httpx.get(f"{url}/healthz", timeout=2.0).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    processes.wait_until(healthy, what="server start", seconds=START_SECONDS)
    return url


def _join(
    folder: Path,
    centre: DemoCentre,
    *,
    processes: Processes,
    operator: Operator,
    url: str,
    lang: str,
) -> str:
    home = folder / centre.slug
    home.mkdir(parents=True, exist_ok=True)
    owner = operator.post("/v1/organisations", {"name": centre.name, "roles": ["provider"]})
    name = centre.name_zh if lang == "zh" else centre.name
    made = operator.post(
        "/v1/centres",
        {"organisation_id": owner["id"], "name": name, "zone": centre.zone},
    )
    config = folder / f"{centre.slug}.toml"
    config.write_text(centre.toml(environment=Path(sys.prefix)), "utf-8")
    key_file = folder / f"{centre.slug}.key"
    key_file.touch(mode=0o600)
    key_file.write_text(made["key"]["key"] + "\n", "utf-8")
    processes.run(
        f"join-{centre.slug}", "agent", "join", "--server", url, "--key-file", str(key_file),
        "--dir", str(home), "--config", str(config),
    )  # fmt: skip
    centre_id: str = made["centre"]["id"]
    return centre_id


def _all_present(operator: Operator) -> bool:
    offers = operator.get("/v1/offers?limit=50")["items"]
    return len(offers) >= len(CENTRES)
