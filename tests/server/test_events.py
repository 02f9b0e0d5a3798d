"""Events: each once, in order, resumed, one's own only; and the same by webhook, signed."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from tests.builders import NOW
from tests.server.world import SPEC, later

from suanwang.server.errors import TargetRefused
from suanwang.server.http.call import Call
from suanwang.server.http.events import HEARTBEAT_SECONDS, read_last_event, stream_events
from suanwang.server.loops.deliver import BACK_OFFS, after_try, deliver
from suanwang.server.loops.publish import publish
from suanwang.server.targets import check_target, is_public
from suanwang.store import outbox, webhooks
from suanwang.store.webhooks import Delivery, DeliveryState

SECONDS = 10


async def read_events(world, caller, after, count):
    """The next events of a caller's stream."""
    header = {"authorization": f"Bearer {caller.key}"}
    actor = await world.parts.keys.actor(header["authorization"])
    call = Call(world.parts, SimpleNamespace(headers=header), actor, "en")
    answer = await stream_events(call, after=after)
    found = []
    async with asyncio.timeout(SECONDS):
        async for chunk in answer.body_iterator:
            for message in chunk.decode().split("\n\n"):
                fields = dict(
                    line.split(": ", 1) for line in message.splitlines() if line[0] not in ":r"
                )
                if fields:
                    found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
            if len(found) >= count:
                break
    await answer.body_iterator.aclose()
    return found


def test_a_stream_carries_ones_own_events_in_order_and_resumes(world):
    world.centre()
    world.publish()
    start = world.store.read_now(outbox.last_sequence)
    mine = world.buyer.submit()["id"]
    world.other.submit()
    world.turn()
    everything = world.run(read_events(world, world.buyer, start, 5))
    own = [(seq, kind) for seq, kind, data in everything if data["subject"] == mine]
    kinds = [kind for _, kind in own]
    assert kinds[:3] == ["job.submit", "job.quote", "job.accept"]
    assert [seq for seq, _ in own] == sorted(seq for seq, _ in own)
    assert {data["organisation_id"] for _, _, data in everything} == {world.lab}
    resumed = world.run(read_events(world, world.buyer, everything[1][0], 3))
    assert resumed[:3] == everything[2:5]


def test_a_stream_hears_at_once_what_is_published(world):
    async def scene():
        reading = asyncio.create_task(read_events(world, world.buyer, None, 1))
        await asyncio.sleep(0.05)
        start = asyncio.get_running_loop().time()
        headers = {"Authorization": f"Bearer {world.buyer.key}"}
        await world.client.post("/v1/jobs", json={"spec": SPEC}, headers=headers)
        assert await publish(world.parts) > 0
        return await reading, asyncio.get_running_loop().time() - start

    world.publish()  # what came before
    [(_, kind, _)], seconds = world.run(scene())
    assert kind == "job.submit"
    assert seconds < 0.8  # a stream that nobody wakes looks once a second


def test_a_silent_stream_beats():
    assert HEARTBEAT_SECONDS < 60  # proxies cut a connection that says nothing for a minute


@pytest.mark.parametrize(("text", "expected"), [(None, None), ("", None), ("0", 0), ("17", 17)])
def test_last_event_id_is_read(text, expected):
    assert read_last_event(text) == expected


@pytest.mark.parametrize("text", ["-1", "x", "1.5", "9" * 30, "١"])
def test_a_strange_last_event_id_is_refused(world, text):
    headers = {"Last-Event-ID": text.encode()}
    world.buyer.call("GET", "/events", headers=headers).refused(422, "last-event-unreadable")


# ── webhooks ────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def a_receiver(status: int = 200):
    """An HTTP server of our own that keeps what it was sent."""
    received = []

    async def serve(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        headers = {name.lower(): value for name, value in headers.items()}
        body = await reader.readexactly(int(headers["content-length"]))
        received.append((headers, body))
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/hook", received
    finally:
        server.close()


def allow_private(world):
    world.parts.settings = dataclasses.replace(
        world.parts.settings, webhooks_to_private_addresses=True
    )


async def send_one(world, *, status: int = 200, **body):
    """Make a webhook, submit a job, deliver; return the webhook and what the receiver got."""
    headers = {"Authorization": f"Bearer {world.buyer.key}"}
    async with a_receiver(status) as (url, received):
        answer = await world.client.post("/v1/webhooks", json={"url": url} | body, headers=headers)
        assert answer.status_code == 201, answer.text
        await world.client.post("/v1/jobs", json={"spec": SPEC}, headers=headers)
        await publish(world.parts)
        await deliver(world.parts)
        return answer.json(), received


def test_a_webhook_is_sent_signed_and_its_delivery_noted(world):
    allow_private(world)
    made, received = world.run(send_one(world, kinds=["job.submit"]))
    [(headers, body)] = received
    assert Verifier(made["secret"]).verify(body, headers)["kind"] == "job.submit"
    [shown] = world.buyer.get(f"/webhooks/{made['id']}/deliveries").ok()["items"]
    assert (shown["state"], shown["status"], shown["attempt"]) == ("delivered", 200, 1)
    assert world.buyer.get("/webhooks").ok()["items"][0]["secret"] is None
    world.buyer.delete(f"/webhooks/{made['id']}").ok(204)
    world.buyer.get(f"/webhooks/{made['id']}").refused(404, "not-found")


def test_a_receiver_that_fails_is_tried_again_later(world):
    allow_private(world)
    made, received = world.run(send_one(world, status=500, kinds=["job.submit"]))
    assert len(received) == 1
    [shown] = world.buyer.get(f"/webhooks/{made['id']}/deliveries").ok()["items"]
    assert (shown["state"], shown["status"]) == ("waiting", 500)
    assert world.run(deliver(world.parts)) == 0  # not yet due
    world.parts.clock = lambda: later(10)
    assert world.run(deliver(world.parts)) == 1  # nobody listens any more
    [shown] = world.buyer.get(f"/webhooks/{made['id']}/deliveries").ok()["items"]
    assert (shown["state"], shown["status"], shown["attempt"]) == ("waiting", None, 2)


def test_deliveries_back_off_and_end():
    waiting = Delivery(
        webhook_id="whk", event_id="evt", attempt=0, state=DeliveryState.WAITING, status=None,
        next_try_at=NOW,
    )  # fmt: skip
    waits = []
    for _ in BACK_OFFS:
        waiting = after_try(waiting, 503, now=NOW)
        waits.append(waiting.next_try_at - NOW)
    assert waits == sorted(waits) == BACK_OFFS
    assert after_try(waiting, 503, now=NOW).state is DeliveryState.GIVEN_UP
    fresh = dataclasses.replace(waiting, attempt=0)
    assert after_try(fresh, 410, now=NOW).state is DeliveryState.GIVEN_UP
    assert after_try(fresh, 204, now=NOW).state is DeliveryState.DELIVERED
    assert after_try(fresh, 302, now=NOW).state is DeliveryState.WAITING


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost/x", "https://127.0.0.1/x", "https://[::1]/x", "https://10.0.0.1/x",
        "https://192.168.1.1/x", "https://169.254.169.254/latest", "https://0.0.0.0/",
        "https://[::ffff:127.0.0.1]/", "https://100.64.0.1/", "http://8.8.8.8/x", "ftp://8.8.8.8/",
        "https://user:pw@8.8.8.8/", "https://", "not a url", "https://8.8.8.8:99999/",
        "https://2130706433/", "https://[64:ff9b::7f00:1]/", "https://224.0.0.1/",
    ],
)  # fmt: skip
def test_a_webhook_never_leads_into_our_own_network(world, url):
    world.buyer.post("/webhooks", {"url": url}).refused(422, "target-refused")


def test_a_public_address_is_fine():
    target = asyncio.run(check_target("https://8.8.8.8:8443/x", private=False))
    assert (target.address, target.port, target.host) == ("8.8.8.8", 8443, "8.8.8.8")
    assert is_public("2001:4860:4860::8888")
    with pytest.raises(TargetRefused):
        asyncio.run(check_target("https://no-such-host.invalid/", private=False))


def test_an_organisation_has_so_many_webhooks_and_no_more(world):
    allow_private(world)
    for number in range(webhooks.WEBHOOKS_MAX):
        world.buyer.post("/webhooks", {"url": f"http://127.0.0.1:9/{number}"}).ok(201)
    world.buyer.post("/webhooks", {"url": "http://127.0.0.1:9/x"}).refused(422, "too-many-webhooks")
