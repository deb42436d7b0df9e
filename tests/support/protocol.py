"""The real core between parts that answer late, never, twice or out of order, one step at a time.

`World` holds the core and a stand-in of every part. A stand-in carries out what it is asked for in its own
books (what is on the screens, which capsule still lives, what is on the disk) and owes an answer; `moves`
are all that could happen next. Delays, reordering and losses need no move of their own: an answer that is
owed may be given now, after anything else, or never. What is not the counter's ordinary course costs
*faults*, so that an explorer can bound how many come together; what must change nothing is in `echoes`.

`broken` judges by the books and by what the core was told, never by what the core believes of itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import permutations
from typing import TYPE_CHECKING, Final

from guard import inbox as letters
from guard.core import Core, Parts
from guard.covering import AGAIN_WITHIN, COVER_WITHIN
from guard.journal.alerts import Alerts
from guard.journal.port import Ticket
from guard.session import events as ev
from guard.session.effects import Timer
from guard.session.table import Card, State
from guard.supervision.nobody import Nobody
from tests.support.clock import TurnedClock
from tests.support.core import (
    ONE_SITE,
    YES,
    Book,
    Calls,
    Curtain,
    Printer,
    Reader,
    Shade,
    Speaker,
    System,
    receipt,
)
from tests.support.memento import Memento

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from guard.browser.port import Geometry
    from guard.journal.port import Field
    from guard.session.policy import Policy
    from tests.support.memento import Memory

_STAFF: Final = ev.StaffId("7")
_DEADLINES: Final[dict[str, int]] = {
    "cover": 1,
    "curtain": 0,
    Timer.RETRY: 0,
    Timer.HOLD: 1,
    Timer.IDLE: 1,
    Timer.LONGEST: 1,
}
"""The core's deadlines that belong to the protocol, and how many faults it is that one passes."""
_LATE: Final = 2 * AGAIN_WITHIN
"""s that a cover takes that comes too late."""
_HARMLESS: Final = (
    ev.LeftoversSwept,
    ev.StaffStart,
    ev.StaffInService,
    ev.StaffResume,
    ev.JournalBack,
    ev.SpareWarm,
)
"""Events after which what is on the screens may stay there."""


@dataclass(frozen=True, slots=True)
class Born:
    """What is true of one capsule, and what has been said of it."""

    warm: bool = False
    dead: bool = False
    used: bool = False
    """Handed to a citizen."""
    owes: type[ev.SpareLost | ev.CapsuleLost] | None = None
    """Its death has been seen, and not told yet."""
    ends: int = 0
    """Receipts that are owed."""
    failed: bool = False
    """A receipt said that something is left."""
    gone: bool = False
    """Nothing of it is left, and a receipt has said so."""


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that could happen."""

    name: str
    act: Callable[[], None]
    faults: int = 0
    about: ev.SessionId | None = None
    """The capsule that it is an answer about."""


class Screens(Shade):
    """What is on the screens follows the order of the commands; the shade tells so once it gets on."""

    def __init__(self, clock: TurnedClock, calls: Calls) -> None:
        super().__init__(clock, calls)
        self.shown: ev.SessionId | None = None
        self.covers = 0
        self.orders: tuple[int | None, ...] = ()
        """What it has not done yet, oldest first: the numbers of covers, None where it is to uncover."""
        self.in_sight = False
        """A portal was uncovered, and no cover done since."""
        self.answer = _covered(0, 0)
        """The last one."""

    def cover(self) -> float:
        self._calls.made.append("cover")
        self.shown = None
        self.covers += 1
        if None not in self.orders[-2:] and len(self.orders) > 1:  # nothing hangs on one between two others
            self.orders = self.orders[:-1]
        self.orders = (*self.orders, self.covers)
        return float(self.covers)

    def covered(self) -> bool:
        return self.confirmed

    def uncover(self, portal: int) -> None:
        self._calls.made.append("uncover")
        self.orders = (*self.orders, None)
        self.in_sight = True
        self.shown = ev.SessionId(str(portal))

    def get_on(self) -> int | None:
        """Do the oldest order; return its number if it was a cover."""
        order, *left = self.orders
        self.orders = tuple(left)
        self.confirmed = order is not None
        self.in_sight = None in left or order is None
        return order

    @property
    def awaited(self) -> bool:
        """Whether a cover is not done yet that nothing was uncovered after."""
        return self.orders[-1:] not in {(), (None,)}


class Disk:
    """What is written in the journal, and what of it is on the disk."""

    def __init__(self) -> None:
        self.last = self.through = 0
        self.opened = 0
        """The last record that a portal is to come up."""
        self.receipts: dict[ev.SessionId, int] = {}
        """The first good ones."""
        self.kinds: dict[int, tuple[str, ev.SessionId | None]] = {}
        """Of the records that something may wait for."""

    def record(self, kind: str, session: ev.SessionId | None = None, **fields: Field) -> Ticket:
        self.last += 1
        if kind == "state" and fields["after"] == State.ACTIVE.value:
            self.opened = self.last
        if kind == "receipt" and fields["good"] and session is not None:
            self.receipts.setdefault(session, self.last)
        if kind in {"receipt", "state"}:
            self.kinds[self.last] = kind, session
        return Ticket(self.last)

    def waits_since(self) -> float | None:
        return float("-inf") if self.through < self.last else None

    def close(self) -> None: ...


class Stock:
    """The capsules, one spare at a time, and their ends."""

    def __init__(self, calls: Calls) -> None:
        self.born: dict[ev.SessionId, Born] = {}
        self.announced: ev.SessionId | None = None
        """A spare that was warm when it was asked for; the core has yet to hear of it."""
        self._calls = calls

    def warm_up(self) -> None:
        self._calls.made.append("warm up")
        waiting = [session for session, one in self.born.items() if not one.used and not one.dead]
        if waiting:
            self.announced = waiting[0] if self.born[waiting[0]].warm else None
        else:
            self.born[ev.SessionId(str(len(self.born) + 1))] = Born()

    def adopted(self, session: ev.SessionId) -> None: ...

    def begin(self, session: ev.SessionId) -> int | None:
        if self.born[session].dead:
            return None
        self.born[session] = replace(self.born[session], used=True)
        return int(session)

    def end(self, session: ev.SessionId, *, logout: bool) -> None:
        self._calls.made.append(f"end {session}" + (" with logout" if logout else ""))
        self.born[session] = replace(self.born[session], used=True, ends=min(2, self.born[session].ends + 1))

    def kill(self, session: ev.SessionId) -> None:
        self._calls.made.append(f"kill {session}")
        self.born[session] = replace(self.born[session], dead=True)

    def resize(self, area: Geometry) -> None: ...

    def not_printed(self, session: ev.SessionId) -> None: ...


class Witness:
    """What somebody knows who hears all that the core is told: what may be shown because of it."""

    NEXT: Final = ev.SessionId("next")
    """Any capsule that nobody has used."""

    def __init__(self) -> None:
        self.card = Card.UNSEEN
        self.swept = self.journal_lost = self.closed = self.asleep = False
        self.may_see: ev.SessionId | None = None
        self.carded = True
        self.seen: tuple[ev.SessionId, ...] = ()
        """The capsules that were on the screens, one a citizen."""

    def hear(  # noqa: C901 -- one flat case an event
        self, event: ev.Event, left: ev.SessionId | None, *, ends: bool
    ) -> None:
        """Hear what the core is told; of the capsule ``left`` something is left, and it ``ends``."""
        match event:
            case ev.CardPresent():
                begins = left is None and self.card is Card.ABSENT
                self.card, self.may_see, self.carded = Card.PRESENT, self.NEXT if begins else None, True
            case ev.CardAbsent():
                self.card, self.may_see = Card.ABSENT, None
            case ev.ReaderLost():
                self.card, self.may_see = Card.LOST, None
            case ev.SystemAwake():
                self.card = self.card if self.card is Card.LOST else Card.UNSEEN
                self.may_see = None
            case ev.StaffStart() if left is None and self.card is Card.ABSENT:
                self.may_see, self.carded = self.NEXT, False
            case ev.StaffResume(session=session):
                if session == left and not ends and (self.card is Card.PRESENT or not self.carded):
                    self.may_see = session
            case ev.SessionEvent() | ev.SpareLost():
                if event.session in {self.may_see, left}:
                    self.may_see = None
            case _ if not isinstance(event, _HARMLESS):
                self.may_see = None
        self.swept |= isinstance(event, ev.LeftoversSwept)
        self.asleep = event == ev.SystemChanging(what=ev.SystemChange.SUSPEND) or (
            self.asleep and not isinstance(event, ev.SystemAwake)
        )
        self.closed = isinstance(event, ev.StaffOutOfService) or (
            self.closed and not isinstance(event, ev.StaffInService)
        )


class Posts(letters.Inbox):
    """What the core posts to itself waits like everybody's letters; the same again is no other letter."""

    def __init__(self, clock: TurnedClock) -> None:
        super().__init__(clock)
        self.kept: list[letters.Content] = []

    def post(self, content: letters.Content) -> None:
        if content not in self.kept:
            self.kept.append(content)


class World:
    """One counter, and everything that could happen to it next."""

    def __init__(self, policy: Policy) -> None:
        clock, calls = TurnedClock(), Calls()
        self._clock = clock
        self._calls = calls
        self._screens = Screens(clock, calls)
        self._curtain = Curtain(calls)
        self._disk = Disk()
        self._stock = Stock(calls)
        self._witness = Witness()
        self._posts = Posts(clock)
        alerts = Alerts(self._disk, clock, ())
        parts = Parts(
            system=System(calls),
            reader=Reader(clock, calls),
            shade=self._screens,
            curtain=self._curtain,
            speaker=Speaker(),
            capsules=self._stock,
            ending=self._stock,
            printer=Printer(calls),
            journal=self._disk,
            forward=lambda _seq: None,
            alerts=alerts,
            book=Book(),
            supervisor=Nobody(),
        )
        self._core = core = Core(parts, policy, ONE_SITE, self._posts, clock)
        self._owes_curtain = True
        self._memento = Memento(
            [
                self,
                self._screens,
                self._disk,
                self._stock,
                self._witness,
                self._posts,
                alerts,
                core,
                core._timers,
                core._idle,
                core._portals,
                core._prints,
                core._chimes,
                core._durability,
                core._covering,
                core._front_desk,
            ]
        )
        core._start_curtain()
        self._stock.warm_up()

    def remember(self) -> Memory:
        """Return all that is true now."""
        self._calls.made.clear()
        self._curtain.scenes.clear()
        return self._memento.take()

    def go_back(self, memory: Memory) -> None:
        """Let everything be as it was then."""
        self._calls.made.clear()
        self._memento.put_back(memory)

    @property
    def citizens(self) -> int:
        """How many have begun so far, whether or not they came to see a portal."""
        return sum(one.used for one in self._stock.born.values())

    @property
    def state(self) -> State:
        """What the core says that it is doing."""
        return self._core._session.state

    @property
    def current(self) -> ev.SessionId | None:
        """The session that the core says is current."""
        return self._core._session.current

    def let_be(self) -> bool:
        """Tell whether the core has touched neither the screens nor a capsule since `go_back`."""
        return not any(call.startswith(("cover", "uncover", "end", "kill")) for call in self._calls.made)

    # --- what can happen

    def moves(self) -> Iterator[Move]:
        """Everything that could happen now and might change something.

        The shade is two orders behind at most.
        """
        if self._screens.orders:
            yield Move("the shade gets on", partial(self._shade_gets_on, 0))
        if len(self._screens.orders) > 1:
            return
        yield from self._ordinary()
        yield from self._capsules()
        yield from self._trouble()
        yield from self._deadlines()

    def echoes(self) -> Iterator[Move]:
        """Everything late, doubled or out of order that must change nothing at all."""
        yield self._told("the shade's last answer, again", self._screens.answer)
        for session in self._gone():
            for said in (
                ev.CapsuleLost(session=session),
                ev.SpareLost(session=session),
                ev.StaffResume(session=session, staff=_STAFF),
                *(
                    about(session=session)
                    for about in (ev.HoldOver, ev.IdleOver, ev.LongestOver, ev.RetryDue)
                ),
                letters.SpareAppeared(session=session, site="one", window=int(session)),
                letters.SpareGone(session=session, site="one"),
                letters.PaperCame(session=session, pdf=b"%PDF-"),
                letters.PrintAnswered(session=session, queued=True, size=5),
                letters.LogoutChecked(session=session, answer=YES),
                receipt(session, good=False),
            ):
                yield self._told(f"late: {type(said).__name__} of {session}", said, about=session)

    def _ordinary(self) -> Iterator[Move]:
        witness = self._witness
        if not witness.swept:
            yield self._told("swept", ev.LeftoversSwept())
        if witness.card is not Card.PRESENT:
            yield self._told("card present", ev.CardPresent(counter=0))
        if witness.card is not Card.ABSENT:
            yield self._told("card absent", ev.CardAbsent(counter=0))
        if self._owes_curtain:
            yield Move("curtain up", self._curtain_up)
        if witness.asleep:
            yield self._told("the PC wakes", ev.SystemAwake())
        if witness.closed:
            yield self._told("staff open the counter", ev.StaffInService(staff=_STAFF))
        yield from self._journal_goes_on()
        for at, content in enumerate(self._posts.kept):
            yield Move(f"the core's own {type(content).__name__}", partial(self._open_kept, at))

    def _journal_goes_on(self) -> Iterator[Move]:
        disk = self._disk
        if self._witness.journal_lost:
            yield Move("journal back", partial(self._journal, ev.JournalBack()))
        waiting = sorted({ticket for ticket, _ in self._core._durability._waiting})
        for ticket in dict.fromkeys([*waiting[:1], disk.last]):
            if ticket > disk.through:
                yield Move(f"on the disk: {ticket} of {disk.last}", partial(self._synced, ticket))

    def _capsules(self) -> Iterator[Move]:
        if (session := self._stock.announced) is not None:
            yield Move(f"{session} announced", partial(self._appeared, session), about=session)
        for session, one in self._stock.born.items():
            if not one.used and not one.dead:
                again = int(one.warm)
                yield Move(f"{session} warm", partial(self._appeared, session), again, session)
            elif one.warm and one.dead and not one.used:
                yield Move(f"{session} warm, late", partial(self._appeared, session), 1, session)
            if not one.dead:
                yield Move(f"{session} dies", partial(self._dies, session), 1)
            if one.owes:
                yield Move(f"{session} lost", partial(self._loss, session), 0, session)
            if one.ends:
                yield Move(f"{session} gone", partial(self._ended, session, good=True), 0, session)
                yield Move(f"{session} left", partial(self._ended, session, good=False), 1, session)
            elif one.failed and not one.gone:
                yield self._told(f"{session} left, again", receipt(session, good=False), 1, session)
            if one.gone:
                yield self._told(f"{session} gone, again", receipt(session), 1, session)

    def _trouble(self) -> Iterator[Move]:
        for event in (
            ev.CardChanged(counter=0),
            ev.ReaderLost(why=ev.ReaderLoss.SILENT),
            ev.DisplayLost(),
            ev.EndRequested(by=ev.EndedBy.CONTROL),
            ev.CoverRequested(),
            ev.StaffEnd(staff=_STAFF),
            ev.StaffStart(staff=_STAFF),
            ev.StaffOutOfService(staff=_STAFF),
            ev.SystemChanging(what=ev.SystemChange.SUSPEND),
            ev.SystemChanging(what=ev.SystemChange.SHUTDOWN),
            ev.SystemAwake(),
            ev.ClockJumped(),
        ):
            yield self._told(type(event).__name__, event, 1)
        yield Move("CurtainLost", self._curtain_lost, 1)
        if not self._screens.orders:
            yield Move("a window rises that the shade does not get above", self._rises, 1)
        if self._screens.awaited:
            yield Move("the shade gets on, too late", partial(self._shade_gets_on, _LATE), 1)
        yield Move("JournalLost", partial(self._journal, ev.JournalLost()), 1)
        if self._disk.through < self._disk.last:
            yield Move("the disk hangs", self._hangs, 1)
            yield self._told("an older word of the disk", letters.Durable(ticket=Ticket(0), seq=0), 1)
        if self._witness.seen:
            last = self._witness.seen[-1]
            if not self._stock.born[last].gone:
                yield self._told(f"resume {last}", ev.StaffResume(session=last, staff=_STAFF), 0, last)

    def _deadlines(self) -> Iterator[Move]:
        armed = [name for name in _DEADLINES if self._core._timers.armed(name)]
        for name in armed:
            yield Move(f"{name} is over", partial(self._pass, (name,)), _DEADLINES[name])
        for both in permutations(armed, 2):
            faults = 1 + sum(_DEADLINES[name] for name in both)
            yield Move(f"{' and '.join(both)} are over", partial(self._pass, both), faults)

    # --- how it happens

    def _told(
        self, name: str, content: letters.Content, faults: int = 0, about: ev.SessionId | None = None
    ) -> Move:
        return Move(name, partial(self._tell, content), faults, about)

    def _tell(self, content: letters.Content) -> None:
        if isinstance(content, ev.Event):
            self._hear(content)
        self._core._open(letters.Letter(posted_at=self._clock.monotonic(), content=content))
        self._core._let_sleep()
        self._witness_the_screens()

    def _hear(self, event: ev.Event) -> None:
        born = self._stock.born
        left = next(iter(self._lefts()), None)
        ends = left is not None and bool(born[left].ends or born[left].failed)
        self._witness.hear(event, left, ends=ends)

    def _witness_the_screens(self) -> None:
        witness, shown = self._witness, self._screens.shown
        if shown is not None and witness.may_see == Witness.NEXT and shown not in witness.seen:
            witness.may_see = shown
        if shown is not None and shown not in witness.seen:
            witness.seen = (*witness.seen, shown)

    def _curtain_up(self) -> None:
        self._owes_curtain = False
        self._tell(letters.CurtainAppeared(curtain=1, strip=2))

    def _curtain_lost(self) -> None:
        self._owes_curtain = False
        self._tell(ev.CurtainLost())

    def _shade_gets_on(self, took: float) -> None:
        if cover := self._screens.get_on():
            self._screens.answer = _covered(cover, took)
            self._tell(self._screens.answer)

    def _rises(self) -> None:
        self._screens.confirmed = False

    def _journal(self, event: ev.JournalLost | ev.JournalBack) -> None:
        self._witness.journal_lost = isinstance(event, ev.JournalLost)
        self._tell(event)

    def _hangs(self) -> None:
        self._hear(ev.JournalLost())
        self._core._watch_journal()

    def _synced(self, through: int) -> None:
        self._disk.through = through
        self._tell(letters.Durable(ticket=Ticket(through), seq=through))

    def _open_kept(self, at: int) -> None:
        self._tell(self._posts.kept.pop(at))

    def _appeared(self, session: ev.SessionId) -> None:
        if self._stock.announced == session:
            self._stock.announced = None
        self._stock.born[session] = replace(self._stock.born[session], warm=True)
        self._tell(letters.SpareAppeared(session=session, site="one", window=int(session)))

    def _dies(self, session: ev.SessionId) -> None:
        one = self._stock.born[session]
        said = ev.CapsuleLost if one.used else ev.SpareLost
        self._stock.born[session] = replace(one, dead=True, owes=said)

    def _loss(self, session: ev.SessionId) -> None:
        owed = self._stock.born[session].owes
        self._stock.born[session] = replace(self._stock.born[session], owes=None)
        if owed is ev.CapsuleLost:
            self._tell(ev.CapsuleLost(session=session))
        else:
            self._hear(ev.SpareLost(session=session))
            self._tell(letters.SpareGone(session=session, site="one"))

    def _ended(self, session: ev.SessionId, *, good: bool) -> None:
        one = self._stock.born[session]
        self._stock.born[session] = replace(
            one,
            ends=one.ends - 1,
            dead=True,
            failed=one.failed or not good,
            gone=one.gone or good,
            owes=None,
        )
        self._tell(receipt(session, good=good))

    def _pass(self, names: tuple[str, ...]) -> None:
        """These deadlines are found to be over at once."""
        for content in [self._core._timers._due.pop(name)[1] for name in names]:
            if isinstance(content, letters.CurtainDue):
                self._owes_curtain = True
            if isinstance(content, ev.CoverLate):  # and then it is done, but never told
                while self._screens.orders:
                    self._screens.get_on()
            if isinstance(content, letters.IdleDue):
                self._core._idle._touched_at = float("-inf")
                if (whose := self._core._idle._session) is not None:
                    self._hear(ev.IdleOver(session=whose))
            self._tell(content)

    def _lefts(self) -> list[ev.SessionId]:
        return [session for session, one in self._stock.born.items() if one.used and not one.gone]

    def _gone(self) -> list[ev.SessionId]:
        return [session for session, one in self._stock.born.items() if one.gone and session != self.current]

    # --- what is true

    def key(self) -> Hashable:
        """Return what tells this situation from others; capsules count by their order, not by their names."""
        core, stock, witness = self._core, self._stock, self._witness
        facts, names = core._session.facts, self._names()

        def name(session: ev.SessionId | None) -> int | None:
            return None if session is None else names.get(session, -1)

        waiting = [(*self._disk.kinds[ticket], ticket) for ticket, _ in core._durability._waiting]
        uncovers = max((ticket for kind, _, ticket in waiting if kind == "state"), default=0)
        awaited = tuple(
            (kind, name(session), ticket <= self._disk.through)
            for kind, session, ticket in waiting
            if kind == "receipt" or (ticket == uncovers and core._uncovering)
        )
        return (
            self.state,
            name(self.current),
            core._session.carded,
            (facts.swept, facts.curtain, name(facts.spare), facts.card, facts.journal, facts.display),
            (facts.closed, facts.asleep, facts.stopping),
            core._uncovering and core._uncovering.window == int(self.current or 0),
            core._journal_works,
            core._durability.settled(),
            awaited,
            tuple(
                (armed, name(getattr(content, "session", None)))
                for armed, (_, content) in sorted(core._timers._due.items())
                if armed in _DEADLINES
            ),
            name(core._idle._session),
            tuple(name(spare) for spare in core._portals._spares.values()),
            bool(core._portals._failed),
            core._prints._printed is None,
            name(self._screens.shown),
            (self._screens.confirmed, self._screens.in_sight, core._covering._answered),
            self._about_orders(),
            self._owes_curtain,
            tuple((names[session], one) for session, one in stock.born.items() if session in names),
            name(stock.announced),
            tuple(type(content) for content in self._posts.kept),
            witness.journal_lost,
            len(witness.seen),
            -2 if witness.may_see == Witness.NEXT else name(witness.may_see),
            witness.carded,
        )

    def _about_orders(self) -> Hashable:
        """Say of what the shade has yet to do, and of the deadline for it, what makes a difference."""
        covering = self._core._covering
        return (
            covering._within,
            covering._since <= self._screens.covers,
            tuple(
                order and (order >= covering._since, order >= covering._awaited, order >= covering._asked_at)
                for order in self._screens.orders
            ),
        )

    def _names(self) -> dict[ev.SessionId, int]:
        """Number the capsules that matter; of the spares that died and were told lost it is the last."""
        core, born = self._core, self._stock.born
        held = {core._session.facts.spare, *core._portals._spares.values(), self.current}
        lost = [s for s, one in born.items() if one.dead and not one.used and not one.owes and s not in held]
        return {
            session: at for at, session in enumerate(session for session in born if session not in lost[:-1])
        }

    def broken(self) -> str | None:
        """Return the first promise that is broken now; None while all are kept."""
        promises = (*self._about_the_screens(), *self._about_the_next(), *self._about_what_is_waited_for())
        return next((said for said, broken in promises if broken), None)

    def _about_the_screens(self) -> Iterator[tuple[str, bool]]:
        shown, disk, state, current = self._screens.shown, self._disk, self.state, self.current
        may_see = {self._witness.may_see, None if current in self._witness.seen else Witness.NEXT}
        active = state is State.ACTIVE
        yield (
            "a session is open that nobody has the right to see",
            active and not {current, Witness.NEXT} & may_see,
        )
        if shown is not None:
            unproven = {session for session, at in disk.receipts.items() if at > disk.through}
            yield "a portal is shown that nobody has the right to see", self._witness.may_see != shown
            yield "a portal is shown outside its own session", not active or current != shown
            yield "a portal is shown while somebody else's is left", self._lefts() != [shown]
            yield "a portal is shown before the last receipt is on the disk", bool(unproven - {shown})
            yield "a portal is shown before the record of it is on the disk", disk.opened > disk.through

    def _about_the_next(self) -> Iterator[tuple[str, bool]]:
        left, disk = self._lefts(), self._disk
        goes = "let go" in self._calls.made
        yield "the PC may sleep while something of a citizen is left", goes and bool(left)
        yield "the PC may sleep before the screens are covered", goes and self._screens.in_sight
        yield "something is left of a citizen whose session is not current", left not in ([], [self.current])
        if self.state is State.READY:
            proven = all(at <= disk.through for at in disk.receipts.values())
            yield "the counter is ready while something of a citizen is left", bool(left)
            yield "the counter is ready while the PC goes to sleep", self._witness.asleep
            yield "the counter is ready although a card lies there", self._witness.card is not Card.ABSENT
            yield "the counter is ready before the last receipt is on the disk", not proven

    def _about_what_is_waited_for(self) -> Iterator[tuple[str, bool]]:
        """Every answer may be lost: then a deadline, or somebody who is still at work, must be there."""
        core, current, born = self._core, self.current, self._stock.born
        armed = core._timers.armed
        left = core._timers.left("cover")
        yield "a cover is waited for without a deadline", self._screens.awaited and left is None
        hurries = left is None or round(left, 6) <= COVER_WITHIN
        yield "a portal in sight may take its time", self._screens.in_sight and not hurries
        needed = {State.ACTIVE: (Timer.IDLE, Timer.LONGEST), State.HELD: (Timer.HOLD, Timer.LONGEST)}
        limits = all(armed(timer) for timer in needed.get(self.state, ()))
        yield "a session lives without its limits", not limits
        if self.state in {State.ENDING, State.WIPE_FAILED} and current is not None:
            proof = ("receipt", current) in [
                self._disk.kinds[ticket] for ticket, _ in core._durability._waiting
            ]
            at_work = bool(born[current].ends) or proof or armed(Timer.RETRY)
            yield "an end is waited for that nobody works on", not at_work
        if not core._session.facts.stopping:
            spare, curtain = core._session.facts.spare, core._session.facts.curtain
            coming = self._stock.announced is not None or any(
                one.owes or not (one.used or one.dead or one.warm) for one in born.values()
            )
            started = curtain or self._owes_curtain or armed("curtain")
            yield "a curtain is waited for that nobody starts", not started
            yield "a spare is waited for that nobody warms", spare is None and not coming


def _covered(cover: int, took: float) -> letters.CoverAnswered:
    return letters.CoverAnswered(asked_at=cover, confirmed_at=cover + took)
