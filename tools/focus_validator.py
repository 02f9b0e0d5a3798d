"""Check a FOCUS 1.2 file with the FinOps Foundation's own validator, in a venv of its own.

python tools/focus_validator.py --set-up     install the validator into the cache (once)
python tools/focus_validator.py FILE.csv     exit 1 and name the rules that fail

focus-validator 2.2.1 says that it needs Python 3.12, but only one of its lines does: that line is
written anew. It lies in $SUANWANG_FOCUS_VENV, else in ~/.cache/suanwang/focus-validator-2.2.1.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

VERSION = "2.2.1"
REQUIREMENTS = (f"focus-validator=={VERSION}", "pyarrow<19")
INSTALL_SECONDS = 600
CHECK_SECONDS = 120
# Rules whose condition the validator does not apply, so that no file can satisfy them all.
KNOWN_LEAVES = (
    # "MUST be null when the charge is not associated with an invoice", and the other way round:
    # alternatives, of which any file fails one, or both where some charges have invoices.
    "InvoiceId-C-004-C",
    "InvoiceId-C-005-C",
    # "MUST NOT be null when …Id is not null and ChargeCategory is Usage": nothing is reserved.
    "CapacityReservationStatus-C-004-C",
    "CommitmentDiscountStatus-C-004-C",
)
# Rules that are composed of these, and fail with them.
KNOWN_PARENTS = (
    "CapacityReservationStatus-C-000-C",
    "CapacityReservationStatus-C-002-C",
    "CommitmentDiscountStatus-C-000-C",
    "CommitmentDiscountStatus-C-002-C",
    "CostAndUsage-D-000-M",  # all rules of the data set
    "CostAndUsage-D-002-M",
)
_WRONG = """f"'{k.replace('\\"', '\\"\\"')}'" for k"""
_RIGHT = """"'" + k.replace('"', '""') + "'" for k"""


class CannotInstall(Exception):
    """The validator cannot be installed on this machine."""


@dataclass(frozen=True)
class Found:
    """What the validator said."""

    passed: int
    failed: tuple[str, ...]

    @property
    def unexpected(self) -> tuple[str, ...]:
        """The rules that fail and are not known to fail for everybody."""
        known = {*KNOWN_LEAVES, *KNOWN_PARENTS}
        return tuple(rule for rule in self.failed if rule not in known)


def folder() -> Path:
    """Return where the validator lies."""
    named = os.environ.get("SUANWANG_FOCUS_VENV")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(named) if named else Path(home) / "suanwang" / f"focus-validator-{VERSION}"


def set_up() -> Path:
    """Install the validator unless it is there; return its folder. Raises CannotInstall."""
    place = folder()
    done = place / "suanwang-ready"
    if done.exists():
        return place
    try:
        venv.create(place, with_pip=True, clear=True)
        subprocess.run(
            [place / "bin" / "pip", "install", "--quiet", "--ignore-requires-python",
             *REQUIREMENTS],
            check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS,
        )  # fmt: skip
        _mend(place)
    except (OSError, subprocess.SubprocessError) as error:
        said = str(getattr(error, "stderr", "") or error).strip()
        raise CannotInstall(said.splitlines()[-1] if said else type(error).__name__) from None
    done.touch()
    return place


def check(path: Path) -> Found:
    """Run every rule over a file."""
    place = set_up()
    with tempfile.TemporaryDirectory() as spare:
        report = Path(spare) / "report.xml"
        done = subprocess.run(
            [place / "bin" / "focus-validator", "--data-file", path.resolve(),
             "--validate-version", "1.2", "--block-download", "--applicability-criteria", "ALL",
             "--output-type", "unittest", "--output-destination", report],
            # It opens its list of currencies by a relative path.
            cwd=_packages(place), capture_output=True, text=True, timeout=CHECK_SECONDS,
            check=False,
        )  # fmt: skip
        if not report.exists():
            raise RuntimeError(f"the validator wrote no report: {done.stderr[-2000:]}")
        return _read(report)


def _read(report: Path) -> Found:
    passed, failed = 0, []
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 - written by our tool
        rule = case.get("name", "").partition(" :: ")[0]
        if case.find("failure") is not None or case.find("error") is not None:
            failed.append(rule)
        elif case.find("skipped") is None:
            passed += 1
    return Found(passed, tuple(failed))


def _mend(place: Path) -> None:
    source = _packages(place) / "focus_validator/config_objects/focus_to_duckdb_converter.py"
    text = source.read_text("utf-8")
    if sys.version_info < (3, 12):
        if _WRONG not in text:
            raise CannotInstall(f"{source.name} is not the file that version {VERSION} has")
        source.write_text(text.replace(_WRONG, _RIGHT, 1), "utf-8")


def _packages(place: Path) -> Path:
    return next(place.glob("lib/python3*/site-packages"))


def main(args: list[str]) -> int:
    """Set up, or check files."""
    try:
        place = set_up()
    except CannotInstall as error:
        print(f"Cannot install the FOCUS validator: {error}", file=sys.stderr)
        return 2
    if args == ["--set-up"]:
        print(place)
        return 0
    bad = 0
    for name in args:
        found = check(Path(name))
        print(f"{name}: {found.passed} rules hold, {len(found.unexpected)} do not")
        for rule in found.unexpected:
            print(f"  {rule}")
        bad += len(found.unexpected)
    return 1 if bad or not args else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
