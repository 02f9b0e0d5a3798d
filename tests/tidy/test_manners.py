"""The house's manners, kept by a test: caps, words, languages, links.

Everything under src/suanwang counts, migrations and generated files included.
"""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "suanwang"
TESTS = ROOT / "tests"

LINES_MAX = 400
TEST_LINES_MAX = 600
FUNCTION_LINES_MAX = 60
FUNCTION_LINES_MEDIAN_MAX = 12
POSITIONAL_MAX = 4
ROOM_DOCSTRING_LINES_MAX = 20
ROOMS = {
    "basics", "ledger", "market", "grid", "jobs", "planning",
    "simulate", "store", "flows", "server", "client", "agent",
}  # fmt: skip
# Drawers that everything ends up in; say what the thing is instead.
NAMES_BANNED = {"utils", "util", "common", "helpers", "helper", "manager", "misc"}


def sources(folder: Path = SRC) -> list[Path]:
    return sorted(p for p in folder.rglob("*.py") if "__pycache__" not in p.parts)


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text("utf-8"))
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def tracked_text() -> list[Path]:
    """Every text file that git tracks or would track."""
    out = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    binary = {".png", ".gif", ".ico", ".woff2", ".gz"}
    return [ROOT / line for line in out.splitlines()
            if Path(line).suffix not in binary and (ROOT / line).is_file()]  # fmt: skip


def test_there_are_exactly_the_twelve_rooms():
    assert {p.name for p in SRC.iterdir() if p.is_dir() and p.name != "__pycache__"} == ROOMS


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_says_briefly_what_lives_there(room):
    doc = ast.get_docstring(ast.parse((SRC / room / "__init__.py").read_text("utf-8")))
    assert doc
    assert len(doc.splitlines()) <= ROOM_DOCSTRING_LINES_MAX


def test_files_are_short():
    long = [
        (str(p.relative_to(ROOT)), n)
        for folder, cap in ((SRC, LINES_MAX), (TESTS, TEST_LINES_MAX))
        for p in sources(folder)
        if (n := len(p.read_text("utf-8").splitlines())) > cap
    ]
    assert long == []


def test_functions_are_short():
    long = [
        f"{p.relative_to(ROOT)}:{f.lineno} {f.name} has {length(f)} lines"
        for p in sources()
        for f in functions(p)
        if length(f) > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_the_median_function_is_a_glance():
    lengths = [length(f) for p in sources() for f in functions(p)]
    assert statistics.median(lengths) <= FUNCTION_LINES_MEDIAN_MAX


def test_few_arguments_are_positional():
    found = []
    for path in sources():
        for f in functions(path):
            names = [
                a.arg for a in (*f.args.posonlyargs, *f.args.args) if a.arg not in ("self", "cls")
            ]
            if len(names) > POSITIONAL_MAX:
                found.append(f"{path.relative_to(ROOT)}:{f.lineno} {f.name}({', '.join(names)})")
    assert found == []


def test_no_drawer_for_everything():
    found = [
        str(p.relative_to(ROOT))
        for p in SRC.rglob("*")
        if NAMES_BANNED & set(re.split(r"[_.]", p.name.lower()))
    ]
    assert found == []


def test_imports_are_absolute_and_at_the_top():
    """A function-level import is only for heavy or optional things, and says so in a comment."""
    found = []
    for path in sources():
        lines = path.read_text("utf-8").splitlines()
        tree = ast.parse("\n".join(lines))
        found += [
            f"{path.relative_to(ROOT)}:{n.lineno} relative import"
            for n in ast.walk(tree)
            if isinstance(n, ast.ImportFrom) and n.level
        ]
        for f in functions(path):
            for node in ast.walk(f):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    near = "\n".join(lines[max(0, node.lineno - 4) : node.lineno])
                    if "#" not in near:
                        found.append(
                            f"{path.relative_to(ROOT)}:{node.lineno} import without a reason"
                        )
    assert found == []


def room_imports() -> set[tuple[str, str]]:
    """Who imports whom between rooms; imports under TYPE_CHECKING count too."""
    pairs = set()
    for path in sources():
        parts = path.relative_to(SRC).parts
        if len(parts) < 2:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            elif isinstance(node, ast.Import):
                names = [a.name for a in node.names]
            for name in names:
                bits = name.split(".")
                if bits[0] == "suanwang" and len(bits) > 1 and bits[1] != parts[0]:
                    pairs.add((parts[0], bits[1]))
    return pairs


def test_no_two_rooms_import_each_other():
    pairs = room_imports()
    assert [p for p in pairs if (p[1], p[0]) in pairs] == []


def test_todo_carries_a_number():
    mark = "TO" + "DO"
    found = [
        f"{p.relative_to(ROOT)}:{i}"
        for p in [*sources(), *sources(TESTS)]
        for i, line in enumerate(p.read_text("utf-8").splitlines(), 1)
        if mark in line and not re.search(mark + r"\(#\d+\)", line)
    ]
    assert found == []


def test_type_ignores_name_their_code():
    mark = "type: " + "ignore"
    found = [
        f"{p.relative_to(ROOT)}:{i}"
        for p in sources()
        for i, line in enumerate(p.read_text("utf-8").splitlines(), 1)
        if mark in line and f"{mark}[" not in line
    ]
    assert found == []


def test_nothing_names_a_registry_host_or_a_cdn():
    hosts = [
        "pypi" + ".org",
        "pythonhosted" + ".org",
        "registry." + "npmjs",
        "deb." + "debian",
        "cdn." + "jsdelivr",
        "unpkg" + ".com",
        "cdnjs" + ".",
    ]
    found = [
        f"{p.relative_to(ROOT)}: {h}"
        for p in tracked_text()
        for h in hosts
        if h in p.read_text("utf-8", errors="replace")
    ]
    assert found == []


def test_no_path_of_a_developers_machine():
    paths = ["/work" + "/main", "/work" + "/shared", "/tmp" + "/suan/", "." + "library/"]
    found = [
        f"{p.relative_to(ROOT)}: {h}"
        for p in tracked_text()
        for h in paths
        if h in p.read_text("utf-8", errors="replace")
    ]
    assert found == []
