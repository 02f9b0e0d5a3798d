"""Progress of files on their way: shown on a terminal once it takes longer than a second."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from suanwang.client.talk import Talk

QUIET_SECONDS = 1.0


class FileProgress:
    """Hears of bytes that moved; draws nothing in the first second."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._began = time.monotonic()
        self._progress: Progress | None = None
        self._tasks: dict[tuple[str, Path], int] = {}
        self._done: dict[tuple[str, Path], int] = {}

    def __call__(self, stage: str, path: Path, size: int) -> None:
        """Take note of `size` bytes of `path`."""
        key = (stage, path)
        self._done[key] = self._done.get(key, 0) + size
        if self._progress is None:
            if time.monotonic() - self._began < QUIET_SECONDS:
                return
            self._progress = self._begin()
        if key not in self._tasks:
            total = path.stat().st_size if stage != "fetch" and path.is_file() else None
            name = f"{self._word(stage)} {path.name}"
            self._tasks[key] = self._progress.add_task(name, total=total)
        self._progress.update(self._tasks[key], completed=self._done[key])  # type: ignore[arg-type]  # add_task's own id

    def end(self) -> None:
        """Take the bars away."""
        if self._progress is not None:
            self._progress.stop()

    def _begin(self) -> Progress:
        progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=self._talk.err,
            transient=True,
            disable=not self._talk.animated,
        )
        progress.start()
        return progress

    def _word(self, stage: str) -> str:
        say = self._talk.say
        if stage == "hash":
            return say("reading")
        return say("fetching") if stage == "fetch" else say("sending")


@contextmanager
def file_progress(talk: Talk) -> Iterator[FileProgress]:
    """Show files on their way for as long as the block lasts."""
    progress = FileProgress(talk)
    try:
        yield progress
    finally:
        progress.end()
