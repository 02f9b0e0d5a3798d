"""Settings: file < environment < flag, each value with its origin, every mistake named."""

from __future__ import annotations

import json
import sqlite3
import stat
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from suanwang.server import settings as module
from suanwang.server.commands import db, ledger_verify, serve
from suanwang.server.errors import SettingUnknown, SettingUnreadable
from suanwang.server.first_start import KEY_FILE, open_exchange
from suanwang.server.parts import Parts
from suanwang.server.settings import Settings, load_settings, mask_url
from suanwang.store.identity import actor_by_key_hash, hash_secret, read_key


@pytest.fixture(autouse=True)
def _no_system_file(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "SYSTEM_FILE", tmp_path / "none.toml")


def test_a_flag_beats_the_environment_beats_the_file_beats_the_default(tmp_path):
    file = tmp_path / "s.toml"
    file.write_text('port = 1\nhost = "a"\nname = "f"\n')
    env = {"SUANWANG_HOST": "b", "SUANWANG_NAME": "e"}
    settings, origins = load_settings(flags={"name": "g", "port": None}, env=env, file=file)
    assert (settings.port, settings.host, settings.name) == (1, "b", "g")
    by_name = {o.name: o.origin for o in origins}
    assert by_name["port"] == str(file)
    assert by_name["host"] == "SUANWANG_HOST"
    assert by_name["name"] == "--name"
    assert by_name["lease_seconds"] == "default"


@pytest.mark.parametrize(
    ("env", "names"),
    [
        ({"SUANWANG_PORT": "many"}, "port"),
        ({"SUANWANG_PORT": "-1"}, "port"),
        ({"SUANWANG_PORT": "70000"}, "port"),
        ({"SUANWANG_SETTLE_EVERY": "night"}, "settle_every"),
        ({"SUANWANG_SETTLE_EVERY": "0"}, "settle_every"),
        ({"SUANWANG_SETTLE_EVERY": "1e12"}, "settle_every"),
        ({"SUANWANG_BOOKS_CLOSE_DAYS": "99999999999"}, "books_close_days"),
        ({"SUANWANG_LOG_FORMAT": "xml"}, "log_format"),
        ({"SUANWANG_LEASE_SECONDS": "6"}, "lease_seconds"),
        ({"SUANWANG_WEBHOOKS_TO_PRIVATE_ADDRESSES": "perhaps"}, "webhooks_to_private_addresses"),
        ({"SUANWANG_ROUND_EVERY_SECONDS": "nan"}, "round_every_seconds"),
    ],
)
def test_a_mistake_names_the_setting_and_its_origin(env, names):
    with pytest.raises(SettingUnreadable) as refusal:
        load_settings(env=env)
    assert names in refusal.value.message("en")
    assert next(iter(env)) in refusal.value.message("zh")


NUMBERS = [one for one in fields(Settings) if type(one.default) in (int, float)]


@pytest.mark.parametrize("one", NUMBERS, ids=lambda one: one.name)
def test_every_number_has_bounds_and_what_is_beyond_them_is_told(one):
    least, most = one.metadata["least"], one.metadata["most"]
    assert least <= one.default <= most
    for found in (least - 1, most + 1):
        env = {f"SUANWANG_{one.name.upper()}": str(found)}
        with pytest.raises(SettingUnreadable) as refusal:
            load_settings(env=env)
        said = refusal.value.message("en")
        assert one.name in said
        assert f"from {least} to {most}" in said
        assert str(found) in said


def test_an_unknown_setting_names_the_nearest(tmp_path):
    file = tmp_path / "s.toml"
    file.write_text("prot = 1\n")
    with pytest.raises(SettingUnknown) as refusal:
        load_settings(file=file)
    assert "'port'" in refusal.value.message("en")


@pytest.mark.parametrize("content", [None, "port = ", "\xff"])
def test_an_unreadable_file_is_named(tmp_path, content):
    file = tmp_path / "s.toml"
    if content is not None:
        file.write_bytes(content.encode("latin-1"))
    with pytest.raises(SettingUnreadable):
        load_settings(file=file)


def test_a_password_is_masked():
    assert mask_url("postgresql://me:secret@host/db") == "postgresql://me:***@host/db"
    assert mask_url("sqlite:///./x.db") == "sqlite:///./x.db"


def test_config_prints_each_value_with_its_origin(monkeypatch):
    monkeypatch.setenv("SUANWANG_DATABASE_URL", "postgresql://me:secret@host/db")
    done = CliRunner().invoke(serve, ["--port", "7", "config", "--json"])
    assert done.exit_code == 0, done.output
    shown = json.loads(done.output)
    assert shown["port"] == {"value": "7", "origin": "--port"}
    assert shown["database_url"]["origin"] == "SUANWANG_DATABASE_URL"
    assert "secret" not in done.output
    assert "--port" in CliRunner().invoke(serve, ["--port", "7", "config"]).output


def test_a_bad_setting_is_one_sentence_and_exit_2(monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    done = CliRunner().invoke(serve, ["--port", "70000"])
    assert done.exit_code == 2
    assert done.output.startswith("错误：")
    assert "Traceback" not in done.output


def test_every_setting_is_explained_in_both_languages():
    for name, one in Settings.__dataclass_fields__.items():
        assert one.metadata["en"].endswith("."), name
        assert one.metadata["zh"].endswith("。"), name


# ── the first start ─────────────────────────────────────────────────────────────────────────────


def test_the_first_start_leaves_a_private_key_that_works(store, tmp_path):
    parts = Parts(Settings(data_dir=tmp_path), store)
    path = open_exchange(parts)
    assert path == tmp_path / KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key_id, secret = read_key(path.read_text().strip())
    actor = store.read_now(lambda tx: actor_by_key_hash(tx, key_id, hash_secret(secret)))
    assert actor.role == "operator"
    assert open_exchange(parts) is None


def test_the_key_of_another_exchange_is_never_written_over(store, tmp_path):
    (tmp_path / KEY_FILE).write_text("the only key of an older database\n")
    (tmp_path / f"{KEY_FILE}.1").write_text("one more\n")
    path = open_exchange(Parts(Settings(data_dir=tmp_path), store))
    assert read_key(path.read_text().strip())
    kept = {(tmp_path / f"{KEY_FILE}.{n}").read_text() for n in (1, 2)}
    assert kept == {"one more\n", "the only key of an older database\n"}


def test_a_crash_before_the_key_is_in_its_place_is_repaired(store, tmp_path):
    parts = Parts(Settings(data_dir=tmp_path), store)
    path = open_exchange(parts)
    path.rename(tmp_path / f"{KEY_FILE}.new")
    assert open_exchange(parts) == path
    assert path.exists()


def test_a_key_that_was_never_committed_is_thrown_away(store, tmp_path):
    parts = Parts(Settings(data_dir=tmp_path), store)
    open_exchange(parts)
    stale = tmp_path / f"{KEY_FILE}.new"
    stale.write_text("sk_key_01JB3ZK8Q4QZ5X5X5X5X5X5X5X_00\n")
    assert open_exchange(parts) is None
    assert not stale.exists()


# ── suan db ─────────────────────────────────────────────────────────────────────────────────────


def test_backup_restore_upgrade_check(tmp_path):
    runner, url = CliRunner(), f"sqlite:///{tmp_path / 'a.db'}"
    assert runner.invoke(db, ["upgrade", "--db", url]).exit_code == 0
    assert runner.invoke(db, ["check", "--db", url]).exit_code == 0
    backup = tmp_path / "b.bak"
    assert runner.invoke(db, ["backup", str(backup), "--db", url]).exit_code == 0
    again = runner.invoke(db, ["backup", str(backup), "--db", url])
    assert again.exit_code == 5
    assert "--force" in again.output
    other = f"sqlite:///{tmp_path / 'c.db'}"
    assert runner.invoke(db, ["restore", str(backup), "--db", other]).exit_code == 0
    shown = json.loads(runner.invoke(db, ["check", "--db", other, "--json"]).output)
    assert shown["good"]
    assert shown["ledger"]["balanced"]


def test_ledger_verify_ends_with_0_or_1(tmp_path):
    app = typer.Typer()
    app.command()(ledger_verify)
    runner, url = CliRunner(), f"sqlite:///{tmp_path / 'a.db'}"
    assert runner.invoke(db, ["upgrade", "--db", url]).exit_code == 0
    good = runner.invoke(app, ["--db", url, "--json"])
    assert (good.exit_code, json.loads(good.output)["balanced"]) == (0, True)
    with sqlite3.connect(tmp_path / "a.db") as wild:
        wild.execute("INSERT INTO organisations VALUES ('org_1', 'x', 'member', 'open', 0)")
        wild.execute(
            "INSERT INTO accounts"
            " VALUES ('acc_1', 'org_1', 'available', 'CNY', 6, 0, 5, 0, 0, 'open')"
        )
    wild.close()
    bad = runner.invoke(app, ["--db", url])
    assert bad.exit_code == 1
    assert "acc_1" in bad.output


def test_a_database_that_is_not_there_is_one_sentence(tmp_path):
    done = CliRunner().invoke(db, ["check", "--db", f"sqlite:///{tmp_path / 'no.db'}"])
    assert done.exit_code == 5
    assert "Traceback" not in done.output
    assert CliRunner().invoke(db, ["check", "--db", "mysql://x/y"]).exit_code == 2


@pytest.mark.parametrize(("lang", "said"), [("en", "There is no database"), ("zh", "没有数据库")])
def test_ledger_verify_speaks_the_language_asked_for(tmp_path, lang, said):
    url = f"sqlite:///{tmp_path / 'no.db'}"
    words = [str(Path(sys.executable).with_name("suan")), "ledger", "verify"]
    done = subprocess.run(
        [*words, "--lang", lang, "--db", url], capture_output=True, text=True, check=False
    )
    assert done.returncode == 5
    assert said in done.stderr
