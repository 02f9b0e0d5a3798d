"""Gathers what many clients post at once into one transaction, and answers each on its own.

    post(a) ─┐           load once ─┬ a: made            rows by one COPY      answers to all,
    post(b) ─┼─ waiting ──▶         ├ b: refused   ──▶   accounts by one  ──▶  each its own, after
    post(c) ─┘                      └ c: made            statement, COMMIT     the commit

Two take turns: while one waits for the database, the other gathers and decides. Each client's
transfers are made or refused alone, against the balances that those before it left.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from suanwang.basics.errors import SuanwangError
from suanwang.ledger.book import AccountBook, apply
from suanwang.ledger.transfers import Transfer
from suanwang.store import ledger
from suanwang.store.bulk import save_accounts
from suanwang.store.database import Store
from suanwang.store.errors import DatabaseUnavailable
from suanwang.store.tx import Tx

GATHERED_MAX = 512  # clients in one transaction
TRANSFERS_MAX = 64  # of one client; more go alone
WAITING_MAX = 20_000
WORKERS = 2  # while one waits for the database, the other decides
PATIENCE_SECONDS = 0.002  # for as many as came together last time: those answered then come again
Answer: TypeAlias = list[Transfer] | SuanwangError


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What one client wants, and where it waits."""

    transfers: Sequence[Transfer]
    answer: Future[list[Transfer]] = field(default_factory=Future)


class Gatherer:
    """Posts for many clients of one store; each call is as durable as one to the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"gatherer-{number}", daemon=True)
            for number in range(WORKERS)
        ]
        for each in self._threads:
            each.start()

    def post(self, transfers: Sequence[Transfer]) -> list[Transfer]:
        """Make transfers, all or none, and wait; as `store.ledger.post`. Never in an event loop.

        Raises a leaf of `ledger.errors`, and nothing is changed.
        """
        if len(transfers) > TRANSFERS_MAX:
            return self._store.run_now(lambda tx: ledger.post(tx, transfers))
        asked = _Asked(transfers)
        with self._gate:
            if self._closed:
                raise DatabaseUnavailable(reason="the gatherer is closed")
            if self._waiting.qsize() >= WAITING_MAX:
                raise DatabaseUnavailable(reason=f"{WAITING_MAX} posts are waiting already")
            self._waiting.put(asked)
        return asked.answer.result()

    def close(self) -> None:
        """Finish what waits, then end."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
        self._waiting.put(None)
        for each in self._threads:
            each.join()

    def _work(self) -> None:
        expected = 1
        while (first := self._waiting.get()) is not None:
            gathered = [first]
            self._gather(gathered, expected)
            expected = len(gathered)
            self._make(gathered)
        # The mark that the gatherer is closing: the other workers have not seen it yet.
        self._waiting.put(None)

    def _gather(self, gathered: list[_Asked], expected: int) -> None:
        """Add what waits, and wait a little while fewer came than last time."""
        until = time.monotonic() + PATIENCE_SECONDS
        while len(gathered) < GATHERED_MAX:
            left = until - time.monotonic() if len(gathered) < expected else 0
            try:
                more = self._waiting.get(timeout=left) if left > 0 else self._waiting.get_nowait()
            except queue.Empty:
                return
            if more is None:
                # The gatherer is closing: nothing comes after this mark, so it may go to the end.
                self._waiting.put(None)
                return
            gathered.append(more)

    def _make(self, gathered: Sequence[_Asked]) -> None:
        try:
            answers = self._store.run_now(lambda tx: post_each(tx, [g.transfers for g in gathered]))
        except BaseException as error:  # noqa: BLE001 - it goes to whoever waits
            # Nothing of it is durable, or nobody knows: each hears what happened.
            for each in gathered:
                each.answer.set_exception(error)
            return
        for each, answer in zip(gathered, answers, strict=True):
            if isinstance(answer, SuanwangError):
                each.answer.set_exception(answer)
            else:
                each.answer.set_result(answer)


def post_each(tx: Tx, groups: Sequence[Sequence[Transfer]]) -> list[Answer]:
    """Make each group of transfers or refuse it alone, in this order; return what became of each.

    A group is refused as `store.ledger.post` would refuse it after the groups before.
    """
    book = ledger.load(tx, [each for group in groups for each in group])
    before, holds = dict(book.accounts), dict(book.holds)
    answers: list[Answer] = []
    for group in groups:
        try:
            answers.append(apply(book, group))
        except SuanwangError as refusal:
            answers.append(refusal)
    made = [each for answer in answers if isinstance(answer, list) for each in answer]
    if not made:
        return answers
    if not tx.fill("transfers", _columns(made, book)):
        # An id was made meanwhile over other accounts: now that it can be seen, once more.
        return post_each(tx, groups)
    save_accounts(tx, [each for each in book.accounts.values() if before[each.id] != each])
    changed = [each for each in book.holds.values() if holds.get(each.id) != each]
    tx.many("hold_save", [ledger.hold_row(each) for each in changed])
    return answers


def _columns(made: Sequence[Transfer], book: AccountBook) -> dict[str, list[Any]]:
    rows = [ledger.transfer_row(each, book.made[each.id]) for each in made]
    return {name: [row[name] for row in rows] for name in rows[0]}
