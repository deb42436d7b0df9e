"""A citizen at the counter, as an X client that knows nothing of the guard: keyboard, mouse and eyes."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Self

from PIL import ImageGrab
from Xlib import XK, X, display
from Xlib.ext import xtest

from guard.screens.monitors import Layout
from guard.screens.x11_bare import monitors
from tests.support.in_sight import in_sight

if TYPE_CHECKING:
    from types import TracebackType

STRIP_COLOUR = (0x00, 0x17, 0xC1)
"""The ground of the strip, and of nothing else on the screen."""
STRIP_SHARE = 0.4
"""How much of the strip is that ground, beside its words and buttons, at the least."""
_STEPS = 12


class Visitor:
    """Acts on whatever is there, as a person does."""

    def __init__(self, screen: str) -> None:
        self.screen = screen
        self._display = display.Display(screen)
        layout = Layout(monitors(self._display))
        self.strip, self.portal = layout.strip, layout.portal

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.let_go()
        self._display.close()

    # --- hands

    @property
    def middle(self) -> tuple[int, int]:
        """The middle of the portal."""
        area = self.portal
        return area.x + area.width // 2, area.y + area.height // 2

    def press(self, *names: str) -> None:
        """Press these keys by their X names one after the other, and release them backwards."""
        codes = [self._display.keysym_to_keycode(XK.string_to_keysym(name)) for name in names]
        for code in codes:
            xtest.fake_input(self._display, X.KeyPress, code)
        for code in reversed(codes):
            xtest.fake_input(self._display, X.KeyRelease, code)
        self._display.sync()

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Click here on the screen."""
        self.move(x, y)
        self._button(X.ButtonPress, button)
        self._button(X.ButtonRelease, button)

    def move(self, x: int, y: int) -> None:
        """Put the pointer here."""
        xtest.fake_input(self._display, X.MotionNotify, x=x, y=y)
        self._display.sync()

    def drag(self, *places: tuple[int, int]) -> None:
        """Press the button at the first place and go through the others, as a hand does; do not release."""
        x, y = places[0]
        self.move(x, y)
        self._button(X.ButtonPress, 1)
        for to_x, to_y in places[1:]:
            for step in range(1, _STEPS + 1):
                self.move(x + (to_x - x) * step // _STEPS, y + (to_y - y) * step // _STEPS)
            x, y = to_x, to_y

    def let_go(self) -> None:
        """Release the mouse button."""
        self._button(X.ButtonRelease, 1)

    def wheel(self, *, up: bool, ctrl: bool) -> None:
        """Turn the wheel by one notch."""
        control = self._display.keysym_to_keycode(XK.XK_Control_L)
        if ctrl:
            xtest.fake_input(self._display, X.KeyPress, control)
        self._button(X.ButtonPress, 4 if up else 5)
        self._button(X.ButtonRelease, 4 if up else 5)
        if ctrl:
            xtest.fake_input(self._display, X.KeyRelease, control)
        self._display.sync()

    def _button(self, what: int, button: int) -> None:
        xtest.fake_input(self._display, what, button)
        self._display.sync()

    # --- eyes

    def sees_strip(self) -> bool:
        """Tell whether the strip is in sight, and its window the highest that shows anything."""
        area = self.strip
        box = (area.x, area.y, area.x + area.width, area.y + area.height)
        picture = ImageGrab.grab(bbox=box, xdisplay=self.screen).convert("RGB")
        ground = sum(
            count
            for count, colour in picture.getcolors(area.width * area.height) or []
            if colour == STRIP_COLOUR
        )
        return ground >= STRIP_SHARE * area.width * area.height and self._highest() == (
            area.x,
            area.y,
            area.width,
            area.height,
        )

    def _highest(self) -> tuple[int, int, int, int]:
        with closing(display.Display(self.screen)) as client:
            *_, (_, place) = in_sight(client)
        return place
