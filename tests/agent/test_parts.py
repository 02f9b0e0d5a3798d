"""The agent's smaller parts: outputs, logs, journal, cold store, meter."""

from __future__ import annotations

import asyncio
import json
import os
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanwang.agent import cold, logs, meter
from suanwang.agent.backends.order import Ended, EndedBy, Sample
from suanwang.agent.cold import ColdStore
from suanwang.agent.errors import ColdStoreDamaged, InputMissing, ServerUnreachable
from suanwang.agent.journal import Journal
from suanwang.agent.logs import LINE_CHARS_MAX, LineCutter, LogShipper
from suanwang.agent.meter import Meter, Reading
from suanwang.agent.outputs import collect
from suanwang.jobs.spec import Output

JOB = "job_01JB3ZK8Q4AAAAAAAAAAAAAAAA"


# ── outputs ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def work(tmp_path):
    """
    work/out/a.txt  out/b.txt  out/deep/c.bin   link → out/a.txt   away → /etc/hostname
    work/out/loop → loop   out/pipe (a FIFO)    top.txt
    """
    folder = tmp_path / "work"
    (folder / "out" / "deep").mkdir(parents=True)
    for name in ("out/a.txt", "out/b.txt", "out/deep/c.bin", "top.txt"):
        (folder / name).write_bytes(name.encode())
    (folder / "link").symlink_to("out/a.txt")
    (folder / "away").symlink_to("/etc/hostname")
    (folder / "outside").symlink_to("/etc")
    (folder / "out" / "loop").symlink_to("loop")
    os.mkfifo(folder / "out" / "pipe")
    return folder


@pytest.mark.parametrize(
    ("declared", "found", "missing"),
    [
        (["top.txt"], ["top.txt"], []),
        (["out/*.txt"], ["out/a.txt", "out/b.txt"], []),
        (["out"], ["out/a.txt", "out/b.txt", "out/deep/c.bin"], []),
        (["**/*.bin"], ["out/deep/c.bin"], []),
        (["link"], ["link"], []),
        (["away"], [], ["away"]),
        (["outside"], [], ["outside"]),
        (["outside/*"], [], ["outside/*"]),
        (["out/pipe"], [], ["out/pipe"]),
        (["no", "top.txt", "no*"], ["top.txt"], ["no", "no*"]),
        (["top.txt", "top.txt"], ["top.txt"], []),
    ],
)
def test_declared_outputs_are_found_and_nothing_outside_the_work_directory(
    work, declared, found, missing
):
    collected = collect([Output.model_validate({"from": d}) for d in declared], work)
    assert [each.name for each in collected.found] == found
    assert list(collected.missing) == missing


# ── logs ─────────────────────────────────────────────────────────────────────────────────────────


def cut(*chunks, secrets=()):
    cutter = LineCutter(list(secrets))
    lines = [line for chunk in chunks for line in cutter.feed(chunk)]
    return lines + cutter.feed(b"", final=True)


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        ([b"a\nb\n"], ["a", "b"]),
        ([b"a", b"b\n", b"c"], ["ab", "c"]),
        (["算".encode()[:2], "算".encode()[2:] + b"\n"], ["算"]),
        ([b"\xff\xfe\n"], ["��"]),
        ([b"a\r\n\n"], ["a", ""]),
        ([b"x" * (LINE_CHARS_MAX + 5) + b"\n"], ["x" * LINE_CHARS_MAX, "xxxxx"]),
        ([b"a\0b\n"], ["a�b"]),
    ],
    ids=["lines", "pieces", "split character", "no utf-8", "returns", "long", "nul"],
)
def test_bytes_become_lines(chunks, lines):
    assert cut(*chunks) == lines


@given(st.lists(st.integers(1, 40)), st.integers(0, 200))
def test_a_secret_is_masked_however_it_is_cut_into_chunks(sizes, before):
    secret = "correct-horse-battery"
    data = ("x" * before + secret + "y" * 50 + "\n").encode()
    chunks, at = [], 0
    for size in [*sizes, len(data)]:
        chunks.append(data[at : at + size])
        at += size
    text = "".join(cut(*chunks, secrets=[secret]))
    assert text == "x" * before + "***" + "y" * 50


def test_a_secret_across_the_cut_of_a_long_line_is_masked():
    secret = "correct-horse-battery"
    for before in range(LINE_CHARS_MAX - 30, LINE_CHARS_MAX + 5):
        line = (b"x" * before) + secret.encode() + b"y" * 40_000
        text = "".join(cut(line[:9000], line[9000:20000], line[20000:], secrets=[secret]))
        assert "horse" not in text
        assert text.count("***") == 1


def ship(*writes, fail=0, **options):
    sent, left = [], [fail]

    async def send(lines):
        if left[0]:
            left[0] -= 1
            raise ServerUnreachable(server="s", reason="away")
        sent.append([(line["seq"], line["stream"], line["text"]) for line in lines])

    async def go():
        shipper = LogShipper(send, now=lambda: datetime(2026, 1, 1, tzinfo=UTC), **options)
        for stream, data in writes:
            shipper.take(stream, data)
        shipper.close()
        await shipper.run()

    asyncio.run(go())
    return [line for batch in sent for line in batch]


def test_both_streams_are_numbered_in_the_order_they_came():
    lines = ship(("stdout", b"a\n"), ("stderr", b"b\n"), ("stdout", b"c"))
    assert lines == [(0, "stdout", "a"), (1, "stderr", "b"), (2, "stdout", "c")]


def test_lines_wait_for_a_server_that_is_away(monkeypatch):
    monkeypatch.setattr(logs, "FLUSH_SECONDS", 0.001)
    assert [text for _, _, text in ship(("stdout", b"a\nb\n"), fail=3)] == ["a", "b"]


def test_a_flood_ends_with_one_line_that_says_so():
    lines = ship(*[("stdout", b"0123456789\n")] * 100, bytes_max=105)
    assert len(lines) == 10
    assert lines[-1][1:] == ("agent", "log truncated here: the job wrote more than is kept")


# ── journal ──────────────────────────────────────────────────────────────────────────────────────


def test_a_journal_remembers_what_has_no_end(tmp_path):
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.write("a", "taken", job_id="j1", token=1)
    journal.write("a", "spawned", pid=7, started=1.5, groups=["/x"])
    journal.write("b", "taken", job_id="j2", token=2)
    journal.write("b", "report", verb="returned", body={"exit_code": 0})
    journal.write("c", "taken", job_id="j3", token=3)
    journal.write("c", "over")
    journal.close()
    with path.open("ab") as file:
        file.write(b'{"lease_id": "b", "ev')  # killed while writing
    again = Journal(path)
    left = again.unfinished()
    again.close()
    assert [(each.lease_id, each.token) for each in left] == [("a", 1), ("b", 2)]
    assert left[0].mark.pid == 7
    assert left[1].report == ("returned", {"exit_code": 0})
    assert b'"c"' not in path.read_bytes()


# ── cold store ───────────────────────────────────────────────────────────────────────────────────


def an_archive(tmp_path, files, store=None):
    work = tmp_path / "in"
    for name, data in files.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_bytes(data)
    store = store or ColdStore(tmp_path / "cold")
    return store, store.archive(
        work, job_id=JOB, stored_at="2026-11-24T00:00:00Z", keep_until="2026-12-24T00:00:00Z"
    )


def test_what_is_archived_comes_back_byte_for_byte(tmp_path):
    files = {"a.txt": b"a" * 3_000_000, "深/层.bin": os.urandom(1000), "empty": b""}
    store, made = an_archive(tmp_path, files)
    assert {f["name"]: f["bytes"] for f in made.manifest["files"]} == {
        name: len(data) for name, data in files.items()
    }
    assert made.bytes < 100_000
    for name, data in files.items():
        with (tmp_path / "back").open("w+b") as sink:
            store.read(f"store://{JOB}/{name}", sink, lambda _: None)
            sink.seek(0)
            assert sink.read() == data
    assert store.extract(f"store://{JOB}/", tmp_path / "all") == sum(map(len, files.values()))
    assert (tmp_path / "all" / "深" / "层.bin").read_bytes() == files["深/层.bin"]


def test_the_same_files_make_the_same_archive(tmp_path):
    _, one = an_archive(tmp_path / "1", {"a": b"x", "b": b"y"})
    _, two = an_archive(tmp_path / "2", {"b": b"y", "a": b"x"})
    assert one.sha256 == two.sha256


def test_a_damaged_archive_is_never_named(tmp_path, monkeypatch):
    write = cold._write_archive

    def damaging(path, work):
        files = write(path, work)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        return files

    monkeypatch.setattr(cold, "_write_archive", damaging)
    with pytest.raises(ColdStoreDamaged):
        an_archive(tmp_path, {"a": os.urandom(5000)})
    assert list((tmp_path / "cold").glob("*.zst")) == []


def test_what_was_never_archived_is_missing(tmp_path):
    store, _ = an_archive(tmp_path, {"a": b"x"})
    with pytest.raises(InputMissing):
        store.read(f"store://{JOB}/b", None, lambda _: None)
    with pytest.raises(InputMissing):
        store.manifest("../../etc/passwd")


# ── meter ────────────────────────────────────────────────────────────────────────────────────────


def ended(cpu, wall):
    sample = Sample(cpu_seconds=cpu)
    return Ended(exit_code=0, by=EndedBy.EXIT, wall_seconds=wall, sample=sample)


def a_meter(*readings, **facts):
    left = list(readings)
    return Meter(
        **{"card_watts": 200.0, "is_cpu": True, "cores_per_card": 4.0} | facts,
        read=lambda: left.pop(0),
    )


def test_measured_energy_is_the_jobs_share_of_the_counter():
    found = a_meter(Reading(100.0, 50.0), Reading(7300.0, 70.0)).energy(ended(10, 60), cards=1)
    # 7200 J over 20 busy CPU seconds, of which the job had 10: 3600 J = 1 Wh
    assert (str(found.watt_hours), found.basis) == ("1.000000", "measured")


@pytest.mark.parametrize(
    ("cpu", "wall", "cards", "watt_hours"),
    [
        (0, 3600, 1, "60.000000"),  # idle: 30 % of 200 W
        (4 * 3600, 3600, 1, "200.000000"),  # all four cores busy
        (2 * 3600, 3600, 1, "130.000000"),
        (0, 0, 1, "0.000000"),
        (8 * 3600, 3600, 2, "400.000000"),
    ],
)
def test_without_a_counter_energy_is_modelled_and_says_so(cpu, wall, cards, watt_hours):
    nothing = Reading(None, 0.0)
    found = a_meter(nothing, nothing).energy(ended(cpu, wall), cards=cards)
    assert (str(found.watt_hours), found.basis) == (watt_hours, "modelled")


def test_a_counter_that_wrapped_around_is_not_believed():
    found = a_meter(Reading(9.0, 0.0), Reading(1.0, 9.0)).energy(ended(1, 60), cards=1)
    assert found.basis == "modelled"


def test_an_accelerator_without_a_counter_counts_as_busy():
    nothing = Reading(None, 0.0)
    found = a_meter(nothing, nothing, is_cpu=False).energy(ended(0, 3600), cards=1)
    assert str(found.watt_hours) == "200.000000"


def test_rapl_packages_are_summed_and_their_parts_are_not(tmp_path):
    for name, micro in (("intel-rapl:0", 5_000_000), ("intel-rapl:1", 1_000_000),
                        ("intel-rapl:0:0", 9_000_000)):  # fmt: skip
        (tmp_path / name).mkdir()
        (tmp_path / name / "energy_uj").write_text(str(micro))
    assert meter.package_joules(tmp_path) == 6.0
    assert meter.package_joules(tmp_path / "none") is None


def test_a_manifest_is_json_that_anybody_can_read(tmp_path):
    _, made = an_archive(tmp_path, {"a": b"x"})
    stored = json.loads((tmp_path / "cold" / f"{made.sha256}.json").read_bytes())
    assert stored == made.manifest
