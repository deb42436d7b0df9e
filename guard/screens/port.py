"""The ports: the shade (and all stacking of windows), the curtain, and the speaker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

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
        """Tell whether the last confirmed order was the covering one."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that the curtain needs to draw; no personal data, no id."""

    screen: Screen
    cause: str = ""
    """Why: the last event's name in snake case, such as ``card_absent``; chooses the sentence."""
    alerts: int = 0
    """Open alerts, for the quiet badge."""
    seconds_left: int | None = None
    """Countdown of HELD; the curtain counts down by itself."""


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
        """Somebody pressed the staff button on the strip."""
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
