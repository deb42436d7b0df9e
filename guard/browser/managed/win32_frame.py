"""Keeps an installed browser's windows inside one window of ours, and its shortcuts from the keyboard.

Theory of operation
===================

The browser runs in the job of its capsule, as does this process, so its windows are known by the process that
made them. Its first window for people is made a child of the *host*, the window that the core knows, loses
its frame and fills the host; whenever it moves by itself it is put back. Every further one is hidden as soon
as Windows tells of it. Menus have no caption: they live above for a moment, under the strip and the shade.

Keys that would open something of the browser's or of Windows' (Alt+Tab, Windows+R, Ctrl+N, F12) are taken
by a low-level hook while the host or the page is in front; so are all mouse buttons but the left one. The
staff's hotkey is registered with Windows, which sees it before any hook gives a key away.
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

import win32job

from guard.browser.managed.page_keys import PRINT, reaches_the_page
from guard.screens.hotkey import Modifier
from guard.screens.virtual_keys import modifiers_down
from guard.screens.win32_api import HOOKPROC, KBDLLHOOKSTRUCT, WINEVENTPROC, kernel, user

if TYPE_CHECKING:
    from collections.abc import Callable

_LEAST_SIDE: Final = 64
"""Pixels; a browser's own helpers are smaller than any window for people."""
_GWL_STYLE: Final = -16
_CAPTION, _THICK_FRAME, _SYSTEM_MENU, _POPUP, _CHILD = (
    0x00C00000,
    0x00040000,
    0x00080000,
    0x80000000,
    0x40000000,
)
_SWP: Final = 0x0004 | 0x0010 | 0x0020 | 0x4000
"""SWP_NOZORDER | SWP_NOACTIVATE | SWP_FRAMECHANGED | SWP_ASYNCWINDOWPOS."""
_SHOW, _LOCATION, _DESTROY, _FOREGROUND, _FOCUS = 0x8002, 0x800B, 0x8001, 0x0003, 0x8005
_KEYBOARD_LL, _MOUSE_LL = 13, 14
_KEY_DOWN: Final = frozenset({0x100, 0x104})
_OTHER_BUTTONS: Final = frozenset(range(0x204, 0x20A)) | {0x20B, 0x20C, 0x20D}
"""WM_RBUTTONDOWN to WM_MBUTTONDBLCLK, and the X buttons'."""
_GA_ROOT: Final = 2
_AGAIN: Final = 0.5
"""s after which a hook that Windows took away is back (LowLevelKeyboardProc)."""
_WAKE: Final = 0x0400
"""WM_USER: something is to be done."""
_HIDE: Final = 0

_user: Final = ctypes.WinDLL("user32", use_last_error=True)
_user.SetParent.argtypes = (wintypes.HWND, wintypes.HWND)
_user.SetParent.restype = wintypes.HWND
_user.GetParent.argtypes = (wintypes.HWND,)
_user.GetParent.restype = wintypes.HWND
_user.SetWindowLongW.argtypes = (wintypes.HWND, ctypes.c_int, wintypes.LONG)
_user.GetWindowThreadProcessId.argtypes = (wintypes.HWND, ctypes.POINTER(wintypes.DWORD))
_user.AttachThreadInput.argtypes = (wintypes.DWORD, wintypes.DWORD, wintypes.BOOL)
_user.SetFocus.argtypes = (wintypes.HWND,)
_user.PostThreadMessageW.argtypes = (wintypes.DWORD, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)
_user.SetTimer.argtypes = (wintypes.HWND, ctypes.c_size_t, wintypes.UINT, ctypes.c_void_p)
_user.GetMessageW.argtypes = (ctypes.POINTER(wintypes.MSG), wintypes.HWND, wintypes.UINT, wintypes.UINT)


class Win32Frame:
    """Implements `guard.browser.managed.start.Holder`, in a thread of its own, until the process ends."""

    def __init__(
        self, host: int, *, print_pressed: Callable[[], None], page_gone: Callable[[], None]
    ) -> None:
        """See `Start.holder`."""
        self._host = host
        self._print_pressed = print_pressed
        self._page_gone = page_gone
        self._page: int | None = None
        self._aside = False
        self._swallowed: set[int] = set()
        self._thread = 0
        self._hooks: list[int] = []
        self._ready = threading.Event()
        self._heard_of = WINEVENTPROC(self._noticed)
        self._key = HOOKPROC(self._key_moved)
        self._mouse = HOOKPROC(self._mouse_used)

    @property
    def page(self) -> int | None:
        """The browser's window, once it has been taken in."""
        return self._page

    def start(self) -> None:
        """See `Holder.start`."""
        threading.Thread(target=self._run, name="frame", daemon=True).start()
        self._ready.wait()

    def set_aside(self, *, on: bool) -> None:
        """See `Holder.set_aside`."""
        self._aside = on
        _user.PostThreadMessageW(self._thread, _WAKE, 0, 0)

    def _run(self) -> None:
        message = wintypes.MSG()
        user.PeekMessageW(ctypes.byref(message), None, 0, 0, 0)  # makes the queue that others post to
        self._thread = int(ctypes.WinDLL("kernel32").GetCurrentThreadId())
        for first, last in (
            (_FOREGROUND, _FOREGROUND),
            (_DESTROY, _SHOW),
            (_FOCUS, _FOCUS),
            (_LOCATION, _LOCATION),
        ):
            user.SetWinEventHook(first, last, None, self._heard_of, 0, 0, 0)
        self._take_hooks()
        _user.SetTimer(None, 0, int(_AGAIN * 1000), None)
        self._ready.set()
        while _user.GetMessageW(ctypes.byref(message), None, 0, 0) > 0:
            if message.message == _WAKE:
                self._fill()
                self._focus()
            elif message.message == 0x0113:  # WM_TIMER
                self._take_hooks()
            user.DispatchMessageW(ctypes.byref(message))

    def _take_hooks(self) -> None:
        before = self._hooks
        module = kernel.GetModuleHandleW(None)
        taken = [
            user.SetWindowsHookExW(kind, callback, module, 0)
            for kind, callback in ((_KEYBOARD_LL, self._key), (_MOUSE_LL, self._mouse))
        ]
        self._hooks = [hook for hook in taken if hook]
        for hook in before:
            user.UnhookWindowsHookEx(hook)

    # --- windows

    def _noticed(
        self, _hook: int, event: int, window: int, thing: int, part: int, _thread: int, _time: int
    ) -> None:
        if thing or part or not window:
            return
        if window == self._page:
            self._page_changed(event)
        elif window == self._host:
            self._fill() if event == _LOCATION else self._focus()
        elif event == _SHOW:
            self._appeared(window)
        elif event in {_FOREGROUND, _FOCUS}:
            self._focus()

    def _page_changed(self, event: int) -> None:
        if event == _DESTROY:
            self._page = None
            self._page_gone()
        elif event == _LOCATION:
            self._fill()

    def _appeared(self, window: int) -> None:
        """Take in the browser's first window for people, and hide every other one."""
        style = user.GetWindowLongW(window, _GWL_STYLE)
        if (
            user.GetAncestor(window, _GA_ROOT) != window
            or not style & _CAPTION
            or not self._is_browsers(window)
        ):
            return
        area = wintypes.RECT()
        user.GetWindowRect(window, ctypes.byref(area))
        if self._page is not None:
            user.ShowWindow(window, _HIDE)
        elif min(area.right - area.left, area.bottom - area.top) >= _LEAST_SIDE:
            self._page = window
            self._take_in(window, style)

    def _take_in(self, window: int, style: int) -> None:
        bare = style & ~(_CAPTION | _THICK_FRAME | _SYSTEM_MENU | _POPUP) | _CHILD
        _user.SetWindowLongW(window, _GWL_STYLE, ctypes.c_long(bare).value)
        _user.SetParent(window, self._host)
        self._fill()
        self._focus()

    def _is_browsers(self, window: int) -> bool:
        process = wintypes.DWORD()
        _user.GetWindowThreadProcessId(window, ctypes.byref(process))
        if process.value == os.getpid():
            return False
        return process.value in win32job.QueryInformationJobObject(None, win32job.JobObjectBasicProcessIdList)

    def _fill(self) -> None:
        """Let the page fill the host, or lie beside it, unless it does already."""
        if self._page is None:
            return
        host, page = wintypes.RECT(), wintypes.RECT()
        user.GetWindowRect(self._host, ctypes.byref(host))
        user.GetWindowRect(self._page, ctypes.byref(page))
        width, height = host.right - host.left, host.bottom - host.top
        x = width if self._aside else 0
        wanted = (host.left + x, host.top, host.left + x + width, host.bottom)
        if (page.left, page.top, page.right, page.bottom) != wanted:
            user.SetWindowPos(self._page, None, x, 0, width, height, _SWP)

    def _focus(self) -> None:
        """Pass the keyboard on to the page, if the host is in front."""
        if self._page is None or not self._in_front():
            return
        target = self._host if self._aside else self._page
        theirs = _user.GetWindowThreadProcessId(target, None)
        _user.AttachThreadInput(self._thread, theirs, True)  # noqa: FBT003 -- the API's signature
        _user.SetFocus(target)
        _user.AttachThreadInput(self._thread, theirs, False)  # noqa: FBT003 -- the API's signature

    def _in_front(self) -> bool:
        return user.GetForegroundWindow() in {self._host, self._page}

    # --- keys and buttons

    def _key_moved(self, code: int, message: int, data: int) -> int:
        if code < 0 or not self._in_front():
            return int(user.CallNextHookEx(None, code, message, data))
        key = KBDLLHOOKSTRUCT.from_address(data).vkCode
        if message not in _KEY_DOWN:
            known = key in self._swallowed
            self._swallowed.discard(key)
            return 1 if known else int(user.CallNextHookEx(None, code, message, data))
        held = modifiers_down(lambda one: bool(user.GetAsyncKeyState(one) & 0x8000))
        if reaches_the_page(key, held):
            return int(user.CallNextHookEx(None, code, message, data))
        if key == PRINT and held == {Modifier.CTRL} and key not in self._swallowed:
            self._print_pressed()
        self._swallowed.add(key)
        return 1

    def _mouse_used(self, code: int, message: int, data: int) -> int:
        if code >= 0 and message in _OTHER_BUTTONS and self._in_front():
            return 1
        return int(user.CallNextHookEx(None, code, message, data))
