"""The sheet's sections about everything but sessions: alerts, staff, the guard itself, refused hosts."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Final

from guard.sheet.days import crashed
from guard.sheet.markup import Markup, element
from guard.sheet.sessions import ID_SHOWN
from guard.sheet.tables import Column, Kind, table

if TYPE_CHECKING:
    from guard.journal.stats import AlertCase, Incident, Stats
    from guard.sheet.layout import Layout

_HOSTS_MOST: Final = 20
"""Rows of refused hosts: pages choose them, and must not fill the file."""


def alerts(stats: Stats, layout: Layout) -> Markup:
    """Return the alerts that were open in the span, each with who acknowledged it."""
    of = layout.words.of
    if not stats.alerts:
        return layout.section("alerts", layout.empty("alerts.none"))
    columns = (
        Column(of("alerts.at"), Kind.TIME, 25),
        Column(of("alerts.what"), Kind.WORDS),
        Column(of("times_counted"), Kind.NUMBER, 14),
        Column(of("alerts.done_at"), Kind.TIME, 27),
        Column(of("alerts.staff"), Kind.CODE, 17),
        Column(of("alerts.reason"), Kind.WORDS, 44),
    )
    return layout.section("alerts", table(columns, (_alert(case, layout) for case in stats.alerts)))


def acts(stats: Stats, layout: Layout) -> Markup:
    """Return what staff did: each act of a day, those of a month added up."""
    words = layout.words
    tries = {verdict: stats.pins.get(verdict, 0) for verdict in ("yes", "wrong", "broken")}
    note = layout.note(words.of("pins", **tries)) if stats.pins else ""
    if not stats.acts:
        return layout.section("acts", layout.empty("acts.none"), note)
    listed = _each_act(stats, layout) if layout.span.one_day else _acts_of_each(stats, layout)
    return layout.section("acts", listed, note)


def running(stats: Stats, layout: Layout) -> Markup:
    """Return how the guard itself fared; of a month only what is out of the ordinary."""
    of, words, one_day = layout.words.of, layout.words, layout.span.one_day
    events = [
        of("reader.event", event=words.plain("reader", event), count=f"{count:,}")
        for event, count in stats.reader.items()
    ]
    note = layout.note(of("reader", events=of("comma").join(events))) if events else ""
    title = "running" if one_day else "running.month"
    shown = [one for one in stats.running if one_day or not _ordinary(one)]
    if not shown:
        return layout.section(title, layout.empty("running.none"), note)
    columns = (
        Column(of("running.at"), Kind.TIME, 30),
        Column(of("running.what"), Kind.WORDS, 60),
        Column(of("running.detail"), Kind.WORDS),
    )
    rows = ((layout.at(one.at), _what(one, layout), words.detail(one)) for one in shown)
    return layout.section(title, table(columns, rows), note)


def refused(stats: Stats, layout: Layout) -> Markup:
    """Return which hosts pages wanted to reach and did not."""
    of, words = layout.words.of, layout.words
    if not stats.refused:
        return layout.section("refused", layout.empty("refused.none"))
    columns = (
        Column(of("refused.host"), Kind.WORDS),
        Column(of("refused.what"), Kind.WORDS, 60),
        Column(of("times_counted"), Kind.NUMBER, 24),
    )
    rows = [
        (host or of("none"), words.known("refusal", what), f"{count:,}")
        for (host, what), count in islice(stats.refused.items(), _HOSTS_MOST)
    ]
    more = len(stats.refused) - len(rows)
    note = layout.note(of("refused.more", count=more)) if more else ""
    return layout.section("refused", table(columns, rows), note)


def _alert(case: AlertCase, layout: Layout) -> tuple[str, ...]:
    of, words = layout.words.of, layout.words
    first = layout.at(case.first) if case.first else of("alerts.earlier")
    what = (first, words.alert(case.kind), f"{case.count:,}")
    if case.acknowledged is None:
        return (*what, element("b", of("alerts.open")), of("none"), of("alerts.open.about"))
    return (*what, layout.at(case.acknowledged), words.staff(case.staff), words.reason(case.reason))


def _each_act(stats: Stats, layout: Layout) -> Markup:
    of, words = layout.words.of, layout.words
    columns = (
        Column(of("acts.at"), Kind.TIME, 30),
        Column(of("acts.staff"), Kind.CODE, 30),
        Column(of("acts.act"), Kind.WORDS),
        Column(of("acts.door"), Kind.WORDS, 30),
        Column(of("acts.session"), Kind.CODE, 24),
    )
    rows = (
        (
            layout.at(act.at),
            words.staff(act.staff),
            words.known("act", act.act),
            words.known("door", act.door),
            act.session[:ID_SHOWN] if act.session else of("none"),
        )
        for act in stats.acts
    )
    return table(columns, rows)


def _acts_of_each(stats: Stats, layout: Layout) -> Markup:
    of, words = layout.words.of, layout.words
    columns = (
        Column(of("acts.staff"), Kind.CODE, 30),
        Column(of("acts.act"), Kind.WORDS),
        Column(of("times_counted"), Kind.NUMBER, 24),
    )
    counted = sorted(Counter((act.staff, act.act) for act in stats.acts).items())
    rows = ((words.staff(staff), words.known("act", act), f"{count:,}") for (staff, act), count in counted)
    return table(columns, rows)


def _what(one: Incident, layout: Layout) -> Markup:
    after = one.fields.get("after")
    name = f"start.{after}" if one.kind == "start" and after else one.kind
    what = layout.words.known("running", name)
    return element("b", what) if one.kind == "damaged" or crashed(one) else what


def _ordinary(one: Incident) -> bool:
    """Tell whether this is everyday life: a stop, a start after one, and records whose time was over."""
    return one.kind in {"stop", "dropped"} or (one.kind == "start" and one.fields.get("after") == "stop")
