"""Commands of other rooms: --lang wherever it stands, help in both languages, the same exits."""

from __future__ import annotations

import re
from importlib.metadata import entry_points

import pytest

from suanwang.client import command

COMMAND_LINE = re.compile(r"suan [ -~]+")
ENGLISH = re.compile(r"[A-Za-z]+(?: [a-z]+){2,}")  # three words on end


def below(found, path):
    yield path, found
    for name, each in getattr(found, "commands", {}).items():
        yield from below(each, f"{path} {name}")


def late_commands():
    """List every command that comes by an entry point, and all that stand below it."""
    found = sorted(entry_points(group=command.GROUP), key=lambda each: each.name)
    for entry in found:
        yield from below(command.LateCommand(entry.name, entry).load(), entry.name)


ALL = dict(late_commands())


def squeezed(text):
    return "".join(text.split())


def texts_of(each):
    """Yield the English texts that the help of a command shows."""
    yield from (getattr(each, name, None) for name in ("help", "epilog"))
    yield from (getattr(param, "help", None) for param in each.params)
    for sub in getattr(each, "commands", {}).values():
        yield sub.get_short_help_str(20).removesuffix("...")


def sentences(each):
    """Return what a reader of Chinese must not find, free of how lines are broken."""
    return [squeezed(text) for text in texts_of(each) if text]


def test_the_rooms_bring_the_commands_that_are_read_here():
    rooms = {path.partition(" ")[0] for path in ALL}
    assert rooms == {"agent", "db", "demo", "job", "ledger", "market", "serve"}
    assert len(ALL) == 21


@pytest.mark.parametrize("path", ALL)
def test_help_is_in_the_language_asked_for(suan, path):
    words = path.split()
    english = suan(*words, "--help", "--lang", "en")
    chinese = suan(*words, "--help", "--lang", "zh")
    assert (english.code, chinese.code) == (0, 0)
    expected = sentences(ALL[path])
    assert [text for text in expected if text not in squeezed(english.out)] == []
    assert [text for text in expected if text in squeezed(chinese.out)] == []
    for heading in ("Usage: ", "Options:", "Commands:", "Arguments:", "[required]", "[default"):
        assert heading not in chinese.out
    assert ENGLISH.findall(COMMAND_LINE.sub("", chinese.out)) == []
    assert "用法：" in chinese.out
    assert re.search(r"[一-鿿]", english.out) is None


@pytest.mark.parametrize(("words", "code"), [
    ("agent show --dir nowhere", 5),
    ("agent run --dir nowhere", 5),
    ("agent join --server http://127.0.0.1:9 --key-file nowhere", 2),
    ("db backup copy.db --db sqlite:///nowhere.db", 5),
    ("db restore nowhere.db --db sqlite:///new.db", 5),
    ("db upgrade --config nowhere.toml", 2),
    ("db check --db sqlite:///nowhere.db", 5),
    ("ledger anchor --rpc http://127.0.0.1:9 --head nowhere --contract 0x00", 1),
    ("ledger cosign --url http://127.0.0.1:9 --exchange-key nowhere", 1),
    ("ledger verify --bundle nowhere", 1),
    ("ledger verify --db sqlite:///nowhere.db", 5),
    ("serve --config nowhere.toml", 2),
    ("serve --config nowhere.toml config", 2),
    ("job check nowhere.yaml", 2),
    ("demo --dir taken", 2),
])  # fmt: skip
def test_a_language_changes_what_is_said_and_no_exit_code(suan, tmp_path, words, code):
    (tmp_path / "taken").write_text("a file", "utf-8")
    plain, *both = (suan(*words.split(), *more) for more in
                    ((), ("--lang", "en"), ("--lang=zh",)))  # fmt: skip
    english, chinese = both
    assert (plain.code, english.code, chinese.code) == (code, code, code), plain.err
    assert (english.out, english.err) == (plain.out, plain.err)
    assert re.search(r"[一-鿿]", chinese.out + chinese.err)
    assert re.search(r"[一-鿿]", english.out + english.err) is None


@pytest.mark.parametrize(("words", "said"), [
    ("agent --lang zh show --dir x", "错误："),
    ("--lang zh agent show --dir x", "错误："),
    ("db --lang=zh check --db sqlite:///x", "错误："),
    ("serve --lang zh --config x config", "错误："),
    ("agent --lang zh", "错误：缺少命令。"),
    ("--lang zh agent", "用法："),
    ("--lang zh db", "用法："),
    ("job --lang zh", "错误：缺少命令。"),
    ("ledger --lang zh nothing", "错误：没有命令 nothing。"),
])  # fmt: skip
def test_a_language_is_taken_wherever_it_stands(suan, words, said):
    done = suan(*words.split())
    assert done.code in {2, 5}
    assert said in done.err
