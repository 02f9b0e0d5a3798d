"""Reads the flexible jobs of a case."""

from __future__ import annotations

from fractions import Fraction

from suanwang.market.case.fields import (
    QUANTITY_MAX,
    Fields,
    Misfit,
    cut,
    index_of,
    list_at,
    number_at,
)
from suanwang.market.case.frame import CLASS, ZONE, Frame
from suanwang.market.case.links import cost_up
from suanwang.market.case.model import MICRO, FlexibleJob, JobData, Shape

_NEEDS = "id zones classes work cards_max start end shape"
_MAY = "cards_min value gang setup max_pauses values data carbon_weight"
PAUSES_MAX = 2**31 - 1


def read_jobs(fields: Fields, frame: Frame) -> tuple[FlexibleJob, ...]:
    """Read the jobs."""
    return tuple(
        _job(Fields(value, place, needs=_NEEDS, may=_MAY), frame)
        for place, value in fields.items("jobs")
    )


def _job(entry: Fields, frame: Frame) -> FlexibleJob:
    shape = entry.choice("shape", Shape)
    start, end = frame.window(entry, end=frame.slots)
    cards_min, cards_max = _cards(entry)
    gang = entry.switch("gang")
    if gang and shape is Shape.DIVISIBLE:
        raise Misfit(entry.at("gang"), "false for a divisible job, which has many places", gang)
    return FlexibleJob(
        id=entry.text("id"),
        zones=_zones(entry, frame),
        classes=_classes(entry, frame),
        work=entry.number("work", above=0),
        cards_min=Fraction(0) if shape is Shape.DIVISIBLE else cards_min,
        cards_max=cards_max,
        start=start,
        end=end,
        shape=shape,
        values=_values(entry, frame, end),
        gang=gang,
        setup=entry.number("setup", least=0),
        max_pauses=_max_pauses(entry),
        data=_data(entry, frame),
        carbon_weight=entry.number("carbon_weight", least=0),
    )


def _cards(entry: Fields) -> tuple[Fraction, Fraction]:
    least, most = entry.quantity("cards_min"), entry.quantity("cards_max", above=0)
    if least > most:
        raise Misfit(entry.at("cards_min"), "at most cards_max", entry.raw("cards_min"))
    return least, most


def _zones(entry: Fields, frame: Frame) -> dict[int, Fraction]:
    place = entry.at("zones")
    zones = {
        index_of(name, place, frame.zones, ZONE): cost_up(
            number_at(value, f"{place}.{name}", least=0)
        )
        for name, value in entry.mapping("zones", "zones and transfer costs").items()
    }
    if not zones:
        raise Misfit(place, "at least one zone", "none")
    return zones


def _classes(entry: Fields, frame: Frame) -> dict[int, Fraction]:
    place = entry.at("classes")
    classes = {
        index_of(name, place, frame.classes, CLASS): number_at(value, f"{place}.{name}", above=0)
        for name, value in entry.mapping("classes", "classes and speeds").items()
    }
    if not classes:
        raise Misfit(place, "at least one class", "none")
    return classes


def _values(entry: Fields, frame: Frame, end: int) -> tuple[tuple[int, Fraction], ...]:
    if "values" not in entry:
        return ((end, _value(entry)),)
    list_at(entry.raw("values"), entry.at("values"))
    values: list[tuple[int, Fraction]] = []
    for place, each in entry.items("values"):
        step = Fields(each, place, needs="end value")
        least = values[-1][0] + 1 if values else 1
        values.append((step.whole("end", least=least, most=frame.slots), _value(step)))
    if not values:
        raise Misfit(entry.at("values"), "at least one value", "none")
    if "value" in entry:
        _value(entry)  # not used, but no less to be a number
    return tuple(values)


def _value(fields: Fields) -> Fraction:
    if "value" not in fields:
        raise Misfit(fields.at("value"), "a value", None)
    return cut(fields.number("value"), parts=MICRO)


def _max_pauses(entry: Fields) -> int | None:
    return entry.whole("max_pauses", least=0, most=PAUSES_MAX) if "max_pauses" in entry else None


def _data(entry: Fields, frame: Frame) -> JobData | None:
    if "data" not in entry:
        return None
    data = Fields(entry.raw("data"), entry.at("data"), needs="at", may="in out")
    most = int(QUANTITY_MAX)
    return JobData(
        at=frame.zone(data, "at"),
        gb_in=data.number("in", least=0, most=most),
        gb_out=data.number("out", least=0, most=most),
    )
