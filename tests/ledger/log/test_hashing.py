"""What is compiled hashes as `hashlib` does, at every length a block of padding may begin at."""

from __future__ import annotations

import random
from hashlib import sha256

import pytest

from suanwang.ledger.log import hashing
from suanwang.ledger.log.hashing import (
    LOADED_FROM,
    SALT_BYTES,
    hash_each,
    hash_records,
    root_of_full,
)

DICE = random.Random(9)


@pytest.fixture
def kernel():
    """Load it, as a thousand leaves at once would."""
    loaded = hashing._kernel()
    if loaded is None:
        pytest.skip("this processor has no instructions for SHA-256 that we use")
    yield loaded
    hashing._kernel.cache_clear()


def test_records_of_every_length_are_hashed_as_hashlib_does(kernel):
    records = [bytes(DICE.randrange(32, 256) for _ in range(length)) for length in range(300)]
    salts = DICE.randbytes(SALT_BYTES * len(records))
    lines = b"".join(each + b"\n" for each in records)
    assert kernel.leaf_hashes(salts, lines) == b"".join(hash_each(salts, records))


def test_a_leaf_is_the_hash_of_a_salted_hash():
    expected = sha256(b"\x00" + sha256(b"s" * 16 + b"record").digest()).digest()
    assert hash_each(b"s" * 16, [b"record"]) == [expected]


@pytest.mark.parametrize("bits", range(9))
def test_roots_of_every_full_tree_are_those_of_hashlib(kernel, bits):
    level = DICE.randbytes(32 << bits)
    found = kernel.root_of_full(level)
    while len(level) > 32:
        pairs = [level[at : at + 64] for at in range(0, len(level), 64)]
        level = b"".join(sha256(b"\x01" + each).digest() for each in pairs)
    assert found == level


@pytest.mark.parametrize("records", [b"", b"a\n", b"a\nb", b"a\nb\nc\n"])
def test_as_many_records_as_salts(kernel, records):
    with pytest.raises(AssertionError):
        kernel.leaf_hashes(bytes(2 * SALT_BYTES), records)


def test_few_hashes_do_not_wait_for_what_is_compiled(monkeypatch):
    hashing._kernel.cache_clear()
    monkeypatch.setattr(hashing, "import_module", lambda name: pytest.fail(f"{name} was loaded"))
    few = LOADED_FROM - 1
    hash_records(bytes(SALT_BYTES * few), b"x\n" * few)
    root_of_full(bytes(32 * 256))


def test_without_a_compiler_all_is_as_before(monkeypatch):
    def missing(name):
        raise ImportError(name)

    many = LOADED_FROM
    with_it = hash_records(bytes(SALT_BYTES * many), b"x\n" * many)
    hashing._kernel.cache_clear()
    monkeypatch.setattr(hashing, "import_module", missing)
    assert hash_records(bytes(SALT_BYTES * many), b"x\n" * many) == with_it
    hashing._kernel.cache_clear()
