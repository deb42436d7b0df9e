"""The ports: the shade (and all stacking of windows), the curtain, and the speaker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from guard.browser.site import Wording

if TYPE_CHECKING:
    from guard.browser.port import Geometry


class Monitors(StrEnum):
    """Which monitors the shade covers (``screens.monitors``)."""

    ALL = "all"


class ShadeListener(Protocol):
    """Where the shade reports; calls come from the shade's own thread."""

    def cover_confirmed(self, asked_at: float, confirmed_at: float) -> None:
        """The display server has covered every monitor (monotonic s of the request and its answer)."""
        ...

    def display_lost(self) -> None:
        """The connection to the display server broke; said once."""
        ...

    def areas_changed(self, portal: Geometry, strip: Geometry, curtain: Geometry) -> None:
        """Monitors came, went or changed: where portal, strip and curtain belong now."""
        ...

    def hotkey_pressed(self) -> None:
        """The staff's hotkey was pressed, whatever window has the keyboard."""
        ...

    def key_pressed(self, key: Key) -> None:
        """A key of the pad was pressed on the keyboard while `Shade.take_keys` holds it."""
        ...

    def input_seen(self, age: float) -> None:
        """Answer to `Shade.ask_input`: s since anybody last used keyboard, mouse or touch screen."""
        ...


class Shade(Protocol):
    """Bare windows that the core itself owns, one a monitor, and the order of everyone else's windows.

    The order from top to bottom is, covered: curtain, shade, strip, portal, spares. Uncovered: strip, portal,
    curtain, shade, spares; monitors other than the first stay shaded. Calls return at once; a thread of its
    own talks to the display server, keeps watch over the order, and reports.
    """

    def start(self) -> None:
        """Connect, make the windows and cover; raises MachineError with one sentence when it cannot."""
        ...

    def areas(self) -> tuple[Geometry, Geometry, Geometry]:
        """Return where portal, strip and curtain belong now."""
        ...

    def cover(self) -> float:
        """Put the shade above everything, then the curtain above it; confirmed through the listener.

        Gives it a few ms of head start; returns the monotonic s of the request, by which its answer is known.
        """
        ...

    def uncover(self, portal: int) -> None:
        """Bring this window above the curtain and the strip above it, and give it the keyboard."""
        ...

    def adopt_curtain(self, curtain: int, strip: int) -> None:
        """From now on these are the curtain's windows."""
        ...

    def forget_curtain(self) -> None:
        """The curtain is gone: until a new one is adopted, the shade alone covers."""
        ...

    def adopt_capsule(self, window: int) -> None:
        """A capsule's window: keep it at the bottom until it is uncovered."""
        ...

    def covered(self) -> bool:
        """Tell whether the last order done was the covering one and, as far as was looked, still holds."""
        ...

    def take_keys(self, *, on: bool) -> None:
        """From now on (or no more) the keyboard belongs to us alone; keys come through the listener."""
        ...

    def ask_input(self) -> None:
        """Ask the display server when anybody last used the PC; answered by `ShadeListener.input_seen`."""
        ...

    def clear_clipboard(self, timeout: float) -> bool:
        """Empty every selection and cut buffer; tell whether all were seen empty within ``timeout`` s."""
        ...

    def close(self) -> None:
        """Take the windows away and disconnect (only once no session lives)."""
        ...


class Screen(StrEnum):
    """What the curtain can show; one for each state, and the strip for ACTIVE."""

    STARTING = "STARTING"
    READY = "READY"
    ACTIVE = "ACTIVE"
    HELD = "HELD"
    ENDING = "ENDING"
    TAKE_CARD = "TAKE_CARD"
    WIPE_FAILED = "WIPE_FAILED"
    OUT_OF_SERVICE = "OUT_OF_SERVICE"


class Key(StrEnum):
    """What can be pressed on the staff's pad, by finger or on the keyboard."""

    D0 = "0"
    D1 = "1"
    D2 = "2"
    D3 = "3"
    D4 = "4"
    D5 = "5"
    D6 = "6"
    D7 = "7"
    D8 = "8"
    D9 = "9"
    ERASE = "erase"
    """Take the last digit back."""
    ENTER = "enter"
    BACK = "back"
    """One step back; from the first step, back to the cover."""
    MORE = "more"
    """The next page of names; after the last, the first again."""
    EMERGENCY = "emergency"
    """Enter the emergency code instead of a PIN."""
    PICK1 = "pick1"
    PICK2 = "pick2"
    PICK3 = "pick3"
    PICK4 = "pick4"
    PICK5 = "pick5"
    PICK6 = "pick6"
    PICK7 = "pick7"
    PICK8 = "pick8"


PICKS = (Key.PICK1, Key.PICK2, Key.PICK3, Key.PICK4, Key.PICK5, Key.PICK6, Key.PICK7, Key.PICK8)
"""The buttons of a list, first to last; no page of a list is longer."""


class DeskStep(StrEnum):
    """How far a member of staff has come on the pad."""

    WHO = "who"
    """Choose a name, or type a number."""
    PIN = "pin"
    CODE = "code"
    """The emergency code."""
    CHECKING = "checking"
    CHOOSE = "choose"
    """The PIN was right: what is to be done?"""
    REASON = "reason"
    """Which of the reasons an open alert is acknowledged with."""


class Choice(StrEnum):
    """What staff can do once their PIN was right; the pad offers those that fit."""

    RESUME = "resume"
    LOGOUT = "logout"
    """Force the end of the session."""
    START = "start"
    """A session for a citizen who logs in without a card."""
    CLOSE = "close"
    """Take the counter out of service."""
    OPEN = "open"
    """Put it back into service."""
    ALERTS = "alerts"


class DeskNote(StrEnum):
    """What the pad has to say about the last try."""

    WRONG = "wrong"
    WAIT = "wait"
    BROKEN = "broken"
    """The keyring cannot be read."""
    NOBODY = "nobody"
    """No staff are in the book."""
    LOADING = "loading"
    CARD_MISSING = "card_missing"
    """To resume, the card must lie on the reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskScene:
    """All that the pad needs to draw; digits only by their number."""

    step: DeskStep
    names: tuple[str, ...] = ()
    """In WHO: the names on this page of the list, one a pick."""
    more: bool = False
    """There are further pages of names."""
    who: str = ""
    """In WHO the number typed so far; later the name, or the number where the book has no name for it."""
    digits: int = 0
    """How many digits of the PIN or code are typed."""
    note: DeskNote | None = None
    wait: int | None = None
    """Seconds until the next try is looked at; counts down by itself."""
    choices: tuple[Choice, ...] = ()
    """In CHOOSE: one a pick; ``1`` on the keyboard is the first."""
    alert: str = ""
    """In REASON: the kind of the alert."""
    reasons: tuple[str, ...] = ()
    """In REASON: one a pick (values of `guard.journal.alerts.Reason`)."""


class Warned(StrEnum):
    """Why the strip warns that the session ends soon."""

    IDLE = "idle"
    LONGEST = "longest"


PORTALS_MOST = 6
"""Buttons that a counter of any size has room for."""


class PortalState(StrEnum):
    """Whether a portal can be opened."""

    WARM = "warm"
    PREPARING = "preparing"
    """It can be chosen, and the counter then prepares until it can be opened."""
    UNAVAILABLE = "unavailable"
    """It could not be reached: it cannot be chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalButton:
    """One portal among several, as the idle screen offers it."""

    key: str
    label: Wording
    """Never empty in any language."""
    state: PortalState


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that the curtain needs to draw; of citizens no personal data, no id."""

    screen: Screen
    cause: str = ""
    """Why: the last event's name in snake case, such as ``card_absent``; chooses the sentence."""
    alerts: int = 0
    """Open alerts, for the quiet badge."""
    seconds_left: int | None = None
    """Countdown of HELD, or of the strip's warning in ACTIVE; the curtain counts down by itself."""
    warned: Warned | None = None
    """In ACTIVE: the strip warns, and counts ``seconds_left`` down."""
    card_back: bool = False
    """In HELD: the card that was lifted lies on the reader again."""
    desk: DeskScene | None = None
    """The staff's pad, over whatever the screen is."""
    portals: tuple[PortalButton, ...] = ()
    """In READY: what there is to choose from; nothing where there is one portal."""
    chosen: str = ""
    """In READY: the key of the portal that opens."""
    strip: Wording = field(default=Wording())
    """During a session: the portal's own words for the strip, instead of the guard's sentence."""
    printed: bool = False
    """The citizen has printed something: they must not leave it behind."""


class CurtainListener(Protocol):
    """Where the curtain reports; calls may come from any thread."""

    def curtain_up(self, curtain: int, strip: int) -> None:
        """Both windows exist and are painted; their ids as the display server knows them."""
        ...

    def curtain_lost(self, why: str) -> None:
        """It died, broke its protocol or did not paint a scene in time; said once per start."""
        ...

    def end_pressed(self) -> None:
        """The citizen pressed the end button on the strip."""
        ...

    def staff_pressed(self) -> None:
        """Somebody pressed a staff button, on the strip or the curtain."""
        ...

    def key_pressed(self, key: Key) -> None:
        """Somebody pressed a key of the pad on the screen."""
        ...

    def portal_pressed(self, key: str) -> None:
        """Somebody pressed a portal's button; nothing says that there is a portal of this key."""
        ...


class Curtain(Protocol):
    """The core's hold on the curtain process."""

    def start(self, areas: tuple[Geometry, Geometry, Geometry]) -> None:
        """Start it (or anew after a loss); returns at once, answered by `CurtainListener`."""
        ...

    def show(self, scene: Scene) -> None:
        """Show this scene; the latest wins; never blocks. An unpainted scene ends in `curtain_lost`."""
        ...

    def pulse(self) -> None:
        """Tell it that the core lives: without a pulse for some seconds it covers the screen by itself."""
        ...

    def check(self) -> None:
        """Ask for a sign of life: the scene is painted again, or it ends in `curtain_lost`. Never blocks."""
        ...

    def resize(self, areas: tuple[Geometry, Geometry, Geometry]) -> None:
        """Portal, strip and curtain areas changed."""
        ...

    def pids(self) -> tuple[int, ...]:
        """Return the ids of its processes that are alive now."""
        ...

    def close(self) -> None:
        """End it; returns when it is gone."""
        ...


class Sound(StrEnum):
    """The soft sounds, each a file ``sounds/<value>.wav``."""

    TAKE_CARD = "take-card"
    """Please take your card."""
    TIME = "time"
    """The time of a held session is running out."""
    STAFF = "staff"
    """A member of staff is needed."""


class Speaker(Protocol):
    """The loudspeaker; a PC that has none, or cannot use it, is simply silent: the screens say the same."""

    def play(self, sound: Sound) -> None:
        """Play it, unless one is playing still; returns at once, never raises."""
        ...

    def close(self) -> None:
        """Fall silent; returns when nothing plays any more."""
        ...


Clipboard = Callable[[float], bool]
"""Empties the clipboard within so many seconds and tells whether it was seen empty."""
