"""A4 pages: headings, boxes of facts, tables whose sums are carried over, footers, attachments.

Pages are counted in a first pass and written in a second, since each says "page 2 of 7".
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfdoc
from reportlab.pdfgen.canvas import Canvas

from suanwang.basics.money import CNY, Money
from suanwang.server.pdf import pen
from suanwang.server.pdf.pen import Style

PAGE_WIDTH, PAGE_HEIGHT = A4
LEFT, RIGHT = 40.0, PAGE_WIDTH - 40.0
TOP, BOTTOM = PAGE_HEIGHT - 46.0, 52.0
WIDE = RIGHT - LEFT
CELL = Style(size=7.0)  # of tables
PLAIN, SMALL, STRONG = Style(), Style(size=6.5, grey=0.25), Style(bold=True)
HEADING = Style(size=10.5, bold=True)
_PAD = 2.5
_GAP = 8.0


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: what stands above it, how wide it is, on which side it is aligned."""

    title: str
    width: float
    right: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """What a table is: `carried` is the column whose sum goes from page to page; None: no sum."""

    columns: Sequence[Column]
    carried: int | None = None


@dataclass(slots=True)
class Sheet:
    """Pages while they are written, from top to bottom."""

    footer: str
    pages: int = 0  # in all; 0 while they are counted
    mark: str | None = None  # across every page
    canvas: Canvas = field(init=False)
    y: float = field(init=False, default=TOP)
    page: int = field(init=False, default=1)
    out: io.BytesIO = field(init=False, default_factory=io.BytesIO)

    def __post_init__(self) -> None:
        # invariant: no clock and no chance in the file, so that the same pages are the same bytes.
        self.canvas = Canvas(self.out, pagesize=A4, invariant=1, pageCompression=1)
        self._begin()

    def text(self, text: str, style: Style = PLAIN, *, indent: float = 0.0) -> None:
        """Write a paragraph."""
        for line in pen.wrap(text, style, WIDE - indent):
            self.need(style.leading)
            self.y -= style.leading
            pen.write(self.canvas, (LEFT + indent, self.y + style.size * 0.3), line, style)

    def heading(self, text: str, *, room: float = 70.0) -> None:
        """Write a heading, with room for what it is above of."""
        self.need(room)
        self.y -= _GAP
        self.text(text, HEADING)
        self.y -= _PAD

    def gap(self, points: float = _GAP) -> None:
        """Leave room."""
        self.y -= points

    def facts(self, rows: Sequence[tuple[str, str]], *, name_width: float = 170.0) -> None:
        """Write names and what they stand for, in a box."""
        value_width = WIDE - name_width - 4 * _PAD
        lines = [
            (pen.wrap(name, SMALL, name_width - _PAD), pen.wrap(value, PLAIN, value_width))
            for name, value in rows
        ]
        heights = [max(len(n), len(v)) * PLAIN.leading + _PAD for n, v in lines]
        self.need(min(sum(heights), TOP - BOTTOM))
        for (names, values), height in zip(lines, heights, strict=True):
            self.need(height)
            top = self.y
            self._lines(LEFT + _PAD, top, names, SMALL)
            self._lines(LEFT + name_width, top, values, PLAIN)
            self.y = top - height
            self._rule(grey=0.85)
        self.y -= _PAD

    def table(self, table: Table, rows: Sequence[Sequence[str]], *, after: str = "") -> None:
        """Write rows under their titles; what does not fit goes on the next page, with its sum."""
        self._titles(table)
        carried = Money.zero(CNY)
        for row in rows:
            cells = _cells(table, row)
            height = max(map(len, cells)) * CELL.leading + _PAD
            # A page ends with the sum so far, so there must be room for that too.
            if self.y - height - _sum_height(table) < BOTTOM:
                self._sum(table, "转下页 Carried forward", carried)
                self.next_page()
                self._titles(table)
                self._sum(table, "承前页 Brought forward", carried)
            self._row(table, cells, height)
            if table.carried is not None:
                carried = carried + Money.parse(row[table.carried].replace(",", ""))
        if after:
            self._sum(table, after, carried)

    def need(self, height: float) -> None:
        """Go to the next page where there is no room for so much."""
        if self.y - height < BOTTOM:
            self.next_page()

    def next_page(self) -> None:
        """End this page and begin another."""
        self.canvas.showPage()
        self.page += 1
        self.y = TOP
        self._begin()

    def finish(self, *, title: str, attached: Mapping[str, bytes]) -> bytes:
        """End the last page and return the file."""
        self.canvas.setTitle(title)
        self.canvas.setProducer("Suanwang")
        self.canvas.setCreator("Suanwang")
        self.canvas.showPage()
        if attached:
            _attach(self.canvas, attached)
        self.canvas.save()
        return self.out.getvalue()

    def _begin(self) -> None:
        line = f"{self.page} / {self.pages or '?'}"
        pen.write_right(self.canvas, (RIGHT, 30), line, SMALL)
        most = WIDE - 60
        pen.write(self.canvas, (LEFT, 30), pen.shortened(self.footer, SMALL, most), SMALL)
        self.canvas.setStrokeGray(0.7)
        self.canvas.line(LEFT, 42, RIGHT, 42)
        if self.mark:
            self.canvas.saveState()
            self.canvas.translate(PAGE_WIDTH / 2, PAGE_HEIGHT / 2)
            self.canvas.rotate(50)
            style = Style(size=72, bold=True, grey=0.9)
            pen.write(self.canvas, (-pen.width(self.mark, style) / 2, -24), self.mark, style)
            self.canvas.restoreState()

    def _titles(self, table: Table) -> None:
        style = Style(size=6.5, bold=True)
        cells = [pen.wrap(each.title, style, each.width - 2 * _PAD) for each in table.columns]
        height = max(map(len, cells)) * style.leading + 2 * _PAD
        self.need(height + 3 * PLAIN.leading)
        self.canvas.setFillGray(0.93)
        self.canvas.rect(LEFT, self.y - height, WIDE, height, stroke=0, fill=1)
        self._row(table, cells, height, style=style)

    def _row(
        self, table: Table, cells: Sequence[list[str]], height: float, *, style: Style = CELL
    ) -> None:
        x, top = LEFT, self.y
        for column, lines in zip(table.columns, cells, strict=True):
            edge = x + column.width - _PAD
            self._lines(edge if column.right else x + _PAD, top, lines, style, right=column.right)
            x += column.width
        self.y = top - height
        self._rule(grey=0.85)

    def _sum(self, table: Table, says: str, amount: Money) -> None:
        if table.carried is None:
            return
        place = table.carried
        edge = LEFT + sum(each.width for each in table.columns[: place + 1]) - _PAD
        self.y -= STRONG.leading + _PAD
        pen.write(self.canvas, (LEFT + _PAD, self.y + _PAD), says, STRONG)
        pen.write_right(self.canvas, (edge, self.y + _PAD), shown(amount), STRONG)
        self._rule(grey=0.4)

    def _lines(
        self, x: float, top: float, lines: Sequence[str], style: Style, *, right: bool = False
    ) -> None:
        put: Callable[..., None] = pen.write_right if right else pen.write
        for number, line in enumerate(lines, start=1):
            put(
                self.canvas, (x, top - number * max(style.leading, CELL.leading) + 1.5), line, style
            )

    def _rule(self, *, grey: float) -> None:
        self.canvas.setStrokeGray(grey)
        self.canvas.setLineWidth(0.4)
        self.canvas.line(LEFT, self.y, RIGHT, self.y)


def shown(amount: Money) -> str:
    """Write an amount of yuan with thousands apart and at least two decimal places."""
    whole, _, places = str(abs(amount.decimal())).partition(".")
    sign = "-" if amount.units < 0 else ""
    return f"{sign}{int(whole):,}.{places.rstrip('0').ljust(2, '0')}"


def _sum_height(table: Table) -> float:
    return 0.0 if table.carried is None else STRONG.leading + _PAD


def _cells(table: Table, row: Sequence[str]) -> list[list[str]]:
    return [
        [line for part in text.split("\n") for line in pen.wrap(part, CELL, each.width - 2 * _PAD)]
        for each, text in zip(table.columns, row, strict=True)
    ]


def _attach(canvas: Canvas, files: Mapping[str, bytes]) -> None:
    """Put files into the PDF (ISO 32000-1, 7.11.4), in order of name."""
    document = canvas._doc  # noqa: SLF001 - reportlab has no call of its own for it
    names: list[object] = []
    for name, data in sorted(files.items()):
        params = {"Size": len(data), "CheckSum": pdfdoc.PDFString(_md5(data))}
        about = pdfdoc.PDFDictionary(
            {"Type": pdfdoc.PDFName("EmbeddedFile"), "Params": pdfdoc.PDFDictionary(params)}
        )
        stream = document.Reference(pdfdoc.PDFStream(about, data))
        said = pdfdoc.PDFDictionary(
            {
                "Type": pdfdoc.PDFName("Filespec"),
                "F": pdfdoc.PDFString(name),
                "UF": pdfdoc.PDFString(name),
                "AFRelationship": pdfdoc.PDFName("Data"),
                "EF": pdfdoc.PDFDictionary({"F": stream}),
            }
        )
        names += [pdfdoc.PDFString(name), document.Reference(said)]
    tree = pdfdoc.PDFDictionary({"Names": pdfdoc.PDFArray(names)})
    document.Catalog.Names = pdfdoc.PDFDictionary({"EmbeddedFiles": document.Reference(tree)})


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()  # the checksum that PDF asks for
