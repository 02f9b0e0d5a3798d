"""Looking at one job: its page, its output, its results."""

from __future__ import annotations

import sys
from pathlib import Path

from suanwang.basics.errors import NotFound
from suanwang.client.errors import EXIT_INTERRUPTED
from suanwang.client.screen.figures import printable
from suanwang.client.screen.jobs import job_page, results_table
from suanwang.client.screen.progress import file_progress
from suanwang.client.sync.job import Job
from suanwang.client.talk import Talk
from suanwang.client.wire import Bill, LogLine


def show_job(talk: Talk, job_id: str) -> None:
    """Show a job with its timeline and, once there is one, its bill."""
    job = talk.grid.jobs.get(job_id)
    if not talk.for_people:
        talk.show(job, lambda: None)
        return
    talk.draw(job_page(job, talk.grid.jobs.timeline(job_id), _bill(talk, job), talk.say))


def _bill(talk: Talk, job: Job) -> Bill | None:
    if job.charge is None:
        return None
    try:
        return talk.grid.jobs.bill(job.id)
    except NotFound:
        return None


def print_logs(talk: Talk, job_id: str, *, follow: bool, after: str) -> int:
    """Print what a job prints; return the exit code."""
    lines = talk.grid.jobs.logs(job_id, follow=follow, after=after)
    try:
        for line in lines:
            print_line(talk, line)
    except KeyboardInterrupt:
        return detached(talk, job_id)
    return 0


def print_line(talk: Talk, line: LogLine) -> None:
    """Print one line where the job printed it."""
    if talk.json_:
        talk.write_json(line.raw, lines=True)
        return
    stream = sys.stderr if line.stream == "stderr" else sys.stdout
    text = printable(line.text) if stream.isatty() else line.text
    stream.write(text + "\n")
    stream.flush()


def detached(talk: Talk, *job_ids: str) -> int:
    """Say that the jobs go on without us; return the exit code of Ctrl-C."""
    talk.tell()
    for job_id in job_ids:
        talk.tell(talk.say("Detached; {id} goes on.", id=job_id))
    talk.tell(talk.say("Follow again: {command}", command=f"suan job logs -f {job_ids[0]}"))
    talk.tell(talk.say("Cancel: {command}", command=f"suan job cancel {' '.join(job_ids)}"))
    return EXIT_INTERRUPTED


def fetch_results(talk: Talk, job_id: str, folder: Path) -> None:
    """Fetch a job's outputs into a folder and say where each lies."""
    with file_progress(talk) as told:
        found = talk.grid.jobs.results(job_id, folder, told=told)
    if talk.json_:
        talk.write_json(
            [{**each.output.raw, "path": str(each.path) if each.path else None} for each in found]
        )
    elif talk.quiet:
        for each in found:
            talk.write(str(each.path or each.output.location or each.output.name))
    else:
        talk.draw(results_table(found, talk.say))
        if not found:
            job = talk.grid.jobs.get(job_id)
            if not job.is_ended:
                wait = f"suan job wait {job_id}"
                talk.tell(talk.say("The job is {state}; wait: {command}", state=job.state,
                                   command=wait))  # fmt: skip
