"""How every window process behaves towards the core, whatever browser it holds.

It says when its start page is painted, answers a citizen's coming, tells each refusal once, and gives up
whenever the page does anything before a citizen has come: a spare must show the next citizen exactly what the
portal shows to everybody.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from guard.browser.messages import (
    MOST_REFUSALS,
    MOST_WANTED,
    Begun,
    LoggedOut,
    Loss,
    Lost,
    Open,
    Refusal,
    Refused,
    Wanted,
    Warm,
    read_order,
    write_report,
)
from guard.channel import Channel, ChannelClosedError
from guard.errors import BrokenPromiseError
from guard.ground import forbid_core_dumps, restrict_libraries

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from guard.browser.messages import Order, Report
    from guard.browser.overlay import Overlay
    from guard.browser.site import LogoutRecipe


Orders = Iterator[dict[str, object]]


def take_up(descriptor: int) -> tuple[Open, Conduct, Orders] | None:
    """Take up the channel of this descriptor; None when there is no core to follow.

    Whatever is unforeseen from now on gives up.
    """
    restrict_libraries()
    forbid_core_dumps()
    channel = Channel.inherited(descriptor)
    orders = channel.messages()
    first = next(orders, None)
    opening = read_order(first) if first is not None else None
    if not isinstance(opening, Open):
        return None
    conduct = Conduct(channel, opening)

    def unforeseen(
        _kind: type[BaseException], _error: BaseException, _trace: TracebackType | None
    ) -> NoReturn:
        conduct.give_up(Loss.WINDOW_FAILED)

    sys.excepthook = unforeseen
    return opening, conduct, orders


class Conduct:
    """One citizen's window towards the core. GUI thread only."""

    def __init__(self, channel: Channel, opening: Open) -> None:
        self._channel = channel
        self._session = opening.session
        self._recipe = opening.site.logout
        self._told: set[tuple[Refusal, str]] = set()
        self._survey = opening.survey
        self._wanted: set[tuple[str, bool]] = set()
        self._warm = False
        self._logging_out = False
        self.in_use = False
        """A citizen has come."""

    # --- what the core wants

    def follow(self, orders: Orders, obey: Callable[[Order], None]) -> None:
        """Hand every order of this session on, from a thread; end the process when the channel closes.

        A thread of its own, for nothing of a citizen outlives the core, whatever the page is doing.
        """
        threading.Thread(target=self._listen, args=(orders, obey), name="orders", daemon=True).start()

    def _listen(self, orders: Orders, obey: Callable[[Order], None]) -> NoReturn:
        with contextlib.suppress(BrokenPromiseError):
            for message in orders:
                order = read_order(message)
                if order.session == self._session:  # a late one must never land on the next citizen
                    obey(order)
        os._exit(0)

    def begin(self) -> bool:
        """A citizen uses it from now on; tell whether that is news."""
        news, self.in_use = not self.in_use, True
        return news

    def log_out(self, overlay: Overlay) -> LogoutRecipe | None:
        """Return the recipe to run now, if there is one and it does not run yet."""
        if self._recipe is None or self._logging_out:
            return None
        self._logging_out = True
        overlay.accept_all()
        return self._recipe

    # --- what happens

    @property
    def _unused(self) -> bool:
        """No citizen has come yet: whatever happens is the page's own doing."""
        return not (self.in_use or self._logging_out)

    @property
    def attended(self) -> bool:
        """A citizen is there, and may be told something."""
        return self.in_use and not self._logging_out

    def painted(self, window: int, lacks: int) -> None:
        """The start page is on the screen, in this window, and lacks so many of its parts."""
        self._warm = True
        self.report(Warm(session=self._session, window=window, lacks=lacks))

    def begun(self) -> None:
        """It has painted since a citizen came."""
        self.report(Begun(session=self._session))

    def went_on(self) -> None:
        """The page begins to load another document."""
        if self._warm and self._unused:
            self.give_up(Loss.START_CHANGED)

    def asked(self) -> None:
        """The page asks something; what waits for an answer paints no more, and yet it lives."""
        if self._unused:
            self.give_up(Loss.START_CHANGED)

    def cannot_go(self, overlay: Overlay) -> None:
        """The page wanted to go where it may not."""
        if not self._warm and self._unused:
            self.give_up(Loss.START_ELSEWHERE)
        self.cannot_open(overlay)

    def cannot_open(self, overlay: Overlay) -> None:
        """The page wanted to open a window of what it may not."""
        self.went_on()
        if self.attended:
            overlay.refuse()

    def cannot_trust(self, overlay: Overlay) -> None:
        """The page leads to a server whose certificate is not valid."""
        if not self._warm and self._unused:
            self.give_up(Loss.START_CERTIFICATE)
        if self.attended:
            overlay.distrust()

    def refused(self, what: Refusal, host: str) -> None:
        """Tell the core, once each."""
        if (what, host) not in self._told and len(self._told) < MOST_REFUSALS:
            self._told.add((what, host))
            self.report(Refused(session=self._session, what=what, host=host))

    def wanted(self, host: str, *, page: bool) -> None:
        """Tell whoever surveys the site what a page got to reach, once each."""
        if self._survey and (host, page) not in self._wanted and len(self._wanted) < MOST_WANTED:
            self._wanted.add((host, page))
            self.report(Wanted(session=self._session, host=host, page=page))

    def logged_out(self, *, confirmed: bool) -> None:
        """The recipe has ended."""
        self.report(LoggedOut(session=self._session, confirmed=confirmed))

    def report(self, report: Report) -> None:
        """Tell the core, or end when it is gone."""
        try:
            self._channel.send(write_report(report))
        except ChannelClosedError:
            os._exit(1)

    def give_up(self, why: Loss) -> NoReturn:
        """Say why and end."""
        self.report(Lost(session=self._session, why=why))
        os._exit(1)
