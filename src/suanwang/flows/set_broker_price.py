"""Set a broker's own price list, from an instant on; each is a word on record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suanwang.basics.errors import Invalid
from suanwang.basics.slots import Instant, format_instant
from suanwang.flows.act import Act, Role, must_be
from suanwang.grid.list_price import PriceTable
from suanwang.store import contracts, evidence, identity
from suanwang.store.contracts import BrokerPrices
from suanwang.store.evidence import Evidence
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx


def set_broker_price(
    tx: Tx, prices: Mapping[str, Any], *, from_at: Instant | None, act: Act
) -> BrokerPrices:
    """Sell at these prices, class by class, from now or a later instant.

    Raises: NotAllowed; Invalid for an instant that is over, or what `PriceTable` refuses.
    """
    key = must_be(act, Role.BROKER)
    if from_at is not None and from_at < act.now:
        raise Invalid(reason=f"a price list begins now or later, not at {format_instant(from_at)}")
    wire = PriceTable.from_wire(prices).to_wire()
    begins = from_at or act.now
    # Locked, so that two lists at once do not take one number.
    identity.organisation_for_update(tx, key.organisation_id)
    kept = evidence.add_word(
        tx,
        Evidence(
            kind="broker_price", id=key.organisation_id, at=act.now,
            organisation_id=key.organisation_id,
            record={"broker_id": str(key.organisation_id), "prices": wire,
                    "from": format_instant(begins)},
        ),
    )  # fmt: skip
    made = BrokerPrices(
        id=kept.id,
        broker_id=key.organisation_id,
        from_at=begins,
        prices=wire,
        created_at=act.now,
    )
    contracts.add_prices(tx, made)
    publish(
        tx, "broker.priced", subject=key.organisation_id, organisation_id=key.organisation_id,
        body={"id": kept.id, "from": format_instant(begins)}, act=act,
    )  # fmt: skip
    return made


def show_broker_prices(tx: Tx, broker_id: str, *, limit: int = 100) -> list[BrokerPrices]:
    """Return a broker's price lists, newest first; what is for sale is public."""
    owner = identity.organisation(tx, broker_id)
    return contracts.prices_of(tx, owner.id, limit=limit)
