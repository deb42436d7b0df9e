"""Keys and mouse of a citizen, and eyes on the screen, by an X client that knows nothing of the guard."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Self

from PIL import ImageGrab
from Xlib import XK, X, display
from Xlib.ext import xtest

from tests.browser.puppet import PATIENCE
from tests.support.in_sight import in_sight
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from PIL import Image


class Hands:
    """Acts on one window."""

    def __init__(self, screen: str, window: int) -> None:
        self._screen = screen
        self._display = display.Display(screen)
        self._window = self._display.create_resource_object("window", window)

    def __enter__(self) -> Self:
        self._window.set_input_focus(X.RevertToParent, X.CurrentTime)
        self._display.sync()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._display.close()

    def give_to_the_inner_window(self) -> None:
        """Give the keyboard to the window inside, as a browser does with its own."""
        (inner,) = self._window.query_tree().children
        inner.set_input_focus(X.RevertToParent, X.CurrentTime)
        self._display.sync()

    def wait_for_the_keyboard(self) -> None:
        """Wait until the window itself has it (again)."""
        until(
            lambda: getattr(self._display.get_input_focus().focus, "id", 0) == self._window.id,
            within=PATIENCE,
        )

    def press(self, *names: str) -> None:
        """Press these keys together, such as Control_L and p."""
        codes = [self._display.keysym_to_keycode(XK.string_to_keysym(name)) for name in names]
        for code in codes:
            xtest.fake_input(self._display, X.KeyPress, code)
        for code in reversed(codes):
            xtest.fake_input(self._display, X.KeyRelease, code)
        self._display.sync()

    def press_until(self, name: str, true: Callable[[], bool]) -> None:
        """Press this key again and again: one of the first moment may come before anybody hears it."""

        def pressed() -> bool:
            self.press(name)
            return true()

        until(pressed, within=PATIENCE)

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Click here on the screen."""
        xtest.fake_input(self._display, X.MotionNotify, x=x, y=y)
        xtest.fake_input(self._display, X.ButtonPress, button)
        xtest.fake_input(self._display, X.ButtonRelease, button)
        self._display.sync()


def picture(screen: str) -> Image.Image:
    """Return what is on the screen."""
    return ImageGrab.grab(xdisplay=screen).convert("RGB")


def shows(screen: str, colour: int, place: tuple[int, int]) -> bool:
    """Tell whether this pixel has this colour."""
    return picture(screen).getpixel(place) == tuple(colour.to_bytes(3, "big"))


def visible_windows(screen: str) -> list[int]:
    """Return the mapped top-level windows larger than a speck, from bottom to top."""
    with closing(display.Display(screen)) as client:
        return [window for window, (_, _, width, _) in in_sight(client) if width > 16]
