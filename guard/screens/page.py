"""The two pages of the curtain as one piece of HTML each: no file, port or network is needed to show them."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final

# pywebview's bridge builds its functions with `new Function`, hence unsafe-eval; nothing is ever loaded.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'"
_INCLUDE: Final = re.compile(r"\{\{(\w+)\}\}")


def curtain_page() -> str:
    """Return the page of the curtain."""
    return _document("curtain", _part("curtain"), _file("desk.js") + _file("curtain.js"))


def strip_page() -> str:
    """Return the page of the strip."""
    return _document("strip-page", _part("strip"), _file("strip.js"))


def _document(kind: str, body: str, script: str) -> str:
    return (
        '<!DOCTYPE html><html lang="ja"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>Madoguchi Guard</title><style>{_file('style.css')}</style></head>"
        f'<body class="{kind}">{body}<i id="dot"></i>'
        f"<script>{_file('common.js')}{script}</script></body></html>"
    )


def _file(name: str) -> str:
    return (files("guard.screens") / "pages" / name).read_text("utf-8")


def _part(name: str) -> str:
    return _INCLUDE.sub(lambda match: _part(match[1]), _file(f"{name}.html"))
