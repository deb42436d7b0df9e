"""Draws docs/session.md from the table: ``python -m guard.session.diagram``. A test compares the two."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Final

from guard.session import events as ev
from guard.session.effects import AlertKind
from guard.session.machine import effects_of
from guard.session.table import (
    FREE,
    GOING,
    LIVE,
    TABLE,
    Card,
    Do,
    Facts,
    Row,
    State,
    Then,
    When,
    learn,
    settle,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from guard.session.effects import Effect

PAGE: Final = Path(__file__).parents[2] / "docs" / "session.md"
"""Where the page lies in a checkout."""

_ANY: Final = ev.SessionId("…")
_STAFF: Final = ev.StaffId("…")
TELLING: Final[tuple[ev.Event, ...]] = (
    ev.LeftoversSwept(),
    ev.CurtainUp(),
    ev.CurtainLost(),
    ev.SpareWarm(session=_ANY),
    ev.SpareLost(session=_ANY),
    ev.CardAbsent(counter=0),
    ev.CardPresent(counter=0),
    ev.ReaderLost(why=ev.ReaderLoss.SILENT),
    ev.DisplayLost(),
    ev.JournalLost(),
    ev.JournalBack(),
    ev.StaffOutOfService(staff=_STAFF),
    ev.StaffInService(staff=_STAFF),
    ev.SystemChanging(what=ev.SystemChange.SUSPEND),
    ev.SystemChanging(what=ev.SystemChange.STOP),
    ev.SystemAwake(),
    ev.SystemChanging(what=ev.SystemChange.SHUTDOWN),
)
"""One of each event that can change the facts."""

_IF: Final[Mapping[When, str]] = {
    When.ALWAYS: "",
    When.REMOVAL_HOLDS: "policy `hold`, and begun by a card",
    When.CARD_BACK: "the card lies there, or none is needed",
    When.STOPPING: "all is going down",
}
_SETTLES: Final[Mapping[State, str]] = {
    State.OUT_OF_SERVICE: "reader, journal or display lost, closed by staff, or going down",
    State.STARTING: "something is missing, or the PC is about to sleep",
    State.TAKE_CARD: "a card still lies there",
    State.READY: "all is there",
}
_IN_ORDER: Final = tuple(state for state in State if state in FREE)
_PAGE: Final = """\
# The session

Drawn from `guard/session/table.py` by `python -m guard.session.diagram`; a test fails when the two differ.
How the table works and why it is shaped so stands at the head of that file; the effects are explained in
`effects.py` beside it.

## From one citizen to the next

A citizen's session begins in READY, and the way back to READY leads through the proof that nothing of it is
left.

```mermaid
{session}
```

*What ends both*, the session that is shown and the one that is held: {alike}.

## Between two citizens

Where no session lives, the state follows from what is known: {facts}.

```mermaid
{between}
```

## Every event in every state

An arrow names the next state, `=` settles it from the facts, `·` stays, and `–` is dropped: the event names a
session, and none lives.

{matrix}

## What each event asks for

Of several lines for the same event and state, the first whose condition holds is taken.

{rows}

## The words of the last column

{words}
"""


def draw() -> str:
    """Return the page."""
    return _PAGE.format(
        session=_session_diagram(),
        alike=", ".join(_ends_alike()),
        between=_between_diagram(),
        facts="; ".join(f"{state} when {why}" for state, why in _SETTLES.items()),
        matrix=_matrix(),
        rows=_rows(),
        words=_words(),
    )


def _said(name: str) -> str:
    """`CardAbsent` -> `card absent`."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower()


def _session_arrows() -> dict[tuple[State, State], list[str]]:
    """Return, for each pair of states on a session's way, the events that lead from one to the other."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for state in (State.READY, *LIVE, *GOING):
        for event, rows in TABLE[state].items():
            for before, row in zip((None, *rows), rows, strict=False):
                if isinstance(row.target, State) and row.target is not state:
                    said = _said(event.__name__) + _in_brackets(row, before)
                    arrows.setdefault((state, row.target), []).append(said)
    return arrows


def _ends_alike() -> list[str]:
    """Return the events that end a session whether it is shown or held."""
    arrows = _session_arrows()
    shown, held = (arrows[state, State.ENDING] for state in LIVE)
    return [event for event in shown if event in held]


def _session_diagram() -> str:
    """Draw the states of a session; what ends ACTIVE and HELD alike stands below the diagram."""
    alike = _ends_alike()
    lines = ["stateDiagram-v2"]
    for (before, after), events in _session_arrows().items():
        ends = before in LIVE and after is State.ENDING
        own = [event for event in events if not (ends and event in alike)]
        lines.append(_arrow(before, after, [*own, "what ends both"] if ends else own))
    lines.append("    state settle <<choice>>")
    proof = [_said(ev.WipeProven.__name__)]
    lines += [_arrow(state, "settle", proof) for state in GOING]
    lines += [_arrow("settle", state, [why]) for state, why in _SETTLES.items()]
    return "\n".join(lines)


def _between_diagram() -> str:
    """Draw the states without a session: for each pair, the events that can lead from one to the other."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for event in TELLING:
        said = _said(type(event).__name__)
        if isinstance(event, ev.SystemChanging):
            said += f" [{event.what}]"
        for before, after in sorted({(settle(facts), settle(learn(facts, event))) for facts in _all_facts()}):
            settles = all(row.target is Then.SETTLE for row in TABLE[before][type(event)])
            if before is not after and settles:
                arrows.setdefault((before, after), []).append(said)
    closed = [events for (_, after), events in arrows.items() if after is State.OUT_OF_SERVICE]
    opened = [events for (before, _), events in arrows.items() if before is State.OUT_OF_SERVICE]
    lines = ["stateDiagram-v2", '    state "open" as OPEN {']
    lines += [_arrow(*ab, events) for ab, events in arrows.items() if State.OUT_OF_SERVICE not in ab]
    lines += ["    }"]
    lines += [
        _arrow("OPEN", State.OUT_OF_SERVICE, dict.fromkeys(event for events in closed for event in events))
    ]
    lines += [
        _arrow(State.OUT_OF_SERVICE, "OPEN", dict.fromkeys(event for events in opened for event in events))
    ]
    return "\n".join(lines)


def _all_facts() -> Iterator[Facts]:
    for flags in product((False, True), repeat=8):
        swept, curtain, warm, journal, display, closed, asleep, stopping = flags
        for card in Card:
            yield Facts(
                swept=swept,
                curtain=curtain,
                spare=_ANY if warm else None,
                card=card,
                journal=journal,
                display=display,
                closed=closed,
                asleep=asleep,
                stopping=stopping,
            )


def _arrow(before: str, after: str, events: Iterable[str]) -> str:
    return f"    {before} --> {after}: {'<br/>'.join(events)}"


def _in_brackets(row: Row, before: Row | None) -> str:
    if row.when is not When.ALWAYS:
        return {When.REMOVAL_HOLDS: " [hold]", When.CARD_BACK: " [card back]"}.get(row.when, "")
    return " [else]" if before is not None else ""


def _matrix() -> str:
    lines = ["| event | " + " | ".join(State) + " |", "|---|" + "---|" * len(State)]
    for event in ev.EVENTS:
        cells = [_cell(state, event) for state in State]
        lines.append(f"| `{event.__name__}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(state: State, event: type[ev.Event]) -> str:
    if state in FREE and issubclass(event, ev.SessionEvent):
        return "–"
    return " or ".join(dict.fromkeys(_goes(row, state) for row in TABLE[state][event]))


def _goes(row: Row, state: State | None = None) -> str:
    match row.target:
        case State():
            return "·" if row.target is state else f"→ {row.target}"
        case Then.STAY:
            return "·"
        case Then.SETTLE:
            return "="


def _rows() -> str:
    lines = ["| event | seen | in | if | goes | asks for |", "|---|---|---|---|---|---|"]
    for event in ev.EVENTS:
        alike: dict[tuple[Row, ...], list[State]] = {}
        for state in State:
            if not (state in FREE and issubclass(event, ev.SessionEvent)):
                alike.setdefault(TABLE[state][event], []).append(state)
        name, seen = f"`{event.__name__}`", _first_sentences(event)
        for rows, states in alike.items():
            where = "no session lives" if tuple(states) == _IN_ORDER else ", ".join(states)
            for row in rows:
                asks = ", ".join(_asks(do) for do in row.do)
                lines.append(f"| {name} | {seen} | {where} | {_IF[row.when]} | {_goes(row)} | {asks} |")
                name = seen = where = ""
    return "\n".join(lines)


def _first_sentences(event: type[ev.Event]) -> str:
    """Return the first paragraph of the event's docstring, on one line."""
    return " ".join((event.__doc__ or "").split("\n\n")[0].split()).replace("``", "`")


def _asks(do: Do | AlertKind) -> str:
    words = do.name.lower().replace("_", " ")
    return f"alert: {words}" if isinstance(do, AlertKind) else words


def _words() -> str:
    effects = {do: ", ".join(f"`{_brief(effect)}`" for effect in effects_of(do, _ANY)) for do in Do}
    return "\n".join(
        ["| word | effects |", "|---|---|", *(f"| {_asks(do)} | {said} |" for do, said in effects.items())]
    )


def _brief(effect: Effect) -> str:
    """Name an effect and what it says besides the session, such as ``Arm(timer=idle)``."""
    said = {name: getattr(effect, name) for name in effect.__dataclass_fields__ if name != "session"}
    return type(effect).__name__ + (
        f"({', '.join(f'{name}={value}' for name, value in said.items())})" if said else ""
    )


if __name__ == "__main__":
    PAGE.write_text(draw(), encoding="utf-8")
