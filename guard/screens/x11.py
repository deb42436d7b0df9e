"""The shade on X11: bare windows of the core's own connection, and the order of everyone else's.

Theory of operation
===================

All windows of the guard are override-redirect, so no window manager has a say in their order; their order is
the X server's stacking order, and any client may change any window's place in it. That client is this one:
neither the curtain nor a capsule is ever *asked* to show or hide itself. The shade's windows are mapped once,
at start, and stay mapped; covering is raising them, and one QueryTree proves in the same round trip that they
lie above all else. The X server paints a raised window's background before it answers, so the answer means
that no pixel of the portal is left (measured: about 1 ms, seed facts "screen and capsule").

While covered, every window that is mapped or moved in the order above the shade (a page's own menu, a dialog,
a hostile window) makes us raise the shade again. The windows outlive us: the connection's close-down mode is
RetainPermanent (Xlib, XSetCloseDownMode), so after a `kill -9` of the core the shade still covers, until the
next core has put its own above and takes the old one away.

What this file must not know: sessions, cards, or why something is to be covered.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import sys
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from Xlib import X
from Xlib import error as xerror
from Xlib.ext import randr

from guard.screens.monitors import Layout
from guard.screens.one_thread import RAISES_BEFORE_GIVING_UP, REFILLS_BEFORE_GIVING_UP, OneThread
from guard.screens.x11_bare import bare_window, marked_windows, monitors, paint
from guard.screens.x11_clipboard import clear, clear_anew, filled, watch
from guard.screens.x11_fit import claim, connect
from guard.screens.x11_idle import since_input
from guard.screens.x11_keys import Hotkey
from guard.screens.x11_pad_keys import RETRY, PadKeys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from Xlib.protocol.rq import Event as XEvent
    from Xlib.xobject.drawable import Window

    from guard.clock import Clock
    from guard.screens.port import ShadeListener

_log = logging.getLogger(__name__)


class X11Shade(OneThread):
    """Implements `guard.screens.port.Shade` with python-xlib."""

    def __init__(
        self, environment: Mapping[str, str], clock: Clock, listener: ShadeListener, *, hotkey: str
    ) -> None:
        super().__init__(clock, listener)
        self._hotkey_text = hotkey
        self._environment = environment
        self._wake = -1
        self._shades: list[Window] = []

    # --- called by the core

    def start(self) -> None:
        """See `Shade.start`."""
        self._display = connect(self._environment)
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._display.set_error_handler(_ignore_dead_windows)
        self._root = self._display.screen().root
        self._root.change_attributes(event_mask=X.SubstructureNotifyMask | X.StructureNotifyMask)
        self._has_randr = self._display.has_extension("RANDR")
        if self._has_randr:
            randr.select_input(self._root, randr.RRScreenChangeNotifyMask | randr.RRCrtcChangeNotifyMask)
        old = marked_windows(self._display)
        self._layout = Layout(monitors(self._display))
        self._fit_shades()
        self._display.set_close_down_mode(X.RetainPermanent)
        self._raise_shades()
        for window in old:
            self._display.create_resource_object("window", window).kill_client()
        claim(self._display, self._shades[0])
        watch(self._display)
        self._pad_keys = PadKeys(self._display, self._listener.key_pressed)
        self._hotkey = Hotkey(self._display, self._hotkey_text, self._listener.hotkey_pressed)
        if why := self._hotkey.start():
            _log.warning("%s", why)
        self._display.sync()
        self._confirmed = True
        self._thread.start()

    def clear_clipboard(self, timeout: float) -> bool:
        """See `Shade.clear_clipboard`."""
        end = self._clock.monotonic() + timeout
        while (left := end - self._clock.monotonic()) > 0:
            if not self._thread.is_alive():
                return clear_anew(self._environment["DISPLAY"])
            done: Future[bool] = Future()
            self._do(lambda done=done: done.set_result(clear(self._display)))  # type: ignore[misc]
            try:
                if done.result(left):
                    return True
            except FutureTimeoutError:
                break
        return False

    def close(self) -> None:
        """See `Shade.close`."""
        if self._thread.is_alive():
            self._do(self._close)
            self._thread.join(2.0)
        if self._wake >= 0:
            os.close(self._wake)
            self._wake = -1

    # --- the thread

    def _rouse(self) -> None:
        if self._wake >= 0:
            os.eventfd_write(self._wake, 1)

    def _run(self) -> None:
        try:
            while self._open:
                self._turn()
        except (xerror.ConnectionClosedError, OSError):
            self._confirmed = False
        finally:
            if self._open:  # whatever ended this thread, nobody covers any more
                self._listener.display_lost()

    def _turn(self) -> None:
        while self._todo:
            self._todo.popleft()()
        if self._open:
            self._pad_keys.hold(self._shades[0])
        # Who floods us with events must not keep an order waiting.
        while self._open and not self._todo and self._display.pending_events():
            self._notice(self._display.next_event())
        if self._open and not self._todo:
            patience = None if self._pad_keys.settled(self._shades[0]) else RETRY
            select.select([self._display.fileno(), self._wake], [], [], patience)
            with contextlib.suppress(BlockingIOError):
                os.eventfd_read(self._wake)

    def _cover(self, asked_at: float) -> None:
        self._covering = True
        self._portal = None
        self._asked_at = asked_at
        self._assert_cover()

    def _assert_cover(self) -> None:
        """Raise until proven on top; then put the curtain above and say so."""
        for _ in range(RAISES_BEFORE_GIVING_UP):
            if self._raise_shades():
                break
            self._confirmed = False
        else:
            return
        self._confirm()
        if self._curtain is not None:
            self._window(self._curtain).configure(stack_mode=X.Above)
        self._shades[0].set_input_focus(X.RevertToPointerRoot, X.CurrentTime)
        self._display.flush()

    def _raise_shades(self) -> bool:
        """Put the shades on top and tell, from the server's own list, whether they are."""
        for shade in self._shades:
            shade.configure(stack_mode=X.Above)
        self._display.flush()  # on its way while the question is still being put together
        top = self._root.query_tree().children[-len(self._shades) :]
        return {window.id for window in top} == {shade.id for shade in self._shades}

    def _own(self) -> set[int | None]:
        return {shade.id for shade in self._shades} | {self._curtain, self._strip}

    def _uncover(self, portal: int) -> None:
        if portal in self._own():  # a capsule names its window itself, and may lie
            return
        self._covering = False
        self._confirmed = False
        self._portal = portal
        self._refills = 0
        self._capsules.discard(portal)
        window = self._window(portal)
        window.change_attributes(event_mask=X.FocusChangeMask)
        if self._curtain is not None:
            self._window(self._curtain).configure(stack_mode=X.Above)
        window.configure(stack_mode=X.Above)
        self._raise_above_portal()
        window.set_input_focus(X.RevertToPointerRoot, X.CurrentTime)
        self._display.flush()

    def _raise_above_portal(self) -> None:
        for shade in self._shades[1:]:
            shade.configure(stack_mode=X.Above)
        if self._strip is not None:
            self._window(self._strip).configure(stack_mode=X.Above)

    def _adopt_curtain(self, curtain: int, strip: int) -> None:
        self._curtain, self._strip = curtain, strip
        if self._covering:
            self._window(strip).configure(stack_mode=X.Below)
            self._assert_cover()
        self._display.flush()

    def _adopt_capsule(self, window: int) -> None:
        if window in self._own() or window == self._portal:  # said again, and too late: a citizen uses it
            return
        self._capsules.add(window)
        self._window(window).configure(stack_mode=X.Below)
        self._display.flush()

    def _since_input(self) -> float:
        return since_input(self._display)

    def _take_keys(self, *, on: bool) -> None:
        self._pad_keys.take(on=on)
        self._pad_keys.hold(self._shades[0])

    def _notice(self, event: XEvent) -> None:
        if self._hotkey.notice(event) or self._pad_keys.notice(event):
            return
        if event.type == X.FocusOut and event.window.id == self._portal and event.detail != X.NotifyInferior:
            self._keep_focus()
        elif event.type == X.UnmapNotify and event.window.id in {shade.id for shade in self._shades}:
            event.window.map()
            self._pad_keys.lost(event.window.id)
            self._assert_cover() if self._covering else self._display.flush()
        elif filled(event):
            self._clipboard_filled()
        elif event.type == X.DestroyNotify:
            self._window_destroyed(event.window.id)
        elif event.type in {X.MapNotify, X.ConfigureNotify, X.CirculateNotify, X.ReparentNotify}:
            if event.window.id == self._root.id:
                self._monitors_changed()
            elif event.window.id not in self._own():
                self._other_window_moved(event.window)
        elif self._has_randr and event.type in {
            self._display.extension_event.ScreenChangeNotify,
            getattr(self._display.extension_event, "CrtcChangeNotify", (None,))[0],
        }:
            self._monitors_changed()

    def _other_window_moved(self, window: Window) -> None:
        """Put back in order what a window that is not ours has upset, a capsule's or anybody's."""
        if window.id in self._capsules:
            window.configure(stack_mode=X.Below)  # no event follows where it lies lowest already
        if not self._covering:
            self._raise_above_portal()
        elif not self._in_order():
            self._assert_cover()
        self._display.flush()

    def _window_destroyed(self, window: int) -> None:
        """Forget a capsule's, for the server gives ids anew; replace a shade that somebody destroyed."""
        self._capsules.discard(window)
        self._pad_keys.lost(window)
        left = [shade for shade in self._shades if shade.id != window]
        if len(left) == len(self._shades):
            return
        self._shades = left
        self._fit_shades()
        if self._covering:
            self._assert_cover()
        else:
            self._shades[0].configure(stack_mode=X.Below)
            self._raise_above_portal()
        self._display.flush()

    def _in_order(self) -> bool:
        expected = {shade.id for shade in self._shades}
        if self._curtain is not None:
            expected.add(self._curtain)
        top = self._root.query_tree().children[-len(expected) :]
        return {window.id for window in top} == expected

    def _clipboard_filled(self) -> None:
        """Empty it again while no session is open; a program that never tires is left alone in the end."""
        if self._covering and self._refills < REFILLS_BEFORE_GIVING_UP:
            self._refills += 1
            clear(self._display)

    def _keep_focus(self) -> None:
        """Give the keyboard back to the portal when another window took it (a spare that starts)."""
        focus = self._display.get_input_focus().focus
        if self._portal is not None and getattr(focus, "id", focus) != self._portal:
            self._window(self._portal).set_input_focus(X.RevertToPointerRoot, X.CurrentTime)
            self._display.flush()

    # --- monitors

    def _monitors_changed(self) -> None:
        layout = Layout(monitors(self._display))
        if layout == self._layout:
            return
        self._layout = layout
        self._fit_shades()
        if self._covering:
            self._assert_cover()
        else:
            self._raise_above_portal()
            self._display.flush()
        self._listener.areas_changed(*layout.areas)

    def _fit_shades(self) -> None:
        """Make the shades' number and places those of the monitors."""
        for shade in self._shades[len(self._layout.shades) :]:
            shade.destroy()
        del self._shades[len(self._layout.shades) :]
        for number, area in enumerate(self._layout.shades):
            if number == len(self._shades):
                self._shades.append(bare_window(self._display, area))
            else:
                self._shades[number].configure(x=area.x, y=area.y, width=area.width, height=area.height)
            paint(self._display, self._shades[number], area)

    def _close(self) -> None:
        self._open = False
        for shade in self._shades:
            shade.destroy()
        self._display.set_close_down_mode(X.DestroyAll)
        self._display.sync()  # a server that cannot write to us any more would not read our last requests
        self._display.close()

    def _window(self, window: int) -> Window:
        resource: Window = self._display.create_resource_object("window", window)
        return resource


def _ignore_dead_windows(error: xerror.XError, _request: object) -> int:
    """Pass over a window that died between two requests: its process is watched elsewhere."""
    return int(
        not isinstance(error, xerror.BadWindow | xerror.BadMatch | xerror.BadDrawable | xerror.BadValue)
    )
