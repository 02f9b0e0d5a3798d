"""Reads a RESULT: its shape only, what it says is checked elsewhere.

cards, GB, prices, money    int, 10⁻¹²
rows                        tuples in the order of the keys of the rules page
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from suanwang.market.errors import ResultUnreadable
from suanwang.market.verify.fields import Fields, Misplaced, shown, text_of
from suanwang.market.verify.numbers import scaled

RESULT_KEYS = (
    "case_sha256 rules seed work status welfare bound gap prices link_prices multipliers gap_parts"
    " accepted jobs flows settlements uplift rejected_profitable congestion_rent claims"
)
SIZE_MAX = 4 * 10**9  # bytes of a RESULT
T = TypeVar("T")
Row = Any  # of JSON, looked into before it is believed

NodePrice = tuple[str, str, int, int]  # zone, class, slot, price
LinkPrice = tuple[str, str, int, int]  # from, to, slot, price
PoolPrice = tuple[str, int, int]  # pool, slot, price
Amount = tuple[str, int]  # id, money
Taken = tuple[str, int | tuple[int, ...]]  # id, cards
Flow = tuple[str, str, str, int, int]  # from, to, class, slot, cards


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Cards of a job in one zone, class and slot."""

    zone: str
    card_class: str
    slot: int
    cards: int
    pool: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Data of a job on one link in one slot, `inward` before it runs."""

    source: str
    target: str
    slot: int
    gb: int
    inward: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a RESULT says of one job."""

    id: str
    accepted: bool
    cells: tuple[Cell, ...]
    moves: tuple[Move, ...]
    paid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Multipliers:
    """The numbers that bound, where they are not the published prices."""

    nodes: list[NodePrice]
    links: list[LinkPrice]
    pools: list[PoolPrice]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a solver says of itself: shown, never counted."""

    solver: str
    version: str
    bound: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One RESULT, read."""

    case_sha256: str
    rules: str
    seed: str
    status: str
    welfare: int
    bound: int
    gap: int
    prices: list[NodePrice]
    link_prices: list[LinkPrice]
    multipliers: Multipliers | None
    order_parts: list[Amount]
    link_parts: list[LinkPrice]
    accepted: list[Taken]
    jobs: list[Run]
    flows: list[Flow]
    settlements: list[Amount]
    uplift: list[Amount]
    missed: list[Amount]
    congestion_rent: int
    claims: Claims | None


def read_result(path: Path) -> dict[str, Any]:
    """Read a RESULT file as JSON; raise ResultUnreadable where it is none."""

    def refuse(expected: str, found: object) -> ResultUnreadable:
        return ResultUnreadable(file=path.name, place="{}", expected=expected, found=shown(found))

    try:
        if path.stat().st_size > SIZE_MAX:
            raise refuse(f"at most {SIZE_MAX} bytes", path.stat().st_size)
        document = json.loads(path.read_bytes(), object_pairs_hook=_once, parse_constant=_no_number)
    except OSError as wrong:
        raise refuse("a readable file", wrong.strerror) from None
    except (ValueError, RecursionError) as wrong:
        raise refuse("JSON", str(wrong)) from None
    if not isinstance(document, dict):
        raise refuse("an object", document)
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_number(text: str) -> None:
    raise ValueError(text)


def result_from_document(document: object, *, file: str = "RESULT") -> Result:
    """Read a RESULT; raise ResultUnreadable with the place of what has the wrong shape."""
    try:
        return _result(Fields(document, "", RESULT_KEYS))
    except Misplaced as wrong:
        raise ResultUnreadable(
            file=file, place=wrong.place or "{}", expected=wrong.expected, found=wrong.found
        ) from None


def _result(top: Fields) -> Result:
    for key in RESULT_KEYS.split():
        if key not in top or (top.get(key) is None and key not in ("multipliers", "claims")):
            raise Misplaced(key, "a value", None)
    _check_work(top)
    parts = Fields(top.get("gap_parts"), "gap_parts", "orders links")
    return Result(
        case_sha256=top.text("case_sha256"),
        rules=top.text("rules"),
        seed=top.text("seed"),
        status=top.text("status"),
        **{key: _decimal(top, key) for key in ("welfare", "bound", "gap", "congestion_rent")},
        prices=_rows(top, "prices", _node_price),
        link_prices=_rows(top, "link_prices", _link_price),
        multipliers=_multipliers(top),
        order_parts=_rows(parts, "orders", _amount),
        link_parts=_rows(parts, "links", _link_amount),
        accepted=_rows(top, "accepted", _taken),
        jobs=_rows(top, "jobs", _run),
        flows=_rows(top, "flows", _flow),
        settlements=_rows(top, "settlements", _amount),
        uplift=_rows(top, "uplift", _amount),
        missed=_rows(top, "rejected_profitable", _missed),
        claims=_claims(top),
    )


def _check_work(top: Fields) -> None:
    """Check that the work told is a number or a few of them by name; it is not used."""
    work = top.get("work")
    for number in work.values() if isinstance(work, dict) else [work]:
        if type(number) is not int:
            top.take("work", lambda _, n=number: scaled(n), "decimal strings")  # type: ignore[misc]


def _decimal(row: Fields, key: str) -> int:
    return row.take(key, scaled, "a decimal string")


def _rows(row: Fields, key: str, read: Callable[[Any], T]) -> list[T]:
    """Read a list; `read` is quick and says nothing of what it does not like."""
    found: list[T] = []
    if row.get(key) is None and key != "data":
        raise Misplaced(row.at(key), "a list", None)
    for i, each in enumerate(row.rows(key)):
        try:
            found.append(read(each))
        except Misplaced as wrong:
            raise Misplaced(
                f"{row.at(key)}[{i}].{wrong.place}", wrong.expected, wrong.found
            ) from None
        except (ValueError, TypeError, KeyError, AttributeError) as wrong:
            raise Misplaced(
                f"{row.at(key)}[{i}]", (read.__doc__ or "a row").rstrip("."), each
            ) from wrong
    return found


def _keys(row: Mapping[str, Any], count: int) -> None:
    if len(row) != count:
        raise ValueError


def _name(value: object) -> str:
    return text_of(value, "name")


def _slot(value: object) -> int:
    if type(value) is int and 0 <= value < 2**31:
        return value
    raise ValueError


def _node_price(row: Row) -> NodePrice:
    """Zone, class, slot, price."""
    _keys(row, 4)
    return _name(row["zone"]), _name(row["class"]), _slot(row["slot"]), scaled(row["price"])


def _link_price(row: Row) -> LinkPrice:
    """From, to, slot, price."""
    _keys(row, 4)
    return _name(row["from"]), _name(row["to"]), _slot(row["slot"]), scaled(row["price"])


def _link_amount(row: Row) -> LinkPrice:
    """From, to, slot, amount."""
    _keys(row, 4)
    return _name(row["from"]), _name(row["to"]), _slot(row["slot"]), scaled(row["amount"])


def _pool_price(row: Row) -> PoolPrice:
    """Pool, slot, price."""
    _keys(row, 3)
    return _name(row["pool"]), _slot(row["slot"]), scaled(row["price"])


def _amount(row: Row) -> Amount:
    """Id, amount."""
    _keys(row, 2)
    return _name(row["id"]), scaled(row["amount"])


def _missed(row: Row) -> Amount:
    """Id, missed."""
    _keys(row, 2)
    return _name(row["id"]), scaled(row["missed"])


def _taken(row: Row) -> Taken:
    """Id, quantity."""
    _keys(row, 2)
    cards = row["quantity"]
    if type(cards) is list:
        return _name(row["id"]), tuple(map(scaled, cards))
    return _name(row["id"]), scaled(cards)


def _flow(row: Row) -> Flow:
    """From, to, class, slot, quantity."""
    _keys(row, 5)
    where = _name(row["from"]), _name(row["to"]), _name(row["class"])
    return *where, _slot(row["slot"]), scaled(row["quantity"])


def _run(row: Row) -> Run:
    fields = Fields(row, "", "id accepted allocation data paid")
    if type(fields.get("accepted")) is not bool:
        raise Misplaced("accepted", "true or false", fields.get("accepted"))
    return Run(
        id=fields.text("id"),
        accepted=bool(fields.get("accepted")),
        cells=tuple(_rows(fields, "allocation", _cell)),
        moves=tuple(_rows(fields, "data", _move)),
        paid=_decimal(fields, "paid"),
    )


def _cell(row: Row) -> Cell:
    fields = Fields(row, "", "zone class slot cards pool")
    return Cell(
        zone=fields.text("zone"),
        card_class=fields.text("class"),
        slot=fields.take("slot", _slot, "a slot"),
        cards=_decimal(fields, "cards"),
        pool=fields.text_or_none("pool"),
    )


def _move(row: Row) -> Move:
    fields = Fields(row, "", "from to slot gb direction")
    if fields.get("direction") not in ("in", "out"):
        raise Misplaced("direction", "in or out", fields.get("direction"))
    return Move(
        source=fields.text("from"),
        target=fields.text("to"),
        slot=fields.take("slot", _slot, "a slot"),
        gb=_decimal(fields, "gb"),
        inward=fields.get("direction") == "in",
    )


def _multipliers(top: Fields) -> Multipliers | None:
    if top.get("multipliers") is None:
        return None
    fields = Fields(top.get("multipliers"), "multipliers", "nodes links pools")
    return Multipliers(
        nodes=_rows(fields, "nodes", _node_price),
        links=_rows(fields, "links", _link_price),
        pools=_rows(fields, "pools", _pool_price),
    )


def _claims(top: Fields) -> Claims | None:
    if top.get("claims") is None:
        return None
    fields = Fields(top.get("claims"), "claims", "solver version bound")
    bound = None if fields.get("bound") is None else _decimal(fields, "bound")
    return Claims(solver=fields.text("solver"), version=fields.text("version"), bound=bound)
