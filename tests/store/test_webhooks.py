from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.builders import NOW, Ids, an_organisation
from tests.store.pipeline_contract import PipelineContract, a_claim

from suanwang.basics.errors import NotFound
from suanwang.basics.ids import EventId, WebhookId
from suanwang.store import outbox, webhooks
from suanwang.store.webhooks import Delivery, DeliveryState, Webhook


def a_webhook(store, ids=None, *, kinds=(), state="open"):
    ids = ids or Ids()

    def work(tx):
        webhook = Webhook(
            id=ids(WebhookId), organisation_id=an_organisation(tx, ids).id,
            url="http://127.0.0.1:9/hook", secret="whsec_1", kinds=kinds, state=state,
            created_at=NOW,
        )  # fmt: skip
        webhooks.add_webhook(tx, webhook)
        return webhook

    return store.run_now(work)


class TestDeliveries(PipelineContract):
    """The pipeline that sends events to webhooks."""

    ids = Ids()

    def make(self, store, name, *, due_at):
        webhook = a_webhook(store, self.ids)
        pair = (webhook.id, EventId(f"evt_{name}"))
        assert store.run_now(lambda tx: webhooks.add_deliveries(tx, [pair, pair], at=due_at)) == 1
        return pair

    def make_ineligible(self, store):
        for state in (DeliveryState.DELIVERED, DeliveryState.GIVEN_UP):
            key = self.make(store, state.value, due_at=NOW - timedelta(days=1))
            claim = a_claim()
            self.fetched(store, claim)
            assert store.run_now(
                lambda tx, key=key, state=state, claim=claim: self.save(tx, key, claim, state)
            )

    def fetch(self, tx, claim, limit):
        return [
            (d.webhook_id, d.event_id) for d in webhooks.lock_deliveries(tx, claim, limit=limit)
        ]

    def apply(self, tx, key, claim):
        return self.save(tx, key, claim, DeliveryState.DELIVERED)

    def save(self, tx, key, claim, state):
        delivery = Delivery(
            webhook_id=key[0], event_id=key[1], attempt=1, state=state, status=200, next_try_at=None
        )
        return webhooks.save_delivery(tx, delivery, claim)


def test_a_delivery_that_failed_comes_again_at_its_next_try(store):
    webhook = a_webhook(store)
    pair = (webhook.id, EventId("evt_1"))
    store.run_now(lambda tx: webhooks.add_deliveries(tx, [pair], at=NOW))
    claim = a_claim()
    (delivery,) = store.run_now(lambda tx: webhooks.lock_deliveries(tx, claim, limit=9))
    later = NOW + timedelta(seconds=30)
    failed = replace(delivery, attempt=1, status=500, next_try_at=later)
    assert store.run_now(lambda tx: webhooks.save_delivery(tx, failed, claim))
    assert store.run_now(lambda tx: webhooks.lock_deliveries(tx, a_claim(), limit=9)) == []
    again = store.run_now(lambda tx: webhooks.lock_deliveries(tx, a_claim(now=later), limit=9))
    assert again == [failed]
    assert store.read_now(lambda tx: webhooks.deliveries_of(tx, webhook.id)) == [failed]


def test_a_webhook_wants_its_own_events_of_its_kinds(store):
    webhook = a_webhook(store, kinds=("job.settled",))
    event = outbox.Event(
        id=EventId("evt_1"), organisation_id=webhook.organisation_id, kind="job.settled",
        subject="job_1", body={}, at=NOW,
    )  # fmt: skip
    assert webhook.wants(event)
    assert webhook.wants(replace(event, organisation_id=None))
    assert not webhook.wants(replace(event, kind="job.placed"))
    assert not webhook.wants(replace(event, organisation_id="org_other"))
    assert replace(webhook, kinds=()).wants(replace(event, kind="job.placed"))


def test_a_webhook_of_another_organisation_is_not_there(store):
    ids = Ids()
    mine, theirs = a_webhook(store, ids), a_webhook(store, ids)
    for work in (
        lambda tx: webhooks.webhook(tx, theirs.id, mine.organisation_id),
        lambda tx: webhooks.remove_webhook(tx, theirs.id, mine.organisation_id),
        lambda tx: webhooks.webhook(tx, "whk_none"),
    ):
        with pytest.raises(NotFound):
            store.run_now(work)
    assert store.read_now(lambda tx: webhooks.webhook(tx, theirs.id)) == theirs


def test_webhooks_are_listed_and_removed_with_their_deliveries(store):
    ids = Ids()
    webhook, closed = a_webhook(store, ids), a_webhook(store, ids, state="closed")
    store.run_now(lambda tx: webhooks.add_deliveries(tx, [(webhook.id, EventId("e"))], at=NOW))
    assert store.read_now(webhooks.webhooks_open) == [webhook]
    assert store.read_now(lambda tx: webhooks.webhooks_of(tx, closed.organisation_id)) == [closed]
    store.run_now(lambda tx: webhooks.remove_webhook(tx, webhook.id, webhook.organisation_id))
    assert store.read_now(webhooks.webhooks_open) == []
