"""The rest of `suan`: login, money, centres, offers, completion, help, late loading, manners."""

from __future__ import annotations

import json
import os
import resource
import stat
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest
from tests.client.fake_grid import KEY, problem

from suanwang.client import command
from suanwang.client.tree import NOUNS, tree, whole

SUAN = [sys.executable, "-m", "suanwang.client"]


def test_login_keeps_the_key_where_only_its_owner_can_read_it(fake, suan, tmp_path, monkeypatch):
    done = suan("login", "--url", "http://grid.test/v1/", stdin=KEY + "\n")
    assert (done.code, done.out) == (0, "")
    assert "Signed in at Test grid as Lab (buyer)." in done.err
    path = tmp_path / "config" / "suanwang" / "keys" / "default.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == KEY + "\n"
    assert KEY not in done.err
    for name in ("SUANWANG_KEY", "SUANWANG_URL"):
        monkeypatch.delenv(name)
    assert suan("account", "show").code == 0
    assert str(fake.requests[-1].url).startswith("http://grid.test/v1/accounts")


def test_login_keeps_several_profiles(fake, suan, tmp_path, monkeypatch):
    monkeypatch.delenv("SUANWANG_URL")
    (tmp_path / "key").write_text(KEY)
    for name in ("work", "home"):
        url = f"http://{name}.test"
        words = ("--profile", name, "--url", url, "--key-file", "key", "--no-check")
        assert suan("login", *words).code == 0
    monkeypatch.delenv("SUANWANG_KEY")
    suan("account", "show", "--profile", "work")
    suan("account", "show")
    assert [r.url.host for r in fake.requests] == ["work.test", "home.test"]


def test_a_refused_key_is_not_kept(fake, suan, tmp_path):
    done = suan("login", stdin="sk_wrong_key\n")
    assert done.code == 4
    assert "Nothing was saved." in done.err
    assert not (tmp_path / "config").exists()


@pytest.mark.parametrize(("words", "stdin", "said"), [
    ((), "", "nothing"),
    ((), "two words", "something else"),
    (("--key-file", "nowhere"), "", "no file nowhere"),
    (("--key-file", "."), "", "folder"),
    (("--url", "ftp://x"), "sk_0123456789", "https://grid.example"),
    (("--url", "grid"), "sk_0123456789", "https://grid.example"),
    (("--profile", "../x"), "sk_0123456789", "no profile can be called"),
])  # fmt: skip
def test_login_names_what_is_wrong(fake, suan, *, words, stdin, said):
    done = suan("login", *words, stdin=stdin)
    assert (done.code, said in done.err) == (2, True), done.err


def test_there_is_no_flag_for_the_key(fake, suan):
    done = suan("job", "list", "--key", KEY)
    assert (done.code, "--key" in done.err) == (2, True)


@pytest.mark.parametrize("text", ["profile = [", "profiles = 3", "profile = '../../etc'"])
def test_a_broken_configuration_is_named(fake, suan, tmp_path, text):
    folder = tmp_path / "config" / "suanwang"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(text)
    done = suan("job", "list")
    assert (done.code, "config.toml" in done.err) == (2, True)


def test_money(fake, suan):
    assert "¥ 7.50" in suan("account", "show").out
    out = suan("statement", "--from", "2026-11-01", "--to", "2026-11-24").out
    for said in ("opening", "¥ 10.00", "¥ -0.000425", "¥ 9.999575", "charge"):
        assert said in out, said
    asked = fake.requests[-1].url.params
    assert asked["from"] == "2026-10-31T16:00:00Z"
    assert asked["to"] == "2026-11-24T16:00:00Z"
    assert suan("statement", "--from", "yesterday").code == 2
    assert suan("statement", "--from", "2026-13-01").code == 2
    assert json.loads(suan("statement", "--json", "opening").out) == {"opening": "10.00"}


def test_money_of_the_past(fake, suan):
    assert "¥ 7.50" in suan("account", "show", "--at", "2026-10-31").out
    assert fake.requests[-1].url.params["at"] == "2026-10-31T16:00:00Z"
    out = suan("account", "statement", "--month", "2026-10").out
    for said in ("2026-10", "¥ 10.00", "¥ 3.50", "¥ 7.50", "4"):
        assert said in out, said
    assert fake.requests[-1].url.params["month"] == "2026-10"
    out = suan("account", "closings").out
    assert "2026-11" in out
    assert "…" in out
    assert suan("account", "closings", "-q").out == "2026-11\n2026-10\n"


def test_centres(fake, suan):
    assert "Gui'an 1" in suan("centre", "list").out
    assert suan("centre", "list", "-q").out == "ctr_1\n"
    out = suan("centre", "show", "ctr_1").out
    for said in ("pue 1.20", "a100-80g-sxm", "64", "¥ 6.40"):
        assert said in out, said


def test_offers_are_filtered_by_the_query(fake, suan):
    assert suan("offers", "-q").out == "pool_1\npool_2\n"
    assert suan("offers", "card=a100*", "price<9", "-q").out == "pool_1\n"
    assert suan("offers", "card=a100* price < 9 zone=guian cards>=8", "-q").out == "pool_1\n"
    assert "suan offers" in suan("offers", "price<1").out
    done = suan("offers", "price<cheap")
    assert (done.code, "'price<cheap'" in done.err) == (2, True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(suan, shell):
    done = suan("completion", shell)
    assert (done.code, "_SUAN_COMPLETE" in done.out) == (0, True)


def test_an_unknown_shell_is_named(suan):
    assert suan("completion", "tcsh").code == 2
    assert suan("completion").code == 2


@pytest.mark.real
def test_the_shell_is_told_what_can_follow():
    asked = {"_SUAN_COMPLETE": "complete_bash", "COMP_WORDS": "suan job wa", "COMP_CWORD": "2"}
    done = subprocess.run(SUAN, env=os.environ | asked, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["wait"]
    assert done.stderr == ""


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",)])
def test_help_lists_everything_without_loading_it(suan, words):
    loaded = set(sys.modules)
    done = suan(*words)
    assert done.code == 0
    for name in ("job", "centre", "offers", "account", "statement", "login", "serve", "agent",
                 "db", "ledger", "completion"):  # fmt: skip
        assert f"  {name} " in done.out
    fresh = {n.split(".")[1] for n in set(sys.modules) - loaded if n.startswith("suanwang.")}
    assert fresh <= {"client", "basics"}


def test_help_is_chinese_when_asked(suan, monkeypatch):
    assert "作业：提交并跟随。" in suan("--lang", "zh", "--help").out
    monkeypatch.setenv("SUANWANG_LANG", "zh")
    out = suan("job", "submit", "--help").out
    for said in ("用法：", "选项：", "提交作业：", "显示此帮助并退出。"):
        assert said in out
    assert "命令" in suan("frob").err
    assert suan("job", "list", "--frob").err.startswith("错误：没有选项 --frob")


def test_both_languages_say_the_same_things(fake, suan):
    fake.job(state="SETTLED")
    english, chinese = suan("job", "list"), suan("job", "list", "--lang", "zh")
    assert "状态" in chinese.out
    assert len(english.out.splitlines()) == len(chinese.out.splitlines())
    assert fake.requests[-1].headers["accept-language"] == "zh"


def test_json_is_never_translated(fake, suan):
    fake.job(state="SETTLED")
    assert suan("job", "list", "--json").out == suan("job", "list", "--json", "--lang", "zh").out


def test_version(suan):
    assert suan("--version").out.startswith("suan 0.")


@pytest.mark.parametrize(("words", "said"), [
    (("jub",), "no command jub. Did you mean job?"),
    (("job", "frob"), "no command frob"),
    (("job", "wait"), "Missing: JOB..."),
    (("job", "list", "--limit", "many"), "--limit is not valid"),
    (("job", "list", "--limit"), "--limit"),
    (("job", "list", "extra"), "extra"),
    (("operator", "credit", "org_1", "-5.00"), "begin with - (ORGANISATION AMOUNT), found -5.00."),
    (("operator", "top-up", "org_1", "-.5", "--reference", "B"), "(ORGANISATION YUAN), found -.5."),
    (("payout", "request", "-5"), "(YUAN), found -5."),
    (("payout", "request", "-5", "--lang", "zh"), "应为不以 - 开头的数字（YUAN），实际为 -5。"),
    (("job", "list", "-5"), "no option -5."),
    (("job",), "Usage: suan job"),
    (("ledger",), "verify"),
])  # fmt: skip
def test_a_wrong_command_line_exits_2_and_says_why(suan, words, said):
    done = suan(*words)
    assert (done.code, said in done.err) == (2, True), done.err
    assert done.out == ""


def late(monkeypatch, name: str, value: str) -> None:
    entry = EntryPoint(name, value, command.GROUP)
    command._late_below.cache_clear()
    monkeypatch.setattr(command, "entry_points", lambda group: [entry])


def test_a_missing_extra_says_what_to_install(suan, monkeypatch):
    late(monkeypatch, "serve", "suanwang.server.commands:serve")

    def missing(_entry):
        raise ModuleNotFoundError("No module named 'fastapi'", name="fastapi")

    monkeypatch.setattr(EntryPoint, "load", missing)
    done = suan("serve")
    assert done.code == 1
    assert "pip install 'suanwang[server]'" in done.err


@pytest.mark.parametrize("value", ["suanwang.nowhere:x", "suanwang.client:nothing", "os:sep"])
def test_a_command_that_cannot_be_loaded_is_named(suan, monkeypatch, value):
    late(monkeypatch, "serve", value)
    done = suan("serve")
    assert done.code == 1
    assert done.err


def test_another_rooms_command_runs_below_our_noun(suan, write):
    command._late_below.cache_clear()
    assert suan("job", "check", write(good="name: x\nrun: y\n")).code == 0
    assert suan("job", "check", write(bad="name: x\n")).code == 2


def test_every_late_command_has_its_help():
    names = {each.name for each in entry_points(group=command.GROUP)}
    assert names - set(command.LATE_HELP) == set()


@pytest.mark.real
def test_a_broken_pipe_ends_quietly():
    read, write_end = os.pipe()
    os.close(read)
    done = subprocess.run([*SUAN, "--help"], stdout=write_end, stderr=subprocess.PIPE, text=True,
                          check=False)  # fmt: skip
    os.close(write_end)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.real
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_named():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*SUAN, "--help"], stdout=full, stderr=subprocess.PIPE, text=True,
                              env=os.environ | {"SUANWANG_LANG": "en"}, check=False)  # fmt: skip
    assert done.returncode == 1
    assert "Cannot write the result" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.real
def test_output_that_a_terminal_cannot_show_does_not_end_the_command():
    env = os.environ | {"PYTHONIOENCODING": "ascii", "SUANWANG_LANG": "zh", "PYTHONUTF8": "0"}
    done = subprocess.run([*SUAN, "--help"], env=env, capture_output=True, check=False)
    assert done.returncode == 0


@pytest.mark.real
def test_it_starts_fast():
    """In processor time, the best of five: waiting for a busy machine is not ours."""
    seconds = []
    for _ in range(5):
        began = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*SUAN, "--help"], capture_output=True, check=True)
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime)
    assert min(seconds) < 0.4


def all_commands(found, path="suan"):
    yield path, found
    for name, each in getattr(found, "commands", {}).items():
        yield from all_commands(each, f"{path} {name}")


def test_every_help_text_has_chinese(suan):
    texts = tomllib.loads((Path(command.__file__).parent / "texts_zh.toml").read_text("utf-8"))[
        "texts"
    ]
    said = {*command.LATE_HELP.values(), *(each.help for each in NOUNS)}
    for _, each in all_commands(whole()):
        said |= {each.help, each.epilog, *(getattr(p, "help", None) for p in each.params)}
    assert {text for text in said if text} - texts.keys() == set()


def test_a_noun_is_listed_as_its_own_help_begins_whatever_is_loaded():
    loaded = {name: each.help.strip().split("\n")[0] for name, each in whole().commands.items()}
    assert {each.name: each.help for each in NOUNS} == loaded
    bare = tree("")
    assert list(bare.commands) == list(tree("budget").commands) == list(loaded)
    assert not any(getattr(each, "commands", {}) for each in bare.commands.values())


def test_every_command_has_the_options_that_all_have():
    wanted = {"json_", "quiet", "lang", "explain", "no_input", "profile", "url"}
    for path, each in all_commands(whole()):
        assert path == "suan completion" or any("--lang" in p.opts for p in each.params), path
        if not hasattr(each, "commands") and path != "suan completion":
            assert wanted <= {p.name for p in each.params}, path


def test_a_problem_in_english_or_chinese_is_the_servers(fake, suan):
    fake.trouble = [problem(404, "not-found", "没有作业。")]
    assert suan("job", "show", "x", "--lang", "zh").err == "错误：没有作业。\n"
