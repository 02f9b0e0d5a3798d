"""Which outputs a buyer asked for: a centre may bring those home and nothing else."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from suanwang.jobs.spec import JobKind, JobSpec


def is_declared(spec: JobSpec, name: str) -> bool:
    """Say whether an output was asked for: a declared path, anything below one, or by its glob.

    Otherwise a hostile centre could lay a `.bashrc` among the results that a buyer fetches. An
    archive's outputs are the inputs' own names, so they are all asked for.
    """
    if spec.kind is JobKind.STORE:
        return True
    path = PurePosixPath(name)
    places = [str(each) for each in (path, *path.parents)]
    wanted = [str(PurePosixPath(each.source.lstrip("/"))) for each in spec.outputs]
    return any(fnmatchcase(place, pattern) for pattern in wanted for place in places)
