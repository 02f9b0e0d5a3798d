"""`suan ledger verify --bundle` needs the bundle and nothing else, and says what it proves."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from tests.ledger.log.bundles import LOG, ORIGIN, Signer, World
from typer.testing import CliRunner

from suanwang.ledger import commands

BUNDLE = World().bundle()


@pytest.fixture
def verify(tmp_path, monkeypatch):
    monkeypatch.setenv("SUANWANG_LANG", "en")
    (tmp_path / "bill.bundle.json").write_bytes(BUNDLE)
    (tmp_path / "exchange.key").write_text(LOG.verifier.vkey + "\n")
    monkeypatch.chdir(tmp_path)
    return lambda *args, **more: CliRunner().invoke(commands.verify, [*args], **more)


def test_it_says_what_is_proven_and_by_whose_key(verify):
    done = verify("--bundle", "bill.bundle.json", "--key", "exchange.key")
    assert done.exit_code == 0
    assert f"PROVEN: 14 records are in the log of {ORIGIN} (33 leaves" in done.output
    assert "gross 0.275724, vouchers 0.054000, total 0.221724 yuan" in done.output
    assert LOG.verifier.fingerprint in done.output
    assert "The key is pinned" in done.output
    assert "Witnesses: 1" in done.output
    assert "Not proven by any log: that the meters told the truth." in done.output


def test_without_a_key_it_says_not_pinned(verify):
    done = verify("--bundle", "bill.bundle.json")
    assert done.exit_code == 0
    assert "The key is not pinned" in done.output
    assert LOG.verifier.fingerprint in done.output


def test_it_speaks_chinese(verify):
    done = verify("--bundle", "bill.bundle.json", "--lang", "zh")
    assert "已证明：14 条记录" in done.output
    assert "公钥未固定" in done.output


def test_json_has_the_figures(verify):
    found = json.loads(verify("--bundle", "bill.bundle.json", "--json").output)
    assert (found["proven"], found["pinned"], found["size"]) == (True, False, 33)
    assert found["bills"][0]["total"] == "0.221724"
    assert found["records"][1] == {"index": 3, "kind": "transfer", "id": "txf_2"}


def test_a_changed_record_is_named(verify, tmp_path):
    (tmp_path / "bent.json").write_bytes(BUNDLE.replace(b"194400", b"194401"))
    done = verify("--bundle", "bent.json", "--key", "exchange.key")
    assert done.exit_code == 1
    assert "NOT PROVEN. records[1] (transfer txf_2): expected the leaf 3" in done.stderr
    found = verify("--bundle", "bent.json", "--json")
    assert found.exit_code == 1
    assert json.loads(found.stdout)["place"] == "records[1] (transfer txf_2)"


def test_another_key_is_refused(verify, tmp_path):
    other = Signer(name=ORIGIN, private=b"\x09" * 32).verifier.vkey
    (tmp_path / "other.key").write_text(other)
    done = verify("--bundle", "bill.bundle.json", "--key", "other.key")
    assert (done.exit_code, "the pinned key" in done.stderr) == (1, True)
    (tmp_path / "junk.key").write_bytes(b"\xff\x00\n")
    assert verify("--bundle", "bill.bundle.json", "--key", "junk.key").exit_code == 1


def test_a_file_that_cannot_be_read_is_not_proven(verify, tmp_path):
    for args in (
        ("--bundle", "none.json"),
        ("--bundle", "."),
        ("--bundle", "bill.bundle.json", "--key", "none"),
    ):
        done = verify(*args)
        assert (done.exit_code, "Traceback" in done.output) == (1, False)
        assert "NOT PROVEN" in done.stderr


def test_it_reads_standard_input(verify):
    assert verify("--bundle", "-", input=BUNDLE).exit_code == 0
    assert verify("--bundle", "-", input=BUNDLE[:-2]).exit_code == 1


def test_a_wrong_command_line_is_a_mistake_of_usage(verify):
    assert verify("--bundle").exit_code == 2
    assert verify("--bundle", "x", "--no-such-option").exit_code == 2


def test_what_a_file_says_does_not_steer_the_terminal(verify, tmp_path):
    (tmp_path / "bent.json").write_bytes(BUNDLE.replace(b"txf_2", b"\\u001b[31m", 1))
    assert "\x1b" not in verify("--bundle", "bent.json").output


def test_without_a_bundle_the_database_is_checked(verify, tmp_path):
    done = verify("--db", f"sqlite:///{tmp_path / 'none.db'}")
    assert done.exit_code not in (0, 2)
    assert "none.db" in done.output


def test_without_the_servers_packages_it_says_what_to_install(verify, monkeypatch):
    monkeypatch.setattr(commands, "entry_points", lambda **_: [])
    done = verify("--db", "sqlite:///x.db")
    assert done.exit_code == 1
    assert "suanwang[server]" in done.stderr
    assert verify("--bundle", "bill.bundle.json").exit_code == 0
    assert "--bundle" in verify("--help").output


def test_help_has_the_options_of_both_checks(verify):
    shown = verify("--help", env={"SUANWANG_LANG": "zh"}).output
    assert "--db" in shown
    assert "离线核验此证据包" in shown


@pytest.mark.real
def test_it_loads_neither_server_nor_database_nor_network(tmp_path):
    (tmp_path / "b.json").write_bytes(BUNDLE)
    program = (
        "import sys\n"
        "from suanwang.ledger.commands import verify\n"
        f"sys.argv = ['x', '--bundle', {str(tmp_path / 'b.json')!r}]\n"
        "try:\n    verify()\nexcept SystemExit as left:\n    assert not left.code\n"
        "heavy = ('sqlalchemy', 'httpx', 'fastapi', 'numpy', 'numba', 'web3', 'suanwang.server',\n"
        "         'suanwang.store', 'suanwang.client', 'suanwang.market', 'suanwang.jobs')\n"
        "found = [each for each in heavy if each in sys.modules]\n"
        "assert not found, found\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
