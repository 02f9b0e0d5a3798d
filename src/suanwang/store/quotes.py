"""Quotes as rows and back: the options that a buyer was shown, kept as they were shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from suanwang.basics.canonical import Json
from suanwang.basics.errors import NotFound
from suanwang.basics.ids import CentreId, JobId, PoolId
from suanwang.basics.money import CNY, Money
from suanwang.basics.products import CardClass, ZoneId
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.grid.demand import Option, WhyNot
from suanwang.store.tx import Row, Tx
from suanwang.store.values import parse, write

_MICROSECOND = timedelta(microseconds=1)
_MONEY = ("price", "compute_cost", "data_cost", "store_cost", "cost", "cost_at_most")
_INSTANTS = ("start", "finish", "reserved_until")
_DURATIONS = ("run_time", "data_time", "waits")
_FLOATS = ("energy_wh", "carbon_g", "carbon_intensity", "latency_ms", "score", "speed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a job could run on, best first, and until when that holds."""

    job_id: JobId
    options: tuple[Option, ...]
    made_at: Instant
    expires_at: Instant

    @property
    def chosen(self) -> Option | None:
        """Return the best feasible option, or None."""
        return next((each for each in self.options if each.chosen), None)


def save(tx: Tx, quotes: Iterable[Quote]) -> None:
    """Write quotes; a fresh one replaces the old one."""
    tx.many(
        "quote_save",
        [
            {
                "job_id": each.job_id,
                "options": write_options(each.options),
                "made_at": to_micros(each.made_at),
                "expires_at": to_micros(each.expires_at),
            }
            for each in quotes
        ],
    )


def quote(tx: Tx, job_id: JobId) -> Quote:
    """Return the quote of a job; NotFound if it has none yet."""
    row = tx.first("quote_of", job_id=job_id)
    if row is None:
        raise NotFound(kind="quote", id=job_id)
    return _quote(row)


def write_options(options: Sequence[Option]) -> str:
    """Write options as JSON, exactly: money in units, times in microseconds."""
    text = write([_option_to_json(each) for each in options])
    assert text is not None, "a list is never null"
    return text


def read_options(text: str) -> tuple[Option, ...]:
    """Read what `write_options` wrote."""
    return tuple(_option_from_json(each) for each in parse(text))


def _quote(row: Row) -> Quote:
    return Quote(
        job_id=JobId(row["job_id"]),
        options=read_options(row["options"]),
        made_at=from_micros(row["made_at"]),
        expires_at=from_micros(row["expires_at"]),
    )


def _option_to_json(option: Option) -> dict[str, Json]:
    raw: dict[str, Any] = {f.name: getattr(option, f.name) for f in dataclasses.fields(option)}
    raw |= {name: raw[name].units for name in _MONEY}
    raw |= {name: raw[name] and to_micros(raw[name]) for name in _INSTANTS}
    raw |= {name: raw[name] // _MICROSECOND for name in _DURATIONS}
    # repr of a float reads back as the same float; canonical JSON holds none.
    raw |= {name: None if raw[name] is None else repr(float(raw[name])) for name in _FLOATS}
    raw["why_not"] = raw["why_not"] and raw["why_not"].value
    raw["why_detail"] = {key: str(value) for key, value in raw["why_detail"].items()}
    return raw


def _option_from_json(raw: dict[str, Any]) -> Option:
    values = dict(raw)
    values |= {name: Money(raw[name], CNY) for name in _MONEY}
    values |= {name: None if raw[name] is None else from_micros(raw[name]) for name in _INSTANTS}
    values |= {name: raw[name] * _MICROSECOND for name in _DURATIONS}
    values |= {name: None if raw[name] is None else float(raw[name]) for name in _FLOATS}
    values |= {
        "pool_id": PoolId(raw["pool_id"]),
        "centre_id": CentreId(raw["centre_id"]),
        "zone": ZoneId(raw["zone"]),
        "card_class": CardClass(raw["card_class"]),
        "why_not": None if raw["why_not"] is None else WhyNot(raw["why_not"]),
    }
    return Option(**values)
