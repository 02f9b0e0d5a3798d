"""Fill a rule that a programme's notice leaves empty; record what is known of a firm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from suanwang.basics.canonical import Json
from suanwang.basics.errors import Invalid
from suanwang.basics.ids import OrganisationId
from suanwang.basics.slots import format_instant
from suanwang.flows.act import Act, Role, must_be
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.ledger.vouchers.programme import Rule, fill
from suanwang.store import evidence, identity, vouchers
from suanwang.store.evidence import Evidence
from suanwang.store.tx import Tx
from suanwang.store.vouchers import Running

SOURCE_MAX = 500
FACTS = ("region", "kinds", "credit_years", "legal_representative", "shares")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """A value for an empty rule, and where it comes from."""

    rule: str
    value: Any
    source: str


def fill_programme(tx: Tx, programme_id: str, filling: Filling, *, act: Act) -> Running:
    """Fill one rule; what the notice gives stays as it is.

    Raises: ProgrammeUnknown, ProgrammeRuleWrong, RuleGiven, NotAllowed.
    """
    key = must_be(act, Role.OPERATOR)
    if len(filling.source) > SOURCE_MAX:
        raise Invalid(reason=f"expected a source of at most {SOURCE_MAX} characters")
    running = vouchers.lock_programme(tx, programme_id, at=act.now)
    rule = Rule(value=filling.value, source=filling.source, filled_by=key.key_id)
    filled = fill(running.programme, {filling.rule: rule})
    said: dict[str, Json] = {
        "value": filling.value,
        "source": filling.source,
        "by": key.key_id,
        "at": format_instant(act.now),
    }
    after = replace(
        running,
        programme=filled,
        filled={**running.filled, filling.rule: said},
        changes=running.changes + 1,
    )
    vouchers.save_programme(tx, after)
    body: dict[str, Json] = {"programme": running.id, "rule": filling.rule, **said}
    record_operator_action(tx, "fill-programme", body, act=act)
    put_on_record(tx, after, {"what": "filled", **body}, act=act)
    return after


def put_on_record(tx: Tx, running: Running, record: Mapping[str, Json], *, act: Act) -> None:
    """Put a change of a programme on record; everybody may see it."""
    kept = Evidence(
        kind="programme", id=f"{running.id}#{running.changes}", record=record, at=act.now
    )
    evidence.add(tx, [kept])


def record_party(
    tx: Tx, organisation_id: OrganisationId, facts: Mapping[str, Any], *, act: Act
) -> None:
    """Put on record what eligibility and relations are judged by; the newest counts.

    Raises: NotFound, NotAllowed, Invalid.
    """
    owner = identity.organisation(tx, organisation_id).id
    unknown = sorted(facts.keys() - set(FACTS))
    if unknown:
        raise Invalid(reason=f"expected some of {', '.join(FACTS)}; found {', '.join(unknown)}")
    try:
        vouchers.party_from(owner, facts)
    except (TypeError, ValueError, AttributeError):
        raise Invalid(reason="expected shares as percentages by organisation id") from None
    changes = vouchers.save_party(tx, owner, facts, at=act.now)
    body = {"organisation_id": owner, "facts": dict(facts)}
    record_operator_action(tx, "record-party", body, act=act)
    name = f"{owner}#{changes}"
    kept = Evidence(kind="voucher_party", id=name, record=body, at=act.now, organisation_id=owner)
    evidence.add(tx, [kept])
