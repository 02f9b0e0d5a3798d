from __future__ import annotations

import re

import pytest

from suanwang.jobs.errors import ReasonUnknown
from suanwang.jobs.reasons import REASONS, reason_text


@pytest.mark.parametrize("code", sorted(REASONS))
def test_every_reason_speaks_both_languages(code):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
    assert re.search(r"[一-鿿]", reason_text(code, "zh"))
    assert not re.search(r"[一-鿿]", reason_text(code))


def test_an_unknown_reason_is_refused_by_name():
    with pytest.raises(ReasonUnknown, match="no-such"):
        reason_text("no-such")
