"""A lifecycle is a table: states, the events that leave each, and the state after.

Nothing else may change a state; the diagram in the docs is printed from the same table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from suanwang.basics.errors import Conflict

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class TransitionRefused(Conflict):
    """{kind} {id} is {found}: it cannot {event} from there (possible: {expected})."""

    zh = "{kind} {id} 当前为 {found}：不能执行 {event}（可行的操作：{expected}）。"
    code = "transition-refused"


@dataclass(frozen=True)
class Lifecycle(Generic[S, E]):
    """The transitions of one kind of thing. Final states have no way out."""

    kind: str
    first: S
    table: Mapping[S, Mapping[E, S]]
    final: frozenset[S]

    def __post_init__(self) -> None:
        reached = {self.first} | {after for row in self.table.values() for after in row.values()}
        everything = set(type(self.first))
        assert reached == everything, f"never reached: {sorted(everything - reached)}"
        assert not (self.final & self.table.keys()), "a final state has a way out"
        assert everything == self.final | self.table.keys(), "a state has no way out"

    def after(self, state: S, event: E, *, subject: str) -> S:
        """Return the state after `event`, or refuse it by name."""
        row = self.table.get(state, {})
        if event not in row:
            possible = ", ".join(row) or "nothing, it is final"
            raise TransitionRefused(
                kind=self.kind, id=subject, found=state, event=event, expected=possible
            )
        return row[event]

    def allows(self, state: S, event: E) -> bool:
        """Say whether `event` may happen in `state`."""
        return event in self.table.get(state, {})

    def mermaid(self) -> str:
        """Print the table as a Mermaid state diagram, for the docs."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.first}"]
        for state, row in self.table.items():
            lines += [f"    {state} --> {after}: {event}" for event, after in row.items()]
        return "\n".join(lines + [f"    {state} --> [*]" for state in sorted(self.final)])
