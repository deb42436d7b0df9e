"""The words of the screens, from the catalogue files in ``texts/``.

A text marks where a line may break with ``|`` (Japanese has no spaces, and a word cut in two is hard to
read) and gives the reading of a word as ``{word:reading}``. ``{seconds}``, ``{minutes}`` and ``{count}``
stand for numbers. Keys with a cause's name behind them (``ENDING.main.card_absent``) are preferred to the
plain one; on the staff's pad the name is a step's or a screen's.
"""

from __future__ import annotations

import html
import json
import re
from importlib.resources import files
from typing import TYPE_CHECKING

from guard.errors import BrokenPromiseError
from guard.settings.model import Language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.browser.site import Wording

_RUBY = re.compile(r"\{([^{}:|]+):([^{}:|]+)\}")
_NUMBER = re.compile(r"\{(seconds|minutes|count)\}")


class Catalogue:
    """All texts in all languages, as HTML that is safe to put into a page."""

    def __init__(self, texts: Mapping[Language, Mapping[str, str]]) -> None:
        self._texts = texts

    @classmethod
    def load(cls) -> Catalogue:
        """Read the catalogues; raises BrokenPromiseError when one lacks a key that another has."""
        folder = files("guard.screens") / "texts"
        texts: dict[Language, dict[str, str]] = {}
        for language in Language:
            raw: dict[str, str] = json.loads((folder / f"{language}.json").read_text("utf-8"))
            texts[language] = raw
        everything = set().union(*texts.values())
        for language, known in texts.items():
            if missing := sorted(everything - known.keys()):
                raise BrokenPromiseError(f"texts/{language}.json lacks {', '.join(missing)}")
        return cls(texts)

    def keys(self) -> frozenset[str]:
        """Return every key; all languages have the same."""
        return frozenset(self._texts[Language.JA])

    def raw(self, language: Language, key: str) -> str:
        """Return a text as it stands in the file."""
        return self._texts[language][key]

    def plain(self, language: Language, key: str) -> str:
        """Return a text as it can be printed: without marks and readings."""
        return _RUBY.sub(r"\1", self._texts[language][key].replace("|", ""))

    def html(self, language: Language, key: str, variant: str = "") -> str:
        """Return the text of ``key.variant`` if there is one, else of ``key``, else nothing."""
        texts = self._texts[language]
        return render(texts.get(f"{key}.{variant}", texts.get(key, "")))


def render(text: str) -> str:
    """Return a catalogue text as HTML: escaped, with break opportunities, readings and number slots."""
    return _NUMBER.sub(r'<b data-number="\1"></b>', _marked(text))


def own_words(words: Wording, language: Language) -> str:
    """Return a site profile's own text in this language as HTML; it may have marks and readings, too."""
    own = {Language.JA: words.ja, Language.EN: words.en, Language.EASY_JA: words.easy_ja}
    return _marked(own[language])


def _marked(text: str) -> str:
    escaped = html.escape(text).replace("|", "<wbr>")
    return _RUBY.sub(r"<ruby>\1<rt>\2</rt></ruby>", escaped)
