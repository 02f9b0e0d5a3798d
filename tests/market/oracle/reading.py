"""What a CASE document says, in floats: the oracles' own reading, which shares nothing with the engine.

Every list is present afterwards, every number a float, every per-slot number a list of one a slot
of the case; ask prices are effective (carbon added).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction

MICRO = 10**6


def read(document):
    """The case with every default filled in."""
    hours = [float(hours_of(slot)) for slot in document["slots"]]
    kg = _kg(document, len(hours))
    carbon = _carbon(document, kg)
    return {
        "zones": document["zones"],
        "classes": document["classes"],
        "hours": hours,
        "kg": kg,
        "links": [_link(link, document) for link in document.get("links", [])],
        "asks": [_step(ask, carbon) for ask in document.get("asks", [])],
        "bids": [_step(bid, {}) for bid in document.get("bids", [])],
        "blocks": [_block(block, carbon) for block in document.get("blocks", [])],
        "jobs": [_job(job) for job in document.get("jobs", [])],
        "offers": [_offer(offer, carbon, len(hours)) for offer in document.get("offers", [])],
        "price_min": float(document["price_min"]),
        "price_max": float(document["price_max"]),
        "no_loss": document.get("pricing", "no_loss") == "no_loss",
    }


def hours_of(slot) -> Fraction:
    """The exact length of a slot of the file."""
    start, end = (datetime.fromisoformat(slot[key]) for key in ("start", "end"))
    return Fraction((end - start) // timedelta(microseconds=1), 3600 * MICRO)


def value_at(job, slot):
    """The value of finishing with this slot; None where the job may not."""
    return next((value for end, value in job["values"] if slot < end), None)


def cell_cost(case, job, *, zone, card_class, slot):
    """Yuan per card-hour that a job's welfare loses in a cell, beside the price."""
    carbon = job["carbon_weight"] * case["kg"].get((zone, card_class, slot), 0.0)
    return job["zones"][zone] + carbon


def pools_at(case, zone, card_class):
    """The pools of a place, by name."""
    sellers = case["asks"] + case["offers"]
    here = (s for s in sellers if (s["zone"], s["class"]) == (zone, card_class))
    return sorted({s["pool"] for s in here if s["pool"] is not None})


def _exact(number) -> Fraction:
    return Fraction(str(number))


def _per_slot(number, slots):
    return [float(n) for n in number] if isinstance(number, list) else [float(number)] * slots


def _kg(document, slots):
    return {
        (entry["zone"], entry["class"], slot): kg
        for entry in document.get("carbon", [])
        for slot, kg in enumerate(_per_slot(entry["kg"], slots))
    }


def _carbon(document, kg):
    price = _exact(document.get("carbon_price", 0))
    return {
        node: float(Fraction(round(price * _exact(k) * MICRO), MICRO)) for node, k in kg.items()
    }


def _link(link, document):
    weights = link.get("weights", {})
    return {
        "ends": (link["from"], link["to"]),
        "capacity": _per_slot(link["capacity"], len(document["slots"])),
        "cost": float(link.get("cost", 0)),
        "weights": {k: float(weights.get(k, 1)) for k in document["classes"]},
    }


def _step(order, carbon):
    node = (order["zone"], order["class"], order["slot"])
    return {
        "id": order["id"],
        "node": node,
        "zone": order["zone"],
        "class": order["class"],
        "quantity": float(order["quantity"]),
        "price": float(order["price"]) + carbon.get(node, 0.0),
        "lot": float(order["lot"]) if order.get("lot") is not None else None,
        "pool": order.get("pool"),
    }


def _block(block, carbon):
    slots = block["slots"]
    extra = carbon if block["side"] == "ask" else {}
    cells = [(block["zone"], block["class"], slot) for slot in slots]
    return {
        "id": block["id"],
        "side": block["side"],
        "cells": dict(zip(cells, _per_slot(block["quantity"], len(slots)), strict=True)),
        "prices": {cell: float(block["price"]) + extra.get(cell, 0.0) for cell in cells},
        "min_fraction": float(block.get("min_fraction") or 1),
        "group": block.get("group"),
        "parent": block.get("parent"),
        "lot": float(block["lot"]) if block.get("lot") is not None else None,
    }


def _job(job):
    values = job.get("values") or [{"end": job["end"], "value": job["value"]}]
    moved = job.get("data") or {"at": None, "in": 0, "out": 0}
    return {
        "id": job["id"],
        "zones": {zone: float(cost) for zone, cost in job["zones"].items()},
        "classes": {k: float(speed) for k, speed in job["classes"].items()},
        "work": float(job["work"]),
        "cards_min": float(job["cards_min"]),
        "cards_max": float(job["cards_max"]),
        "start": job["start"],
        "end": job["end"],
        "shape": job["shape"],
        "values": [(min(v["end"], job["end"]), float(v["value"])) for v in values],
        "gang": job.get("gang", False),
        "setup": float(job.get("setup") or 0),
        "max_pauses": job.get("max_pauses"),
        "at": moved["at"],
        "gb": {"in": float(moved["in"]), "out": float(moved["out"])},
        "carbon_weight": float(job.get("carbon_weight") or 0),
    }


def _offer(offer, carbon, slots):
    prices = _per_slot(offer["price"], slots)
    extra = [carbon.get((offer["zone"], offer["class"], slot), 0.0) for slot in range(slots)]
    ramp = offer.get("ramp")
    return {
        "id": offer["id"],
        "zone": offer["zone"],
        "class": offer["class"],
        "quantity": _per_slot(offer["quantity"], slots),
        "price": [price + more for price, more in zip(prices, extra, strict=True)],
        "quantity_min": float(offer.get("quantity_min") or 0),
        "start_cost": float(offer.get("start_cost") or 0),
        "min_run": int(offer.get("min_run") or 1),
        "ramp": None if ramp is None else float(ramp),
        "start": offer.get("start", 0),
        "end": offer.get("end", slots),
        "pool": offer.get("pool"),
    }
