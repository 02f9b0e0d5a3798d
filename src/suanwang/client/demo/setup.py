"""Opens the demo's grid: a control plane, a buyer with money, and three centres that joined.

Everything here is what an operator would do by hand with the same commands and calls.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import httpx

from suanwang.client.demo.centres import CENTRES, DemoCentre
from suanwang.client.demo.processes import Processes, free_port
from suanwang.client.demo.vouchers import open_programme
from suanwang.client.sync.client import Client

TOP_UP = "1000.00"
START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Opened:
    """The running grid, as its operator, its buyer and the funder of its vouchers see it."""

    operator: Client
    buyer: Client
    funder: Client


def open_grid(folder: Path, processes: Processes, *, sandbox: bool, lang: str) -> Opened:
    """Start the server, open the buyer's account and join the three centres."""
    url = _start_server(folder, processes)
    operator_key = (folder / "server" / "operator.key").read_text("utf-8").strip()
    operator = Client(url, operator_key, lang=lang)
    lab = operator.operator.open_organisation("Demo Lab")
    operator.operator.top_up(lab.id, TOP_UP, reference="demo")
    providers = []
    for centre in CENTRES:
        owner = _join(folder, centre, processes=processes, operator=operator, lang=lang)
        providers.append(owner)
        flags = () if sandbox else ("--no-sandbox",)
        processes.start(centre.slug, "agent", "run", "--dir", str(folder / centre.slug), *flags)
    funder = open_programme(operator, lab.id, providers, lang=lang)
    processes.wait_until(
        lambda: len(list(operator.offers.list())) >= len(CENTRES),
        what="centres joining",
        seconds=START_SECONDS,
    )
    return Opened(operator, Client(url, lab.keys[0].key, lang=lang), funder)


def _start_server(folder: Path, processes: Processes) -> str:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "SUANWANG_DATABASE_URL": f"sqlite:///{folder / 'server' / 'suanwang.db'}",
        "SUANWANG_DATA_DIR": str(folder / "server"),
        "SUANWANG_PORT": str(port),
        # A day is too long to watch: bills are settled every second.
        "SUANWANG_SETTLE_EVERY": "1",
        "SUANWANG_HEAD_EVERY_SECONDS": "1",
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
    folder: Path, centre: DemoCentre, *, processes: Processes, operator: Client, lang: str
) -> str:
    """Let a centre in and return its owner."""
    home = folder / centre.slug
    home.mkdir(parents=True, exist_ok=True)
    owner = operator.operator.open_organisation(centre.name, roles=["provider"])
    name = centre.name_zh if lang == "zh" else centre.name
    made = operator.operator.add_centre(owner.id, name, zone=centre.zone)
    config = folder / f"{centre.slug}.toml"
    config.write_text(centre.toml(environment=Path(sys.prefix)), "utf-8")
    key_file = folder / f"{centre.slug}.key"
    key_file.touch(mode=0o600)
    key_file.write_text(f"{made.key.key}\n", "utf-8")
    processes.run(
        f"join-{centre.slug}", "agent", "join", "--server", operator.url, "--key-file",
        str(key_file), "--dir", str(home), "--config", str(config),
    )  # fmt: skip
    return owner.id
