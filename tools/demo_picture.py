"""Draw docs/images/demo.svg from what `suan demo` really printed.

suan demo > demo.txt && python tools/demo_picture.py demo.txt
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

PICTURE = Path("docs/images/demo.svg")
WIDTH = 122
BLANK = "\u2800"
# The picture shows one plan of many, and then how everything ended.
SHOWN = ("train (train)", "Progress", "Bills", "The same work at one centre alone")
# Rich's own template asks a font of the web; this one takes what the reader has.
FRAME = """\
<svg class="suan" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}
</defs>
<rect fill="#1b1f24" width="{width}" height="{height}" rx="8" />
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""


def blocks(text: str) -> dict[str, str]:
    """Cut the output at its table titles; of a table drawn twice the last one counts."""
    found: dict[str, str] = {}
    title = ""
    for line in text.splitlines():
        if re.match(r"\S", line) and line[0] not in "┏┃┡│└├":
            title = line.strip()
            found[title] = ""
        found[title] = found.get(title, "") + line + "\n"
    return found


def main() -> int:
    """Read the output and write the picture."""
    text = Path(sys.argv[1]).read_text("utf-8")
    found = blocks(text)
    last = next(line for line in text.splitlines() if line.startswith("All "))
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ suan demo", style="bold green"))
    for title in SHOWN:
        for line in [*found[title].rstrip().splitlines(), ""]:
            # Some viewers drop leading spaces from a text element; a blank Braille cell stays.
            words = line.lstrip()
            console.print(Text(BLANK * (len(line) - len(words)) + words))
    console.print(Text(last, style="bold"))
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    svg = console.export_svg(code_format=FRAME, unique_id="suan")
    PICTURE.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", "utf-8")
    print(f"wrote {PICTURE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
