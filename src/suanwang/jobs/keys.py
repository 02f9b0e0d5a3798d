"""Which keys a job file has, which one was probably meant, and whose file this is otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from pydantic import BaseModel

from suanwang.jobs.errors import Wrong
from suanwang.jobs.spec import Input, JobSpec, Output, Resources

_NEAR_ENOUGH = 0.6
_COMPARED_MAX = 40  # letters of a key that are compared


def keys_of(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the keys of a model as they are written in a file."""
    return tuple(info.alias or name for name, info in model.model_fields.items())


TOP = keys_of(JobSpec)
RESOURCES = keys_of(Resources)
INPUT = keys_of(Input)
OUTPUT = keys_of(Output)

# Words from other systems, and where the same thing is said here.
_SAME = {
    "gpu": "resources.cards", "gpus": "resources.cards", "card": "resources.cards",
    "npu": "resources.cards", "npus": "resources.cards", "gpu_count": "resources.cards",
    "accelerators": "resources.class", "accelerator": "resources.class",
    "gpu_type": "resources.class", "chip": "resources.class", "num_nodes": "resources.nodes",
    "cpu": "resources.cpus", "cores": "resources.cpus", "mem": "resources.memory",
    "ram": "resources.memory", "disk_size": "resources.disk", "storage": "resources.disk",
    "command": "run", "commands": "run", "cmd": "run", "script": "run", "entrypoint": "run",
    "envs": "env", "environment_variables": "env", "variables": "env", "container": "image",
    "docker": "image", "image_id": "image", "conda": "environment", "type": "kind",
    "depends_on": "after", "needs": "after", "dependency": "after", "dependencies": "after",
    "timeout": "time_limit", "max_duration": "time_limit", "walltime": "time_limit",
    "duration": "expected", "runtime": "expected", "due": "deadline", "start": "earliest_start",
    "price": "max_price", "max_cost": "max_price", "cost": "max_price", "retries": "retry",
    "use_spot": "interruptible", "spot": "interruptible", "preemptible": "interruptible",
    "city": "near", "region": "near", "title": "name", "results": "outputs", "data": "inputs",
    "file_mounts": "inputs", "source": "from", "src": "from", "url": "from", "path": "to",
    "dest": "to", "destination": "to", "target": "to", "checksum": "sha256", "size": "bytes",
}  # fmt: skip


def _known_under(path: Sequence[str | int]) -> tuple[str, tuple[str, ...]]:
    """Return the dotted prefix and the keys of the mapping at `path`."""
    head = path[0] if path else ""
    under = {"resources": RESOURCES, "inputs": INPUT, "outputs": OUTPUT}
    return (f"{head}.", under[str(head)]) if head in under else ("", TOP)


def unknown_key(path: Sequence[str | int], key: str) -> Wrong:
    """Name the nearest key to an unknown one in the mapping at `path`."""
    prefix, known = _known_under(path)
    plain = re.sub(r"[-\s]", "_", key.strip().lower())[:_COMPARED_MAX]
    written = key if len(key) <= _COMPARED_MAX else f"{key[:_COMPARED_MAX]}…"
    dotted = _SAME.get(plain, "")
    here = dotted.removeprefix(prefix)
    meant = plain if plain in known else here if here in known else ""
    if meant:
        return Wrong("unknown-key", key=written, nearest=meant)
    if prefix and dotted in TOP:
        return Wrong("unknown-key-elsewhere", key=written, nearest=f"/{dotted}")
    if not prefix and "." in dotted:
        return Wrong("unknown-key", key=written, nearest=dotted)
    nearest, score = _closest(plain, known)
    if score < _NEAR_ENOUGH and not prefix and plain in RESOURCES:
        return Wrong("unknown-key-elsewhere", key=written, nearest=f"/resources/{plain}")
    if score < _NEAR_ENOUGH and prefix and plain in TOP:
        return Wrong("unknown-key-elsewhere", key=written, nearest=f"/{plain}")
    if score < _NEAR_ENOUGH:
        return Wrong("unknown-key-far-off", key=written, nearest=nearest, known=", ".join(known))
    return Wrong("unknown-key", key=written, nearest=nearest)


def _closest(word: str, known: Sequence[str]) -> tuple[str, float]:
    scored = [(SequenceMatcher(None, word, each).ratio(), each) for each in known]
    score, nearest = max(scored, key=lambda pair: pair[0])
    return nearest, score


def closest(word: str, known: Sequence[str]) -> str:
    """Return the known word most like `word`; the first of equals."""
    return _closest(word[:_COMPARED_MAX], known)[0]


_SBATCH = re.compile(r"^#SBATCH\s", re.MULTILINE)
_DSTACK = {"task", "dev-environment", "service", "fleet", "volume", "gateway"}
_DSTACK_KEYS = {"commands", "python", "ide", "fleets", "backends", "spot_policy", "size", "nodes"}
_SKYPILOT_RESOURCES = {
    "accelerators", "infra", "any_of", "ordered", "use_spot", "instance_type", "image_id",
    "job_recovery", "autostop", "accelerator_args",
}  # fmt: skip


def foreign_text(text: str) -> Wrong | None:
    """Recognise a batch script by its directives, which are comments to YAML."""
    if _SBATCH.search(text):
        return Wrong("foreign-format", format="sbatch", marks="#SBATCH")
    return None


def foreign_mapping(mapping: Mapping[object, object]) -> Wrong | None:
    """Recognise another format by marks that cannot be a slip in a job file."""
    if isinstance(mapping.get("apiVersion"), str) and "kind" in mapping:
        return Wrong("foreign-format", format="Kubernetes", marks="apiVersion, kind")
    if {"version", "services"} <= mapping.keys() and {"profiles", "deployment"} & mapping.keys():
        return Wrong("foreign-format", format="SDL", marks="version, services, profiles")
    kind = mapping.get("type")
    if isinstance(kind, str) and kind in _DSTACK and "run" not in mapping:
        marks = sorted(_DSTACK_KEYS & {str(key) for key in mapping})
        return Wrong("foreign-format", format="dstack", marks=", ".join([f"type: {kind}", *marks]))
    return _skypilot(mapping)


def _skypilot(mapping: Mapping[object, object]) -> Wrong | None:
    resources = mapping.get("resources")
    inner = {str(key) for key in resources} if isinstance(resources, Mapping) else set()
    marks = [f"resources.{key}" for key in sorted(inner & _SKYPILOT_RESOURCES)]
    if "file_mounts" in mapping:
        marks.append("file_mounts")
    # `envs` and `num_nodes` alone may be slips; with each other they are not.
    if not marks and {"envs", "num_nodes"} <= mapping.keys():
        marks = ["envs", "num_nodes"]
    return Wrong("foreign-format", format="SkyPilot", marks=", ".join(marks)) if marks else None
