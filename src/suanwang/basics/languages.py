"""Every text a person sees, in English and Chinese.

The English text in the code is the key; the Chinese one stands in a room's `texts_zh.toml` under
`[texts]`. A tidy test reads every `say("…")` in the source and fails when one has no Chinese.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

LANGUAGES = ("en", "zh")


def choose_language(*wishes: str | None) -> str:
    """Return "zh" or "en" by the first wish that names one ("zh_CN.UTF-8" counts as zh)."""
    for wish in wishes:
        head = (wish or "").lower()[:2]
        if head in LANGUAGES:
            return head
    return "en"


class Texts:
    """Says texts in one language; an unknown text is said in English."""

    def __init__(self, lang: str, chinese: Mapping[str, str]) -> None:
        self.lang = lang
        self._chinese = chinese

    def __call__(self, text: str, **facts: object) -> str:
        """Say `text` in this language, with its facts filled in."""
        template = self._chinese.get(text, text) if self.lang == "zh" else text
        return template.format(**facts) if facts else template


def load_texts(package: str, lang: str) -> Texts:
    """Load a room's texts from its `texts_zh.toml`."""
    return Texts(lang, _chinese_of(package))


@cache
def _chinese_of(package: str) -> Mapping[str, str]:
    # Cached: a server says texts all day, and reading the file takes milliseconds.
    raw = resources.files(package).joinpath("texts_zh.toml").read_text("utf-8")
    texts: dict[str, str] = tomllib.loads(raw)["texts"]
    return texts
