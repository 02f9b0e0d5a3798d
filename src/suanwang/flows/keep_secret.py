"""Keep a secret: a sealed value under a name, which the organisation's jobs may refer to.

The value arrives sealed; flows, store and outbox never see it open.
"""

from __future__ import annotations

from suanwang.flows.act import Act, Role, must_be
from suanwang.flows.identity_errors import TooManySecrets
from suanwang.store import secrets
from suanwang.store.secrets import SECRETS_MAX, Sealed, Secret
from suanwang.store.tx import Tx


def keep_secret(tx: Tx, sealed: Sealed, *, act: Act) -> Secret:
    """Remember a secret, in the place of an earlier one of that name.

    Raises: NotAllowed, TooManySecrets.
    """
    owner = must_be(act, Role.BUYER, Role.BROKER).organisation_id
    assert sealed.organisation_id == owner, "sealed for another organisation"
    known = {each.name for each in secrets.secrets_of(tx, owner)}
    if sealed.name not in known and len(known) >= SECRETS_MAX:
        raise TooManySecrets(reason="many", limit=SECRETS_MAX)
    secrets.keep(tx, sealed, at=act.now)
    return Secret(organisation_id=owner, name=sealed.name, created_at=act.now)


def remove_secret(tx: Tx, name: str, *, act: Act) -> None:
    """Forget a secret; jobs that name it and have not started will fail.

    Raises: NotAllowed, NotFound.
    """
    owner = must_be(act, Role.BUYER, Role.BROKER).organisation_id
    secrets.remove(tx, name, owner)
