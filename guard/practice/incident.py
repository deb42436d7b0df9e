"""The incident of 2023 once more (facts: Fukushima city, 136 of 172 cases nationwide).

Citizen A lays the card, logs in, begins the form, does not know the account number, takes the card and
leaves. The clerk calls B, who lays the card, sees whatever is there and registers an account. Under whom
does it land?

The scenario knows no guard: it plays against a `Counter` and only ever follows what the screen shows.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from guard.practice.citizen import Citizen
from guard.practice.people import Account, Person, Town

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guard.practice.diary import Diary, PageSeen
    from guard.practice.hands import Hands
    from guard.practice.timeline import Camera, Timeline


class Moment(StrEnum):
    """What a counter may do by itself around a card."""

    READY = "ready"
    """It waits for the next citizen."""
    OPENED = "opened"
    """It brought the portal up because a card came."""
    COVERED = "covered"
    """Nothing of the portal can be seen any more."""
    WIPED = "wiped"
    """Nothing of the last citizen is left on it."""


class Deed(StrEnum):
    """What staff do on the pad, after their PIN was right."""

    RESUME = "resume"
    LOGOUT = "logout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """A moment came."""

    at: float
    """Monotonic s."""
    note: str = ""
    """For the timeline, such as what the receipt says; no personal data."""


class Counter(Protocol):
    """A counter PC as the people in front of it meet it."""

    @property
    def key(self) -> str:
        """``unguarded``, ``guarded`` or ``held``: names its pictures and its title in the timeline."""
        ...

    @property
    def waits_for_staff(self) -> bool:
        """When a card leaves, it is covered and waits for staff."""
        ...

    def staff(self, deed: Deed, look: Callable[[str], None]) -> Happened:
        """Have staff call the pad, enter their PIN and do this; only where it `waits_for_staff`.

        ``look`` is told the name of each screen that is then worth a picture.
        """
        ...

    def card_in(self) -> float:
        """Lay a card on the reader; return the monotonic s just before."""
        ...

    def card_out(self) -> float:
        """Take the card off the reader; return the monotonic s just before."""
        ...

    def wait_for(self, moment: Moment) -> Happened | None:
        """Wait until the moment comes that follows the last card_in or card_out (READY: also the start).

        Returns None at once when this counter has no such moment; raises MachineError when it should come and
        does not.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one replay."""

    counter: str
    landed_under: str
    """Id of the citizen under whom B's account is registered now."""
    belongs_to: str
    """Id of the citizen whose account it is: B."""
    pictures: tuple[Path, ...]

    @property
    def mixed_up(self) -> bool:
        """True when B's account landed under somebody else."""
        return self.landed_under != self.belongs_to


class Incident:
    """Plays the incident against one counter after another; each needs a freshly started portal."""

    def __init__(self, town: Town, hands: Hands, camera: Camera, timeline: Timeline) -> None:
        self._people = (town.person("A"), town.person("B"))
        self._hands = hands
        self._camera = camera
        self._timeline = timeline

    def play(self, counter: Counter, diary: Diary) -> Outcome:
        """Return under whom B's account landed; raises MachineError when counter or portal do not answer."""
        first, second = self._people
        a = Citizen(first, _account(first, bank="9901", number="1234567"), self._hands, diary)
        b = Citizen(second, _account(second, bank="9902", number="7654321"), self._hands, diary)
        scene = _Scene(counter, diary, self._camera, self._timeline)
        scene.open()
        self._a_stops_midway(scene, a)
        landed_under = self._b_registers(scene, b)
        outcome = Outcome(
            counter=counter.key,
            landed_under=landed_under,
            belongs_to=second.id,
            pictures=scene.pictures,
        )
        self._timeline.verdict(outcome, self._person(landed_under), second)
        return outcome

    @staticmethod
    def _a_stops_midway(scene: _Scene, a: Citizen) -> None:
        scene.card_in(a)
        scene.step("login", a.log_in_page())
        scene.step("menu", a.log_in())
        scene.slip(a)
        scene.step("form", a.open_form())
        a.stop_midway()
        scene.say("a_gives_up", picture=True)
        scene.card_out()

    def _b_registers(self, scene: _Scene, b: Citizen) -> str:
        scene.say("clerk_calls_b")
        there = scene.card_in(b)
        if there.page == "top":
            scene.step("login", b.log_in_page())
            there = b.log_in()
        else:
            there = b.go_to_top()
        scene.step("welcome", there, self._person(there.citizen))
        scene.step("form", b.open_form())
        scene.step("confirm", b.fill_in())
        b.confirm()
        landed = next(entry for entry in reversed(scene.diary.ledger()) if entry.account == b.account)
        scene.say("registered", at=landed.at, who=self._person(landed.citizen), picture=True)
        scene.step("logged_out", b.log_out())
        scene.card_out()
        return landed.citizen

    def _person(self, identity: str | None) -> Person:
        return next(person for person in self._people if person.id == identity)


def _account(person: Person, *, bank: str, number: str) -> Account:
    return Account(bank=bank, branch="123", kind="ordinary", number=number, name=person.kana)


class _Scene:
    """One replay's counter, told step by step."""

    def __init__(self, counter: Counter, diary: Diary, camera: Camera, timeline: Timeline) -> None:
        self.diary = diary
        self.pictures: tuple[Path, ...] = ()
        self._counter = counter
        self._camera = camera
        self._timeline = timeline

    def open(self) -> None:
        ready = self._counter.wait_for(Moment.READY)
        self._timeline.begin(self._counter.key, ready.at if ready is not None else None)
        self._moment(Moment.READY, ready)

    def card_in(self, citizen: Citizen) -> PageSeen:
        """Return the page that the citizen then has in front."""
        mark = self.diary.mark()
        laid = self._counter.card_in()
        self.say("card_in", at=laid, who=citizen.person)
        opened = self._counter.wait_for(Moment.OPENED)
        there = self.diary.in_front() if opened is None else self.diary.seen(after=mark)
        there = there or self.diary.seen()
        if opened is not None:
            self._moment(Moment.OPENED, replace(opened, at=there.at), since=laid)
        return there

    def card_out(self) -> None:
        taken = self._counter.card_out()
        self.say("card_out", at=taken)
        covered = self._counter.wait_for(Moment.COVERED)
        if covered is None:
            self.say("nothing_happens", picture=True)
            return
        self._moment(Moment.COVERED, covered, since=taken)
        if self._counter.waits_for_staff:
            taken = self._staff(Deed.LOGOUT)
        for moment in (Moment.WIPED, Moment.READY):
            self._moment(moment, self._counter.wait_for(moment), since=taken)

    def slip(self, citizen: Citizen) -> None:
        """Where a card that leaves is waited for: it slips off, is laid back, and staff resume."""
        if not self._counter.waits_for_staff:
            return
        taken = self._counter.card_out()
        self.say("slips", at=taken)
        self._moment(Moment.COVERED, self._counter.wait_for(Moment.COVERED), since=taken)
        self.say("card_back", at=self._counter.card_in(), picture=True)
        mark = self.diary.mark()
        self._staff(Deed.RESUME)
        self.step("shown_again", self.diary.seen(after=mark), citizen.person)

    def _staff(self, deed: Deed) -> float:
        done = self._counter.staff(deed, self._picture)
        self.say(deed.value, at=done.at)
        return done.at

    def step(self, key: str, seen: PageSeen, who: Person | None = None) -> None:
        self.say(key, at=seen.at, who=who, picture=True)

    def say(
        self, key: str, *, at: float | None = None, who: Person | None = None, picture: bool = False
    ) -> None:
        self._timeline.line(key, at=at, who=who)
        if picture:
            self._picture(key)

    def _moment(self, moment: Moment, happened: Happened | None, since: float | None = None) -> None:
        if happened is None:
            return
        self._timeline.line(moment, at=happened.at, since=since, note=happened.note)
        self._picture(moment, still=moment is Moment.READY)

    def _picture(self, key: str, *, still: bool = False) -> None:
        name = f"{self._counter.key}-{len(self.pictures) + 1:02}-{key.replace('_', '-')}"
        self.pictures = (*self.pictures, self._camera.shoot(name, still=still))
