"""`suan market …` as a person meets it: exit codes, files, both languages, never a traceback."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
from pathlib import Path

import pytest
import typer
from rich.cells import cell_len
from tests.market.builders import a_document, ask, bid, link
from tests.market.cleared import cleared
from tests.market.verify.results import PAIRS
from typer.testing import CliRunner

from suanwang.basics.errors import Invalid
from suanwang.basics.languages import load_texts
from suanwang.market import commands
from suanwang.market.case_beside import case_beside
from suanwang.market.command_errors import CaseNotBeside
from suanwang.market.command_line import patience, peak_memory_mb, plainly
from suanwang.market.result_file import write_result

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples" / "market").glob("*.json"))
ZH = load_texts("suanwang.market", "zh")


@pytest.fixture
def market(monkeypatch, tmp_path):
    """Runs `suan market …` in an empty folder, in English."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUANWANG_LANG", "en")
    monkeypatch.setenv("COLUMNS", "80")

    def run(*words):
        done = CliRunner().invoke(commands.app, [str(word) for word in words])
        assert "Traceback" not in done.output
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return run


@pytest.fixture
def pair(market, tmp_path):
    """A CASE and its RESULT in the folder."""
    case = a_document(
        zones="A B", slots=2, links=[link("A", "B", 3, cost="0.5", weights={"x": 2})],
        asks=[ask("a", 10, 1), ask("a1", 10, 2, slot=1)], bids=[bid("b", 4, 6, zone="B"), bid("c", 3, "0.5")],
        price_min=0, price_max=9,
    )  # fmt: skip
    (tmp_path / "case.json").write_text(json.dumps(case))
    assert market("clear", "case.json", "--out", "result.json").exit_code == 0
    return case


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_cleared_proven_and_explained(market, example):
    shutil.copy(example, "case.json")
    assert market("clear", "case.json", "--out", "result.json").exit_code == 0
    verified = market("verify", "case.json", "result.json")
    assert verified.exit_code == 0
    assert verified.stdout.splitlines()[-1] == "PROVEN"
    case = json.loads(example.read_text())
    for row in [*case["bids"], *case["blocks"], *case["jobs"]]:
        said = market("explain", "result.json", row["id"])
        assert re.fullmatch(rf"\w+( bid)? {row['id']} was [^\n]+\.\n", said.stdout)


def test_clear_sums_up_on_stdout_and_talks_on_stderr(market, pair):
    done = market("clear", "case.json", "--out", "other.json")
    assert done.stdout.splitlines() == [
        "Welfare: 6.75 yuan",
        "Proven bound: 6.75 yuan",
        "Gap: 0 yuan, 0 % of the bound",
        "Accepted: 2 of 4 orders, in whole or in part",
        "RESULT: other.json",
    ]
    assert re.search(r"Read 4 orders in [0-9.]+ s\.", done.stderr)
    assert re.search(r"All in [0-9.]+ s, at most [0-9]+ MB\.", done.stderr)
    assert "suan market verify case.json other.json" in done.stderr


def test_the_same_case_gives_the_same_bytes_and_no_file_is_left_over(market, pair, tmp_path):
    market("clear", "case.json", "--out", "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "result.json").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"case.json", "result.json", "again.json"}


def test_result_on_stdout_is_the_file_and_nothing_else(market, pair, tmp_path):
    done = market("clear", "case.json", "--out", "-")
    assert done.stdout == (tmp_path / "result.json").read_text()
    assert "Welfare: 6.75 yuan" in done.stderr


def test_a_summary_for_programs(market, pair):
    done = json.loads(market("clear", "case.json", "--out", "other.json", "--json").stdout)
    assert (done["welfare"], done["orders"], done["accepted"], done["rejected"]) == (
        "6.75",
        4,
        2,
        2,
    )
    assert done["result"] == "other.json"


@pytest.mark.parametrize(("seconds", "work"), [("2", "2000"), ("0.5", "500"), ("0.001", "1")])
def test_a_time_limit_is_a_work_limit_that_result_names(market, pair, tmp_path, seconds, work):
    market("clear", "case.json", "--out", "limited.json", "--time-limit", seconds)
    assert json.loads((tmp_path / "limited.json").read_text())["work"]["limit"] == work


REFUSED = [
    # command line                                            exit code, what is said
    ("clear case.json --out case.json", 2, "would overwrite CASE"),
    ("clear case.json --out ./case.json", 2, "would overwrite CASE"),
    ("clear case.json --out nowhere/r.json", 2, "a folder that exists"),
    ("clear case.json --out .", 2, "a folder that exists"),
    ("clear none.json --out r.json", 2, "none.json"),
    ("clear result.json --out r.json", 2, "case_sha256"),
    ("clear bad.json --out r.json", 2, "bad.json"),
    ("clear case.json", 2, "--out"),
    ("clear case.json --out r.json --time-limit 0", 2, "--time-limit"),
    ("verify none.json result.json", 2, "none.json"),
    ("verify case.json none.json", 2, "none.json"),
    ("verify case.json bad.json", 2, "JSON"),
    ("verify case.json case.json", 2, "case_sha256"),
    ("explain none.json b", 2, "none.json"),
    ("explain case.json b", 2, "case_sha256"),
    ("explain result.json nobody", 3, "no order nobody in case.json"),
    ("explain result.json b --case other.json", 2, "case_sha256"),
    ("prices case.json", 2, "case_sha256"),
    ("prices result.json --zone C", 3, "no zone C; it has: A, B"),
    ("prices result.json --class y", 3, "no class y; it has: x"),
    ("prices result.json --slot 2", 3, "no slot 2; it has: 0, 1"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "code", "text"), REFUSED, ids=[row[0] for row in REFUSED])
def test_bad_input_is_told_in_a_sentence(market, pair, line, code, text):
    before = Path("case.json").read_bytes()
    Path("bad.json").write_bytes(b"{\xff")
    Path("other.json").write_text(json.dumps(pair | {"seed": 1}))
    done = market(*line.split())
    assert done.exit_code == code
    assert text in done.stderr
    assert Path("case.json").read_bytes() == before
    assert not Path("r.json").exists()


def test_verify_says_what_is_wrong_and_exits_1(market, pair, tmp_path):
    result = json.loads((tmp_path / "result.json").read_text()) | {"welfare": "7"}
    (tmp_path / "result.json").write_text(json.dumps(result))
    done = market("verify", "case.json", "result.json")
    assert done.exit_code == 1
    assert "  [welfare] welfare: welfare 7 yuan instead of 6.75" in done.stdout
    assert done.stdout.splitlines()[-1] == "NOT PROVEN"
    wire = json.loads(market("verify", "case.json", "result.json", "--json").stdout)
    assert (wire["proven"], wire["welfare"]) == (False, "6.75")
    assert "welfare" in {fault["code"] for fault in wire["faults"]}


def test_verify_shows_twenty_parts_of_the_gap_or_all(market, tmp_path):
    # Thirty asks at 1 for one bid of 1 at 1 and multipliers of 1.001: each ask falls short a little.
    case = a_document(
        asks=[ask(f"a{n}", n + 1, 1) for n in range(30)], bids=[bid("b", 1, 2)], price_min=0, price_max=9,
    )  # fmt: skip
    (tmp_path / "case.json").write_text(json.dumps(case))
    market("clear", "case.json", "--out", "result.json")
    result = json.loads((tmp_path / "result.json").read_text())
    taken = {row["id"]: row["quantity"] for row in result["accepted"]}
    # What is unfilled falls short by 0.001 a card, and the bid by nothing.
    short = {
        f"a{n}": (n + 1) * 10**12 - int(taken.get(f"a{n}", "0").replace(".", "").ljust(13, "0"))
        for n in range(30)
    }
    parts = {name: -(-cards // 1000) for name, cards in short.items() if cards > 0}
    bound = 10**12 + sum(parts.values())
    result |= {
        "multipliers": {
            "nodes": [{"zone": "A", "class": "x", "slot": 0, "price": "1.001"}],
            "links": [],
            "pools": [],
        },
        "gap_parts": {
            "orders": [{"id": k, "amount": pico(v)} for k, v in parts.items()],
            "links": [],
        },
        "gap": pico(sum(parts.values())),
        "bound": pico(bound),
    }
    (tmp_path / "result.json").write_text(json.dumps(result))
    few = market("verify", "case.json", "result.json").stdout
    every = market("verify", "case.json", "result.json", "--all").stdout
    assert few.splitlines()[-1] == "PROVEN"
    assert [len(re.findall(r"^  a\d+: ", text, re.MULTILINE)) for text in (few, every)] == [20, 30]
    wire = json.loads(market("verify", "case.json", "result.json", "--all", "--json").stdout)
    amounts = [float(row["amount"]) for row in wire["gap_parts"]]
    assert amounts == sorted(amounts, reverse=True)


def pico(amount):
    return f"{amount // 10**12}.{amount % 10**12:012d}"


def test_explain_finds_its_case_by_the_hash(market, pair, tmp_path):
    expected = market("explain", "result.json", "b", "--case", "case.json").stdout
    assert expected.startswith("Bid b was accepted in part (1.5 of 4 cards)")
    (tmp_path / "case.json").rename(tmp_path / "renamed.JSON")
    assert market("explain", "result.json", "b").stdout == expected
    (tmp_path / "renamed.JSON").write_text("{}")
    assert market("explain", "result.json", "b").exit_code == 3
    with pytest.raises(CaseNotBeside):
        case_beside(tmp_path / "result.json", "c0" * 32)


def test_explain_for_programs_and_by_clearing_again(market, pair):
    done = market("explain", "result.json", "c", "--rerun", "--json")
    answer = json.loads(done.stdout)
    assert (answer["kind"], answer["taken"], answer["whole"]) == ("bid", "rejected", "3")
    assert [(t["code"], t["facts"]) for t in answer["turning"]] == [
        ("limit", {"limit": "1.01"}),
        ("again-limit", {"yes": "1", "no": "0.99"}),
    ]
    assert answer["sentence"].startswith("Bid c was rejected")
    assert "Cleared again with 1: taken" in done.stderr


def test_prices_as_a_table_with_the_links_below(market, pair):
    assert market("prices", "result.json").stdout.splitlines() == [
        "Prices, yuan per card-hour",
        "zone  class  slot 0  slot 1",
        "A     x        1.00    2.00",
        "B     x        6.00    2.50",
        "",
        "Link prices, yuan per GB and hour",
        "from  to  slot 0",
        "A     B     2.25",
    ]
    chosen = market("prices", "result.json", "--zone", "A", "--slot", "1").stdout
    assert chosen.splitlines()[1:3] == ["zone  class  slot 1", "A     x        2.00"]
    assert chosen.splitlines()[-1] == "No link is full: none has a price."
    wire = json.loads(market("prices", "result.json", "--slot", "0", "--json").stdout)
    assert [row["price"] for row in wire["prices"]] == ["1", "6"]
    assert [row["price"] for row in wire["link_prices"]] == ["2.25"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_wide_table_is_cut_to_the_terminal(market, tmp_path, lang):
    result = cleared(a_document(slots=40, bids=[bid("b", 1, 3)], price_max=5))
    (tmp_path / "result.json").write_text(json.dumps(result))
    done = market("prices", "result.json", "--lang", lang)
    assert max(map(cell_len, done.stdout.splitlines())) <= 80
    assert len(re.findall(r"(?:slot|时段) \d+", done.stdout)) == 40


def test_every_text_of_the_help_has_chinese(market, monkeypatch):
    monkeypatch.setenv("SUANWANG_LANG", "zh")
    group = typer.main.get_command(commands.app)
    for each in (group, *group.commands.values()):
        said = {
            each.help,
            each.short_help,
            each.epilog,
            *(getattr(p, "help", None) for p in each.params),
        }
        assert {text for text in said if text and ZH(text) == text} == set()
        words = [] if each is group else [each.name]
        text = market(*words, "--help").stdout
        assert re.findall(r"[a-z]{3,} [a-z]{3,} [a-z]{3,} ", text.replace("suan market", "")) == []


@pytest.mark.parametrize("name", PAIRS)
def test_chinese_is_spoken_where_it_is_wished(market, tmp_path, name):
    made = PAIRS[name]()
    (tmp_path / "case.json").write_text(json.dumps(made.case))
    market("clear", "case.json", "--out", "result.json")
    for line in (
        "verify case.json result.json",
        "prices result.json",
        "explain result.json nobody",
    ):
        done = market(*line.split(), "--lang", "zh")
        assert re.findall(r"[a-z]{3,} [a-z]{3,}", done.output) == []


def test_the_noun_takes_the_language_too(market):
    assert market("--lang", "zh", "prices", "none.json").stderr.startswith("错误：none.json")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_how_to_page_shows_what_is_printed(market, lang, tmp_path):
    shutil.copy(ROOT / "examples" / "market" / "small.json", tmp_path / "case.json")
    page = (ROOT / "docs" / lang / "how-to" / "clear-a-case.md").read_text("utf-8")
    blocks = re.findall(r"```console\n\$ suan market ([^\n]+)\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 5
    for line, shown in blocks:
        printed = "".join(market(*line.split()).output.split())
        # Seconds and memory differ, "…" leaves out.
        lines = [each for each in shown.splitlines() if not re.search(r"\d (s|秒|MB)\b", each)]
        for part in "".join("".join(lines).split()).split("…"):
            assert part in printed


def test_an_interrupted_write_leaves_what_was_there(tmp_path, monkeypatch):
    out = tmp_path / "r.json"
    out.write_text("before")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_result(str(out), {"a": "1"})
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]
    assert out.read_text() == "before"


def test_a_device_keeps_its_place(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_result(str(pipe), {"a": "1"})
    assert json.loads(os.read(reader, 100)) == {"a": "1"}
    os.close(reader)
    assert pipe.is_fifo()


def missing(name):
    raise ModuleNotFoundError(name=name)


@pytest.mark.parametrize(
    ("trouble", "code", "text"),
    [
        (lambda: missing("numba"), 2, "pip install 'suanwang[market]'"),
        (lambda: (_ for _ in ()).throw(MemoryError), 1, "not enough memory"),
        (lambda: Path("/nowhere/at/all").read_bytes(), 1, "/nowhere/at/all: No such file"),
        (lambda: (_ for _ in ()).throw(Invalid(reason="x")), 2, "not valid: x"),
    ],
)
def test_what_goes_wrong_is_a_sentence(capsys, monkeypatch, trouble, code, text):
    monkeypatch.setenv("SUANWANG_LANG", "en")

    def command():
        for _ in [trouble()]:
            next(_)

    with pytest.raises(typer.Exit) as left:
        plainly(command)()
    assert left.value.exit_code == code
    assert text in capsys.readouterr().err


def test_a_mistake_of_ours_is_not_hidden():
    with pytest.raises(ModuleNotFoundError):
        plainly(lambda: missing("suanwang.market.nowhere"))()
    with pytest.raises(BrokenPipeError):
        plainly(lambda: (_ for _ in ()).throw(BrokenPipeError).__next__())()
    with pytest.raises(typer.Abort):
        plainly(lambda: (_ for _ in ()).throw(KeyboardInterrupt).__next__())()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer")
def test_a_long_wait_is_told(capsys, monkeypatch):
    monkeypatch.setattr("suanwang.market.command_line._PATIENCE_SECONDS", 0.01)
    with patience("still at it"):
        signal.pause()
    assert capsys.readouterr().err == "still at it\n"
    with patience("never said"):
        pass
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    assert capsys.readouterr().err == ""


def test_without_a_timer_or_a_meter_nothing_is_said(monkeypatch):
    monkeypatch.setattr(signal, "signal", lambda *_: (_ for _ in ()).throw(ValueError))
    with patience("x"):
        pass
    monkeypatch.setitem(sys.modules, "resource", None)
    assert peak_memory_mb() is None
