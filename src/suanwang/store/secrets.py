"""What organisations keep secret: sealed values by name; only the server can open them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from suanwang.basics.errors import NotFound
from suanwang.basics.ids import OrganisationId
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.store.tx import Row, Tx

SECRETS_MAX = 256  # of one organisation


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A secret as it is listed: everything but the value. `created_at` is when the value came."""

    organisation_id: OrganisationId
    name: str
    created_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A value that only the server's key opens, and whose it is."""

    organisation_id: OrganisationId
    name: str
    sealed: bytes = field(repr=False)


def keep(tx: Tx, secret: Sealed, *, at: Instant) -> None:
    """Remember a sealed value, in the place of an earlier one."""
    tx.do(
        "secret_keep",
        organisation_id=secret.organisation_id,
        name=secret.name,
        sealed=secret.sealed,
        created_at=to_micros(at),
    )


def secrets_of(tx: Tx, organisation_id: OrganisationId) -> list[Secret]:
    """List an organisation's secrets by name."""
    rows = tx.all("secrets_of", organisation_id=organisation_id, limit=SECRETS_MAX)
    return [
        Secret(
            organisation_id=OrganisationId(row.organisation_id),
            name=row.name,
            created_at=from_micros(row.created_at),
        )
        for row in rows
    ]


def names_unknown(tx: Tx, names: Iterable[str], organisation_id: OrganisationId) -> set[str]:
    """Return which of these names an organisation has no secret for."""
    wanted = sorted(set(names))
    rows = tx.all("secrets_known", organisation_id=organisation_id, names=wanted)
    return {*wanted} - {row.name for row in rows}


def sealed_values(
    tx: Tx, wanted: Iterable[tuple[OrganisationId, str]]
) -> dict[tuple[OrganisationId, str], Sealed]:
    """Return the sealed values under these owners' names; a name that is gone is left out."""
    asked = set(wanted)
    if not asked:
        return {}
    owners = sorted({str(owner) for owner, _ in asked})
    names = sorted({name for _, name in asked})
    found = map(_sealed, tx.all("secrets_sealed", owners=owners, names=names))
    # Two owners may use one name, of which perhaps only one was asked for.
    keyed = {(each.organisation_id, each.name): each for each in found}
    return {key: each for key, each in keyed.items() if key in asked}


def sample(tx: Tx) -> Sealed | None:
    """Return one sealed value, if there is any."""
    row = tx.first("secrets_sample")
    return _sealed(row) if row else None


def remove(tx: Tx, name: str, organisation_id: OrganisationId) -> None:
    """Forget a secret. Raises NotFound."""
    if tx.do("secret_remove", organisation_id=organisation_id, name=name) == 0:
        raise NotFound(kind="secret", id=name)


def _sealed(row: Row) -> Sealed:
    return Sealed(
        organisation_id=OrganisationId(row.organisation_id),
        name=row.name,
        sealed=bytes(row.sealed),
    )
