"""Every rule of the session, checked on every transition of every configuration that can be reached.

A configuration is the machine's whole state together with what an onlooker would remember (`Seen`). From
the start, every event is played in every configuration, events with a wrong id among them, until nothing new
is reached; after the third citizen no further session begins. Capsule ids matter only by being equal or not,
so a fresh capsule always gets the next name.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import pytest

from guard.session import effects as ef
from guard.session import events as ev
from guard.session import machine, table
from guard.session.machine import Step, step
from guard.session.policy import OnRemoval, Policy
from guard.session.table import TABLE, Card, Do, Facts, Row, Session, State, Then, When, holds, learn, settle
from tests.support.wrong_machines import WRONG_MACHINES, row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CITIZENS: Final = 3
_STRANGER: Final = ev.SessionId("stranger")
_STAFF: Final = ev.StaffId("7")
_POLICIES: Final = tuple(Policy(on_removal=on_removal) for on_removal in OnRemoval)
_LIVE: Final = frozenset({State.ACTIVE, State.HELD})
_GOING: Final = frozenset({State.ENDING, State.WIPE_FAILED})
_FREE: Final = frozenset(State) - _LIVE - _GOING

_PLAIN_EVENTS: Final[tuple[ev.Event, ...]] = (
    ev.CardPresent(counter=1),
    ev.CardAbsent(counter=1),
    ev.CardChanged(counter=1),
    *(ev.ReaderLost(why=why) for why in ev.ReaderLoss),
    ev.LeftoversSwept(),
    ev.CurtainUp(),
    ev.CurtainLost(),
    ev.CoverConfirmed(),
    ev.CoverLate(),
    ev.DisplayLost(),
    *(ev.EndRequested(by=by) for by in ev.EndedBy),
    ev.CoverRequested(),
    ev.StaffEnd(staff=_STAFF),
    ev.StaffStart(staff=_STAFF),
    ev.StaffOutOfService(staff=_STAFF),
    ev.StaffInService(staff=_STAFF),
    *(ev.SystemChanging(what=what) for what in ev.SystemChange),
    ev.SystemAwake(),
    ev.ClockJumped(),
    ev.JournalLost(),
    ev.JournalBack(),
)
_NAMED_EVENTS: Final[tuple[Callable[[ev.SessionId], ev.Event], ...]] = (
    lambda session: ev.StaffResume(session=session, staff=_STAFF),
    lambda session: ev.HoldOver(session=session),
    lambda session: ev.IdleOver(session=session),
    lambda session: ev.LongestOver(session=session),
    lambda session: ev.RetryDue(session=session),
    lambda session: ev.CapsuleLost(session=session),
    lambda session: ev.WipeProven(session=session),
    lambda session: ev.WipeFailed(session=session),
    lambda session: ev.SpareLost(session=session),
)
_HARMLESS_IN_A_SESSION: Final = (
    ev.StaffStart,
    ev.StaffInService,
    ev.StaffResume,
    ev.RetryDue,
    ev.LeftoversSwept,
    ev.CurtainUp,
    ev.SpareWarm,
    ev.SpareLost,
    ev.CoverConfirmed,
    ev.JournalBack,
)
"""Events that neither cover nor end what lives; each is someone else's or a part's coming back."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What an onlooker remembers who trusts nothing that the machine says of itself."""

    begun: frozenset[ev.SessionId] = frozenset()
    """Shown to a citizen at some time."""
    proven: frozenset[ev.SessionId] = frozenset()
    """Begun, and a good receipt came after its end had been asked for."""
    ended: frozenset[ev.SessionId] = frozenset()
    """Its end has been asked for."""
    shown: ev.SessionId | None = None
    """On the screens right now."""

    def after(self, event: ev.Event, effects: tuple[ef.Effect, ...]) -> Seen:
        seen = self
        if isinstance(event, ev.WipeProven) and event.session in self.ended:
            seen = replace(seen, proven=seen.proven | {event.session})
        for effect in effects:
            match effect:
                case ef.Uncover():
                    seen = replace(seen, begun=seen.begun | {effect.session}, shown=effect.session)
                case ef.Cover():
                    seen = replace(seen, shown=None)
                case ef.EndCapsule():
                    seen = replace(seen, ended=seen.ended | {effect.session})
        return seen


@dataclass(frozen=True, slots=True)
class Config:
    session: Session
    seen: Seen


@dataclass(frozen=True, slots=True)
class Move:
    """One transition as the rules see it."""

    policy: Policy
    before: Config
    event: ev.Event
    step: Step
    after: Config

    def has(self, effect: ef.Effect) -> bool:
        return effect in self.step.effects

    @property
    def names_the_current(self) -> bool:
        current = self.before.session.current
        return current is not None and getattr(self.event, "session", current) == current

    @property
    def living(self) -> State | None:
        """The state before, if a session lived in it and the event did not come for another session."""
        state = self.before.session.state
        return state if state in _LIVE and self.names_the_current else None


# --- the rules; each answers whether the move keeps it


def no_one_begins_before_the_last_is_proven_gone(move: Move) -> bool:
    return move.after.seen.begun == move.before.seen.begun or (
        move.before.seen.begun == move.before.seen.proven
        and len(move.after.seen.begun - move.before.seen.begun) == 1
    )


def a_capsule_serves_one_citizen(move: Move) -> bool:
    current = move.after.session.current
    return current == move.before.session.current or current not in move.before.seen.begun


def only_authority_uncovers(move: Move) -> bool:
    if not any(isinstance(effect, ef.Uncover) for effect in move.step.effects):
        return True
    before, card_lies = move.before.session, move.after.session.facts.card is Card.PRESENT
    match before.state, move.event:
        case (State.READY, ev.CardPresent()):
            return before.facts.card is Card.ABSENT
        case (State.READY, ev.StaffStart()):
            return not card_lies
        case (State.HELD, ev.StaffResume(session=session)):
            return session == before.current and card_lies == before.carded
        case _:
            return False


def only_a_pin_brings_a_held_session_back(move: Move) -> bool:
    before, after = move.before.session, move.after.session
    came_back = before.state is State.HELD and after.state is State.ACTIVE
    return not came_back or (isinstance(move.event, ev.StaffResume) and move.event.session == before.current)


def only_an_active_session_is_shown(move: Move) -> bool:
    session = move.after.session
    return move.after.seen.shown == (session.current if session.state is State.ACTIVE else None)


def whatever_is_not_harmless_covers_and_ends(move: Move) -> bool:
    before, after = move.before.session, move.after.session
    lost_as_a_spare = isinstance(move.event, ev.SpareLost) and move.event.session == before.current
    if move.living is None or (isinstance(move.event, _HARMLESS_IN_A_SESSION) and not lost_as_a_spare):
        return True
    hold = move.policy.on_removal is OnRemoval.HOLD and before.carded
    covered = move.step.effects[:1] == (ef.Cover(),)
    match before.state, move.event:
        case (State.ACTIVE, ev.HoldOver()):
            return after.state is State.ACTIVE
        case (State.HELD, ev.CardPresent()) if hold:
            return after.state is State.HELD
        case (State.ACTIVE, ev.CardAbsent()) if hold:
            return covered and after.state is State.HELD
        case (_, ev.CoverRequested()):
            return covered and after.state is State.HELD
        case _:
            return covered and after.state is State.ENDING and after.current in move.after.seen.ended


def covering_comes_first(move: Move) -> bool:
    return ef.Cover() not in move.step.effects[1:]


def a_session_leaves_only_by_ending(move: Move) -> bool:
    before, after = move.before.session, move.after.session
    return before.state not in _LIVE or after.state in _LIVE | {State.ENDING}


def only_proof_leaves_the_end(move: Move) -> bool:
    before, after = move.before.session, move.after.session
    if before.state not in _GOING:
        return True
    if move.names_the_current and isinstance(move.event, ev.WipeProven):
        return after.state not in _LIVE | _GOING
    if move.names_the_current and isinstance(move.event, ev.WipeFailed):
        return after.state is State.WIPE_FAILED
    return after.state is before.state and after.current == before.current


def an_end_is_asked_for_once_and_before_ending(move: Move) -> bool:
    asked = [effect.session for effect in move.step.effects if isinstance(effect, ef.EndCapsule)]
    entered = move.after.session.state is State.ENDING and move.before.session.state is not State.ENDING
    return asked == ([move.before.session.current] if entered else [])


def a_failed_wipe_is_covered_alerted_and_tried_again(move: Move) -> bool:
    session = move.before.session
    if session.state not in _GOING or session.current is None or not move.names_the_current:
        return True
    match move.event:
        case ev.WipeFailed():
            again = ef.Arm(timer=ef.Timer.RETRY, session=session.current)
            alert = ef.Alert(kind=ef.AlertKind.WIPE_FAILED)
            return move.has(ef.Cover()) and move.has(alert) and move.has(again)
        case ev.RetryDue() if session.state is State.WIPE_FAILED:
            return move.has(ef.RetryWipe(session=session.current))
        case _:
            return True


def a_cover_that_is_late_kills(move: Move) -> bool:
    session = move.before.session
    if session.current is None or not isinstance(move.event, ev.CoverLate):
        return True
    return move.has(ef.KillCapsule(session=session.current)) or move.has(
        ef.EndCapsule(session=session.current, logout=False)
    )


def ready_means_ready(move: Move) -> bool:
    facts = move.after.session.facts
    return move.after.session.state is not State.READY or (
        facts.swept
        and facts.curtain
        and facts.spare is not None
        and facts.card is Card.ABSENT
        and facts.journal
        and facts.display
        and not facts.closed
        and not facts.asleep
        and not facts.stopping
    )


def a_session_lives_only_on_a_sound_counter(move: Move) -> bool:
    session, facts = move.after.session, move.after.session.facts
    if session.state not in _LIVE:
        return True
    lying = facts.card is (Card.PRESENT if session.carded else Card.ABSENT)
    return (
        (lying or session.state is State.HELD)
        and facts.card not in {Card.LOST, Card.UNSEEN}
        and facts.curtain
        and facts.journal
        and facts.display
        and not facts.closed
        and not facts.asleep
        and not facts.stopping
    )


def without_a_session_the_facts_decide(move: Move) -> bool:
    session = move.after.session
    if session.state in _LIVE | _GOING:
        return session.current is not None
    return session.current is None and session.state is settle(session.facts)


def effects_name_the_current_session(move: Move) -> bool:
    named = {
        effect.session
        for effect in move.step.effects
        if isinstance(effect, ef.Uncover | ef.EndCapsule | ef.KillCapsule | ef.RetryWipe | ef.Arm)
    }
    return named <= {move.after.session.current} - {None}


def what_comes_for_another_session_changes_nothing(move: Move) -> bool:
    current = move.before.session.current
    if not isinstance(move.event, ev.SessionEvent) or move.event.session == current:
        return True
    if isinstance(move.event, ev.CapsuleLost) and move.event.session not in move.before.seen.begun:
        return not move.step.stale  # a capsule nobody has used yet: read as the loss of a spare
    return move.step == Step(move.before.session, stale=True)


def a_spare_that_is_lost_is_replaced(move: Move) -> bool:
    named = getattr(move.event, "session", None)
    if not isinstance(move.event, ev.SpareLost | ev.CapsuleLost) or named in move.before.seen.begun:
        return True
    return move.after.session.facts.spare != named and (
        move.has(ef.WarmSpare()) or move.before.session.facts.stopping
    )


def nothing_is_started_while_all_goes_down(move: Move) -> bool:
    started = move.has(ef.WarmSpare()) or move.has(ef.RestartCurtain())
    return not (started and move.before.session.facts.stopping)


_RULES: Final[tuple[Callable[[Move], bool], ...]] = (
    no_one_begins_before_the_last_is_proven_gone,
    a_capsule_serves_one_citizen,
    only_authority_uncovers,
    only_a_pin_brings_a_held_session_back,
    only_an_active_session_is_shown,
    whatever_is_not_harmless_covers_and_ends,
    covering_comes_first,
    a_session_leaves_only_by_ending,
    only_proof_leaves_the_end,
    an_end_is_asked_for_once_and_before_ending,
    a_failed_wipe_is_covered_alerted_and_tried_again,
    a_cover_that_is_late_kills,
    ready_means_ready,
    a_session_lives_only_on_a_sound_counter,
    without_a_session_the_facts_decide,
    effects_name_the_current_session,
    what_comes_for_another_session_changes_nothing,
    a_spare_that_is_lost_is_replaced,
    nothing_is_started_while_all_goes_down,
)


# --- walking


def _events(config: Config) -> Iterator[ev.Event]:
    """Every event; those that name a capsule name the current, the next, two used and an unknown one."""
    yield from _PLAIN_EVENTS
    fresh = ev.SessionId(f"c{len(config.seen.begun) + 1}")
    current = config.session.current
    known = {fresh, *sorted(config.seen.begun)[:2]} | (set() if current is None else {current})
    for session in sorted(known):
        yield ev.SpareWarm(session=session)
    for session in sorted({*known, _STRANGER}):
        for named in _NAMED_EVENTS:
            yield named(session)


def _moves(policy: Policy) -> Iterator[Move]:
    """Every transition out of every configuration that can be reached; raises what `step` raises."""
    start = Config(Session(), Seen())
    known, waiting = {start}, deque([start])
    while waiting:
        before = waiting.popleft()
        for event in _events(before):
            outcome = step(before.session, event, policy)
            after = Config(outcome.session, before.seen.after(event, outcome.effects))
            if len(after.seen.begun) > _CITIZENS:
                continue
            yield Move(policy, before, event, outcome, after)
            if after not in known:
                known.add(after)
                waiting.append(after)


@pytest.fixture(scope="module")
def walk() -> Mapping[Policy, tuple[Move, ...]]:
    """Every transition under each policy, walked once for all tests."""
    return {policy: tuple(_moves(policy)) for policy in _POLICIES}


_Walk = Mapping[Policy, tuple[Move, ...]]
_each_policy = pytest.mark.parametrize("policy", _POLICIES, ids=lambda policy: str(policy.on_removal))


@_each_policy
@pytest.mark.parametrize("rule", _RULES, ids=lambda rule: str(rule.__name__))
def test_the_rule_holds_on_every_transition(
    walk: _Walk, policy: Policy, rule: Callable[[Move], bool]
) -> None:
    """Whatever happens in whatever order, the rule is kept."""
    assert next((move for move in walk[policy] if not rule(move)), None) is None


@_each_policy
def test_every_event_of_the_table_is_played(walk: _Walk, policy: Policy) -> None:
    """An event added to `EVENTS` but not to this walk fails here."""
    assert {type(move.event) for move in walk[policy]} == set(ev.EVENTS)


@_each_policy
def test_every_state_is_reached_with_up_to_three_citizens(walk: _Walk, policy: Policy) -> None:
    """The walk is no empty promise: it sees every state before, with and after each of the citizens."""
    moves = walk[policy]
    reached = {(move.after.session.state, len(move.after.seen.begun)) for move in moves}
    without_session = {(state, count) for state in _FREE for count in range(_CITIZENS + 1)}
    with_session = {(state, count) for state in _LIVE | _GOING for count in range(1, _CITIZENS + 1)}
    assert reached == without_session | with_session


def _is_recovery(event: ev.Event) -> bool:
    """Tell whether the event is a part or a person doing as asked; no new citizen is among them."""
    return isinstance(
        event,
        ev.CardAbsent
        | ev.LeftoversSwept
        | ev.CurtainUp
        | ev.SpareWarm
        | ev.StaffInService
        | ev.EndRequested
        | ev.WipeProven
        | ev.SystemAwake
        | ev.JournalBack,
    )


@_each_policy
def test_ready_can_be_reached_again_from_everywhere(walk: _Walk, policy: Policy) -> None:
    """Unless the PC goes down or lost its display, doing what each screen asks leads back to READY."""
    moves = walk[policy]
    sources: dict[Config, set[Config]] = {}
    for move in moves:
        if _is_recovery(move.event):
            sources.setdefault(move.after, set()).add(move.before)
    back = {move.after for move in moves if move.after.session.state is State.READY}
    waiting = deque(back)
    while waiting:
        for source in sources.get(waiting.popleft(), set()) - back:
            back.add(source)
            waiting.append(source)
    everywhere = {move.after for move in moves}
    stuck = {config.session.facts for config in everywhere - back}
    assert all(facts.stopping or not facts.display for facts in stuck)


def test_no_row_of_the_table_is_dead(walk: _Walk) -> None:
    """Every alternative of every event is taken in some state that it stands in."""
    taken = set()
    for policy, moves in walk.items():
        for move in moves:
            if not move.step.stale:
                before = move.before.session
                learnt = replace(before, facts=learn(before.facts, move.event))
                rows = TABLE[before.state][type(move.event)]
                taken.add((type(move.event), next(row for row in rows if holds(row.when, learnt, policy))))
    written = {
        (event, row)
        for state, events in TABLE.items()
        for event, rows in events.items()
        for row in rows
        if not (state in _FREE and issubclass(event, ev.SessionEvent))
    }
    assert written <= taken


def test_what_names_a_session_does_nothing_where_none_lives() -> None:
    """The machine drops it before the table is asked; the table says the same."""
    named = [event for event in ev.EVENTS if issubclass(event, ev.SessionEvent)]
    assert all(TABLE[state][event] == (Row(Then.STAY),) for state in _FREE for event in named)


def test_every_condition_stands_in_the_table() -> None:
    """No condition is left over from an earlier table."""
    assert {row.when for events in TABLE.values() for rows in events.values() for row in rows} == set(When)


_EVERYWHERE: Final = tuple(State)
_STAYS: Final = (Row(Then.STAY),)


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ((), "says nothing about .*JournalBack"),
        (((_EVERYWHERE, _STAYS), ((State.HELD,), _STAYS)), "says twice what JournalBack does in HELD"),
        (((_EVERYWHERE, _STAYS * 2),), "the last row of JournalBack in .*, and it alone, must always apply"),
    ],
)
def test_a_table_that_says_nothing_or_more_than_one_thing_is_refused(
    entries: tuple[object, ...], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pair that is missing, is there twice, or has a row that is never asked, stops the guard's start."""
    monkeypatch.setattr(table, "_ENTRIES", {**table._ENTRIES, ev.JournalBack: entries})
    with pytest.raises(ValueError, match=why):
        table._build()


# --- the rules can fail

_CAUGHT_BY: Final[Mapping[str, Callable[[Move], bool]]] = {
    "the card alone brings a held session back": only_authority_uncovers,
    "staff resume without the card": only_authority_uncovers,
    "a hold that is over brings the session back": only_a_pin_brings_a_held_session_back,
    "a late resume opens the next session": what_comes_for_another_session_changes_nothing,
    "a used capsule is taken for a spare": a_capsule_serves_one_citizen,
    "the loss of a spare that became the session is dropped": whatever_is_not_harmless_covers_and_ends,
    "a session begins while the last one is being wiped": no_one_begins_before_the_last_is_proven_gone,
    "removal is taken for proof": only_proof_leaves_the_end,
    "staff open a counter whose wipe failed": only_proof_leaves_the_end,
    "a swapped card is overlooked": whatever_is_not_harmless_covers_and_ends,
    "the end comes without a cover": only_an_active_session_is_shown,
    "the cover waits for the end": covering_comes_first,
    "an end is declared and nobody is asked for it": an_end_is_asked_for_once_and_before_ending,
    "an end is asked for again": an_end_is_asked_for_once_and_before_ending,
    "a failed wipe is not tried again": a_failed_wipe_is_covered_alerted_and_tried_again,
    "a receipt for a living session ends it uncovered": a_session_leaves_only_by_ending,
    "a late cover kills nobody": a_cover_that_is_late_kills,
    "a counter without a curtain stays ready": ready_means_ready,
    "a counter that staff closed stays ready": without_a_session_the_facts_decide,
    "a lost journal is no reason to end": a_session_lives_only_on_a_sound_counter,
    "the wrong capsule is ended": effects_name_the_current_session,
    "the spare is not replaced": a_spare_that_is_lost_is_replaced,
    "a spare is warmed while all goes down": nothing_is_started_while_all_goes_down,
}
"""Each wrong machine, and the rule that is made for it."""


@pytest.mark.parametrize("mistake", WRONG_MACHINES)
def test_a_wrong_machine_is_caught(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule made for it finds the mistake."""
    for name, wrong in WRONG_MACHINES[mistake].items():
        monkeypatch.setattr(machine, name, wrong)
    caught_by = _CAUGHT_BY[mistake]
    assert any(not caught_by(move) for policy in _POLICIES for move in _moves(policy))


def test_every_rule_catches_a_mistake() -> None:
    """No rule is there that cannot fail."""
    assert set(_CAUGHT_BY.values()) == set(_RULES)


def test_a_row_that_needs_a_session_where_none_is_stops_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Better no answer than one about nobody."""
    wrong = row(State.READY, ev.CoverLate, Row(Then.SETTLE, (Do.KILL,)))
    monkeypatch.setattr(machine, "TABLE", wrong["TABLE"])
    ready = Session(state=State.READY, facts=Facts(swept=True, curtain=True, card=Card.ABSENT))
    with pytest.raises(LookupError, match="the table is wrong"):
        step(ready, ev.CoverLate(), Policy())


# --- stories that the walk has in it, told so that they can be read


def test_a_resume_meant_for_the_last_citizen_is_dropped() -> None:
    """Staff's PIN for a session that has ended meanwhile does not open the next one."""
    first, second = ev.SessionId("first"), ev.SessionId("second")
    facts = Facts(swept=True, curtain=True, card=Card.PRESENT)
    held = Session(state=State.HELD, facts=facts, current=second, used=frozenset({first}))
    assert step(held, ev.StaffResume(session=first, staff=_STAFF), Policy()) == Step(held, stale=True)


def test_a_spare_lost_in_the_moment_it_begins_ends_the_session() -> None:
    """The loss was posted while the capsule was a spare; the card came first."""
    spare = ev.SessionId("spare")
    facts = Facts(swept=True, curtain=True, card=Card.ABSENT, spare=spare)
    begun = step(Session(state=State.READY, facts=facts), ev.CardPresent(counter=1), Policy())
    ended = step(begun.session, ev.SpareLost(session=spare), Policy())
    assert ended.session.state is State.ENDING
    assert ended.effects[:2] == (ef.Cover(), ef.EndCapsule(session=spare, logout=False))


def test_a_capsule_that_was_used_never_counts_as_a_spare() -> None:
    """A late word of warmth from a capsule that is proven gone makes nothing ready."""
    used = ev.SessionId("used")
    facts = Facts(swept=True, curtain=True, card=Card.ABSENT)
    waiting = Session(facts=facts, used=frozenset({used}))
    assert step(waiting, ev.SpareWarm(session=used), Policy()) == Step(waiting, stale=True)


def test_the_loss_of_another_capsule_leaves_the_spare_that_is_warm() -> None:
    """A counter that is ready stays ready."""
    spare = ev.SessionId("spare")
    facts = Facts(swept=True, curtain=True, card=Card.ABSENT, spare=spare)
    ready = Session(state=State.READY, facts=facts)
    assert step(ready, ev.SpareLost(session=ev.SessionId("another")), Policy()).session == ready
