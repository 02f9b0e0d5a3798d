"""Payouts: where money goes, what is asked for, and the batches that two operators approve."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from suanwang.basics.ids import OrganisationId
from suanwang.basics.money import Money
from suanwang.flows import batch_payouts as batching
from suanwang.flows import request_payout as requesting
from suanwang.flows.act import Act, Role
from suanwang.flows.words import TEXT_MAX
from suanwang.server.http.call import Call, Signed, SignedOperator
from suanwang.server.http.cursors import PAGE_DEFAULT
from suanwang.server.http.routing import a_router
from suanwang.server.routes.paging import CursorText, Limit, Whose, before_of, cut
from suanwang.server.wire.bank import (
    PayoutAccountOut,
    PayoutBatchesOut,
    PayoutBatchOut,
    PayoutOut,
    PayoutsOut,
    batch_out,
    payout_account_out,
    payout_out,
)
from suanwang.store import payouts
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["payouts"])
_SEE = (Role.OPERATOR, Role.AUDITOR)
Why = Annotated[str, Field(min_length=1, max_length=TEXT_MAX)]


class In(BaseModel):
    """A body that has these fields and no others."""

    model_config = ConfigDict(extra="forbid")


class PayoutAccountIn(In):
    """A bank account of the organisation's own: its name must be the organisation's."""

    name: Annotated[str, Field(min_length=1, max_length=requesting.NAME_MAX)]
    bank: Annotated[str, Field(min_length=1, max_length=requesting.NAME_MAX)]
    number: Annotated[str, Field(min_length=1, max_length=80)]


class PayoutIn(In):
    """Yuan to pay out, in whole fen; null: all that is available."""

    amount: Annotated[str | None, Field(max_length=40)] = None


class PayoutReasonIn(In):
    """Why; it is kept as evidence."""

    reason: Why


class SignIn(In):
    """The SHA-256 of the file that is approved, in hex."""

    file_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@router.put(
    "/payout-account", response_model=PayoutAccountOut, summary="Set the account for payouts."
)
async def set_account(call: Signed, body: PayoutAccountIn) -> Response:
    """Say where the organisation's money goes. A changed account can be paid to after a while."""
    new = requesting.NewAccount(name=body.name, bank=body.bank, number=body.number)
    act, vault = call.parts.act(call.actor), _vault(call)
    wait = timedelta(hours=call.parts.settings.payout_account_wait_hours)
    # Not as `call.act` does: that keeps a digest of the body, by which a number is guessed.
    kept = await call.parts.store.run(
        lambda tx: requesting.set_payout_account(
            tx, new, seal=vault.seal_number, wait=wait, act=act
        )
    )
    call.parts.hints.ring("publish")
    return call.answer(payout_account_out(kept))


@router.get(
    "/payout-account", response_model=PayoutAccountOut, summary="Show the account for payouts."
)
async def show_account(call: Signed, organisation_id: Whose = None) -> Response:
    """Show where the organisation's money goes; the number is masked for everybody."""
    owner = call.whose(organisation_id)
    return await call.show(lambda tx: payout_account_out(requesting.show_payout_account(tx, owner)))


@router.post("/payouts", status_code=201, response_model=PayoutOut, summary="Ask for a payout.")
async def add_payout(call: Signed, body: PayoutIn) -> Response:
    """Hold an amount for the bank to pay out; an operator's key takes out the exchange's fees."""
    amount = None if body.amount is None else Money.parse(body.amount)
    return await call.act(
        lambda tx, act: payout_out(requesting.request_payout(tx, amount, act=act)), status=201
    )


@router.get("/payouts", response_model=PayoutsOut, summary="List payouts.")
async def list_payouts(
    call: Signed,
    *,
    limit: Limit = PAGE_DEFAULT,
    cursor: CursorText = None,
    organisation_id: Whose = None,
) -> Response:
    """List the organisation's payouts, newest first; operators and auditors see everybody's."""
    owner = call.whose(organisation_id) if organisation_id is not None else call.sees
    before = before_of(cursor)

    def read(tx: Tx) -> PayoutsOut:
        found = payouts.payouts(tx, owner, before=before, limit=limit + 1)
        items, more = cut(found, limit)
        return {"items": [payout_out(each) for each in items], "next_cursor": more}

    return await call.show(read)


@router.get("/payouts/waiting", response_model=PayoutsOut, summary="List payouts that wait.")
async def list_waiting(call: Signed) -> Response:
    """List payouts that are in no batch, each with why a batch made now would leave it out."""
    act = call.parts.act(call.actor)

    def read(tx: Tx) -> PayoutsOut:
        found = batching.waiting_payouts(tx, act=act)
        return {"items": [payout_out(each, why) for each, why in found], "next_cursor": None}

    return await call.show(read)


@router.post("/payouts/{payout_id}/cancel", response_model=PayoutOut, summary="Cancel a payout.")
async def cancel_payout(call: Signed, payout_id: str, body: PayoutReasonIn) -> Response:
    """Let go what a payout holds, as long as it is in no batch."""
    return await call.act(
        lambda tx, act: payout_out(
            requesting.cancel_payout(tx, payout_id, reason=body.reason, act=act)
        )
    )


@router.post(
    "/payouts/{payout_id}/fail", response_model=PayoutOut, summary="Say that a payout failed."
)
async def fail_payout(call: SignedOperator, payout_id: str, body: PayoutReasonIn) -> Response:
    """Let go what an approved payout holds, since the bank refused it and nothing left."""
    return await call.act(
        lambda tx, act: payout_out(
            requesting.fail_payout(tx, payout_id, reason=body.reason, act=act)
        )
    )


@router.post(
    "/payout-batches", status_code=201, response_model=PayoutBatchOut, summary="Make a batch."
)
async def make_batch(call: SignedOperator) -> Response:
    """Put every payout up to the cut-off into one file for the next bank day."""
    vault, cycle = _vault(call), call.parts.timing.cycle

    def work(tx: Tx, act: Act) -> PayoutBatchOut:
        return _shown(tx, batching.make_batch(tx, vault=vault, act=act, cycle=cycle))

    return await call.act(work, status=201)


@router.get("/payout-batches", response_model=PayoutBatchesOut, summary="List batches.")
async def list_batches(
    call: Signed, limit: Limit = PAGE_DEFAULT, cursor: CursorText = None
) -> Response:
    """List batches, newest first, without their payouts."""
    call.must_be(*_SEE)
    before = before_of(cursor)

    def read(tx: Tx) -> PayoutBatchesOut:
        found = payouts.batches(tx, before=before, limit=limit + 1)
        items, more = cut(found, limit)
        return {"items": [batch_out(each) for each in items], "next_cursor": more}

    return await call.show(read)


@router.get("/payout-batches/{batch_id}", response_model=PayoutBatchOut, summary="Show a batch.")
async def show_batch(call: Signed, batch_id: str) -> Response:
    """Show a batch with its payouts: what two operators look at before they approve it."""
    call.must_be(*_SEE)
    return await call.show(lambda tx: _shown(tx, payouts.batch(tx, batch_id)))


@router.post(
    "/payout-batches/{batch_id}/approve", response_model=PayoutBatchOut, summary="Approve a batch."
)
async def approve_batch(call: SignedOperator, batch_id: str, body: SignIn) -> Response:
    """Approve a batch's file by its hash; two operators must, neither the one who made it."""
    return await call.act(
        lambda tx, act: _shown(tx, batching.sign_batch(tx, batch_id, body.file_sha256, act=act))
    )


@router.post(
    "/payout-batches/{batch_id}/discard", response_model=PayoutBatchOut, summary="Discard a batch."
)
async def discard_batch(call: SignedOperator, batch_id: str, body: PayoutReasonIn) -> Response:
    """Tear up a batch that is not approved; its payouts wait for the next one."""
    return await call.act(
        lambda tx, act: _shown(
            tx, batching.discard_batch(tx, batch_id, reason=body.reason, act=act)
        )
    )


@router.post(
    "/payout-batches/{batch_id}/send", response_model=PayoutBatchOut, summary="Send a batch."
)
async def send_batch(call: SignedOperator, batch_id: str) -> Response:
    """Say that an approved batch goes to the bank; from then on its file can be fetched."""

    def work(tx: Tx, act: Act) -> PayoutBatchOut:
        return _shown(tx, batching.send_batch(tx, batch_id, act=act))

    return await call.act(work)


@router.get(
    "/payout-batches/{batch_id}/file",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    summary="Fetch a batch's file.",
)
async def fetch_file(call: SignedOperator, batch_id: str) -> Response:
    """Give out the file of a batch that was sent: CSV, with whole account numbers."""
    act, unseal = call.parts.act(call.actor), call.parts.secret_box.open
    data = await call.parts.store.read(
        lambda tx: batching.file_of_batch(tx, batch_id, unseal=unseal, act=act)
    )
    return Response(data, media_type="text/csv")


def _shown(tx: Tx, batch: payouts.Batch) -> PayoutBatchOut:
    return batch_out(batch, payouts.payouts_of_batch(tx, batch.id))


def _vault(call: Call) -> batching.Vault:
    box = call.parts.secret_box

    def sealed_as(name: str) -> requesting.Seal:
        def seal(value: str, owner: OrganisationId) -> bytes:
            return box.seal(value, owner=owner, name=name).sealed

        return seal

    return batching.Vault(
        seal_number=sealed_as(requesting.SEALED_AS),
        seal_file=sealed_as(batching.FILE_SEALED_AS),
        unseal=box.open,
    )
