"""What the parts say, turned into letters for the core; calls return at once and come from any thread."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from guard import inbox as letters
from guard.session import events as ev
from guard.session.effects import AlertKind

if TYPE_CHECKING:
    from guard.browser.port import Geometry, Receipt
    from guard.journal.port import Ticket
    from guard.screens.port import Key

_log = logging.getLogger(__name__)


class Reports:
    """Listens to shade, curtain, capsules, system, journal and endings, by their listener ports."""

    def __init__(self, inbox: letters.Inbox) -> None:
        self._post = inbox.post

    # --- the shade

    def cover_confirmed(self, asked_at: float, confirmed_at: float) -> None:
        """See `guard.screens.port.ShadeListener`."""
        self._post(letters.CoverAnswered(asked_at=asked_at, confirmed_at=confirmed_at))

    def display_lost(self) -> None:
        """See `guard.screens.port.ShadeListener`."""
        self._post(ev.DisplayLost())

    def areas_changed(self, portal: Geometry, strip: Geometry, curtain: Geometry) -> None:
        """See `guard.screens.port.ShadeListener`."""
        self._post(letters.AreasMoved(portal=portal, strip=strip, curtain=curtain))

    def hotkey_pressed(self) -> None:
        """See `guard.screens.port.ShadeListener`."""
        self._post(letters.StaffCalled())

    def key_pressed(self, key: Key) -> None:
        """See `guard.screens.port.ShadeListener` and `CurtainListener`: finger or key, all the same."""
        self._post(letters.DeskPressed(key=key))

    def input_seen(self, age: float) -> None:
        """See `guard.screens.port.ShadeListener`."""
        self._post(letters.InputSeen(age=age))

    # --- the curtain

    def curtain_up(self, curtain: int, strip: int) -> None:
        """See `guard.screens.port.CurtainListener`."""
        self._post(letters.CurtainAppeared(curtain=curtain, strip=strip))

    def curtain_lost(self, why: str) -> None:
        """See `guard.screens.port.CurtainListener`."""
        _log.warning("the curtain was lost: %s", why)
        self._post(ev.CurtainLost())

    def end_pressed(self) -> None:
        """See `guard.screens.port.CurtainListener`."""
        self._post(ev.EndRequested(by=ev.EndedBy.CITIZEN))

    def staff_pressed(self) -> None:
        """See `guard.screens.port.CurtainListener`; whoever calls staff does not want to be read over."""
        self._post(letters.StaffCalled())

    def portal_pressed(self, key: str) -> None:
        """See `guard.screens.port.CurtainListener`; the core looks whether there is such a portal."""
        self._post(letters.PortalPressed(key=key))

    # --- the capsules

    def spare_appeared(self, session: ev.SessionId, site: str, window: int) -> None:
        """See `guard.browser.pool.PoolListener`."""
        self._post(letters.SpareAppeared(session=session, site=site, window=window))

    def spare_lost(self, session: ev.SessionId, site: str) -> None:
        """See `guard.browser.pool.PoolListener`."""
        self._post(letters.SpareGone(session=session, site=site))

    def capsule_lost(self, session: ev.SessionId) -> None:
        """See `guard.browser.pool.PoolListener`."""
        self._post(ev.CapsuleLost(session=session))

    def refused(self, session: ev.SessionId, what: str, host: str) -> None:
        """See `guard.browser.pool.PoolListener`."""
        self._post(letters.Refused(session=session, what=what, host=host))

    def paper(self, session: ev.SessionId, pdf: bytes) -> None:
        """See `guard.browser.pool.PoolListener`."""
        self._post(letters.PaperCame(session=session, pdf=pdf))

    # --- leftovers of an earlier run

    def leftovers_swept(self) -> None:
        """Nothing of an earlier run is left."""
        self._post(ev.LeftoversSwept())

    # --- the printer

    def print_answered(self, session: ev.SessionId, *, queued: bool, size: int) -> None:
        """See `guard.printing.port.PrintListener`."""
        self._post(letters.PrintAnswered(session=session, queued=queued, size=size))

    # --- the operating system

    def system_changing(self, what: ev.SystemChange) -> None:
        """See `guard.system.port.SystemListener`."""
        self._post(ev.SystemChanging(what=what))

    def system_awake(self) -> None:
        """See `guard.system.port.SystemListener`."""
        self._post(ev.SystemAwake())

    # --- the journal

    def durable(self, ticket: Ticket, seq: int) -> None:
        """See `guard.journal.port.JournalListener`."""
        self._post(letters.Durable(ticket=ticket, seq=seq))

    def journal_lost(self) -> None:
        """See `guard.journal.port.JournalListener`."""
        self._post(ev.JournalLost())

    def journal_back(self) -> None:
        """See `guard.journal.port.JournalListener`."""
        self._post(ev.JournalBack())

    def journal_damaged(self) -> None:
        """See `guard.journal.port.JournalListener`."""
        self._post(letters.AlertDue(kind=AlertKind.JOURNAL_DAMAGED))

    def anchor_lost(self) -> None:
        """See `guard.journal.port.JournalListener`."""
        self._post(letters.AlertDue(kind=AlertKind.ANCHOR_LOST))

    def forwarding_behind(self, target: str) -> None:
        """See `guard.journal.forward.process.ForwardingListener`."""
        _log.warning("records have not reached %s for a long time", target)
        self._post(letters.AlertDue(kind=AlertKind.FORWARDING_BEHIND))

    # --- endings

    def ended(self, receipt: Receipt) -> None:
        """Take the receipt of a session from `guard.browser.ending.Ending`."""
        self._post(letters.Ended(receipt=receipt))
