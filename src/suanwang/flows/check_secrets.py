"""Are the secrets there that jobs name? Asked when a job is planned and when it is handed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from suanwang.basics.ids import OrganisationId
from suanwang.flows.errors import SecretUnknown
from suanwang.jobs.spec import JobSpec
from suanwang.store import secrets
from suanwang.store.tx import Tx


@dataclass(frozen=True, slots=True)
class Dangling:
    """A reference to a secret that is not there, at its place in the request (a JSON pointer)."""

    pointer: str
    error: SecretUnknown

    def message(self, lang: str) -> str:
        """Say what is wrong."""
        return self.error.message(lang)


def check_secrets(tx: Tx, specs: Mapping[str, JobSpec], owner: OrganisationId) -> None:
    """Refuse specs (by their place in the request) that name secrets the owner has not stored.

    Raises SecretUnknown for the first; its `errors` are all of them.
    """
    named = {name for spec in specs.values() for name in spec.secrets.values()}
    if not named:
        return
    unknown = secrets.names_unknown(tx, named, owner)
    found = [
        Dangling(f"{place}/secrets/{variable}", SecretUnknown(name=spec.name, secret=secret))
        for place, spec in specs.items()
        for variable, secret in spec.secrets.items()
        if secret in unknown
    ]
    if found:
        raise SecretUnknown(**found[0].error.facts, errors=found)
