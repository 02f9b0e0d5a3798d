"""`suan agent join`, `run` and `show`: what they keep, and what they say when something is wrong."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from tests.agent.builders import KEY, a_centre, a_home
from typer.testing import CliRunner

from suanwang.agent import commands, config, discovery
from suanwang.agent.backends import sandbox
from suanwang.agent.catalogue import check_places
from suanwang.agent.commands import app
from suanwang.agent.config import Home, read_centre_file
from suanwang.agent.errors import CentreFileWrong, SandboxForbidden
from suanwang.grid.errors import ChipUnknown, PlaceUnknown

TOML = """
name = "Zhongwei 1"
zone = "zhongwei"
cold_price_gb_month = 0.02

[[pools]]
name = "cpu"
chip = "xeon-8380"
cards_per_node = 2
cores_per_node = 40
memory_gb = 256
disk_gb = 1000
price = {price}
"""


def call(*words, lang="en", stdin=None):
    return CliRunner().invoke(app, list(words), input=stdin, env={"SUANWANG_LANG": lang})


@pytest.fixture
def files(tmp_path):
    """Return a key file and a centre file that are good."""
    key, centre = tmp_path / "agent.key", tmp_path / "centre.toml"
    key.write_text(KEY + "\n")
    centre.write_text(TOML.format(price='"3.20"'))
    return key, centre


def join(files, tmp_path, server="http://127.0.0.1:9", *, lang="en", **more):
    words = {"--server": server, "--key-file": files[0], "--config": files[1]} | more
    flat = [str(word) for pair in words.items() for word in pair]
    return call("join", "--dir", str(tmp_path / "agent"), *flat, lang=lang)


def test_join_keeps_everything_private_and_says_what_is_next(files, tmp_path, server):
    done = join(files, tmp_path, server.url)
    assert done.exit_code == 0, done.output
    assert server.centre_id in done.stdout
    assert "suan agent run" in done.stderr
    home = tmp_path / "agent"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    for name in ("agent.json", "server.key", "signing.key"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    hello = server.hellos[0]
    assert hello["pools"][0]["price"] == {"kind": "flat", "price": "3.20"}
    assert "image" not in hello["capabilities"]
    assert "secret" not in json.dumps(hello)


def test_joining_again_keeps_the_signing_key(files, tmp_path, server):
    join(files, tmp_path, server.url)
    join(files, tmp_path, server.url, **{"--name": "Renamed"})
    first, second = server.hellos
    assert first["public_key"] == second["public_key"]
    assert second["centre"]["name"] == "Renamed"


def test_the_key_may_come_by_stdin(files, tmp_path, server):
    words = ["join", "--server", server.url, "--key-file", "-", "--config", str(files[1])]
    done = call(*words, "--dir", str(tmp_path / "agent"), stdin=KEY + "\n")
    assert done.exit_code == 0, done.output


def test_without_a_file_this_machine_is_described(files, tmp_path, server):
    words = ["join", "--server", server.url, "--key-file", str(files[0]), "--name", "Home"]
    done = call(*words, "--dir", str(tmp_path / "agent"))
    assert done.exit_code == 0, done.output
    pool = server.hellos[0]["pools"][0]
    assert pool["cores_per_node"] >= 1
    assert server.hellos[0]["centre"]["name"] == "Home"


@pytest.mark.parametrize(
    ("content", "says"),
    [("", "found nothing"), ("hello", "found 'hello'"), ("sk_x", "expected")],
)
def test_a_bad_key_is_named_and_never_shown_whole(files, tmp_path, content, says):
    files[0].write_text(content)
    done = join(files, tmp_path)
    assert done.exit_code == 2
    assert says.lower() in done.stderr.lower()
    assert "Traceback" not in done.output


@pytest.mark.parametrize("command", ["join", "run", "show"])
def test_a_directory_that_cannot_be_one_is_named(files, tmp_path, server, command):
    (tmp_path / "file").write_text("")
    key, facts = map(str, files)
    words = ["--server", server.url, "--key-file", key, "--config", facts]
    done = call(
        command, "--dir", str(tmp_path / "file" / "x"), *(words if command == "join" else [])
    )
    assert done.exit_code in (1, 5)
    assert str(tmp_path / "file") in done.stderr
    assert "Traceback" not in done.output


def test_a_long_wrong_key_shows_only_its_beginning(files, tmp_path):
    files[0].write_text("ghp_abcdefghijklmnopqrstuvwxyz")
    assert "ghp_abcdefgh" in (done := join(files, tmp_path)).stderr
    assert "ijkl" not in done.stderr


@pytest.mark.parametrize(("lang", "says"), [("en", "does not answer"), ("zh", "无响应")])
def test_an_unreachable_server_is_named_in_both_languages(files, tmp_path, lang, says):
    done = join(files, tmp_path, lang=lang)
    assert done.exit_code == 1
    assert says in done.stderr
    assert not (tmp_path / "agent" / "agent.json").exists()


def test_a_key_that_the_server_refuses_is_said(files, tmp_path, server):
    files[0].write_text("sk_key_other_wrong")
    done = join(files, tmp_path, server.url)
    assert done.exit_code == 1
    assert "401" in done.stderr


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (('"zhongwei"', '"zhongwai"'), PlaceUnknown, "zhongwai"),
        (('"xeon-8380"', '"xeon-8830"'), ChipUnknown, "xeon-8830"),
        (("cards_per_node = 2", "cards_per_node = 0"), CentreFileWrong, "pools.0.cards_per_node"),
        (("cards_per_node = 2", "cards = 2"), CentreFileWrong, "pools.0.cards"),
        (('name = "Zhongwei 1"', ""), CentreFileWrong, "name"),
    ],
)
def test_a_mistake_in_the_centre_file_is_named(files, change, error, says):
    files[1].write_text(files[1].read_text().replace(*change))
    with pytest.raises(error, match=says):
        check_places(read_centre_file(files[1]))


@pytest.mark.parametrize("text", ["name = ", "\x00", "[[pools]"])
def test_a_file_that_is_no_toml_is_said(files, tmp_path, text):
    files[1].write_text(text)
    done = join(files, tmp_path)
    assert done.exit_code == 2
    assert "centre.toml" in done.stderr


@pytest.mark.parametrize(
    ("price", "wire"),
    [
        ('"3.20"', {"kind": "flat", "price": "3.20"}),
        ("3.2", {"kind": "flat", "price": "3.2"}),
        ("3", {"kind": "flat", "price": "3"}),
        ('{kind = "flat", price = "1"}', {"kind": "flat", "price": "1"}),
    ],
)
def test_prices_may_be_written_as_people_do(files, price, wire):
    files[1].write_text(TOML.format(price=price))
    assert read_centre_file(files[1]).pools[0].to_wire()["price"] == wire


def test_run_before_join_says_what_to_do(tmp_path):
    done = call("run", "--dir", str(tmp_path / "none"))
    assert done.exit_code == 5
    assert "suan agent join" in done.stderr


@pytest.mark.parametrize(("lang", "says"), [("en", "What helps"), ("zh", "解决办法")])
def test_where_the_sandbox_is_forbidden_run_refuses_and_helps(tmp_path, monkeypatch, lang, says):
    def forbidden(*_, **__):
        raise SandboxForbidden(detail="No permissions to create new namespace")

    monkeypatch.setattr(sandbox, "self_test", forbidden)
    monkeypatch.setattr(sandbox, "hints", lambda: [("user.max_user_namespaces=0", "set it")])
    a_home(tmp_path / "agent", "http://127.0.0.1:9")
    done = call("run", "--dir", str(tmp_path / "agent"), lang=lang)
    assert done.exit_code == 5
    for text in ("No permissions", "user.max_user_namespaces=0", says, "--no-sandbox"):
        assert text in done.stderr


def test_show_prints_the_centre_and_no_secret(tmp_path):
    a_home(tmp_path / "agent", "http://grid.example")
    done = call("show", "--dir", str(tmp_path / "agent"))
    assert done.exit_code == 0
    assert "pool cpu: 4 × generic-x86-64" in done.stdout
    facts = json.loads(call("show", "--dir", str(tmp_path / "agent"), "--json").stdout)
    assert facts["pools"] == [{"name": "cpu", "chip": "generic-x86-64", "cards": 4}]
    assert KEY not in done.stdout
    assert len(facts["public_key"]) == 64


@pytest.mark.parametrize(
    ("cpuinfo", "machine", "chip"),
    [
        ("model name\t: Intel(R) Xeon(R) Platinum 8380 CPU @ 2.30GHz", "x86_64", "xeon-8380"),
        ("model name\t: AMD EPYC 7742 64-Core Processor", "x86_64", "epyc-7742"),
        ("model name\t: AMD EPYC", "x86_64", "generic-x86-64"),
        ("", "aarch64", "generic-arm64"),
    ],
)
def test_the_chip_is_guessed_from_its_name(cpuinfo, machine, chip):
    assert discovery.guess_chip(cpuinfo, machine=machine) == chip


def test_sockets_are_counted():
    two = "physical id\t: 0\n\nphysical id\t: 0\n\nphysical id\t: 1\n"
    assert (discovery.sockets(two), discovery.sockets("")) == (2, 1)


def test_the_default_directory_follows_xdg(monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "/x")
    assert config.default_home() == Path("/x/suanwang/agent")


def test_what_leaves_the_centre_holds_no_path_and_no_key(tmp_path):
    centre = a_centre(
        export=tmp_path, s3={"key": "k", "secret": "topsecret"}, private_hosts=["inner"],
        environments={"science": {"python": "/opt/science"}},
    )  # fmt: skip
    wire = json.dumps(centre.to_wire())
    assert not [word for word in ("topsecret", str(tmp_path), "inner", "/opt") if word in wire]


def test_a_home_without_a_key_is_refused_by_name(tmp_path):
    home = a_home(tmp_path / "agent", "http://x")
    (tmp_path / "agent" / "server.key").unlink()
    with pytest.raises(config.KeyUnreadable, match=r"server\.key"):
        home.server_key()
    assert Home(tmp_path / "agent").config().server == "http://x"
    assert commands.app.info.name == "agent"
