"""Canonical bytes, errors and languages."""

from __future__ import annotations

import pytest

from suanwang.basics.canonical import canonical_bytes, sha256_hex
from suanwang.basics.errors import Conflict, NotFound
from suanwang.basics.languages import Texts, choose_language


def test_the_same_record_has_the_same_bytes():
    assert canonical_bytes({"b": [1, None], "a": "算"}) == '{"a":"算","b":[1,null]}'.encode()
    assert canonical_bytes({"a": "算", "b": [1, None]}) == canonical_bytes(
        {"b": [1, None], "a": "算"}
    )
    assert sha256_hex(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("record", [1.5, {"a": [0.1]}, {1: "a"}, {"a": {2: 1}}])
def test_floats_and_odd_keys_are_refused(record):
    with pytest.raises(TypeError, match="expected a"):
        canonical_bytes(record)


def test_an_error_speaks_both_languages():
    error = NotFound(kind="job", id="job_1")
    assert str(error) == error.message("en") == "There is no job job_1 that you may see."
    assert error.message("zh-CN") == "没有您可查看的 job job_1。"
    assert (error.code, error.status, error.exit_code) == ("not-found", 404, 3)


def test_an_error_without_its_facts_is_our_mistake():
    with pytest.raises(AssertionError, match="raised without"):
        Conflict(kind="job")


@pytest.mark.parametrize(
    ("wishes", "lang"),
    [
        (("zh",), "zh"),
        ((None, "zh_CN.UTF-8"), "zh"),
        (("en", "zh"), "en"),
        ((None, "C"), "en"),
        ((), "en"),
        (("fr", "zh"), "zh"),
    ],
)
def test_the_first_wish_we_can_meet_wins(wishes, lang):
    assert choose_language(*wishes) == lang


def test_texts_fall_back_to_english():
    say = Texts("zh", {"Hello {name}.": "你好，{name}。"})
    assert say("Hello {name}.", name="算网") == "你好，算网。"
    assert say("Unknown.") == "Unknown."
    assert Texts("en", {"Hello {name}.": "你好，{name}。"})("Hello {name}.", name="S") == "Hello S."
