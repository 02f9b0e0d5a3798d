"""Moves as columns: decided on as the book would, and hashed as transfers are."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from suanwang.basics.errors import SuanwangError
from suanwang.basics.ids import AccountId, OrganisationId, TransferId
from suanwang.basics.money import CARBON, CNY, UNITS_MAX
from suanwang.ledger.accounts import Account
from suanwang.ledger.batch import Moves, apply_moves, cover, fingerprints
from suanwang.ledger.book import AccountBook, apply
from suanwang.ledger.membership import MemberState
from suanwang.ledger.rules import Closed
from suanwang.ledger.transfers import TransferKind, hold

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)
DAY = date(2026, 11, 23)


def account(name: str, **kwargs) -> Account:
    return Account(
        id=AccountId(name), organisation_id=OrganisationId(f"org of {name}"), name=name, **kwargs
    )


def some_moves(text: str, **kwargs) -> Moves:
    """Read moves from lines `id debit credit units [chain place size]`."""
    rows = [line.split() for line in text.strip().splitlines()]
    chains = [row[4:] or [None, None, None] for row in rows]
    return Moves(
        asset=kwargs.pop("asset", CNY),
        at=kwargs.pop("at", NOW),
        ids=[TransferId(row[0]) for row in rows],
        debits=[AccountId(row[1]) for row in rows],
        credits=[AccountId(row[2]) for row in rows],
        units=[int(row[3]) for row in rows],
        chain_ids=[chain[0] for chain in chains],
        chain_places=[chain[1] and int(chain[1]) for chain in chains],
        chain_sizes=[chain[2] and int(chain[2]) for chain in chains],
        **kwargs,
    )


def a_book(**kwargs) -> AccountBook:
    return AccountBook(
        [account("a", balance_units=100), account("b"), account("c", floor_units=-10)], **kwargs
    )


def state(book: AccountBook) -> tuple:
    return book.accounts, book.holds, book.made, book.chains, book.originals


@pytest.mark.parametrize(
    ("lines", "balances"),
    [
        ("1 a b 100", (0, 100, 0)),
        ("1 a b 60\n2 b a 60\n3 a c 100", (0, 0, 100)),
        ("1 c a 10", (110, 0, -10)),
        ("1 a b 1 x 1 2\n2 a c 2 x 2 2\n3 a b 3\n4 b a 4 y 1 1", (98, 0, 2)),
    ],
)
def test_moves_beyond_doubt_are_made(lines, balances):
    book, moves = a_book(), some_moves(lines)
    assert apply_moves(book, moves, fingerprints(moves))
    assert tuple(each.balance_units for each in book.accounts.values()) == balances
    naive = a_book()
    apply(naive, moves.transfers())
    assert state(book) == state(naive)


@pytest.mark.parametrize(
    ("why", "lines"),
    [
        ("floor", "1 a b 101"),
        ("floor in between", "1 b c 1\n2 a b 1"),
        ("limit", "1 c a 11"),
        ("zero", "1 a b 0"),
        ("negative", "1 a b -1"),
        ("one account", "1 a a 1"),
        ("unknown account", "1 a d 1"),
        ("id twice", "1 a b 1\n1 a b 1"),
        ("overflow", f"1 a b {UNITS_MAX}"),
        ("part of a chain", "1 a b 1 x 1 2"),
        ("end of a chain", "1 a b 1 x 2 2"),
        ("places swapped", "1 a b 1 x 2 2\n2 a b 1 x 1 2"),
        ("two sizes", "1 a b 1 x 1 2\n2 a b 1 x 2 3"),
        ("chain cut by another", "1 a b 1 x 1 2\n2 a b 1\n3 a b 1 x 2 2"),
        ("chain's name twice", "1 a b 1 x 1 1\n2 a b 1 y 1 1\n3 a b 1 x 1 1"),
        ("longer than it says", "1 a b 1 x 1 1\n2 a b 1 x 2 1"),
    ],
)
def test_moves_in_doubt_are_left_to_the_book(why, lines):
    book, moves = a_book(), some_moves(lines)
    assert not apply_moves(book, moves, ["" for _ in moves.ids]), why
    assert state(book) == state(a_book())


@pytest.mark.parametrize(
    ("why", "book"),
    [
        ("made before", {"made": {TransferId("1"): "f"}}),
        ("chain's name taken", {"chains": {"x": frozenset([TransferId("0")])}}),
        ("day closed", {"closed": Closed(days=frozenset([DAY]))}),
        ("month closed", {"closed": Closed(until=NOW + timedelta(seconds=1))}),
    ],
)
def test_what_the_book_knows_stands_against_moves(why, book):
    moves = some_moves("1 a b 1 x 1 1", day=DAY)
    assert apply_moves(a_book(), moves, fingerprints(moves))
    assert not apply_moves(a_book(**book), moves, fingerprints(moves)), why


@pytest.mark.parametrize("whose", ["a", "b"])
@pytest.mark.parametrize(
    "change",
    [{"owner_state": each} for each in MemberState if each is not MemberState.VERIFIED]
    + [{"asset": CARBON}],
)
def test_members_and_assets_stand_against_moves(whose, change):
    book, moves = a_book(), some_moves("1 a b 1")
    book.accounts[AccountId(whose)] = replace(book.accounts[AccountId(whose)], **change)
    assert not apply_moves(book, moves, fingerprints(moves))


NAMES = st.sampled_from("abcd")
TEXTS = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
ROWS = st.tuples(st.integers(1, 12), NAMES, NAMES, st.integers(-1, 60), st.sampled_from(" xyz"))


@st.composite
def batches(draw) -> Moves:
    """Draw moves most of which are sound, some of them in chains that are mostly whole."""
    rows = draw(st.lists(ROWS, min_size=1, max_size=8))
    if draw(st.integers(0, 3)):
        rows = [(place, *row[1:]) for place, row in enumerate(rows)]
        rows = [
            row if row[3] > 0 and row[1] != row[2] else (row[0], "a", "b", 1, row[4])
            for row in rows
        ]
    runs = [row[4] for row in rows]
    names = [name if name != " " else None for name in runs]
    places = [name and runs[: index + 1].count(name) for index, name in enumerate(names)]
    sizes = [name and runs.count(name) for name in names]
    return Moves(
        asset=CNY,
        at=NOW,
        day=draw(st.sampled_from([None, DAY])),
        ids=[TransferId(f"t{row[0]}") for row in rows],
        debits=[AccountId(row[1]) for row in rows],
        credits=[AccountId(row[2]) for row in rows],
        units=[row[3] for row in rows],
        group_ids=draw(st.one_of(st.none(), st.just([draw(TEXTS) for _ in rows]))),
        memos=draw(st.one_of(st.none(), st.just([draw(MEMOS) for _ in rows]))),
        chain_ids=names,
        chain_places=places,
        chain_sizes=sizes,
    )


MEMOS = st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2).filter(
    lambda memo: all(c < "\ud800" or c > "\udfff" for c in "".join([*memo, *memo.values()]))
)
BOOKS = st.builds(
    lambda balances, held, states, closed: AccountBook(
        [
            account(name, balance_units=units, held_units=min(units, held), owner_state=owner)
            for name, units, owner in zip("abcd", balances, states, strict=True)
        ],
        closed=closed,
    ),
    st.lists(st.integers(0, 200), min_size=4, max_size=4),
    st.sampled_from([0, 0, 50]),
    st.one_of(
        st.just([MemberState.VERIFIED] * 4),
        st.lists(st.sampled_from(list(MemberState)), min_size=4, max_size=4),
    ),
    st.sampled_from([Closed(), Closed(), Closed(days=frozenset([DAY])), Closed(until=NOW)]),
)


@given(BOOKS, batches())
def test_columns_are_applied_just_as_the_book_applies_transfers(book, moves):
    """What is applied, `apply` would have applied to the same end; what it refuses, never is."""
    naive, untouched = deepcopy(book), deepcopy(book)
    try:
        applied = apply(naive, moves.transfers())
    except SuanwangError:
        applied = None
    event("refused" if applied is None else "made")
    asked = [] if applied is None else fingerprints(moves)
    if apply_moves(book, moves, asked or [""] * len(moves)):
        event("quick")
        assert applied is not None
        assert len(applied) == len(moves)
        assert state(book) == state(naive)
    else:
        assert state(book) == state(untouched)


@given(batches())
def test_fingerprints_by_template_are_those_of_the_transfers(moves):
    sound = [
        i for i in range(len(moves)) if moves.units[i] > 0 and moves.debits[i] != moves.credits[i]
    ]
    found = fingerprints(moves)
    assert [found[i] for i in sound] == [moves.transfer(i).fingerprint for i in sound]


@given(batches())
def test_a_cover_shows_every_account(moves):
    chosen = cover(moves)
    seen = {column[i] for column in (moves.debits, moves.credits) for i in chosen}
    assert seen == {*moves.debits, *moves.credits}
    assert len(chosen) <= len(seen)


def test_transfers_become_columns_and_come_back():
    moves = some_moves("1 a b 1 x 1 2\n2 b a 2 x 2 2\n3 a c 3", day=DAY, group_ids=["g", None, "h"])
    transfers = moves.transfers()
    again = Moves.of(transfers)
    assert again is not None
    assert again.transfers() == transfers


def test_other_transfers_than_plain_moves_of_a_kind_do_not_become_columns():
    one, two = some_moves("1 a b 1\n2 a b 1").transfers()
    unlike = [
        replace(two, at=NOW + timedelta(seconds=1)),
        replace(two, day=DAY),
        replace(two, reverses=TransferId("0")),
        replace(two, expires_at=NOW),
        replace(two, amount=replace(two.amount, asset=CARBON)),
        hold(TransferId("2"), two.amount, debit=two.debit, credit=two.credit, at=NOW),
    ]
    assert [Moves.of([one, other]) for other in unlike] == [None] * len(unlike)
    assert Moves.of([]) is None
    assert Moves.of([one, two]) is not None
    assert one.kind is TransferKind.POSTED
