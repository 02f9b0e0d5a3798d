"""What people see of disputes and credit notes: the buyer's, the seller's, or everybody's."""

from __future__ import annotations

from suanwang.flows.act import Act
from suanwang.flows.show import must_see, whose
from suanwang.store import disputes
from suanwang.store.disputes import CreditNote, Dispute
from suanwang.store.tx import Tx
from suanwang.store.values import NEWEST


def list_disputes(tx: Tx, *, act: Act, before: str = NEWEST, limit: int = 100) -> list[Dispute]:
    """List disputes that the caller opened or is to answer, newest first."""
    return disputes.page(tx, whose(act), before=before, limit=limit)


def show_dispute(tx: Tx, dispute_id: str, *, act: Act) -> Dispute:
    """Return one dispute to buyer, seller, or who sees all."""
    found = disputes.dispute(tx, dispute_id)
    must_see(act, "dispute", dispute_id, found.organisation_id, found.seller_id)
    return found


def list_credit_notes(
    tx: Tx, *, act: Act, before: str = NEWEST, limit: int = 100
) -> list[CreditNote]:
    """List credit notes that the caller got or gave, newest first."""
    return disputes.notes_page(tx, whose(act), before=before, limit=limit)


def show_credit_note(tx: Tx, note_id: str, *, act: Act) -> CreditNote:
    """Return one credit note to buyer, seller, or who sees all."""
    found = disputes.note(tx, note_id)
    must_see(act, "credit note", note_id, found.organisation_id, found.seller_id)
    return found
