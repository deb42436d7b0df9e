"""The shade on Windows: bare topmost windows of the core's own, and the order of everyone else's.

Theory of operation
===================

Windows piles windows in two piles, and all of the upper one (WS_EX_TOPMOST) lie above all of the lower. The
shade's windows, the curtain's and the portal that is uncovered are topmost; spares are not, so that nothing
they do brings them up. The shade's windows are shown once, at start, and stay so; covering is putting them on
top, which is done at once, for they are this thread's own. The walk through Windows' own list then proves
that nothing that can be seen lies above, and DwmFlush that the picture has been composed since.

A window of another process moves only when that process comes to it (SWP_ASYNCWINDOWPOS), and one that hangs
never does. So covering asks nobody, and uncovering moves our windows below the portal, not the portal up,
once it has been up. Every change that Windows reports, and every `LOOK` s, the order is looked at and put
right again.

Nobody else can hide, move or close the shade or make it transparent: such requests come to its own procedure,
which refuses them. But the windows die with the core (a window belongs to its thread); then the curtain
covers by itself, see `guard.screens.curtain_window`. Windows that Windows itself keeps above all topmost ones
(the lock screen, the consent of UAC, the screen keyboard) cannot be covered: `covered` is not confirmed while
one of them shows.

What this file must not know: sessions, cards, or why something is to be covered.
"""

from __future__ import annotations

import ctypes
import logging
import secrets
import sys
from concurrent.futures import Future
from ctypes import wintypes
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

from guard.errors import MachineError
from guard.screens import win32_order as order
from guard.screens.hotkey import HotkeyText
from guard.screens.monitors import Layout
from guard.screens.one_thread import RAISES_BEFORE_GIVING_UP, REFILLS_BEFORE_GIVING_UP, OneThread
from guard.screens.stacking import Ours, covers, covers_with_curtain, curtain_shows, to_uncover
from guard.screens.win32_api import STYLESTRUCT, WINDOWPOS, kernel, user
from guard.screens.win32_bare import WindowClass, destroy, monitors, paint, place, see_every_pixel
from guard.screens.win32_clipboard import Win32Clipboard
from guard.screens.win32_events import WindowEvents
from guard.screens.win32_idle import since_input
from guard.screens.win32_keys import register, unregister
from guard.screens.win32_pad_keys import RENEW, PadKeys

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.clock import Clock
    from guard.screens.port import ShadeListener

_log = logging.getLogger(__name__)
LOOK: Final = 0.2
"""s between two looks at the order that nothing has asked for."""
_SOON: Final = 0.01
"""s until the next look when another process has been asked to move; doubles up to `LOOK`."""
_REFILL_TIMEOUT: Final = 1.0
_STARTS_WITHIN: Final = 10.0
_STOPS_WITHIN: Final = 2.0
_CLAIM: Final = "Local\\MadoguchiGuardCovers"
"""A mutex of this logon's; Windows lets go of it however its owner ends."""
_ALREADY_EXISTS: Final = 183

_NO_ACTIVATE: Final = 3
_STAYS: Final = 0x0001 | 0x0002 | 0x0004
"""SWP_NOSIZE | SWP_NOMOVE | SWP_NOZORDER."""
_HIDES: Final = 0x0080
_ALL_INPUT, _INPUT_AVAILABLE = 0x04FF, 0x0004
_REMOVE: Final = 1
_MESSAGES_AT_ONCE: Final = 200


class Win32Shade(OneThread):
    """Implements `guard.screens.port.Shade` with bare windows."""

    def __init__(
        self, clock: Clock, listener: ShadeListener, *, hotkey: str, history: Callable[[], bool]
    ) -> None:
        """``history`` tells whether Windows keeps nothing of what once lay on the clipboard."""
        super().__init__(clock, listener)
        self._hotkey = hotkey
        self._history = history
        self._wake: int | None = None
        self._ready: Future[None] = Future()
        self._shades: list[int] = []
        self._control = 0
        self._upset = False
        self._fronted = False
        self._moving = False
        self._patience = LOOK
        self._renew_at = 0.0

    # --- called by the core

    def start(self) -> None:
        """See `Shade.start`."""
        self._wake = kernel.CreateEventW(None, 0, 0, None)
        self._clipboard = Win32Clipboard(self._clock, self._history)
        self._thread.start()
        try:
            self._ready.result(_STARTS_WITHIN)
        except MachineError:
            self.close()
            raise
        except TimeoutError as error:
            raise MachineError(
                "Windows makes no windows for the shade: is this its counter's desktop?"
            ) from error

    def clear_clipboard(self, timeout: float) -> bool:
        """See `Shade.clear_clipboard`; nothing is kept of it in Windows' history either."""
        return self._clipboard.clear(timeout)

    def close(self) -> None:
        """See `Shade.close`."""
        if self._thread.is_alive():
            self._do(self._close)
            self._thread.join(_STOPS_WITHIN)
        self._clipboard.close()
        if not self._thread.is_alive() and self._wake is not None:
            wake, self._wake = self._wake, None
            kernel.CloseHandle(wake)

    # --- the thread

    def _rouse(self) -> None:
        if self._wake is not None:
            kernel.SetEvent(self._wake)

    def _run(self) -> None:
        try:
            claim = _claimed()
            self._begin()
        except MachineError as error:
            self._open = False
            self._ready.set_exception(error)
            return
        self._ready.set_result(None)
        try:
            self._serve()
        finally:
            kernel.CloseHandle(claim)

    def _begin(self) -> None:
        see_every_pixel()
        areas = monitors()
        if not areas:
            raise MachineError("Windows knows of no monitor that the shade could cover")
        self._kind = WindowClass(f"MadoguchiGuardShade-{secrets.token_hex(4)}", self._procedure)
        self._layout = Layout(areas)
        self._control = self._kind.hidden()
        self._fit_shades()
        self._pad_keys = PadKeys(HotkeyText.parse(self._hotkey), self._listener.key_pressed)
        if why := register(self._control, self._hotkey):
            _log.warning("%s", why)
        user.AddClipboardFormatListener(self._control)
        self._events = WindowEvents(self._look_again, self._look_who_is_in_front)
        self._events.start()
        self._events.follow_moves(on=True)
        self._confirmed = self._raise_shades()
        order.give_keyboard(self._shades[0], insist=True)

    def _serve(self) -> None:
        try:
            while self._open:
                self._turn()
        finally:
            if self._open:  # whatever ended this thread, nobody covers any more
                self._confirmed = False
                self._listener.display_lost()

    def _turn(self) -> None:
        while self._todo:
            self._todo.popleft()()
        self._pump()
        if not self._open:
            return
        if self._fronted:
            self._fronted = False
            self._keep_keyboard()
        if self._upset:
            self._upset = False
            self._restore()
        if self._pad_keys.held and self._clock.monotonic() >= self._renew_at:
            self._hold_keys()
        if not self._todo and not self._wait(self._patience):
            self._upset = True

    def _pump(self) -> None:
        message = wintypes.MSG()
        for _ in range(_MESSAGES_AT_ONCE):  # whoever floods us must not keep the order from being looked at
            if not user.PeekMessageW(ctypes.byref(message), None, 0, 0, _REMOVE):
                return
            user.TranslateMessage(ctypes.byref(message))
            user.DispatchMessageW(ctypes.byref(message))

    def _wait(self, seconds: float) -> bool:
        """Wait for work, messages or so many seconds; tell whether anything came."""
        events = (wintypes.HANDLE * 1)(self._wake)
        answer = user.MsgWaitForMultipleObjectsEx(
            1, events, round(seconds * 1000), _ALL_INPUT, _INPUT_AVAILABLE
        )
        return bool(answer in {0, 1})

    def _procedure(self, window: int, message: int, wide: int, long: int) -> int:
        match message:
            case 0x0F if window != self._control:  # WM_PAINT
                paint(window)
                return 0
            case 0x10 | 0x112:  # WM_CLOSE, WM_SYSCOMMAND: nobody closes, minimises or moves it
                return 0
            case 0x14:  # WM_ERASEBKGND
                return 1
            case 0x21:  # WM_MOUSEACTIVATE
                return _NO_ACTIVATE
            case 0x46 | 0x7C if not self._moving and window in self._shades:  # not by us
                _stays(message, long)
                return 0
            case 0x7E if window == self._control:  # WM_DISPLAYCHANGE
                self._do(self._monitors_changed)
            case 0x312 if window == self._control:  # WM_HOTKEY
                self._listener.hotkey_pressed()
            case 0x31D if window == self._control:  # WM_CLIPBOARDUPDATE
                self._clipboard_filled()
        return int(user.DefWindowProcW(window, message, wide, long))

    def _look_again(self) -> None:
        self._upset = True

    def _look_who_is_in_front(self) -> None:
        self._fronted = self._upset = True

    # --- the order

    def _ours(self) -> Ours:
        return Ours(shades=tuple(self._shades), curtain=self._curtain, strip=self._strip, portal=self._portal)

    def _own(self) -> set[int | None]:
        return {*self._shades, self._control, self._curtain, self._strip}

    def _cover(self, asked_at: float) -> None:
        self._covering = True
        self._portal = None
        self._asked_at = asked_at
        self._events.follow_moves(on=True)
        self._assert_cover()

    def _assert_cover(self) -> None:
        """Raise until proven on top; then put the curtain above and say so."""
        for _ in range(RAISES_BEFORE_GIVING_UP):
            if self._raise_shades():
                break
            self._confirmed = False
        else:
            return
        order.composed()
        self._confirm()
        if self._curtain is not None:
            order.to_top(self._curtain, own=False)
        self._patience = _SOON
        order.give_keyboard(self._shades[0], insist=True)

    def _raise_shades(self) -> bool:
        """Put the shades on top and tell, from Windows' own list, whether they are."""
        self._moving = True
        try:
            for shade in self._shades:
                order.to_top(shade, own=True)
        finally:
            self._moving = False
        return covers(self._seen(), self._shades)

    def _seen(self) -> tuple[int, ...]:
        return order.seen(self._layout.shades)

    def _uncover(self, portal: int) -> None:
        if portal in self._own() or not order.is_window(portal):  # a capsule names it itself, and may lie
            return
        self._covering = False
        self._confirmed = False
        self._portal = portal
        self._refills = 0
        self._capsules.discard(portal)
        self._events.follow_moves(on=False)
        self._patience = _SOON
        self._restore()
        order.give_keyboard(portal, insist=True)

    def _restore(self) -> None:
        """Put right what is out of order; look again soon where others have to move for it."""
        for capsule in tuple(self._capsules):
            if not order.is_window(capsule):  # Windows gives handles anew
                self._capsules.discard(capsule)
            elif order.is_topmost(capsule):
                order.to_bottom(capsule, own=False)
        settled = self._covering_restored() if self._covering else self._uncovered_restored()
        self._patience = LOOK if settled else min(2 * self._patience, LOOK)

    def _covering_restored(self) -> bool:
        seen, ours = self._seen(), self._ours()
        if not covers_with_curtain(seen, ours):
            self._assert_cover()
            return False
        self._confirmed = True
        if curtain_shows(seen, ours) or ours.curtain is None:
            return True
        order.to_top(ours.curtain, own=False)
        return False

    def _uncovered_restored(self) -> bool:
        portal = self._portal
        if portal is None or not order.is_window(portal):
            return True
        if not order.is_topmost(portal):
            order.to_top(portal, own=False)
            return False
        moves = to_uncover(self._seen(), self._ours())
        self._moving = True
        try:
            for move in moves:
                own = move.window in self._shades
                if move.below is None:
                    order.to_top(move.window, own=own)
                else:
                    order.below(move.window, move.below, own=own)
        finally:
            self._moving = False
        return not moves

    def _adopt_curtain(self, curtain: int, strip: int) -> None:
        self._curtain, self._strip = curtain, strip
        self._patience = _SOON
        if self._covering:
            self._assert_cover()
        else:
            self._restore()

    def _adopt_capsule(self, window: int) -> None:
        if window in self._own() or window == self._portal:  # said again, and too late: a citizen uses it
            return
        if order.is_window(window):
            self._capsules.add(window)
            order.to_bottom(window, own=False)

    # --- the keyboard

    def _since_input(self) -> float:
        return since_input()

    def _take_keys(self, *, on: bool) -> None:
        if on:
            self._hold_keys()
        else:
            self._pad_keys.give_back()

    def _hold_keys(self) -> None:
        self._pad_keys.take()
        self._renew_at = self._clock.monotonic() + RENEW

    def _keep_keyboard(self) -> None:
        """Give the keyboard back when another window took it (a spare that starts), without insisting."""
        wanted = self._shades[0] if self._covering else self._portal
        if wanted is not None and order.is_window(wanted):
            order.give_keyboard(wanted, insist=False)

    def _clipboard_filled(self) -> None:
        """Empty it again while no session is open; a program that never tires is left alone in the end."""
        if self._covering and user.CountClipboardFormats() and self._refills < REFILLS_BEFORE_GIVING_UP:
            self._refills += 1
            self._clipboard.clear_soon(_REFILL_TIMEOUT)

    # --- monitors

    def _monitors_changed(self) -> None:
        areas = monitors()
        if not areas or Layout(areas) == self._layout:  # none: a monitor that is off, or another's turn
            return
        self._layout = Layout(areas)
        self._fit_shades()
        if self._covering:
            self._assert_cover()
        else:
            self._restore()
        self._listener.areas_changed(*self._layout.areas)

    def _fit_shades(self) -> None:
        """Make the shades' number and places those of the monitors."""
        self._moving = True
        try:
            for shade in self._shades[len(self._layout.shades) :]:
                destroy(shade)
            del self._shades[len(self._layout.shades) :]
            for number, area in enumerate(self._layout.shades):
                if number == len(self._shades):
                    self._shades.append(self._kind.bare(area))
                else:
                    place(self._shades[number], area)
        finally:
            self._moving = False

    def _close(self) -> None:
        self._open = False
        self._confirmed = False
        self._pad_keys.give_back()
        self._events.close()
        user.RemoveClipboardFormatListener(self._control)
        unregister(self._control)
        self._moving = True
        for window in (*self._shades, self._control):
            destroy(window)
        self._kind.close()


def _stays(message: int, long: int) -> None:
    """Have a window stay where it is (WM_WINDOWPOSCHANGING) and as it is: opaque (WM_STYLECHANGING)."""
    if message == 0x46:
        place = WINDOWPOS.from_address(long)
        place.flags = (place.flags | _STAYS) & ~_HIDES
    else:
        style = STYLESTRUCT.from_address(long)
        style.styleNew = style.styleOld


def check_uncovered() -> None:
    """Raise MachineError when a guard covers this desktop."""
    kernel.CloseHandle(_claimed())


def _claimed() -> int:
    """Tell every later guard that this desktop is covered by us; raises MachineError when another does."""
    claim = kernel.CreateMutexW(None, 0, _CLAIM)
    if not claim:
        raise MachineError("another program keeps the guard from covering this desktop: restart the PC")
    if ctypes.get_last_error() == _ALREADY_EXISTS:
        kernel.CloseHandle(claim)
        raise MachineError("another guard covers this desktop: end it first, or start in a logon of its own")
    return int(claim)
