"""No input makes a 500: every route is asked with nonsense in every place."""

from __future__ import annotations

import os
import random
import re
from typing import Any

import pytest
from tests.server.world import SPEC, World

ODD_TEXTS = [
    "", "x", "%00", "\u0000", "../../etc/passwd", "a" * 5000, "'; DROP TABLE jobs; --", "你好", "%",
    "-1", "9" * 30, "nan", "job_01JB3ZK8Q4QZ5X5X5X5X5X5X5X", "😀", "%ff%fe", "null", "1e5", " ",
    "2026-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "\ud800",
]  # fmt: skip
ODD_VALUES: list[Any] = [
    None, True, 0, -1, 2**31, 2**63, 2**70, 1.5, 1e308, "", "x", "a" * 300, "0", "-5", "1e9",
    [], {}, [[]], [None], {"a": None}, {"": ""}, "\u0000", "你好", ["x"] * 50, "2026-01-01T00:00:00Z",
    "9" * 40, "job_01JB3ZK8Q4QZ5X5X5X5X5X5X5X", {"kind": "flat", "price": "-1"},
]  # fmt: skip
GOOD_BODIES: dict[str, Any] = {
    "/v1/jobs": {"spec": SPEC, "specs": [SPEC], "accept": True},
    "/v1/quotes": {"spec": SPEC},
    "/v1/organisations": {"name": "x", "roles": ["buyer"]},
    "/v1/organisations/{organisation_id}/keys": {"role": "buyer", "project": "p"},
    "/v1/top-ups": {"organisation_id": "x", "amount": "1", "reference": "r"},
    "/v1/centres": {
        "organisation_id": "x", "name": "n", "zone": "zhongwei", "city": "x", "province": "CN-NX",
        "pue": "1.2", "capabilities": ["image"], "data_price_gb": "1", "latitude": "1",
        "longitude": "2", "bandwidth_mbps": 5, "cold_price_gb_month": "0.1",
    },
    "/v1/webhooks": {"url": "https://localhost/x", "kinds": ["job.settled"]},
    "/v1/agent/hello": {
        "version": "1", "public_key": "0" * 64, "centre": {"pue": "1.2"}, "capabilities": ["x"],
        "pools": [{"name": "p", "chip": "xeon-8380", "nodes": 1, "cards_per_node": 1,
                   "cores_per_node": 1, "memory_gb": "1", "disk_gb": "1",
                   "price": {"kind": "flat", "price": "1"}}],
    },
    "/v1/agent/leases": {"wait_seconds": 0, "max": 1},
    "/v1/agent/heartbeat": {
        "leases": [{"lease_id": "x", "token": 1, "cpu_seconds": 1, "memory_bytes": 1}]
    },
    "/v1/agent/leases/{lease_id}/staged": {"token": 1},
    "/v1/agent/leases/{lease_id}/started": {"token": 1},
    "/v1/agent/leases/{lease_id}/failed": {
        "token": 1, "fault": "buyer", "code": "x", "detail": "y"
    },
    "/v1/agent/leases/{lease_id}/logs": {
        "token": 1,
        "lines": [{"seq": 0, "at": "2026-01-01T00:00:00Z", "stream": "stdout", "text": "x"}],
    },
    "/v1/agent/leases/{lease_id}/returned": {
        "token": 1, "exit_code": 0, "ended_by": "exit", "outputs": [], "missing": ["x"],
        "usage": {"usage_id": "x"}, "signature": "00",
    },
}  # fmt: skip
SKIPPED = {"/v1/events"}  # streams without end; tested on its own
TRIES = int(os.environ.get("SUANWANG_FUZZ_TRIES", "25"))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON document."""
    found = [path]
    if isinstance(value, dict):
        for key, inner in value.items():
            found += places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += places(inner, (*path, index))
    return found


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The document with one place changed."""
    if not path:
        return new
    head, *rest = path
    if isinstance(value, dict):
        return value | {head: replaced(value[head], tuple(rest), new)}
    return [replaced(v, tuple(rest), new) if i == head else v for i, v in enumerate(value)]


@pytest.fixture
def callers(world: World):
    run = world.running()
    return (
        world,
        {
            "/v1/agent": world.centre().caller,
            "operator": world.operator,
            "buyer": world.buyer,
        },
        run.wire["lease_id"],
    )


def test_no_route_answers_500_whatever_comes(callers):
    world, known, lease_id = callers
    dice = random.Random(int(os.environ.get("SUANWANG_FUZZ_SEED", "20261124")))
    for path, methods in world.app.openapi()["paths"].items():
        if path in SKIPPED:
            continue
        who = [known["/v1/agent"]] if path.startswith("/v1/agent") else list(known.values())[1:]
        for method, described in methods.items():
            for attempt in range(TRIES):
                caller = who[attempt % len(who)]
                answer = ask(caller, dice, method, path, described=described, lease_id=lease_id)
                assert answer.status < 500, (method, path, answer.content[:500])
                if answer.status >= 400 and method != "head":
                    assert answer.headers["content-type"] == "application/problem+json"


def ask(caller, dice, method, path, *, described, lease_id):
    where = odd_address(dice, path, described, lease_id)
    headers = {"Idempotency-Key": str(dice.random())} if dice.random() < 0.2 else {}
    if method == "put":
        headers["X-Sha256"] = dice.choice(["", "x", "0" * 64])
        return caller.call("PUT", where, content=b"hello", headers=headers)
    if method != "post":
        return caller.call(method.upper(), where, headers=headers)
    body = GOOD_BODIES.get(path, {})
    for _ in range(dice.choice([0, 1, 1, 2])):
        body = replaced(body, dice.choice(places(body)), dice.choice(ODD_VALUES))
    if isinstance(body, dict) and path == "/v1/agent/leases":
        body = body | {"wait_seconds": 0}
    return caller.call("POST", where, json=body, headers=headers)


def odd_address(dice, path, described, lease_id):
    def odd(match):
        if match.group(1) == "lease_id" and dice.random() < 0.7:
            return lease_id
        return quoted(dice.choice(ODD_TEXTS))

    where, query = re.sub(r"\{(\w+)(?::path)?\}", odd, path), []
    for one in described.get("parameters", []):
        if one["in"] == "query" and dice.random() < 0.6:
            text = "0" if one["name"] in ("wait_seconds", "follow") else dice.choice(ODD_TEXTS)
            query.append(f"{one['name']}={quoted(text)}")
    return where + ("?" + "&".join(query) if query else "")


def quoted(text: str) -> str:
    raw = text.encode("utf-8", "surrogatepass")
    return "".join(f"%{byte:02X}" for byte in raw) or "x"
