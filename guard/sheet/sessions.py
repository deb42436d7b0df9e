"""The sheet's sections about sessions: their wipes, each one of a day, the days of a month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from guard.journal.stats import STEPS
from guard.sheet.chart import chart
from guard.sheet.days import sums_by_day
from guard.sheet.layout import clock
from guard.sheet.markup import Markup, element, joined
from guard.sheet.tables import Column, Kind, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guard.journal.stats import Figures, SessionCase, Stats
    from guard.sheet.layout import Layout

_LIMIT_MS: Final = 2000.0
"""Within which a wipe should be proven: the portal's logout has 1.5 s by default, all else takes less."""
_WIDE: Final = {"logout": 19.0, "crashes": 17.0}
"""mm, of the columns of a month whose headings need more than an equal share."""
_GRAVE: Final = ("unproven", "open", "crashes")
"""Sums of a day that must catch the eye."""
ID_SHOWN: Final = 8
"""Characters of a session's id, enough for ``guard journal show --session``."""


def times(stats: Stats, layout: Layout) -> Markup:
    """Return how long wipes and covers took."""
    of = layout.words.of
    wipes = [case.wipe_ms for case in stats.sessions if case.wipe_ms is not None]
    if not wipes:
        return layout.section("times", layout.empty("times.none"))
    over = sum(ms > _LIMIT_MS for ms in wipes)
    rows = (("wipe", stats.wipes), *((step, stats.steps[step]) for step in STEPS), ("cover", stats.covers))
    columns = (
        Column(of("times.step"), Kind.WORDS),
        *(Column(of(f"times.{name}"), Kind.NUMBER, 14) for name in ("n", "p50", "p99", "most")),
    )
    figures = element(
        "div",
        table(columns, ((of(f"times.{name}"), *_figures(row)) for name, row in rows)),
        layout.note(of("times.unit")),
    )
    drawing = element("div", chart(wipes, _LIMIT_MS, layout.words), layout.note(of("chart.over", count=over)))
    both = element("div", drawing, figures, css="times")
    return layout.section("times", layout.note(of("times.about")), both)


def sessions(stats: Stats, layout: Layout) -> Markup:
    """Return each session of a day."""
    of, cases = layout.words.of, stats.sessions
    if not cases:
        return layout.section("sessions", layout.empty("empty.day" if stats.records else "unused.day"))
    columns = (
        Column(of("sessions.number"), Kind.NUMBER, 8),
        Column(of("sessions.began"), Kind.TIME, 18),
        Column(of("sessions.ended"), Kind.TIME, 16),
        Column(of("sessions.length"), Kind.NUMBER, 17),
        Column(of("sessions.cause"), Kind.WORDS),
        Column(of("sessions.wipe"), Kind.NUMBER, 13),
        Column(of("sessions.good"), Kind.WORDS, 23),
        Column(of("sessions.logout"), Kind.WORDS, 19),
        Column(of("sessions.staff"), Kind.CODE, 16),
        Column(of("sessions.id"), Kind.CODE, 18),
    )
    rows = (_session(number, case, layout) for number, case in enumerate(cases, 1))
    return layout.section("sessions", table(columns, rows))


def endings(stats: Stats, layout: Layout) -> Markup:
    """Return how the sessions of a month ended."""
    of, words = layout.words.of, layout.words
    if not stats.endings:
        return layout.section("endings", layout.empty("endings.none"))
    items = (
        element(
            "div", element("dt", words.known("event", cause)), element("dd", of("cases", count=f"{count:,}"))
        )
        for cause, count in stats.endings.items()
    )
    return layout.section("endings", element("dl", *items, css="counts"))


def days(stats: Stats, layout: Layout) -> Markup:
    """Return the sums of each day of a month, on a page of their own."""
    of, words = layout.words.of, layout.words
    if not stats.records:
        return layout.section("days", layout.empty("unused.month"))
    sums = sums_by_day(stats, layout.span)
    names = [*sums[0].counted, "p50", "most"]
    columns = (
        Column(of("days.day"), Kind.NUMBER, 15),
        *(Column(of(f"days.{name}"), Kind.NUMBER, _WIDE.get(name, 0)) for name in names),
    )
    rows = [
        (f"{one.day.day}（{words.weekday(one.day)}）", *_sum(one.counted, one.wipes, layout)) for one in sums
    ]
    counted = {name: sum(one.counted[name] for one in sums) for name in sums[0].counted}
    total = (of("days.total"), *_sum(counted, stats.wipes, layout))
    return layout.section("days", table(columns, rows, total), css="apart")


def _session(number: int, case: SessionCase, layout: Layout) -> tuple[str, ...]:
    of, words = layout.words.of, layout.words
    unknown = of("sessions.unknown" if case.cause else "sessions.later")
    cause = words.known("event", case.cause) if case.cause else of("none")
    cardless = of("sessions.cardless") if case.opened_by == "staff_start" else ""
    return (
        str(number),
        clock(case.began) if case.began else of("sessions.earlier"),
        clock(case.ended) if case.ended else unknown,
        of("none") if case.seconds is None else f"{int(case.seconds) // 60}:{int(case.seconds) % 60:02}",
        joined(cause, cardless),
        of("none") if case.wipe_ms is None else f"{case.wipe_ms / 1000:.2f}",
        _good(case, layout),
        words.known("logout", case.logout) if case.logout else of("none"),
        joined(*_listed([words.staff(each) for each in case.staff])) or of("none"),
        case.id[:ID_SHOWN],
    )


def _good(case: SessionCase, layout: Layout) -> Markup:
    of = layout.words.of
    if case.good is None:
        return element("b", of("good.none")) if case.cause else joined(of("none"))
    if not case.good:
        return element("b", of("good.no"))
    return joined(of("good.yes") if case.tries == 1 else of("good.retried", tries=case.tries))


def _sum(counted: Mapping[str, int], wipes: Figures | None, layout: Layout) -> tuple[str, ...]:
    none = layout.words.of("none")
    measured = (f"{wipes.p50 / 1000:.2f}", f"{wipes.most / 1000:.2f}") if wipes else (none, none)
    numbers = (
        element("b" if name in _GRAVE else "span", f"{number:,}") if number else none
        for name, number in counted.items()
    )
    return *numbers, *measured


def _figures(figures: Figures | None) -> tuple[str, ...]:
    if figures is None:
        return "0", "", "", ""
    return (f"{figures.n:,}", *(f"{value:,.1f}" for value in (figures.p50, figures.p99, figures.most)))


def _listed(texts: Sequence[str]) -> list[str]:
    """Return them with a break between each two."""
    return [piece for text in texts for piece in (Markup("<br>"), text)][1:]
