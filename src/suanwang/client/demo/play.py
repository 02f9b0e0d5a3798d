"""The main job from start to end: open a grid, hand in work, watch it, bring it home, prove it."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suanwang.client.demo.centres import CENTRES
from suanwang.client.demo.errors import DemoFailed, FolderNotEmpty, FolderUnusable
from suanwang.client.demo.figures import Told, at_one_centre, on_the_grid
from suanwang.client.demo.jobs import WORK, Spec, archive_inputs, first_jobs, restore_job
from suanwang.client.demo.processes import Processes
from suanwang.client.demo.proofs import bring_proofs
from suanwang.client.demo.screen import Screen
from suanwang.client.demo.setup import open_grid
from suanwang.client.demo.vouchers import bring_report
from suanwang.client.sync.client import Client
from suanwang.client.wire_money import LedgerCheck

MARK = ".suanwang-demo"
QUOTE_SECONDS = 20.0
FINISH_SECONDS = 420.0
LOOK_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class Played:
    """How the demo ended."""

    jobs: list[Told]
    ledger: LedgerCheck
    seconds: float
    folder: Path

    @property
    def good(self) -> bool:
        """Say whether everything is settled and the ledger balances."""
        return self.ledger.balanced and not any(told.went_wrong() for told in self.jobs)

    def record(self) -> dict[str, Any]:
        """Return what `suan demo --json` prints."""
        return {
            "jobs": [told.record() for told in self.jobs],
            "ledger": {
                "balanced": self.ledger.balanced,
                "transfers": self.ledger.transfers,
            },
            "seconds": round(self.seconds, 1),
            "dir": str(self.folder),
        }


def fresh_folder(folder: Path) -> Path:
    """Make the demo's folder; one that holds anything but an earlier demo is never touched.

    Raises FolderNotEmpty or FolderUnusable.
    """
    try:
        return _fresh_folder(folder)
    except OSError as error:
        raise FolderUnusable(path=folder, why=error.strerror or str(error)) from None


def _fresh_folder(folder: Path) -> Path:
    if folder.exists() and not folder.is_dir():
        raise FolderNotEmpty(path=folder)
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise FolderNotEmpty(path=folder)
        number = 2
        while (again := folder.with_name(f"{folder.name}-{number}")).exists():
            number += 1
        folder = again
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()
    return folder.resolve()


def play(folder: Path, screen: Screen, *, sandbox: bool) -> Played:
    """Run the whole demo in `folder` and return what came of it."""
    start = time.monotonic()
    say = screen.say
    screen.note(say("Starting a control plane and three centres in {dir} …", dir=folder))
    with Processes(folder / "logs") as processes:
        grid = open_grid(folder, processes, sandbox=sandbox, lang=say.lang)
        buyer = grid.buyer
        inputs = archive_inputs(_make_record(folder))
        jobs = _submit(buyer, first_jobs(inputs), screen)
        names = [each["to"] for each in inputs]
        jobs += _watch(buyer, jobs, names, screen=screen, processes=processes)
        _refuse_failures(jobs)
        _bring_home(buyer, jobs, folder, screen)
        proofs = bring_proofs(buyer, jobs, folder)
        screen.note(screen.say("Each bill with its proof: {path}", path=proofs))
        report = bring_report(grid.funder, folder)
        screen.note(screen.say("What the invented vouchers paid: {path}", path=report))
        ledger = grid.operator.operator.check_ledger()
        screen.bills(jobs)
        free = [told for told in jobs if told.could_move()]
        centres = [c.name_zh if say.lang == "zh" else c.name for c in CENTRES]
        screen.comparison(on_the_grid(free), {each: at_one_centre(free, each) for each in centres})
    return Played(jobs, ledger, time.monotonic() - start, folder)


def _make_record(folder: Path) -> Path:
    """Make the data set that is archived: a seismic record of some fifty megabytes."""
    home = folder / "record"
    home.mkdir()
    _at_home("dataset.py", cwd=home)
    return home / "out" / "record"


def _at_home(script: str, *arguments: str, cwd: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(WORK / script), *arguments],
        cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise DemoFailed(what=script, why=(done.stdout + done.stderr).strip()[-1000:])


def _submit(buyer: Client, specs: list[Spec], screen: Screen) -> list[Told]:
    """Hand jobs in and show each plan."""
    told = []
    for job in buyer.jobs.submit_all(specs, accept=True):
        quoted = buyer.jobs.wait_for_quote(job.id, timeout=QUOTE_SECONDS)
        each = Told(quoted, quoted.quote())
        screen.plan(each)
        told.append(each)
    return told


def _watch(
    buyer: Client, jobs: list[Told], names: list[str], *, screen: Screen, processes: Processes
) -> list[Told]:
    """Follow every job to its end; hand the restore in once the archive lies safely."""
    later: list[Told] = []
    end = time.monotonic() + FINISH_SECONDS
    with screen.live() as live:
        while True:
            for told in [*jobs, *later]:
                if not told.job.is_final:
                    told.job = buyer.jobs.get(told.job.id)
            archive = next(told.job for told in jobs if told.name == "archive")
            if not later and archive.state in {"BILLED", "SETTLED"}:
                live.stop()
                later = _submit(buyer, [restore_job(archive.id, names)], screen)
                live.start()
            live.update(screen.progress([*jobs, *later]))
            if all(told.job.is_final for told in [*jobs, *later]):
                break
            if time.monotonic() > end:
                raise DemoFailed(what="jobs", why=screen.say("they did not finish in time"))
            processes.wait_until(lambda: True, what="jobs", seconds=1)
            time.sleep(LOOK_SECONDS)
    screen.console.print(screen.progress([*jobs, *later]))
    return later


def _refuse_failures(jobs: list[Told]) -> None:
    """Stop with every job's own reason if one did not end as it should."""
    bad = [
        f"{told.name}: {told.job.state}, exit code {told.job.exit_code}"
        f" {told.job.reason.message if told.job.reason else ''}"
        for told in jobs
        if told.went_wrong()
    ]
    if bad:
        raise DemoFailed(what="jobs", why="; ".join(bad))


def _bring_home(buyer: Client, jobs: list[Told], folder: Path, screen: Screen) -> None:
    """Fetch bills and outputs, put the film together, check what came back from the archive."""
    say = screen.say
    screen.note("")
    results = folder / "results"
    for told in jobs:
        told.bill = buyer.jobs.bill(told.job.id)
        told.outputs = buyer.jobs.results(told.job.id, results / told.name)
    _at_home("assemble.py", str(results), "--film", str(results / "film.gif"), cwd=folder)
    _at_home("dataset.py", "--check", str(results / "restore"), cwd=folder)
    screen.note(say("The film: {path}", path=results / "film.gif"))
    screen.note(say("The record came back from the cold store with every checksum equal."))
