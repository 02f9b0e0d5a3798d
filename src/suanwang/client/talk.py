"""How the command speaks: results to stdout, everything else to stderr, in one language.

One `Talk` is made for each command from the options that all commands have.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from suanwang.basics.languages import Texts, choose_language, load_texts
from suanwang.client.errors import ConfirmationNeeded
from suanwang.client.json_fields import ALL_FIELDS, chosen_fields
from suanwang.client.reading import Resource

if TYPE_CHECKING:
    import httpx
    from rich.console import Console, RenderableType

    from suanwang.client.sync.client import Client

WIDTH_NOT_A_TERMINAL = 120


def language(wish: str | None = None) -> str:
    """Return "en" or "zh": the wish, else what the environment says."""
    names = ("SUANWANG_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    return choose_language(wish, *(os.environ.get(name) for name in names))


@dataclass
class Talk:
    """One command's manner of speaking. `json_` is "" for people, else the fields wanted."""

    json_: str = ""
    quiet: bool = False
    lang: str | None = None
    explain: bool = False
    no_input: bool = False
    profile: str | None = None
    url: str | None = None

    @cached_property
    def say(self) -> Texts:
        """Say texts in the reader's language."""
        return load_texts("suanwang.client", language(self.lang))

    @cached_property
    def out(self) -> Console:
        """Return the console for results."""
        return _console(sys.stdout)

    @cached_property
    def err(self) -> Console:
        """Return the console for talk."""
        return _console(sys.stderr)

    @cached_property
    def grid(self) -> Client:
        """Return the exchange."""
        # Late: the HTTP library takes 0.3 s to load, which --help must not pay.
        from suanwang.client.sync.client import Client  # noqa: PLC0415

        return Client(
            self.url,
            profile=self.profile,
            lang=self.say.lang,
            watch=self.explain_request if self.explain else None,
        )

    @property
    def for_people(self) -> bool:
        """Say whether tables are wanted, and not JSON or ids."""
        return not self.json_ and not self.quiet

    @property
    def can_ask(self) -> bool:
        """Say whether somebody is there to answer."""
        return not self.no_input and sys.stdin.isatty()

    @property
    def animated(self) -> bool:
        """Say whether bars and spinners may move: on a terminal that shows colours."""
        return self.err.is_terminal and self.err.color_system is not None and self.for_people

    def tell(self, text: str = "") -> None:
        """Say something beside the result."""
        self.err.print(text, markup=False, highlight=False, soft_wrap=True)

    def show(self, found: Resource, draw: Callable[[], RenderableType | None]) -> None:
        """Give one resource as a result."""
        if self.json_:
            self.write_json(found.raw)
        elif self.quiet:
            self.write(str(found.raw.get("id", "")))
        else:
            self.draw(draw())

    def show_all(
        self,
        found: Iterable[Resource],
        draw: Callable[[Sequence[Any]], RenderableType | None],
        *,
        id_key: str = "id",
    ) -> None:
        """Give a list as a result."""
        items = list(found)
        if self.json_:
            chosen = [chosen_fields(each.raw, self.json_) for each in items]
            self.write(json.dumps(chosen, ensure_ascii=False, indent=2))
        elif self.quiet:
            for each in items:
                self.write(str(each.raw.get(id_key, "")))
        else:
            self.draw(draw(items))

    def draw(self, drawing: RenderableType | None) -> None:
        """Put a table or text on stdout."""
        if drawing is not None:
            self.out.print(drawing, highlight=False)

    def write(self, text: str) -> None:
        """Put a line on stdout, exactly as it is."""
        sys.stdout.write(text + "\n")

    def write_json(self, document: Any, *, lines: bool = False) -> None:  # noqa: ANN401 - JSON
        """Put JSON on stdout, with the fields that were asked for; `lines`: one a line."""
        chosen = chosen_fields(document, self.json_ or ALL_FIELDS)
        self.write(json.dumps(chosen, ensure_ascii=False, indent=None if lines else 2))
        if lines:
            sys.stdout.flush()

    def ask(self, question: str) -> bool:
        """Ask for a yes on stderr. Raises ConfirmationNeeded where nobody can answer."""
        if not self.can_ask:
            raise ConfirmationNeeded
        self.err.print(f"{question} [y/N] ", end="", markup=False, highlight=False)
        answer = sys.stdin.readline().strip().casefold()
        return answer in ("y", "yes", "是", "好", "确认")

    @contextmanager
    def busy(self, text: str) -> Iterator[None]:
        """Show that something takes its time, on a terminal and only there."""
        if not self.animated:
            yield
            return
        with self.err.status(text):
            yield

    def explain_request(self, request: httpx.Request) -> None:
        """Print a request as a curl command; the key stays in the environment."""
        # A terminal takes this as it is: no wrapping, so that it can be copied.
        print(as_curl(request), file=sys.stderr)  # noqa: T201 - talk goes to stderr


def as_curl(request: httpx.Request) -> str:
    """Write a request as a curl command; the key is named, never shown."""
    words = ["curl", "-X", request.method, shlex.quote(str(request.url))]
    for name in ("authorization", "idempotency-key", "content-type", "last-event-id"):
        value = request.headers.get(name)
        if name == "authorization" and value:
            words += ["-H", '"Authorization: Bearer $SUANWANG_KEY"']
        elif value:
            words += ["-H", shlex.quote(f"{name.title()}: {value}")]
    body = _body(request)
    if body:
        words += ["--data", shlex.quote(body)]
    return " ".join(words)


def _body(request: httpx.Request) -> str:
    if "json" in request.headers.get("content-type", ""):
        return request.content.decode("utf-8")
    return "@FILE" if request.method == "PUT" else ""


def _console(file: Any) -> Console:  # noqa: ANN401 - a text stream
    # Late: drawing libraries take 0.1 s to load, which --json and -q need not pay.
    from rich.console import Console  # noqa: PLC0415

    terminal = file.isatty()
    width = None if terminal or "COLUMNS" in os.environ else WIDTH_NOT_A_TERMINAL
    plain = not terminal or bool(os.environ.get("NO_COLOR"))
    return Console(
        file=file,
        width=width,
        force_terminal=None if terminal else False,
        color_system=None if plain else "auto",
    )
