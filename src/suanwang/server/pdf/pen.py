"""Text of mixed Latin and Chinese: which type draws what, how wide it is, where it is broken.

Latin letters and figures are Helvetica, which every reader has; all else is STSong-Light, Adobe's
Chinese type that readers bring along, so that a page stays small and its text can be copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

LATIN, BOLD, CHINESE = "Helvetica", "Helvetica-Bold", "STSong-Light"
_ELLIPSIS = "…"
_BASIC_PLANE = 0xFFFF
pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))


@dataclass(frozen=True, slots=True)
class Style:
    """How a text is written."""

    size: float = 8.0
    bold: bool = False
    grey: float = 0.0

    @property
    def leading(self) -> float:
        """From one line to the next."""
        return self.size * 1.3


def runs(text: str, style: Style) -> Iterator[tuple[str, str]]:
    """Cut a text into pieces of one font each."""
    latin = BOLD if style.bold else LATIN
    for is_latin, letters in groupby(clean(text), key=_is_latin):
        yield (latin if is_latin else CHINESE), "".join(letters)


def clean(text: str) -> str:
    """Replace what no font of ours has: control characters, and planes beyond the first."""
    return "".join(
        each if each.isprintable() and ord(each) <= _BASIC_PLANE else "□" for each in text
    )


def width(text: str, style: Style) -> float:
    """Return how wide a text is, in points."""
    return sum(_measured(piece, font, style) for font, piece in runs(text, style))


def wrap(text: str, style: Style, most: float) -> list[str]:
    """Break a text into lines of at most `most` points: at spaces, or else anywhere."""
    lines, line = [], ""
    for word in _words(text):
        if line and width(line + word.rstrip(), style) > most:
            lines.append(line.rstrip())
            line = ""
        line += word if line else word.lstrip()
        while width(line.rstrip(), style) > most:
            cut = _fitting(line, style, most)
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def shortened(text: str, style: Style, most: float) -> str:
    """Cut a text that must stay on one line."""
    if width(text, style) <= most:
        return text
    cut = _fitting(text, style, most - width(_ELLIPSIS, style))
    return text[:cut] + _ELLIPSIS


def write(canvas: Canvas, place: tuple[float, float], text: str, style: Style) -> None:
    """Write one line of text from a place on."""
    x, y = place
    canvas.setFillGray(style.grey)
    for font, piece in runs(text, style):
        canvas.setFont(font, style.size)
        canvas.drawString(x, y, piece)
        x += _measured(piece, font, style)
    canvas.setFillGray(0)


def write_right(canvas: Canvas, place: tuple[float, float], text: str, style: Style) -> None:
    """Write one line of text that ends at a place."""
    write(canvas, (place[0] - width(text, style), place[1]), text, style)


def _measured(piece: str, font: str, style: Style) -> float:
    return float(pdfmetrics.stringWidth(piece, font, style.size))


def _is_latin(letter: str) -> bool:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _words(text: str) -> Iterator[str]:
    """Yield what must stay together: Latin words with the space after them, Chinese characters."""
    word = ""
    for letter in text:
        if not _is_latin(letter):
            if word:
                yield word
            word = ""
            yield letter
        elif letter == " ":
            yield word + letter
            word = ""
        else:
            word += letter
    if word:
        yield word


def _fitting(text: str, style: Style, most: float) -> int:
    """Return how many letters fit; at least one, so that wrapping comes to an end."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width(text[:middle], style) <= most:
            low = middle
        else:
            high = middle - 1
    return low
