"""Record what an operator does, in the transaction that does it."""

from __future__ import annotations

from typing import Any

from suanwang.flows.act import Act, Role, must_be
from suanwang.store import records
from suanwang.store.tx import Tx


def record_operator_action(tx: Tx, action: str, body: dict[str, Any], *, act: Act) -> None:
    """Append a record of an operator's action; the exchange's own acts carry no key.

    Raises NotAllowed when the key is not an operator's: a flow that records is guarded by it.
    """
    key_id = None if act.key is None else must_be(act, Role.OPERATOR).key_id
    records.add_record(tx, action, body, key_id=key_id, at=act.now)
