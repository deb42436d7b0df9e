"""HTML in small pieces, each of them escaped unless it is one already."""

from __future__ import annotations

import html


class Markup(str):
    """A piece of HTML; any other text is escaped before it becomes a part of one."""

    __slots__ = ()


def element(name: str, *children: str, **attributes: str | float) -> Markup:
    """Return an element; ``css`` is its class, and ``_`` in a name stands for ``-``."""
    named = {"class" if key == "css" else key.replace("_", "-"): value for key, value in attributes.items()}
    inside = "".join(f' {key}="{_escaped(str(value))}"' for key, value in named.items() if value != "")
    return Markup(f"<{name}{inside}>{joined(*children)}</{name}>")


def joined(*pieces: str) -> Markup:
    """Return the pieces one after the other."""
    return Markup("".join(piece if isinstance(piece, Markup) else _escaped(piece) for piece in pieces))


def breakable(text: str) -> Markup:
    """Return a catalogue's text, in which ``|`` marks where a line may break."""
    return Markup(_escaped(text).replace("|", "<wbr>"))


def css_string(text: str) -> str:
    """Return the text as a string of CSS, in which nothing but its letters and digits stands for itself."""
    return '"' + "".join(sign if sign.isalnum() else f"\\{ord(sign):x} " for sign in _shown(text)) + '"'


def _escaped(text: str) -> str:
    return html.escape(_shown(text))


def _shown(text: str) -> str:
    """Return it without what no paper can show, or what turns the text around it."""
    return "".join(sign if sign.isprintable() or sign == "　" else "\ufffd" for sign in text)
