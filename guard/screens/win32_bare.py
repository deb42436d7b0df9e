"""One bare window of the shade: how it is made, painted and kept from everybody else."""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

from guard.browser.port import Geometry
from guard.errors import MachineError
from guard.screens.padlock import BLUE, WHITE, padlock
from guard.screens.win32_api import (
    MONITORENUMPROC,
    MONITORINFO,
    PAINTSTRUCT,
    WNDCLASSW,
    WNDPROC,
    gdi,
    kernel,
    user,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.screens.padlock import Box

TITLE: Final = "Madoguchi Guard"
_TOPMOST, _TOOL, _NO_ACTIVATE = 0x8, 0x80, 0x08000000
"""WS_EX_TOPMOST, WS_EX_TOOLWINDOW (no button on the task bar), WS_EX_NOACTIVATE."""
_POPUP: Final = 0x80000000
"""WS_POPUP: neither frame nor title."""
_SHOW_NO_ACTIVATE: Final = 4
_ARROW: Final = 32512
_PRIMARY: Final = 1
_GEOMETRIC_FLAT: Final = 0x00010000 | 0x00000200
"""PS_GEOMETRIC | PS_ENDCAP_FLAT."""
_NULL_PEN: Final = 8
_SIZE: Final = 0x0004 | 0x0010
"""SWP_NOZORDER | SWP_NOACTIVATE."""
_PER_MONITOR_V2: Final = -4
"""DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2."""


def see_every_pixel() -> None:
    """Have this thread count in the monitors' own pixels, whatever enlargement the desktop has."""
    user.SetThreadDpiAwarenessContext(_PER_MONITOR_V2)


class WindowClass:
    """A kind of window; its procedure is called on the thread that made a window of it."""

    def __init__(self, name: str, procedure: Callable[[int, int, int, int], int]) -> None:
        """Register it; raises MachineError. The name must not be in use in this process."""
        self._procedure = WNDPROC(procedure)  # Windows keeps no reference of its own
        self._module = kernel.GetModuleHandleW(None)
        self._name = name
        described = WNDCLASSW(
            lpfnWndProc=self._procedure,
            hInstance=self._module,
            hCursor=user.LoadCursorW(None, _ARROW),
            lpszClassName=name,
        )
        if not user.RegisterClassW(ctypes.byref(described)):
            raise _refused("does not register a kind of window")

    def bare(self, area: Geometry) -> int:
        """Make a visible window above all others here; returns its handle, raises MachineError."""
        window = self._made(_TOPMOST | _TOOL | _NO_ACTIVATE, area)
        user.ShowWindow(window, _SHOW_NO_ACTIVATE)
        user.UpdateWindow(window)
        return window

    def hidden(self) -> int:
        """Make a window that is never shown, for messages; returns its handle, raises MachineError.

        A top-level one: Windows tells those alone of monitors, sessions and power.
        """
        return self._made(_TOOL | _NO_ACTIVATE, Geometry(x=0, y=0, width=0, height=0))

    def close(self) -> None:
        """Forget it, once its windows are gone."""
        user.UnregisterClassW(self._name, self._module)

    def _made(self, extended: int, area: Geometry) -> int:
        window = user.CreateWindowExW(
            extended,
            self._name,
            TITLE,
            _POPUP,
            *(area.x, area.y, area.width, area.height),
            None,
            None,
            self._module,
            None,
        )
        if not window:
            raise _refused("does not make a window")
        return int(window)


def _refused(what: str) -> MachineError:
    return MachineError(f"Windows {what} for the shade (error {ctypes.get_last_error()})")


def place(window: int, area: Geometry) -> None:
    """Fill this area, and paint anew."""
    user.SetWindowPos(window, None, area.x, area.y, area.width, area.height, _SIZE)
    user.InvalidateRect(window, None, False)  # noqa: FBT003 -- the API's own signature
    user.UpdateWindow(window)


def destroy(window: int) -> None:
    """Take a window of the calling thread away."""
    user.DestroyWindow(window)


def paint(window: int) -> None:
    """Answer WM_PAINT with the padlock."""
    asked, size = PAINTSTRUCT(), wintypes.RECT()
    surface = user.BeginPaint(window, ctypes.byref(asked))
    user.GetClientRect(window, ctypes.byref(size))
    _draw(surface, size.right, size.bottom)
    user.EndPaint(window, ctypes.byref(asked))


def _draw(surface: int, width: int, height: int) -> None:
    lock = padlock(width, height)
    white, blue = (gdi.CreateSolidBrush(_bgr(colour)) for colour in (WHITE, BLUE))
    brush = _Logbrush(0, _bgr(BLUE), 0)
    pen = gdi.ExtCreatePen(_GEOMETRIC_FLAT, lock.line, ctypes.byref(brush), 0, None)
    user.FillRect(surface, ctypes.byref(wintypes.RECT(0, 0, width, height)), white)
    before_pen, before_brush = gdi.SelectObject(surface, pen), gdi.SelectObject(surface, white)
    left, top, right, bottom = _edges(lock.shackle)
    middle = (top + bottom) // 2
    gdi.Arc(
        surface, left, top, right, bottom, right, middle, left, middle
    )  # against the clock, from the right
    user.FillRect(surface, ctypes.byref(wintypes.RECT(*_edges(lock.body))), blue)
    gdi.SelectObject(surface, gdi.GetStockObject(_NULL_PEN))
    gdi.Ellipse(surface, *_edges(lock.hole))
    user.FillRect(surface, ctypes.byref(wintypes.RECT(*_edges(lock.slot))), white)
    gdi.SelectObject(surface, before_pen)
    gdi.SelectObject(surface, before_brush)
    for made in (white, blue, pen):
        gdi.DeleteObject(made)


class _Logbrush(ctypes.Structure):
    _fields_ = (("style", wintypes.UINT), ("color", wintypes.COLORREF), ("hatch", ctypes.c_size_t))


def _bgr(colour: int) -> int:
    """Turn 0xRRGGBB into a COLORREF."""
    return (colour & 0xFF) << 16 | colour & 0xFF00 | colour >> 16


def _edges(box: Box) -> tuple[int, int, int, int]:
    return box.x, box.y, box.x + box.width, box.y + box.height


def monitors() -> tuple[Geometry, ...]:
    """Return what there is to cover, the counter's own (primary) monitor first; empty when there is none."""
    found: list[tuple[bool, Geometry]] = []

    def see(monitor: int, _surface: int, _area: object, _data: int) -> int:
        told = MONITORINFO(cbSize=ctypes.sizeof(MONITORINFO))
        if user.GetMonitorInfoW(monitor, ctypes.byref(told)):
            edges = told.rcMonitor
            area = Geometry(
                x=edges.left,
                y=edges.top,
                width=edges.right - edges.left,
                height=edges.bottom - edges.top,
            )
            found.append((bool(told.dwFlags & _PRIMARY), area))
        return 1

    user.EnumDisplayMonitors(None, None, MONITORENUMPROC(see), 0)
    ordered = [area for _, area in sorted(found, key=lambda one: not one[0])]
    return tuple(dict.fromkeys(area for area in ordered if area.width and area.height))
