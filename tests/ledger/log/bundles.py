"""A small exchange's log with one bill in it, for tests: everything real but the ledger's flows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from suanwang.basics.canonical import canonical_bytes
from suanwang.ledger.log.bundle import ProvenRecord, make_bundle
from suanwang.ledger.log.leaves import SALT_BYTES, entry, evidence_record, transfer_record
from suanwang.ledger.log.notes import (
    Checkpoint,
    KeyKind,
    Note,
    Signer,
    sign_checkpoint,
    with_cosignature,
)
from suanwang.ledger.log.tree import inclusion_proof, root

ORIGIN = "exchange.example"
LOG = Signer(name=ORIGIN, private=b"\x01" * 32)
WITNESS = Signer(name="witness.example/w1", private=b"\x02" * 32, kind=KeyKind.WITNESS)
CENTRE = Ed25519PrivateKey.from_private_bytes(b"\x03" * 32)
JOB, BILL, USAGE, ROUND = "job_1", "bil_1", "usg_1", "rnd_1"
AT = 1_795_680_000_000_000
WHEN = "2026-11-26T08:00:00Z"
SECONDS = 1_795_680_060

USED = {
    "usage_id": USAGE, "lease_id": "lse_1", "job_id": JOB, "centre_id": "ctr_1", "token": 1,
    "started_at": WHEN, "ended_at": "2026-11-26T08:00:59.4Z", "wall_seconds": "59.4",
    "cpu_seconds": "101.5", "cards": 2, "peak_memory_bytes": 1000, "bytes_in": 0,
    "bytes_out": 1_500_000_000, "energy_wh": "12.5", "energy_basis": "measured", "exit_code": 0,
    "ended_by": "exit",
}  # fmt: skip


def part(organisation: str, role: str, amount: str) -> dict[str, str]:
    return {"organisation_id": organisation, "role": role, "amount": amount}


def line(*told: Any, **more: Any) -> dict[str, Any]:
    """Write a line: six texts, then who gets what of it."""
    (kind, quantity, unit, price, amount, source), parts = told[:6], told[6:]
    return {
        "kind": kind, "quantity": quantity, "unit": unit, "price": price, "amount": amount,
        "currency": "CNY", "price_source": source, "usage_id": USAGE, "at": WHEN,
        "parts": [part(*each) for each in parts],
    } | more  # fmt: skip


def the_lines() -> list[dict[str, Any]]:
    return [
        line("compute", "0.033333333", "card-hour", "3.6", "0.12", f"round:{ROUND}",
             ("org_centre", "centre", "0.108"), ("org_broker", "broker", "0.012")),
        line("data_out", "1.5", "GB", "0.1", "0.15", "tariff",
             ("org_centre", "centre", "0.135"), ("org_broker", "broker", "0.015")),
        line("fee", "0.02", "2 %", "0.27", "0.0054", "fees", ("org_exchange", "exchange", "0.0054")),
        line("tax", "0.06", "6 %", "0.0054", "0.000324", "fees", ("org_exchange", "tax", "0.000324")),
        line("energy", "12.5", "Wh", "0", "0", "measured x PUE"),
        line("voucher", "0.2", "20 %", "0.27", "-0.054", "voucher:city",
             ("org_funder", "funder", "-0.054")),
    ]  # fmt: skip


def the_deal(**fields: Any) -> dict[str, Any]:
    return {
        "mode": "agency", "broker": "org_broker", "contract": "ctt_1", "commission": "1/10",
        "carrier": None, "carriage_contract": None, "carriage": "0",
    } | fields  # fmt: skip


def the_contract(**fields: Any) -> dict[str, Any]:
    return {
        "state": "agreed", "kind": "agency", "owner_id": "org_centre", "partner_id": "org_broker",
        "clauses": {"commission": "0.1"},
    } | fields  # fmt: skip


def the_bill(**fields: Any) -> dict[str, Any]:
    return {
        "job_id": JOB, "organisation_id": "org_buyer", "mode": "agency", "contract_id": "ctt_1",
        "lines": the_lines(), "gross": "0.275724", "vouchers": "0.054", "total": "0.221724",
        "usage_id": USAGE, "round_id": ROUND, "provider_id": "org_centre",
        "terms": {"price": "3.6", "deal": the_deal()},
        "parts": [
            part("org_centre", "centre", "0.243"), part("org_broker", "broker", "0.027"),
            part("org_exchange", "exchange", "0.0054"), part("org_exchange", "tax", "0.000324"),
        ],
    } | fields  # fmt: skip


def the_usage(**fields: Any) -> dict[str, Any]:
    used = USED | fields
    return used | {
        "signature": CENTRE.sign(canonical_bytes(used)).hex(),
        "public_key": CENTRE.public_key().public_bytes_raw().hex(),
    }


#: id, kind, debit, credit, asset, units, hold
CHAIN = [
    ("txf_2", "post", "acc_buyer", "acc_centre", "CNY", 194_400, "txf_1"),
    ("txf_3", "post", "acc_buyer", "acc_broker", "CNY", 21_600, "txf_1"),
    ("txf_4", "post", "acc_buyer", "acc_fees", "CNY", 5_400, "txf_1"),
    ("txf_5", "post", "acc_buyer", "acc_tax", "CNY", 324, "txf_1"),
    ("txf_6", "posted", "acc_funder", "acc_centre", "CNY", 48_600, None),
    ("txf_7", "posted", "acc_funder", "acc_broker", "CNY", 5_400, None),
    ("txf_8", "posted", "acc_buyer_city", "acc_issued", "VOUCHER:city", 54_000, None),
]
HOLD = ("txf_1", "pending", "acc_buyer", "acc_fees", "CNY", 1_000_000, None)


def transfer(seq: int, row: tuple[Any, ...], **fields: Any) -> dict[str, Any]:
    transfer_id, kind, debit, credit, asset, units, pending = row
    memo = json.dumps({"what": "charge", "job": "训练 1"}, ensure_ascii=False)
    return {
        "seq": seq, "id": transfer_id, "kind": kind, "debit_id": debit, "credit_id": credit,
        "asset": asset, "amount_units": units, "pending_id": pending, "expires_at": None,
        "group_id": JOB, "memo": memo, "fingerprint": sha256(transfer_id.encode()).hexdigest(),
        "at": AT, "chain_id": None, "chain_place": None, "chain_size": None, "reverses": None,
        "day": None,
    } | fields  # fmt: skip


def evidence(seq: int, kind: str, record_id: str, record: Mapping[str, Any], owner="org_buyer"):
    return {"seq": seq, "kind": kind, "id": record_id, "organisation_id": owner,
            "record": dict(record), "at": AT}  # fmt: skip


@dataclass
class World:
    """What the exchange has on record about one bill; tests change a part of it before logging."""

    bill: dict[str, Any] = field(default_factory=the_bill)
    usage: dict[str, Any] = field(default_factory=the_usage)
    contract: dict[str, Any] = field(default_factory=the_contract)
    order: dict[str, Any] = field(default_factory=lambda: {"job_id": JOB, "hold": "1"})
    round: dict[str, Any] = field(
        default_factory=lambda: {"prices": [{"product": "a", "pool_id": "p", "price": "3.600000"}]}
    )
    hold: tuple[Any, ...] = HOLD
    chain: list[tuple[Any, ...]] = field(default_factory=lambda: list(CHAIN))
    extra: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    left_out: set[str] = field(default_factory=set)  # of the bundle: ids or kinds
    change_rows: Callable[[list[dict[str, Any]]], None] = lambda rows: None
    foreign: int = 19  # records of others, in the log and not in the bundle

    def rows(self) -> list[dict[str, Any]]:
        told = [
            ("order", JOB, self.order), ("usage", USAGE, self.usage), ("round", ROUND, self.round),
            ("contract", "ctt_1", self.contract),
            ("bill", BILL, self.bill), ("commission", BILL, {"parts": self.bill.get("parts")}),
            *self.extra,
        ]  # fmt: skip
        size = len(self.chain)
        rows = [transfer(1, self.hold)]
        rows += [
            transfer(place + 1, row, chain_id=BILL, chain_place=place, chain_size=size)
            for place, row in enumerate(self.chain, start=1)
        ]
        rows += [evidence(100 + n, kind, rid, record) for n, (kind, rid, record) in enumerate(told)]
        self.change_rows(rows)
        return rows

    def log(self) -> tuple[list[bytes], list[dict[str, Any]], list[bytes]]:
        """Return the records, those of the bundle by place, and the entries of the whole log."""
        rows = self.rows()
        records = [evidence_record(r) if "record" in r else transfer_record(r) for r in rows]
        others = [canonical_bytes({"foreign": n}) for n in range(self.foreign)]
        mixed: list[bytes] = []
        for place in range(max(len(records), len(others))):
            mixed += others[place : place + 1] + records[place : place + 1]
        return mixed, rows, [entry(salt(n), each) for n, each in enumerate(mixed)]

    def head(self, *, witnessed: bool = True) -> str:
        entries = self.log()[2]
        note = sign_checkpoint(
            Checkpoint(origin=ORIGIN, size=len(entries), root=root(entries)), LOG
        )
        return cosigned(note) if witnessed else note

    def proven(self) -> list[ProvenRecord]:
        mixed, rows, entries = self.log()
        ours = {evidence_record(r) if "record" in r else transfer_record(r): r for r in rows}
        return [
            ProvenRecord(index=n, salt=salt(n), record=each, path=inclusion_proof(entries, n))
            for n, each in enumerate(mixed)
            if each in ours and not {ours[each]["id"], ours[each]["kind"]} & self.left_out
        ]

    def bundle(self, *, witnessed: bool = True) -> bytes:
        return make_bundle(
            self.head(witnessed=witnessed),
            self.proven(),
            key=LOG.verifier.vkey,
            witnesses=[WITNESS.verifier.vkey],
        )


def cosigned(note: str, *, witness: Signer = WITNESS) -> str:
    return with_cosignature(note, witness.cosign(Note.parse(note).text, seconds=SECONDS))


def salt(number: int) -> bytes:
    return sha256(b"salt %d" % number).digest()[:SALT_BYTES]
