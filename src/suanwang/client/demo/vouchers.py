"""The demo's vouchers: an invented programme, its funder, a grant to the lab, the report."""

from __future__ import annotations

import json
from pathlib import Path

from suanwang.client.sync.client import Client

PROGRAMME = "invented-demo-2026"
FUNDS = "1000.00"
PLEDGED = "500.00"
GRANTED = "50.00"
REPORT = "funder-report.json"


def open_programme(operator: Client, lab_id: str, providers: list[str], *, lang: str) -> Client:
    """Open a funder, pledge its money to the invented programme, and grant the lab vouchers.

    Who represents whom is put on record first: what is not known to be unrelated gets nothing.
    """
    city = operator.operator.open_organisation("Invented City (funder)", roles=["funder"])
    operator.operator.top_up(city.id, FUNDS, reference="demo-funder")
    operator.vouchers.record_party(
        lab_id, kinds=["research"], legal_representative="Invented Person A"
    )
    for number, provider in enumerate(providers, start=1):
        operator.vouchers.record_party(provider, legal_representative=f"Invented Person {number}")
    funder = Client(operator.url, city.keys[0].key, lang=lang)
    funder.vouchers.fund(PROGRAMME, PLEDGED)
    funder.vouchers.grant(PROGRAMME, lab_id, GRANTED)
    return funder


def bring_report(funder: Client, folder: Path) -> Path:
    """Write the funder's report of the programme."""
    path = folder / "results" / REPORT
    report = funder.vouchers.report(PROGRAMME)
    path.write_text(json.dumps(report.raw, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return path
