"""The main job, as a person runs it, and the small decisions around it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from suanwang.client.demo.centres import CENTRES
from suanwang.client.demo.errors import FolderNotEmpty, FolderUnusable
from suanwang.client.demo.figures import Told, at_one_centre, on_the_grid
from suanwang.client.demo.jobs import first_jobs, restore_job
from suanwang.client.demo.play import fresh_folder
from suanwang.client.wire import Bill, BillLine, CentreName, JobView, Option, Quote

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)


def suan(*words: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "suanwang.client", *words],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, **options,
    )  # fmt: skip


def needs_the_work() -> None:
    for module in ("sklearn", "openmm", "pyradiance", "PIL"):
        pytest.importorskip(
            module, reason=f"the demo's work needs {module}, which is not installed"
        )


# the folder


def test_a_new_folder_is_made(tmp_path):
    assert fresh_folder(tmp_path / "a" / "demo").is_dir()


def test_an_earlier_demo_is_kept_and_the_next_one_lies_beside_it(tmp_path):
    first = fresh_folder(tmp_path / "demo")
    (first / "film.gif").touch()
    assert fresh_folder(tmp_path / "demo").name == "demo-2"
    assert (first / "film.gif").exists()


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_is_not_a_demo_is_never_touched(tmp_path, kind):
    place = tmp_path / "mine"
    if kind == "file":
        place.write_text("mine")
    else:
        place.mkdir()
        (place / "thesis.tex").write_text("mine")
    with pytest.raises(FolderNotEmpty, match="name another one with --dir"):
        fresh_folder(place)


# the figures


def told(name: str, *, here: str, charge: str, costs: dict[str, str]) -> Told:
    options = tuple(
        Option(
            centre=c, zone=c, card_class="cpu", cards=1, price=Decimal(1), cost=Decimal(v),
            cost_at_most=Decimal(v), carbon_g=float(v) * 10,
        )
        for c, v in costs.items()
    )  # fmt: skip
    usage = {
        "wall_seconds": "30",
        "started_at": "2026-11-24T09:00:00Z",
        "ended_at": "2026-11-24T09:00:30Z",
    }
    job = JobView(
        id=name, name=name, kind="compute", state="SETTLED", currency="CNY", created_at=NINE,
        updated_at=NINE, centre=CentreName(id=here, name=here, zone=here), usage=usage,
        charge=Decimal(charge),
    )  # fmt: skip
    carbon = BillLine(
        kind="carbon", quantity=Decimal(4), unit="gCO2e", price=Decimal(0), amount=Decimal(0)
    )
    bill = Bill(job_id=name, lines=(carbon,), total=Decimal(charge))
    return Told(job, Quote(options=options, currency="CNY"), bill)


def test_elsewhere_is_the_other_plan_scaled_to_the_metered_use():
    """Planned 2 here and 3 there, charged 1: half the plan was used, so 1.5 there."""
    job = told("train", here="east", charge="1", costs={"east": "2", "west": "3"})
    assert job.cost_at("west") == Decimal("1.5")
    assert job.cost_at("east") == Decimal(1)
    assert job.carbon_at("west") == 6
    assert job.cost_at("north") is None


def test_one_centre_runs_one_after_another_and_the_grid_side_by_side():
    jobs = [
        told("a", here="east", charge="1", costs={"east": "1", "west": "2"}),
        told("b", here="west", charge="2", costs={"east": "1", "west": "2"}),
    ]
    alone = at_one_centre(jobs, "west")
    assert alone
    assert (alone.cost, alone.seconds) == (Decimal(4), 60)
    assert on_the_grid(jobs).seconds == 30
    assert at_one_centre(jobs, "north") is None


# the job files


def test_the_demos_job_files_are_good_ones():
    from suanwang.jobs.check import check_mapping  # noqa: PLC0415 - the client itself may not

    specs = [
        *first_jobs([{"from": "blob:" + "0" * 64, "to": "x"}]),
        restore_job("job_" + "0" * 26, ["x"]),
    ]
    assert [m.message("en") for spec in specs for m in check_mapping(spec).mistakes] == []
    assert {spec["kind"] for spec in specs} == {"train", "render", "compute", "store"}


@pytest.mark.parametrize("centre", CENTRES, ids=lambda c: c.slug)
def test_the_demos_centre_files_are_good_ones(tmp_path, centre):
    config = pytest.importorskip("suanwang.agent.config", reason="needs the extra `agent`")
    path = tmp_path / "centre.toml"
    path.write_text(centre.toml(environment=Path("/usr")), "utf-8")
    assert config.read_centre_file(path).zone == centre.zone


@pytest.mark.parametrize("place", ["file/x", "loop/x"])
def test_a_folder_that_cannot_be_made_is_named(tmp_path, place):
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(FolderUnusable, match="--dir"):
        fresh_folder(tmp_path / place)


def test_the_demo_speaks_the_language_of_the_whole_command(tmp_path):
    (tmp_path / "mine").touch()
    done = suan("--lang", "zh", "demo", "--dir", str(tmp_path / "mine"))
    assert (done.returncode, "已存在" in done.stderr) == (2, True), done.stderr


# the whole


def test_a_wrong_flag_is_said_in_a_sentence(tmp_path):
    done = suan("demo", "--dir")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.real
@pytest.mark.timeout(420)
def test_the_main_job_settles_all_four_kinds(tmp_path):
    needs_the_work()
    # The README's command runs it in the sandbox; here it runs as inside a container without one.
    done = suan("demo", "--dir", str(tmp_path / "new" / "demo"), "--json", "--no-sandbox")
    assert done.returncode == 0, done.stderr[-3000:]
    played = json.loads(done.stdout)
    assert set(played) == {"jobs", "ledger", "seconds", "dir"}
    assert {job["kind"] for job in played["jobs"]} == {"train", "render", "compute", "store"}
    assert {job["state"] for job in played["jobs"]} == {"SETTLED"}
    assert {job["zone"] for job in played["jobs"]} == {"zhongwei", "guian", "wuhu"}
    assert played["ledger"]["balanced"] is True
    assert played["ledger"]["transfers"] > 0
    for job in played["jobs"]:
        assert Decimal(job["charge"]) > 0
        assert job["started"] < job["finished"]
        for output in job["outputs"]:
            data = Path(output["path"]).read_bytes()
            assert len(data) == output["bytes"]
            assert hashlib.sha256(data).hexdigest() == output["sha256"]
    folder = Path(played["dir"])
    metrics = json.loads((folder / "results/train/out/metrics.json").read_text())
    assert metrics["accuracy"] >= 0.97
    assert json.loads((folder / "results/peptide/out/result.json").read_text())["agrees"] is True
    assert (folder / "results/film.gif").stat().st_size > 100_000
