"""Many clients at once on the same money, and processes that are killed while they post."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from tests.builders import NOW, Ids, a_member, an_act, an_exchange

from suanwang.basics.ids import TransferId
from suanwang.basics.money import Money
from suanwang.flows.close_month import close_month
from suanwang.flows.expire_holds import expire_holds
from suanwang.flows.timing import Timing
from suanwang.ledger.closing import Month
from suanwang.ledger.errors import FundsInsufficient, PeriodClosed
from suanwang.ledger.transfers import chained, hold, move, post, release
from suanwang.store import closings, ledger
from suanwang.store.database import Store
from suanwang.store.verify.whole import verify

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]
ROOT = Path(__file__).parents[2]
CLIENTS = 16
ROUNDS = 40
FUNDS = 3_000


class World:
    """An exchange and members, each with some money and a little credit."""

    def __init__(self, url, *, members=8):
        self.url = url
        self.store = Store.open(url)
        ids = Ids()
        exchange = self.store.run_now(lambda tx: an_exchange(tx, ids))
        by_name = {account.name: account.id for account in exchange.accounts}
        self.bank, self.fees = by_name["bank"], by_name["fees"]
        self.accounts = [
            self.store.run_now(lambda tx, n=n: a_member(tx, ids, name=f"Member {n}"))
            .accounts[0].id
            for n in range(members)
        ]  # fmt: skip
        paid_in = [
            move(ids(TransferId), Money(FUNDS), debit=self.bank, credit=each, at=NOW)
            for each in self.accounts
        ]
        self.store.run_now(lambda tx: ledger.post(tx, paid_in))

    def stores(self):
        """One for each client: on PostgreSQL a connection of its own, on SQLite the writer."""
        if self.store.dialect == "sqlite":
            return [self.store] * CLIENTS
        return [Store.open(self.url) for _ in range(CLIENTS)]

    def check(self):
        found = self.store.read_now(ledger.check)
        assert found.problems == ()
        assert self.store.read_now(verify).findings == ()
        return found


@pytest.fixture
def world(database_url):
    made = World(database_url)
    yield made
    made.store.close()


def at_once(world, client):
    """Let every client begin at one moment, each with dice of its own; return their results."""
    stores, gate = world.stores(), threading.Barrier(CLIENTS)

    def run(number):
        gate.wait(30)
        return client(stores[number], Ids(start=1_000_000 * (number + 1)), random.Random(number))

    with ThreadPoolExecutor(CLIENTS) as pool:
        results = list(pool.map(run, range(CLIENTS)))
    for each in {id(store): store for store in stores if store is not world.store}.values():
        each.close()
    return results


def test_sixteen_clients_never_spend_more_than_there_is(world):
    """Half spend at once, half hold first and then post or release; all from one account."""
    one = world.accounts[0]

    def client(store, ids, dice):
        spent = refused = 0
        by_hold = dice.random() < 0.5
        for _ in range(ROUNDS):
            amount = Money(dice.randrange(1, 30))
            try:
                if not by_hold:
                    made = move(ids(TransferId), amount, debit=one, credit=world.fees, at=NOW)
                    store.run_now(lambda tx, t=made: ledger.post(tx, [t]))
                    spent += amount.units
                    continue
                held = hold(ids(TransferId), amount, debit=one, credit=world.fees, at=NOW)
                store.run_now(lambda tx, t=held: ledger.post(tx, [t]))
                used = dice.randrange(amount.units + 1)
                then = (
                    post(ids(TransferId), held.id, amount=Money(used), at=NOW)
                    if used
                    else release(ids(TransferId), held.id, at=NOW)
                )
                store.run_now(lambda tx, t=then: ledger.post(tx, [t]))
                spent += used
            except FundsInsufficient:
                refused += 1
        return spent, refused

    results = at_once(world, client)
    account = world.store.read_now(lambda tx: ledger.account(tx, one))
    assert sum(spent for spent, _ in results) + account.balance_units == FUNDS
    assert account.held_units == 0
    assert account.balance_units >= 0
    assert sum(refused for _, refused in results) > 0, "there was enough for everybody"
    world.check()


def test_chains_over_many_accounts_wait_for_each_other_and_never_deadlock(world):
    def client(store, ids, dice):
        made = 0
        for number in range(ROUNDS):
            around = dice.sample(world.accounts, 5)
            amount = Money(dice.randrange(1, 2_000))
            steps = [
                move(ids(TransferId), amount, debit=one, credit=other, at=NOW)
                for one, other in pairwise(around)
            ]
            chain = chained(f"chain-{threading.get_ident()}-{number}", steps)
            try:
                store.run_now(lambda tx, c=chain: ledger.post(tx, c))
                made += 1
            except FundsInsufficient:
                pass
        return made

    made = sum(at_once(world, client))
    assert made > CLIENTS
    assert world.check().transfers == len(world.accounts) + 4 * made
    if world.store.dialect == "postgresql":
        # A deadlock would be tried again and not be seen otherwise.
        def deadlocks(tx):
            tx.script(["SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"])
            return tx._cursor.fetchone()[0]

        assert world.store.read_now(deadlocks) == 0


POSTER = """
import random, sys
from datetime import timedelta
from tests.builders import NOW, Ids
from suanwang.basics.ids import AccountId, TransferId
from suanwang.basics.money import Money
from suanwang.ledger.transfers import chained, hold, move
from suanwang.store import ledger
from suanwang.store.database import Store

url, start, *accounts = sys.argv[1:]
accounts = [AccountId(each) for each in accounts]
store, ids, dice = Store.open(url), Ids(start=int(start)), random.Random(int(start))
for number in range(10**9):
    one, other = dice.sample(accounts, 2)
    steps = [
        move(ids(TransferId), Money(1), debit=a, credit=b, at=NOW)
        for a, b in [(one, other), (other, one)] * 20
    ]
    held = hold(
        ids(TransferId), Money(2), debit=one, credit=other, at=NOW,
        expires_at=NOW + timedelta(minutes=1),
    )
    batch = [*chained(f"chain-{start}-{number}", steps), held]
    store.run_now(lambda tx: ledger.post(tx, batch))
    sys.stdout.write("+")
    sys.stdout.flush()
"""


def test_kill_9_leaves_whole_chains_sums_of_zero_and_holds_that_expire(world):
    for attempt in range(4):
        dice = random.Random(attempt)
        process = subprocess.Popen(
            [sys.executable, "-c", POSTER, world.url, str(10**9 * (attempt + 1)), *world.accounts],
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        with process.stdout:
            assert process.stdout.read(3) == b"+++"
            # Anywhere in the batches that follow, by whose clock nobody chose.
            threading.Event().wait(dice.random() * 0.05)
            process.send_signal(signal.SIGKILL)
            process.stdout.read()
        assert process.wait(10) == -signal.SIGKILL
    checked = world.check()  # verify names a chain of which a part is missing
    batches = (checked.transfers - len(world.accounts)) // 41
    assert checked.transfers == len(world.accounts) + 41 * batches
    assert batches >= 12

    act = an_act(Ids(start=10**11), now=NOW + timedelta(minutes=1))
    expired = 0
    while more := world.store.run_now(lambda tx: expire_holds(tx, act=act)):
        expired += more
    assert expired == batches
    accounts = world.store.read_now(lambda tx: [ledger.account(tx, a) for a in world.accounts])
    assert [a.held_units for a in accounts] == [0] * len(accounts)
    assert sum(a.balance_units for a in accounts) == FUNDS * len(accounts)
    world.check()


CLOSER = """
import sys
from datetime import datetime, timedelta, UTC
from tests.builders import Ids, an_act
from suanwang.flows import close_month as flow
from suanwang.flows.timing import Timing
from suanwang.store.database import Store

flow.ACCOUNTS_MAX = 2
store, act = Store.open(sys.argv[1]), an_act(Ids(start=int(sys.argv[2])), now=datetime(2027, 2, 1, tzinfo=UTC))
while store.run_now(lambda tx: flow.close_month(tx, act=act, timing=Timing())):
    sys.stdout.write("+")
    sys.stdout.flush()
"""


def test_a_month_whose_closing_is_killed_is_closed_by_the_next(world):
    dice, ids = random.Random(7), Ids(start=10**6)
    for month in range(3):
        at = NOW + timedelta(days=25 * month)
        batch = [
            move(ids(TransferId), Money(1), debit=one, credit=other, at=at)
            for one, other in (dice.sample(world.accounts, 2) for _ in range(50))
        ]
        world.store.run_now(lambda tx, b=batch: ledger.post(tx, b))
    killed = 0
    for attempt in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", CLOSER, world.url, str(10**7 * (attempt + 1))],
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        with process.stdout:
            process.stdout.read(2)
            process.send_signal(signal.SIGKILL)
        killed += process.wait(10) == -signal.SIGKILL
    assert killed >= 3
    act = an_act(Ids(start=10**12), now=NOW + timedelta(days=69))
    while world.store.run_now(lambda tx: close_month(tx, act=act, timing=Timing())):
        pass
    closed = world.store.read_now(closings.closed_months)
    assert [str(each.month) for each in closed][-2:] == ["2026-12", "2026-11"]
    assert all(each.progress is not None for each in closed)
    for each in closed:
        said = world.store.read_now(
            lambda tx, m=each.month: closings.statements(tx, [*world.accounts, world.bank], m)
        )
        assert sum(one.closing.units for one in said.values()) == 0
    assert Month(2026, 11) in {each.month for each in closed}
    world.check()


def test_the_close_waits_for_whoever_is_posting_and_nobody_posts_after_it(world):
    """The one under way is in the statement; the one that waits for the close is refused."""
    if world.store.dialect == "sqlite":
        pytest.skip("SQLite has one writer")
    month, ids = Month.of(NOW), Ids(start=10**6)
    posted, go = threading.Event(), threading.Event()
    one, other = world.accounts[:2]
    first, second = (
        move(ids(TransferId), Money(1), debit=one, credit=other, at=NOW) for _ in range(2)
    )
    stores = [Store.open(world.url) for _ in range(3)]

    def slowly(tx):
        ledger.post(tx, [first])
        posted.set()
        assert go.wait(20)

    with ThreadPoolExecutor(3) as pool:
        posting = pool.submit(stores[0].run_now, slowly)
        assert posted.wait(20)
        closing = pool.submit(
            stores[1].run_now, lambda tx: closings.freeze(tx, month, at=month.slot.end)
        )
        time.sleep(0.3)
        late = pool.submit(stores[2].run_now, lambda tx: ledger.post(tx, [second]))
        time.sleep(0.3)
        assert not closing.done()
        assert not late.done()
        go.set()
        posting.result(20)
        assert closing.result(20).span.last_seq == len(world.accounts) + 1
        with pytest.raises(PeriodClosed):
            late.result(20)
    for store in stores:
        store.close()
    act = an_act(Ids(start=10**12), now=month.slot.end + timedelta(days=1))
    while world.store.run_now(lambda tx: close_month(tx, act=act, timing=Timing())):
        pass
    said = world.store.read_now(lambda tx: closings.statements(tx, [one], month))
    assert said[one].entries == 2
    world.check()
