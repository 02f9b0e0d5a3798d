"""Tables on a screen of a hundred columns, and what is said of fields that are wrong."""

from __future__ import annotations

import io
import os
import stat

import pytest
from rich.console import Console

from suanwang.client import files
from suanwang.client.cli import main
from suanwang.client.errors import InvalidAnswered
from suanwang.client.screen.plan import a_table

ID = "bln_01M8GZDZ3MWJXD55SDG97Q3FT9"
LONG = "a text that a payer wrote and that is much longer than any column of a table could be"


def drawn(*, width, ids=None):
    table = a_table("id", "text", "why", ids=ids)
    table.add_row(ID, LONG, LONG)
    out = io.StringIO()
    Console(file=out, width=width).print(table)
    return out.getvalue()


@pytest.mark.parametrize(
    ("width", "ids", "whole"), [(100, None, True), (60, None, True), (60, (), False)]
)
def test_an_id_stays_in_one_piece(width, ids, whole):
    shown = drawn(width=width, ids=ids)
    assert (ID in shown) is whole
    assert max(map(len, shown.splitlines())) <= width


def test_where_not_even_an_id_has_room_it_folds_and_loses_nothing():
    lines = drawn(width=40).splitlines()
    ids = "".join(line.split()[0] for line in lines[1:] if line[:1].strip())
    assert ID in ids


def test_a_refusal_names_each_field_that_is_wrong():
    error = InvalidAnswered(
        status=422,
        detail="1 field(s) of the request are not valid.",
        errors=[{"pointer": "/reason", "detail": "String should have at least 1 character"}],
    )
    assert error.message("en").splitlines() == [
        "1 field(s) of the request are not valid.",
        "  /reason: String should have at least 1 character",
    ]


@pytest.mark.parametrize(("private", "mode"), [(True, 0o600), (False, 0o644)])
def test_a_file_with_account_numbers_is_its_owners_only(tmp_path, private, mode):
    before = os.umask(0o022)
    try:
        with files.whole(tmp_path / "batch.csv", private=private) as file:
            file.write(b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "batch.csv").stat().st_mode) == mode


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ("dispute answer dsp_1 --accept --contest", "Say one of --accept, --contest, and only one"),
        ("dispute answer dsp_1", "Say one of --accept, --contest, and only one"),
        ("dispute answer dsp_1 --contest --file run.log", "Expected --file KIND=FILE; found"),
        ("dispute rule dsp_1 --uphold --reject --text x", "Say one of --uphold, --reject"),
        ("dispute open job_1 --line x --reason other", "Expected --line N, N=YUAN; found 'x'"),
        ("voucher review clm_1 --approve --reject", "Say one of --approve, --reject"),
    ],
)
def test_what_contradicts_itself_is_refused_before_anything_is_sent(args, said, capsys):
    with pytest.raises(SystemExit) as left:
        main([*args.split(), "--lang", "en", "--url", "http://127.0.0.1:9"])
    assert left.value.code == 2
    assert said in capsys.readouterr().err
