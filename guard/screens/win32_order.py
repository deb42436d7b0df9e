"""The order of all windows, as Windows itself lists it, and how it is changed.

Every change of another process's window is asked with SWP_ASYNCWINDOWPOS: it happens when that process comes
to it, so that one that hangs holds nobody up. The shade's own windows are moved at once.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

from guard.screens.win32_api import MOUSE, dwm, user

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from guard.browser.port import Geometry

_TOPMOST, _NOT_TOPMOST, _BOTTOM = -1, -2, 1
_STAY: Final = 0x0001 | 0x0002 | 0x0010 | 0x0200
"""SWP_NOSIZE | SWP_NOMOVE | SWP_NOACTIVATE | SWP_NOOWNERZORDER."""
_ASYNC: Final = 0x4000
_NEXT: Final = 2
_ROOT, _ROOT_OWNER = 2, 3
_EX_STYLE, _EX_TOPMOST, _EX_NO_ACTIVATE = -20, 0x8, 0x08000000
_CLOAKED: Final = 14
_MOST: Final = 10_000
"""Windows looked at: the list may change while it is walked, even into a circle (GetWindow's page)."""


def listed() -> Iterator[int]:
    """Yield every window of the desktop, from top to bottom."""
    window = user.GetTopWindow(None)
    for _ in range(_MOST):
        if not window:
            return
        yield int(window)
        window = user.GetWindow(window, _NEXT)


def seen(areas: Sequence[Geometry]) -> tuple[int, ...]:
    """Return the windows that can be seen on these areas, from top to bottom."""
    return tuple(window for window in listed() if _shows(window, areas))


def _shows(window: int, areas: Sequence[Geometry]) -> bool:
    if not user.IsWindowVisible(window) or user.IsIconic(window):
        return False
    edges = wintypes.RECT()
    if not user.GetWindowRect(window, ctypes.byref(edges)):
        return False
    if not any(_overlap(edges, area) for area in areas):
        return False
    cloaked = wintypes.DWORD()  # as windows of other virtual desktops and of sleeping apps are: never drawn
    told = dwm.DwmGetWindowAttribute(window, _CLOAKED, ctypes.byref(cloaked), ctypes.sizeof(cloaked))
    return bool(told or not cloaked.value)


def _overlap(edges: wintypes.RECT, area: Geometry) -> bool:
    width = min(edges.right, area.x + area.width) - max(edges.left, area.x)
    height = min(edges.bottom, area.y + area.height) - max(edges.top, area.y)
    return width > 0 and height > 0


def is_window(window: int) -> bool:
    """Tell whether this is a top-level window that is there now."""
    return bool(user.IsWindow(window)) and user.GetAncestor(window, _ROOT) == window


def is_topmost(window: int) -> bool:
    """Tell whether it lies in the upper of Windows' two piles."""
    return bool(user.GetWindowLongW(window, _EX_STYLE) & _EX_TOPMOST)


def never_activate(window: int) -> None:
    """Have a press on this window, of the calling process, leave the keyboard where it is."""
    user.SetWindowLongW(window, _EX_STYLE, user.GetWindowLongW(window, _EX_STYLE) | _EX_NO_ACTIVATE)


def to_top(window: int, *, own: bool) -> None:
    """Put it on top of all; ``own``: it is one of the calling thread."""
    user.SetWindowPos(window, _TOPMOST, 0, 0, 0, 0, _STAY | (0 if own else _ASYNC))


def below(window: int, above: int, *, own: bool) -> None:
    """Put it directly below another one."""
    user.SetWindowPos(window, above, 0, 0, 0, 0, _STAY | (0 if own else _ASYNC))


def to_bottom(window: int, *, own: bool) -> None:
    """Put it below all, into the lower pile."""
    flags = _STAY | (0 if own else _ASYNC)
    if is_topmost(window):
        user.SetWindowPos(window, _NOT_TOPMOST, 0, 0, 0, 0, flags)
    user.SetWindowPos(window, _BOTTOM, 0, 0, 0, 0, flags)


def composed() -> bool:
    """Return once what was asked is on the screen (DwmFlush); False where Windows does not compose it.

    Since Windows 8 it always does; where it fails, as in a remote session that is being taken over, the order
    of the windows is the only proof.
    """
    return not dwm.DwmFlush()


def has_keyboard(window: int) -> bool:
    """Tell whether this window, or a dialog that belongs to it, has the keyboard."""
    front = user.GetForegroundWindow()
    return bool(front) and user.GetAncestor(front, _ROOT_OWNER) == window


def give_keyboard(window: int, *, insist: bool) -> None:
    """Bring the keyboard to this window.

    SetForegroundWindow is granted to a process that has received the last input. Who insists makes an empty
    mouse input first, which counts as that, and as a sign of life of whoever uses the PC.
    """
    if has_keyboard(window):
        return
    user.SetForegroundWindow(window)
    if insist and not has_keyboard(window):
        nothing = MOUSE()
        user.SendInput(1, ctypes.byref(nothing), ctypes.sizeof(MOUSE))
        user.SetForegroundWindow(window)
