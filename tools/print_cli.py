"""Writes docs/{en,zh}/reference/cli.md from the command's own tree of nouns, verbs and options.

python tools/print_cli.py            write both pages
python tools/print_cli.py --check    exit 1 and name the pages that differ
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, TypeAlias

from suanwang.basics.languages import Texts, load_texts
from suanwang.client import command
from suanwang.client.tree import whole

ROOT = Path(__file__).parents[1]
Shape: TypeAlias = Any  # Typer's commands and parameters; their classes are its own affair
WORDS = tomllib.loads((Path(__file__).parent / "cli_words.toml").read_text("utf-8"))


def page(lang: str) -> str:
    """Return the page in one language."""
    say, words = load_texts("suanwang.client", lang), WORDS[lang]
    parts = [
        f"# {words['title']}",
        words["intro"].strip(),
        f"## {words['every']}",
        words["every_text"].strip(),
        _options(command.every_option(), say, words),
    ]
    for key in ("json", "codes", "places"):
        parts += [f"## {words[key]}", words[f"{key}_text"].strip()]
    parts.append(f"## {words['commands']}")
    for path, each in leaves(whole()):
        parts += _command(path, each, say, words)
    parts += [f"## {words['late']}", words["late_text"].strip(), _late(say, words)]
    return "\n\n".join(part for part in parts if part) + "\n"


def leaves(found: Shape, path: str = "suan") -> Iterator[tuple[str, Shape]]:
    """Yield the commands that do something, by their full name."""
    below = getattr(found, "commands", {})
    if not below:
        yield path, found
    for name, each in below.items():
        yield from leaves(each, f"{path} {name}")


def _command(path: str, each: Shape, say: Texts, words: dict[str, str]) -> list[str]:
    every = {param.name for param in command.every_option()}
    own = [param for param in each.params if param.name not in every]
    arguments = [param for param in own if param.param_type_name == "argument"]
    usage = " ".join([path, *(str(a.metavar or a.name.upper()) for a in arguments)])
    text = " ".join(say(each.help).replace("\n\n", " ").split())
    example = (each.epilog or "").partition(": ")[2]
    shown = f"{usage}\n{example}" if example else usage
    return [f"### {path}", f"```\n{shown}\n```", text, _options(own, say, words)]


def _options(params: Shape, say: Texts, words: dict[str, str]) -> str:
    rows = [(_names(param), say(param.help)) for param in params if getattr(param, "help", None)]
    if not rows:
        return ""
    head = f"| {words['option']} | {words['meaning']} |\n| --- | --- |\n"
    return head + "\n".join(f"| `{name}` | {_cell(text)} |" for name, text in rows)


def _names(param: Shape) -> str:
    if param.param_type_name == "argument":
        return str(param.metavar or param.name.upper())
    names = ", ".join([*param.opts, *param.secondary_opts])
    return names if param.is_flag else f"{names} {param.metavar or param.name.strip('_').upper()}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _late(say: Texts, words: dict[str, str]) -> str:
    names = sorted(each.name for each in entry_points(group=command.GROUP))
    rows = [f"| `suan {name}` | {_cell(say(command.LATE_HELP[name]))} |" for name in names]
    return f"| {words['command']} | {words['meaning']} |\n| --- | --- |\n" + "\n".join(rows)


def main() -> int:
    """Write or check both pages."""
    wrong = []
    for lang in ("en", "zh"):
        path, text = ROOT / "docs" / lang / "reference" / "cli.md", page(lang)
        if "--check" not in sys.argv[1:]:
            path.write_text(text, "utf-8")
        elif not path.exists() or path.read_text("utf-8") != text:
            wrong.append(path)
    for path in wrong:
        print(f"{path.relative_to(ROOT)} is not what the command says; run tools/print_cli.py")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
