"""Following jobs: live timeline and output, and waiting for the end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

from suanwang.client.commands.looking import detached, print_line
from suanwang.client.errors import EXIT_JOB_FAILED, TimedOut
from suanwang.client.screen.figures import clock, printable
from suanwang.client.sync.job import Job
from suanwang.client.talk import Talk
from suanwang.client.wire import ENDED

LOOK_SECONDS = 0.5
LOOK_MAX_SECONDS = 2.0
SECONDS_PER_JOB = 0.05
_PRINTING = ENDED | {"RUNNING"}


def follow_jobs(talk: Talk, jobs: Sequence[Job]) -> int:
    """Print timelines and output as they come, until all jobs have ended; return the exit code."""
    following = [_Followed(talk, job) for job in jobs]
    pause = LOOK_SECONDS
    try:
        while True:
            news = [each.look() for each in following if not each.ended]
            if all(each.ended for each in following):
                break
            pause = LOOK_SECONDS if any(news) else min(pause * 1.3, LOOK_MAX_SECONDS)
            # Many jobs are looked at less often: a key may ask only so often a second.
            time.sleep(max(pause, SECONDS_PER_JOB * len(news)))
    except KeyboardInterrupt:
        return detached(talk, *(each.job.id for each in following if not each.ended))
    ended = [each.job for each in following]
    report(talk, ended)
    return 0 if all(job.succeeded for job in ended) else EXIT_JOB_FAILED


class _Followed:
    """One job that is followed: what of it has been shown."""

    def __init__(self, talk: Talk, job: Job) -> None:
        self.talk, self.job = talk, job
        self.ended = False
        self._seq, self._cursor = 0, ""
        self._updated: datetime | None = None

    def look(self) -> bool:
        """Show what is new; say whether anything was."""
        jobs, before = self.talk.grid.jobs, (self._seq, self._cursor)
        # The job first: what comes after its end is then surely seen below.
        self.job = jobs.get(self.job.id)
        if self.job.updated_at != self._updated or self.job.is_ended:
            self._updated = self.job.updated_at
            self._show_timeline()
        if self.job.state in _PRINTING:
            for printed in jobs.logs(self.job.id, after=self._cursor):
                self._cursor = printed.cursor or str(printed.seq)
                print_line(self.talk, printed)
        self.ended = self.job.is_ended
        return before != (self._seq, self._cursor)

    def _show_timeline(self) -> None:
        for line in self.talk.grid.jobs.timeline(self.job.id):
            if line.seq > self._seq:
                self._seq = line.seq
                if self.talk.for_people:
                    name = f"{self.job.name}  " if self.job.array_index is None else (
                        f"{self.job.name}[{self.job.array_index}]  ")  # fmt: skip
                    self.talk.tell(printable(f"{clock(line.at)}  {name}{line.verb}: {line.state}"))


def report(talk: Talk, jobs: Sequence[Job]) -> None:
    """Say how jobs ended, and what can be done next."""
    say = talk.say
    for job in jobs:
        why = f": {job.reason.message}" if job.reason else ""
        if job.succeeded:
            talk.tell(say("{id} has ended well.", id=job.id))
        elif job.exit_code is not None:
            talk.tell(say("{id} ended with exit code {code}{why}", id=job.id, code=job.exit_code,
                          why=why))  # fmt: skip
        else:
            talk.tell(say("{id} is {state}{why}", id=job.id, state=job.state, why=why))
    if any(job.exit_code is not None for job in jobs):
        ids = " ".join(job.id for job in jobs if job.exit_code is not None)
        talk.tell(say("Results: {command}", command=f"suan job results {ids}"))


def wait_for_jobs(
    talk: Talk,
    job_ids: Sequence[str],
    *,
    timeout: float | None,
    own_code: bool,
    settled: bool,
) -> int:
    """Wait until jobs have ended; return 0, 10, or the first job's own code if that is wanted."""
    end = None if timeout is None else time.monotonic() + timeout
    ended: list[Job] = []
    try:
        for job_id in job_ids:
            left = None if end is None else max(0.0, end - time.monotonic())
            with talk.busy(talk.say("waiting for {id}", id=job_id)):
                job = talk.grid.jobs.wait(job_id, timeout=left, settled=settled)
            ended.append(job)
            if not talk.for_people:
                talk.show(job, lambda: None)
    except TimedOut as error:
        raise TimedOut(what=error.facts["what"], seconds=f"{timeout:g}") from None
    except KeyboardInterrupt:
        return detached(talk, *job_ids[len(ended) :])
    if talk.for_people:
        report(talk, ended)
    failed = [job for job in ended if not job.succeeded]
    if own_code and ended:
        worst = failed[0] if failed else ended[0]
        return EXIT_JOB_FAILED if worst.exit_code is None else worst.exit_code
    return EXIT_JOB_FAILED if failed else 0
