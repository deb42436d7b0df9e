"""Keeps an installed browser's windows inside one window of ours.

Theory of operation
===================

The browser runs in the job of its capsule, as does this process, so its windows are known by the process that
made them. Its first window for people is made a child of the *host*, the window that the core knows, loses
its frame and fills the host; whenever it moves, or gives itself a frame, it is put back. Every further one is
hidden as soon as Windows tells of it. A window for people has a title or a system menu, as Chromium's have
in full screen, too. Menus, lists and hints have neither: they live above for a moment, under the strip and
the shade.

Windows tells of all this after the fact, and may leave something out when much happens; so everything is
looked at again every `_LOOK` s. What goes wrong here ends the capsule.

Changing another program's window waits for that program, which may hang. So keys and buttons are taken by
another thread (`guard.browser.managed.win32_held_keys`).
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from ctypes import wintypes
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import pywintypes
import win32job

from guard.browser.managed import win32_frame_api as api
from guard.browser.managed.win32_held_keys import HeldKeys
from guard.errors import MachineError
from guard.screens import win32_order as order
from guard.screens.win32_api import WINEVENTPROC, user
from guard.screens.win32_bare import see_every_pixel

if TYPE_CHECKING:
    from collections.abc import Callable

_LOOK: Final = 0.5
_LEAST_SIDE: Final = 64
"""Pixels; a browser's own helpers are smaller than any window for people."""
_GWL_STYLE, _GWL_EX_STYLE = -16, -20
_CAPTION, _THICK_FRAME, _SYSTEM_MENU, _POPUP, _CHILD = (
    0x00C00000,
    0x00040000,
    0x00080000,
    0x80000000,
    0x40000000,
)
_BOXES: Final = 0x00030000
"""WS_MINIMIZEBOX | WS_MAXIMIZEBOX."""
_EX_EDGES: Final = 0x00000001 | 0x00000100 | 0x00000200 | 0x00020000
"""WS_EX_DLGMODALFRAME, WS_EX_WINDOWEDGE, WS_EX_CLIENTEDGE and WS_EX_STATICEDGE."""
_PLACE: Final = 0x0004 | 0x0010 | 0x0020 | 0x4000
"""SWP_NOZORDER | SWP_NOACTIVATE | SWP_FRAMECHANGED | SWP_ASYNCWINDOWPOS."""
_FOREGROUND, _DESTROY, _SHOW, _FOCUS, _LOCATION = 0x0003, 0x8001, 0x8002, 0x8005, 0x800B
"""EVENT_SYSTEM_FOREGROUND, EVENT_OBJECT_DESTROY, …_SHOW, …_FOCUS and …_LOCATIONCHANGE."""
_PARENT, _ROOT = 1, 2
_WAKE: Final = 0x0400
"""WM_USER: something is to be done."""
_HIDE: Final = 0
_OUR_OWN: Final = 0
"""Instead of a job's handle: the job that this process is in."""


class Win32Frame:
    """Implements `guard.browser.managed.start.Holder`, in threads of its own, until the process ends."""

    def __init__(
        self,
        host: int,
        *,
        inside: Callable[[int], bool],
        print_pressed: Callable[[], None],
        page_gone: Callable[[], None],
    ) -> None:
        """See `Start.holder`; ``inside`` tells whether a process is of this capsule, as `in_our_job` does."""
        self._host = host
        self._inside = inside
        self._page_gone = page_gone
        self._page: int | None = None
        self._capsule = frozenset({os.getpid()})
        """The processes whose windows are in front while the portal is: ours, and the browser's."""
        self._aside = False
        self._thread = 0
        self._begun = threading.Event()
        self._deaf = False
        self._heard_of = WINEVENTPROC(self._heard)
        self._keys = HeldKeys(in_front=self._in_front, print_pressed=print_pressed)

    def start(self) -> None:
        """See `Holder.start`; raises MachineError where Windows does not let it."""
        if not self._inside(os.getpid()):
            raise MachineError("a capsule's window is in no job, so a browser's windows cannot be told apart")
        self._keys.start()
        threading.Thread(target=self._run, name="frame", daemon=True).start()
        self._begun.wait()
        if self._deaf:
            raise MachineError("Windows does not tell of other programs' windows")

    def set_aside(self, *, on: bool) -> None:
        """See `Holder.set_aside`."""
        self._aside = on
        api.user.PostThreadMessageW(self._thread, _WAKE, 0, 0)

    # --- the thread

    def _run(self) -> None:
        message = wintypes.MSG()
        see_every_pixel()
        self._thread = api.thread_with_queue()
        self._hear(_FOREGROUND, _FOREGROUND)
        self._hear(_DESTROY, _SHOW)
        self._hear(_FOCUS, _FOCUS)
        self._hear(_LOCATION, _LOCATION, os.getpid())
        api.user.SetTimer(None, 0, int(_LOOK * 1000), None)
        self._begun.set()
        while api.user.GetMessageW(ctypes.byref(message), None, 0, 0) > 0:
            if message.message == _WAKE:
                self._hold()
            else:
                self._look_around()

    def _hear(self, first: int, last: int, process: int = 0) -> None:
        """Have Windows tell of these events, of one process or of all."""
        if not user.SetWinEventHook(first, last, None, self._heard_of, process, 0, 0):
            self._deaf = True

    def _heard(
        self, _hook: int, event: int, window: int | None, thing: int, part: int, _thread: int, _time: int
    ) -> None:
        if thing or part or not window:
            return  # of a cursor, a caret or a part of a window
        try:
            self._noticed(event, window)
        except Exception:  # noqa: BLE001 -- ctypes would say it to nobody, and go on
            self._page_gone()

    def _noticed(self, event: int, window: int) -> None:
        if event == _DESTROY:
            if window == self._page:
                self._lost()
        elif event == _SHOW and window != self._page:
            self._appeared(window)
        elif event == _LOCATION:
            if window in {self._page, self._host}:
                self._hold()
        else:
            self._focus()

    def _look_around(self) -> None:
        """Look at everything again."""
        if self._page is not None and api.owner(self._page)[0] not in self._capsule:
            self._lost()
        for window in order.listed():
            if user.IsWindowVisible(window):
                self._appeared(window)
        self._hold()

    # --- windows

    def _appeared(self, window: int) -> None:
        """Take in the browser's first window for people, and hide every other one."""
        if not _for_people(window) or not self._is_browsers(window):
            return
        if self._page is None:
            if _least_side(window) >= _LEAST_SIDE:
                self._adopt(window)
        elif window != self._page:
            self._hide(window)

    def _adopt(self, window: int) -> None:
        self._page = window
        process, _ = api.owner(window)
        self._capsule |= {process}
        self._hear(_LOCATION, _LOCATION, process)
        self._hold()

    def _hide(self, window: int) -> None:
        was_in_front = user.GetForegroundWindow() == window
        api.user.ShowWindowAsync(window, _HIDE)
        if was_in_front:
            self._with_input_of(window, lambda: user.SetForegroundWindow(self._host))

    def _is_browsers(self, window: int) -> bool:
        process, _ = api.owner(window)
        return process not in {0, os.getpid()} and self._inside(process)

    def _lost(self) -> None:
        self._page = None
        self._page_gone()

    def _hold(self) -> None:
        """Have the page be bare, and our child, and fill the host or lie beside what it shows."""
        page = self._page
        if page is None:
            return
        style = user.GetWindowLongW(page, _GWL_STYLE)
        bare = style & ~(_CAPTION | _THICK_FRAME | _SYSTEM_MENU | _BOXES | _POPUP) | _CHILD
        dressed = ctypes.c_long(bare).value != style
        if dressed:
            user.SetWindowLongW(page, _GWL_STYLE, ctypes.c_long(bare).value)
            extended = user.GetWindowLongW(page, _GWL_EX_STYLE)
            user.SetWindowLongW(page, _GWL_EX_STYLE, extended & ~_EX_EDGES)
        if user.GetAncestor(page, _PARENT) != self._host:
            api.user.SetParent(page, self._host)
            if user.IsWindow(page) and user.GetAncestor(page, _PARENT) != self._host:
                self._lost()  # Windows refuses it; the capsule must not go on
                return
        self._fill(page, anew=dressed)
        self._focus()

    def _fill(self, page: int, *, anew: bool) -> None:
        size, area = wintypes.RECT(), wintypes.RECT()
        user.GetClientRect(self._host, ctypes.byref(size))
        user.GetWindowRect(page, ctypes.byref(area))
        api.user.MapWindowPoints(None, self._host, ctypes.byref(area), 2)
        x = size.right if self._aside else 0
        if anew or (area.left, area.top, area.right, area.bottom) != (x, 0, x + size.right, size.bottom):
            user.SetWindowPos(page, None, x, 0, size.right, size.bottom, _PLACE)

    # --- the keyboard

    def _focus(self) -> None:
        """Pass the keyboard on between host and page, if the host is in front."""
        page = self._page
        if page is None or user.GetForegroundWindow() not in {self._host, page}:
            return
        focus = api.focus_of(api.owner(page)[1])
        on_page = focus == page or bool(focus and api.user.IsChild(page, focus))
        if on_page == self._aside:
            target = self._host if self._aside else page
            self._with_input_of(target, lambda: api.user.SetFocus(target))

    def _with_input_of(self, window: int, do: Callable[[], object]) -> None:
        """Do something that only a thread may do which has the keyboard (AttachThreadInput)."""
        _, theirs = api.owner(window)
        api.user.AttachThreadInput(self._thread, theirs, True)  # noqa: FBT003 -- the API's signature
        try:
            do()
        finally:
            api.user.AttachThreadInput(self._thread, theirs, False)  # noqa: FBT003 -- the API's signature

    def _in_front(self) -> bool:
        """Tell whether a window of the capsule has the keyboard, a menu of the browser's, too; any thread."""
        front = user.GetForegroundWindow()
        return bool(front) and api.owner(front)[0] in self._capsule


def _for_people(window: int) -> bool:
    style = user.GetWindowLongW(window, _GWL_STYLE)
    framed = style & _CAPTION == _CAPTION or style & _SYSTEM_MENU
    return bool(framed) and user.GetAncestor(window, _ROOT) == window


def _least_side(window: int) -> int:
    area = wintypes.RECT()
    user.GetWindowRect(window, ctypes.byref(area))
    return min(area.right - area.left, area.bottom - area.top)


def in_our_job(process: int) -> bool:
    """Tell whether this process is in the job that we are in, or in one inside it."""
    try:
        inside: tuple[int, ...] = win32job.QueryInformationJobObject(
            _OUR_OWN, win32job.JobObjectBasicProcessIdList
        )
    except pywintypes.error:
        return False
    return process in inside
