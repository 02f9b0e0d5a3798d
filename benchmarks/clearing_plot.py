"""Draw how clearing grows with size, from benchmarks/clearing.json.

    python benchmarks/clearing_plot.py        writes docs/images/clearing-growth.svg

Three panels, both axes logarithmic, CPU seconds upwards: orders, jobs, blocks. A hollow dot is a
peer that was stopped before it was done. Plain SVG by hand: drawing needs nothing installed.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
Point = tuple[float, float]
Series = dict[str, list[tuple[float, float, bool]]]  # size, CPU seconds, done
TOP, HEIGHT, BOTTOM = 52, 250, 46
LEFT, GAP = 58, 104  # the gap leaves room for the labels at the ends of lines
LABEL_STEP = 14  # least distance between two labels
ROOM_LEFT = 3.6  # how far below the least size a panel begins: names of short lines stand there
LABEL_NEAR = 48  # labels further apart sideways do not meet
COLOURS = {
    "ours": "#c2410c",
    "clp": "#2563eb",
    "glop": "#0f766e",
    "highs": "#6b21a8",
    "linopy": "#6b7280",
    "pyomo": "#a16207",
}
NAMES = {"ours": "Suanwang", "clp": "CLP", "glop": "GLOP", "highs": "HiGHS", "linopy": "linopy",
         "pyomo": "Pyomo"}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One chart: what is counted, and which results lie on it."""

    title: str
    axis: str
    sizes: dict[str, int]  # result name → size
    width: int


PANELS = (
    Panel(
        title="Steps on shared links",
        axis="bids (and a quarter as many asks)",
        sizes={"10k": 10_000, "100k": 100_000, "1m": 1_000_000, "4m": 4_000_000},
        width=300,
    ),
    Panel(
        title="100k bids and divisible jobs",
        axis="jobs",
        sizes={"jobs-1k": 1_000, "jobs": 5_000, "jobs-20k": 20_000},
        width=190,
    ),
    Panel(
        title="100k bids and blocks",
        axis="blocks",
        sizes={"blocks-200": 200, "blocks": 1_000, "blocks-5k": 5_000},
        width=190,
    ),
)


def series(panel: Panel, results: dict[str, Any]) -> Series:
    """Return the points of every solver that ran."""
    found: Series = {}
    for name, size in panel.sizes.items():
        result = results.get(name, {})
        seen = {"ours": result.get("ours", {})} | result.get("peers", {})
        for solver, run in seen.items():
            done = solver == "ours" or run.get("status", "").lower().endswith("optimal")
            if run.get("cpu"):
                found.setdefault(solver, []).append((size, run["cpu"], done))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """From values to places on the page, both logarithmic."""

    left: float
    width: float
    low: Point
    high: Point

    def x(self, value: float) -> float:
        """Return how far right."""
        return self.left + self.width * share(value, self.low[0], self.high[0])

    def y(self, value: float) -> float:
        """Return how far down."""
        return TOP + HEIGHT * (1 - share(value, self.low[1], self.high[1]))


def share(value: float, low: float, high: float) -> float:
    """Return where a value lies between two others, by its logarithm."""
    return math.log(value / low) / math.log(high / low)


def draw(results: dict[str, Any]) -> str:
    """Return the whole picture."""
    all_series = [series(panel, results) for panel in PANELS]
    seconds = [y for lines in all_series for points in lines.values() for _, y, _ in points] or [
        1.0
    ]
    low = 10 ** math.floor(math.log10(min(seconds)))
    high = 10 ** math.ceil(math.log10(max(seconds) * 1.05))
    parts, left = [], float(LEFT)
    for panel, lines in zip(PANELS, all_series, strict=True):
        sizes = list(panel.sizes.values())
        scale = Scale(
            left=left,
            width=panel.width,
            low=(sizes[0] / ROOM_LEFT, low),
            high=(sizes[-1] * 1.4, high),
        )
        parts += [*axes(panel, scale), *curves(lines, scale)]
        left += panel.width + GAP
    width, height = left, TOP + HEIGHT + BOTTOM
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}"'
        ' font-family="system-ui, sans-serif" font-size="12" fill="#1f2937">'
    )
    ground = f'<rect width="{width:g}" height="{height}" fill="#ffffff"/>'
    unit = text(LEFT - 44, TOP - 34, "CPU seconds", fill="#6b7280")
    return "\n".join([head, ground, unit, *parts, "</svg>\n"])


def axes(panel: Panel, scale: Scale) -> list[str]:
    """Return title, gridlines at powers of ten, and a tick for every measured size."""
    right, bottom = scale.left + scale.width, TOP + HEIGHT
    parts = [text(scale.left, TOP - 16, panel.title, **{"font-weight": "600"})]
    for power in range(round(math.log10(scale.low[1])), round(math.log10(scale.high[1])) + 1):
        y = scale.y(10**power)
        parts += [
            line([(scale.left, y), (right, y)], stroke="#e5e7eb"),
            text(scale.left - 6, y + 4, f"{10**power:g}", **{"text-anchor": "end"}),
        ]
    for size in panel.sizes.values():
        x = scale.x(size)
        parts += [
            line([(x, bottom), (x, bottom + 4)], stroke="#9ca3af"),
            text(x, bottom + 18, short(size), **{"text-anchor": "middle"}),
        ]
    middle = scale.left + scale.width / 2
    caption = text(middle, bottom + 36, panel.axis, fill="#6b7280", **{"text-anchor": "middle"})
    return [*parts, caption]


def short(size: int) -> str:
    """Write 4000000 as 4M."""
    for unit, letter in ((1_000_000, "M"), (1_000, "k")):
        if size >= unit:
            return f"{size / unit:g}{letter}"
    return str(size)


def curves(lines: Series, scale: Scale) -> list[str]:
    """Return a line with dots for every solver, and its name where it ends, kept apart."""
    parts: list[str] = []
    labels: list[Point] = []
    for solver, points in sorted(lines.items(), key=lambda item: -item[1][-1][1]):
        places = [(scale.x(x), scale.y(y)) for x, y, _ in points]
        ours, colour = solver == "ours", COLOURS[solver]
        if len(places) > 1:
            parts.append(line(places, stroke=colour, **{"stroke-width": "3" if ours else "1.6"}))
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{4 if ours else 2.8}"'
            f' fill="{colour if done else "#ffffff"}" stroke="{colour}"/>'
            for (x, y), (_, _, done) in zip(places, points, strict=True)
        ]
        style = {"font-weight": "600"} if ours else {}
        x, y = places[-1]
        if x < scale.left + scale.width * 0.7:
            # A line that ends early would have its name among the others: it stands at the start.
            x, y, style = places[0][0] - 16, places[0][1], {"text-anchor": "end"}
        x, y = free_place(x + 9, y + 4, labels)
        labels.append((x, y))
        parts.append(text(x, y, NAMES[solver], fill=colour, **style))
    return parts


def free_place(x: float, y: float, labels: list[Point]) -> Point:
    """Return this place, or one below the labels that it would meet."""
    near = [other for left, other in labels if abs(left - x) < LABEL_NEAR]
    return x, max([y, *(other + LABEL_STEP for other in near)])


def text(x: float, y: float, words: str, **style: str) -> str:
    """Return a text element."""
    extra = "".join(f' {key}="{value}"' for key, value in style.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{extra}>{words}</text>'


def line(places: list[Point], **style: str) -> str:
    """Return a polyline."""
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    extra = "".join(f' {key}="{value}"' for key, value in style.items())
    return f'<polyline points="{points}" fill="none"{extra}/>'


def main() -> None:
    """Draw and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks" / "clearing.json")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "docs" / "images" / "clearing-growth.svg"
    )
    asked = parser.parse_args()
    results = json.loads(asked.json.read_text())["results"]
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(draw(results), encoding="utf-8")
    print(asked.out)


if __name__ == "__main__":
    main()
