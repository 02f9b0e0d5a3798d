"""`suan secret`: values come from stdin, a file or a hidden prompt, and are never shown."""

from __future__ import annotations

import asyncio
import getpass
import json

import pytest

from suanwang.client.commands.secret import variable_for

VALUE = "hf_correct-horse"


def test_a_value_from_stdin_is_kept_without_its_line_break(fake, suan):
    done = suan("secret", "set", "team/hf-token", stdin=f"{VALUE}\r\n")
    assert done.code == 0
    assert fake.secrets == {"team/hf-token": VALUE.encode()}
    assert "secrets: {HF_TOKEN: team/hf-token}" in done.err
    assert VALUE not in done.out + done.err


def test_a_value_from_a_file_keeps_its_inner_lines(fake, suan, tmp_path):
    (tmp_path / "key.pem").write_text("-- BEGIN --\nabc\n-- END --\n")
    done = suan("secret", "set", "pem", "--from-file", "key.pem", "--json")
    assert json.loads(done.out)["name"] == "pem"
    assert fake.secrets == {"pem": b"-- BEGIN --\nabc\n-- END --"}
    assert suan("secret", "set", "pem", "--from-file", "none").code == 2


def test_at_a_terminal_the_value_is_asked_for_and_not_shown(fake, suan, monkeypatch):
    monkeypatch.setattr(getpass, "getpass", lambda *_, **__: VALUE)
    assert suan("secret", "set", "hf", typed="").code == 0
    assert fake.secrets == {"hf": VALUE.encode()}
    assert suan("secret", "set", "hf", "--no-input", typed="").code == 2


def test_a_value_is_no_argument_and_explain_hides_it(fake, suan):
    assert suan("secret", "set", "hf", VALUE).code == 2
    assert fake.secrets == {}
    done = suan("secret", "set", "hf", "--explain", stdin=VALUE)
    assert "curl -X PUT" in done.err
    assert VALUE not in done.out + done.err


def test_secrets_are_listed_by_name(fake, suan):
    assert "suan secret set" in suan("secret", "list").out
    fake.secrets = {"b": b"2", "a": b"1"}
    assert suan("secret", "list", "-q").out.split() == ["a", "b"]
    assert [each["name"] for each in json.loads(suan("secret", "list", "--json").out)] == ["a", "b"]
    assert "名称" in suan("secret", "list", "--lang", "zh").out


def test_removing_asks_first(fake, suan):
    fake.secrets = {"team/hf": b"1"}
    assert suan("secret", "remove", "team/hf", typed="n\n").code == 1
    assert suan("secret", "remove", "team/hf").code == 2
    assert fake.secrets
    assert suan("secret", "remove", "team/hf", "--yes").code == 0
    assert fake.secrets == {}
    assert suan("secret", "remove", "team/hf", "--yes", "--lang", "zh").code == 3


@pytest.mark.parametrize(
    ("name", "variable"),
    [("team/hf-token", "HF_TOKEN"), ("s3.key", "S3_KEY"), ("3d", "TOKEN"), ("机密", "TOKEN")],
)
def test_a_variable_is_suggested_for_each_name(name, variable):
    assert variable_for(name) == variable


def test_the_sdk_in_both_colours(fake):
    with fake.client() as client:
        assert client.secrets.set("机密/a", "值").name == "机密/a"
        assert [each.name for each in client.secrets.list()] == ["机密/a"]
        client.secrets.remove("机密/a")

    async def go():
        async with fake.async_client() as client:
            await client.secrets.set("b", b"1")
            return [each.name async for each in client.secrets.list()]

    assert asyncio.run(go()) == ["b"]
