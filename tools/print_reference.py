"""Write the reference pages that the program knows itself: settings, errors, events, HTTP routes.

With --check only say which pages are out of date. Texts that the program does not know stand in
reference_texts.toml; a route or event without one is an error.
"""

from __future__ import annotations

import ast
import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import suanwang.agent.errors
import suanwang.client.errors
import suanwang.ledger.log.errors
import suanwang.market.command_errors
import suanwang.market.errors
import suanwang.market.receipts
import suanwang.server.anchor_errors
import suanwang.server.app
from suanwang.jobs.lifecycle import JobEvent
from suanwang.ledger.contracts import ContractState
from suanwang.ledger.disputes import DisputeState
from suanwang.ledger.settlement import CorrectionState, DayState
from suanwang.server.http.error_codes import error_classes, template_of
from suanwang.server.settings import ENV_PREFIX, Settings

ROOT = Path(__file__).parents[1]
TEXTS = tomllib.loads((Path(__file__).parent / "reference_texts.toml").read_text("utf-8"))
LANGS = ("en", "zh")
START, END = "<!-- generated -->", "<!-- end -->"
LOADED = (
    suanwang.agent.errors,
    suanwang.client.errors,
    suanwang.market.command_errors,
    suanwang.market.errors,
    suanwang.market.receipts,
    suanwang.ledger.log.errors,
    suanwang.server.anchor_errors,
    suanwang.server.app,
)


def settings_table(lang: str) -> str:
    """List every setting."""
    head = {
        "en": "| setting | environment | default | meaning |",
        "zh": "| 设置 | 环境变量 | 默认值 | 含义 |",
    }[lang]
    rows = [
        f"| `{name}` | `{ENV_PREFIX}{name.upper()}` | `{one.default}` |"
        f" {cell(one.metadata[lang])} |"
        for name, one in Settings.__dataclass_fields__.items()
    ]
    return "\n".join([head, "| --- | --- | --- | --- |", *rows])


def errors_table(lang: str) -> str:
    """List every error code."""
    head = {"en": "| code | status | message |", "zh": "| 代码 | 状态 | 消息 |"}[lang]
    rows = [
        f"| `{code}` | {cls.status} | {cell(template_of(cls, lang))} |"
        for code, cls in error_classes().items()
    ]
    return "\n".join([head, "| --- | --- | --- |", *rows])


def events_table(lang: str) -> str:
    """List every kind of event that the flows publish."""
    kinds = sorted(published())
    known = TEXTS["events"]
    if set(kinds) != set(known):
        odd = sorted(set(kinds) ^ set(known))
        raise SystemExit(f"reference_texts.toml and the flows differ about the events {odd}")
    head = {"en": "| kind | when |", "zh": "| 种类 | 何时 |"}[lang]
    rows = [f"| `{kind}` | {cell(known[kind][LANGS.index(lang)])} |" for kind in known]
    return "\n".join([head, "| --- | --- |", *rows])


def routes_table(lang: str) -> str:
    """List every route of the API."""
    document = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))
    head = {"en": "| request | what it does |", "zh": "| 请求 | 作用 |"}[lang]
    rows = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            name = operation["operationId"]
            said = operation["summary"] if lang == "en" else TEXTS["operations"][name]
            rows.append(f"| `{method.upper()} {path}` | {cell(said)} |")
    return "\n".join([head, "| --- | --- |", *rows])


def published() -> Iterator[str]:
    """Find the kinds of events in the source: literal kinds, and a job's verbs."""
    yield from (f"job.{event}" for event in JobEvent)
    yield "job.submit"
    yield from (f"dispute.{state}" for state in DisputeState)
    yield "dispute.dated"
    yield from (f"correction.{state}" for state in CorrectionState)
    yield from (f"market_day.{state}" for state in DayState if state is not DayState.OPEN)
    yield from (f"contract.{state}" for state in ContractState)
    for path in sorted((ROOT / "src" / "suanwang" / "flows").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            parts = [part for a in node.args for part in ast.walk(a)]
            texts = [str(p.value) for p in parts if isinstance(p, ast.Constant)]
            if name == "publish":
                yield from (text for text in texts if "." in text and text.split(".")[1])
            if name in {"note", "remark"} and texts:
                yield f"job.{texts[0]}"
            if name == "_change_state":
                yield from ("centre.draining", "centre.joined")


def cell(text: str) -> str:
    """Make a text fit into a table's cell."""
    return " ".join(str(text).replace("|", "\\|").split())


PAGES = {
    "settings.md": settings_table,
    "errors.md": errors_table,
    "events.md": events_table,
    "http-api.md": routes_table,
}


def main() -> int:
    """Put the tables between the marks of each page; return 1 in --check when one differs."""
    stale = []
    for name, table in PAGES.items():
        for lang in LANGS:
            path = ROOT / "docs" / lang / "reference" / name
            page = path.read_text("utf-8")
            before, _, rest = page.partition(START)
            _, _, after = rest.partition(END)
            fresh = f"{before}{START}\n\n{table(lang)}\n\n{END}{after}"
            if fresh != page:
                stale.append(str(path.relative_to(ROOT)))
                if "--check" not in sys.argv:
                    path.write_text(fresh, "utf-8")
    print("\n".join(stale))
    return bool(stale and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
