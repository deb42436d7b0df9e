"""The practice portal's pages, from ``pages/``: ``$name`` becomes an escaped value."""

from __future__ import annotations

import html
import json
from importlib import resources
from string import Template
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable


class Markup(str):
    """HTML that these templates made themselves; everything else is escaped."""

    __slots__ = ()

    @classmethod
    def joined(cls, parts: Iterable[Markup]) -> Self:
        """Return the parts one after the other."""
        return cls("".join(parts))


class Templates:
    """Fills the templates that come with the package."""

    def __init__(self) -> None:
        self._folder = resources.files(__package__) / "pages"
        self._pages = {
            entry.name.removesuffix(".html"): Template(entry.read_text("utf-8"))
            for entry in self._folder.iterdir()
            if entry.name.endswith(".html")
        }
        self._texts: dict[str, str] = json.loads((self._folder / "texts.json").read_text("utf-8"))

    def text(self, key: str) -> str:
        """Return one sentence for people; raises LookupError."""
        return self._texts[key]

    def fill(self, template: str, **values: str) -> Markup:
        """Return a template with its values, escaped unless they are `Markup`; raises LookupError."""
        escaped = {k: v if isinstance(v, Markup) else html.escape(v) for k, v in values.items()}
        return Markup(self._pages[template].substitute(escaped))

    def file(self, name: str) -> bytes:
        """Return a file as it is; the name must come from the program, never from a request."""
        return (self._folder / name).read_bytes()
