"""Keeps an installed browser's windows inside one window of ours, and its shortcuts from the keyboard.

Theory of operation
===================

The guard's windows must be known to the core and beyond every window manager's reach, and a browser's are
neither. So the browser starts its window far off the screen, and as soon as the X server tells of it, it is
made a child of the *host*, the window that the core knows: whatever the browser does to it from then on is a
request that comes to us (SubstructureRedirect, as to a window manager), and we let it fill the host and
nothing else. Every further window of the same browser that is not a menu (a pop-up, a second window, a
dialog of its own) is made a child of the *closet*, a window that is never mapped, so nobody ever sees it.
Menus are override-redirect: they live above for a moment, under the strip and the shade.

Keys that would open something of the browser's (Ctrl+N, Ctrl+O, F12, Alt+F4 …) are grabbed passively on the
host and go nowhere; so are the right and the middle mouse button. What a citizen writes and edits with is let
through. The staff's hotkey is heard by raw events, which no grab hides.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Final

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from Xlib import XK, X, Xatom
from Xlib import error as xerror
from Xlib.display import Display
from Xlib.protocol import event as xevent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from Xlib.protocol.rq import Event as XEvent
    from Xlib.xobject.drawable import Window

_LEAST_SIDE: Final = 64
"""Pixels; a browser's own helpers (clipboard owner, GPU probe) are smaller than any window for people."""
_LOCKS: Final = (0, X.LockMask, X.Mod2Mask, X.LockMask | X.Mod2Mask)
"""A passive grab means exact modifiers, so it is made for each state of Caps Lock and Num Lock."""
_MODIFIERS: Final = tuple(range(0xFFE1, 0xFFEF))
"""Keysyms of Shift, Control, Caps, Meta, Alt, Super, Hyper (X11/keysymdef.h): they open nothing alone."""
_EDITING: Final = ("a", "c", "v", "x", "y", "z", "plus", "minus", "equal", "semicolon", "0", "KP_Add")
_MOVING: Final = ("Left", "Right", "Up", "Down", "Home", "End", "Return", "BackSpace", "Delete", "Insert")
_WITH_CONTROL: Final = (*_EDITING, "KP_Subtract", "KP_0", *_MOVING)
_WITH_ANY_KEY: Final = (
    X.ControlMask | X.ShiftMask,
    *(
        main | more
        for main in (X.Mod1Mask, X.Mod4Mask, X.Mod1Mask | X.Mod4Mask)
        for more in (0, X.ShiftMask, X.ControlMask, X.ControlMask | X.ShiftMask)
    ),
)
"""Control and Shift, and whatever holds Alt or Super."""
_NEVER: Final = (
    *("F1", "F3", "F6", "F7", "F10", "F11", "F12"),
    *("Menu", "Help", "Execute", "Print"),
)
"""Each opens something of the browser's; the other function keys are the page's."""
_BACK_BUTTON = 8
_FORWARD_BUTTON = 9


class Frame:
    """Runs in a thread of its own, on a connection of its own, until the process ends."""

    def __init__(
        self,
        display: str,
        host: int,
        window_class: str,
        *,
        print_pressed: Callable[[], None],
        page_gone: Callable[[], None],
    ) -> None:
        """Begin to watch; the browser must be started afterwards, with ``--class`` of this name.

        From the frame's thread, ``print_pressed`` is called when somebody presses Ctrl+P, and ``page_gone``
        when the browser's window is no more, whoever ended it.
        """
        self._display = Display(display)
        self._display.set_error_handler(_ignore_dead_windows)
        self._root = self._display.screen().root
        self._host = self._display.create_resource_object("window", host)
        self._class = window_class
        self._size = self._host.get_geometry().width, self._host.get_geometry().height
        self._closet = self._root.create_window(-1, -1, 1, 1, 0, X.CopyFromParent, override_redirect=True)
        self._page: Window | None = None
        self._client: int | None = None
        """The part of a window id that tells which connection made it."""
        self._todo: deque[Callable[[], None]] = deque()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._aside = False
        """The page lies beside what the host shows of itself: still there, still painting, seen by nobody."""
        self._print_keys = _codes(self._display, ("p",))
        self._print_pressed = print_pressed
        self._page_gone = page_gone

    def start(self) -> None:
        """Take the keys and begin; returns once every event that follows will be seen."""
        self._root.change_attributes(event_mask=X.SubstructureNotifyMask)
        self._host.change_attributes(
            event_mask=X.SubstructureRedirectMask
            | X.SubstructureNotifyMask
            | X.StructureNotifyMask
            | X.FocusChangeMask
        )
        for code, modifiers in _forbidden(self._display):
            self._host.grab_key(code, modifiers, False, X.GrabModeAsync, X.GrabModeAsync)  # noqa: FBT003 -- python-xlib's signature
        for button in (2, 3, _BACK_BUTTON, _FORWARD_BUTTON):
            self._host.grab_button(
                button,
                X.AnyModifier,
                False,  # noqa: FBT003 -- python-xlib's signature
                0,
                X.GrabModeAsync,
                X.GrabModeAsync,
                X.NONE,
                X.NONE,
            )
        self._display.sync()
        threading.Thread(target=self._run, name="frame", daemon=True).start()

    def set_aside(self, *, on: bool) -> None:
        """While on, the host shows, and the keyboard is, our own and not the page's. Returns at once."""
        self._todo.append(lambda: self._set_aside(on=on))
        os.eventfd_write(self._wake, 1)

    def _run(self) -> None:
        while True:
            while self._todo:
                self._todo.popleft()()
            self._display.flush()
            while self._display.pending_events():
                self._notice(self._display.next_event())
            select.select([self._display.fileno(), self._wake], [], [])
            with contextlib.suppress(BlockingIOError):
                os.eventfd_read(self._wake)

    def _set_aside(self, *, on: bool) -> None:
        self._aside = on
        if self._page is not None:
            self._fill(self._page)
        self._focus()

    def _notice(self, event: XEvent) -> None:  # noqa: C901 -- one flat case an event
        match event.type:
            case X.CreateNotify if event.parent.id == self._root.id and not event.override:
                self._appeared(event.window, min(event.width, event.height))
            case X.PropertyNotify if event.atom == Xatom.WM_CLASS:
                self._look(event.window)
            case X.MapNotify if event.event.id == self._root.id and not event.override:
                self._look(event.window)
            case X.MapRequest:
                event.window.map()
            case X.ConfigureRequest:
                self._fill(event.window)
            case X.ConfigureNotify if event.window.id == self._host.id:
                self._size = event.width, event.height
                if self._page is not None:
                    self._fill(self._page)
            case X.FocusIn if event.detail != X.NotifyPointer:  # a browser takes the keyboard by itself, too
                self._focus()
            case X.ReparentNotify if self._is_page(event.window) and event.parent.id != self._host.id:
                self._take_in(event.window)  # from a window manager that was asked to map it before
            case X.KeyPress if event.detail in self._print_keys and event.state & X.ControlMask:
                self._print_pressed()
            case X.UnmapNotify if self._is_page(event.window) and event.event.id == self._host.id:
                event.window.map()  # a window manager that lets go of it unmaps it first
            case X.DestroyNotify if self._is_page(event.window):
                self._page_gone()

    def _appeared(self, window: Window, side: int) -> None:
        """Look at a new window as soon as it says whose it is; one of the browser's is put away at once."""
        if side < _LEAST_SIDE and self._client is None:
            return
        if self._client is not None and self._made_by(window) == self._client:
            window.reparent(self._closet.id, 0, 0)
            return
        window.change_attributes(event_mask=X.PropertyChangeMask)
        self._look(window)

    def _look(self, window: Window) -> None:
        """Take in the browser's first window, and put away every other."""
        if self._is_page(window):
            return
        try:
            names = window.get_wm_class()
        except xerror.XError:
            return  # it is gone already
        if not names or names[1] != self._class:
            return
        if self._page is not None:
            window.reparent(self._closet.id, 0, 0)
            return
        if window.get_geometry().width < _LEAST_SIDE:
            return
        self._page, self._client = window, self._made_by(window)
        window.change_attributes(event_mask=X.FocusChangeMask)
        self._take_in(window)

    def _is_page(self, window: Window) -> bool:
        return self._page is not None and window.id == self._page.id

    def _take_in(self, window: Window) -> None:
        window.reparent(self._host.id, 0, 0)
        window.map()  # a window manager that was asked to, and finds it gone from the screen, would not
        self._fill(window)
        self._focus()

    def _made_by(self, window: Window) -> int:
        mask: int = self._display.display.info.resource_id_mask
        return window.id & ~mask

    def _fill(self, window: Window) -> None:
        """Let it fill the host, or lie beside it, and tell it where on the screen that is (ICCCM 4.1.5)."""
        width, height = self._size
        x = width if self._aside else 0
        window.configure(x=x, y=0, width=width, height=height, border_width=0)
        place = self._root.translate_coords(self._host, 0, 0)
        window.send_event(
            xevent.ConfigureNotify(
                event=window,
                window=window,
                x=place.x + x,
                y=place.y,
                width=width,
                height=height,
                border_width=0,
                above_sibling=X.NONE,
                override=False,
            ),
            event_mask=X.StructureNotifyMask,
        )
        self._display.flush()

    def _focus(self) -> None:
        """Pass the keyboard on to the page, if the host has it."""
        focus = self._display.get_input_focus().focus
        target = self._host if self._aside else self._page
        if target is None or getattr(focus, "id", focus) not in self._ours() - {target.id}:
            return
        target.set_input_focus(X.RevertToParent, X.CurrentTime)
        self._display.flush()

    def _ours(self) -> set[int]:
        return {self._host.id} | ({self._page.id} if self._page is not None else set())


def _forbidden(display: Display) -> Iterator[tuple[int, int]]:
    """Yield the key codes and modifiers that must not reach a browser."""
    for modifiers, locks in itertools.product(_WITH_ANY_KEY, _LOCKS):
        yield X.AnyKey, modifiers | locks
    info = display.display.info
    harmless = _codes(display, _WITH_CONTROL)
    for code in range(info.min_keycode, info.max_keycode + 1):
        keysym = display.keycode_to_keysym(code, 0)
        if keysym == X.NoSymbol or keysym in _MODIFIERS or code in harmless:
            continue
        for locks in _LOCKS:
            yield code, X.ControlMask | locks
    for code in _codes(display, _NEVER):
        yield code, X.AnyModifier


def _codes(display: Display, names: tuple[str, ...]) -> set[int]:
    keysyms = (XK.string_to_keysym(name) for name in names)
    return {code for keysym in keysyms for code, _ in display.keysym_to_keycodes(keysym)}


def _ignore_dead_windows(_error: xerror.XError, _request: object) -> int:
    """Pass over a window that died between two requests, and a key that somebody else has grabbed."""
    return 1
