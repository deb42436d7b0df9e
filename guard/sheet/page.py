"""The sheet as one HTML file that needs nothing else: no script, font, picture or address."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from guard.sheet import incidents, sessions
from guard.sheet.days import crashed, unproven
from guard.sheet.layout import Layout, clock
from guard.sheet.markup import Markup, css_string, element, joined
from guard.sheet.proof import proof

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from guard.journal.reading import Span
    from guard.journal.stats import Stats
    from guard.journal.verdict import Verification
    from guard.sheet.words import SheetWords

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Everything that stands on it."""

    span: Span
    stats: Stats
    verification: Verification
    skipped: int
    """Lines that could not be read."""
    broken: Sequence[str]
    """Names of the files that could not be read to their end."""
    host: str
    version: str
    made_at: datetime
    """Aware; shown in local time like all others."""


def render(sheet: Sheet, words: SheetWords) -> str:
    """Return the HTML document."""
    layout, stats = Layout(words, sheet.span), sheet.stats
    one_day = sheet.span.one_day
    title = words.of("title.day" if one_day else "title.month")
    style = (files("guard.sheet") / "style.css").read_text("utf-8") + _margins(sheet, words)
    head = element(
        "head",
        Markup('<meta charset="utf-8">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        element("title", f"{title} {words.span(sheet.span)} {sheet.host}"),
        Markup(f"<style>{style}</style>"),
    )
    of_sessions = (
        (sessions.sessions(stats, layout),)
        if one_day
        else (sessions.endings(stats, layout), sessions.days(stats, layout))
    )
    body = element(
        "body",
        _header(sheet, title, words),
        _sums(stats, words),
        proof(sheet.verification, sheet.skipped, sheet.broken, words),
        incidents.alerts(stats, layout),
        sessions.times(stats, layout),
        *of_sessions,
        incidents.acts(stats, layout),
        incidents.running(stats, layout),
        incidents.refused(stats, layout),
        element("footer", layout.note(words.of("privacy"))),
    )
    return f"<!DOCTYPE html>{element('html', head, body, lang='ja')}"


def _header(sheet: Sheet, title: str, words: SheetWords) -> Markup:
    of = words.of
    which = "day" if sheet.span.one_day else "month"
    during = of(f"made.during.{which}") if sheet.made_at < sheet.span.bounds()[1] else ""
    facts = (
        (of(f"span.{which}"), words.span(sheet.span)),
        (of("host"), sheet.host),
        (of("made"), f"{words.day(sheet.made_at.astimezone().date())} {clock(sheet.made_at)}{during}"),
        (of("version"), of("version.of", version=sheet.version)),
    )
    listed = [joined(element("dt", name), element("dd", value)) for name, value in facts]
    names = [element("span", of(f"stamp.{number}")) for number in (1, 2, 3)]
    boxes = [element("i") for _ in names]
    return element(
        "header",
        element("div", element("h1", title), element("dl", *listed, css="facts")),
        element("div", *names, *boxes, css="stamps", aria_label=of("stamps")),
    )


def _sums(stats: Stats, words: SheetWords) -> Markup:
    sums = (
        ("sessions", stats.opened, ""),
        ("proven", sum(case.good is True for case in stats.sessions), ""),
        ("unproven", sum(map(unproven, stats.sessions)), "bad"),
        ("alerts_open", len(stats.unacknowledged), "bad"),
        ("crashes", sum(map(crashed, stats.running)), "bad"),
    )
    boxes = [
        element(
            "div",
            element("dt", words.of(f"sum.{name}")),
            element(
                "dd",
                element("b", f"{number:,}"),
                words.of("unit.times" if name == "crashes" else "unit.cases"),
            ),
            css=css if number else "calm",
        )
        for name, number, css in sums
    ]
    return element("dl", *boxes, css="sums")


def _margins(sheet: Sheet, words: SheetWords) -> str:
    """Return the foot of each page: a page alone still says what it belongs to."""
    text = words.of("foot", host=sheet.host, span=words.span(sheet.span))
    before, middle, after = (
        css_string(part) for part in words.of("foot.page", page="\0", pages="\0").split("\0")
    )
    look = 'font: 400 7.5pt "Noto Sans JP", "Noto Sans CJK JP", sans-serif; color: #4d4d4d;'
    return (
        f"@page {{ @bottom-left {{ content: {css_string(text)}; {look} }}"
        f" @bottom-right {{ content: {before} counter(page) {middle} counter(pages) {after}; {look} }} }}"
    )
