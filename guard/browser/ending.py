"""The end of a session: log out, kill, delete, verify, receipt. One thread an end, never the core's."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from guard.browser.pool import GONE_WITHIN
from guard.browser.port import HostNames, Logout, Receipt

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.browser.pool import CapsulePool
    from guard.clock import Clock
    from guard.printing.port import Printer
    from guard.screens.port import Clipboard
    from guard.session.events import SessionId

CLIPBOARD_WITHIN = 1.0
PRINTS_WITHIN = 5.0
"""s for which CUPS may take to end and erase a session's jobs; then it is tried again, like a failed wipe."""


class Ending:
    """Ends sessions and hands each receipt to ``done``."""

    def __init__(  # noqa: PLR0913 -- built in one place only
        self,
        capsules: CapsulePool,
        clear_clipboard: Clipboard,
        printer: Printer,
        clock: Clock,
        done: Callable[[Receipt], None],
        *,
        downloads: bool,
        forget_names: Callable[[], HostNames],
    ) -> None:
        self._capsules = capsules
        self._clear_clipboard = clear_clipboard
        self._printer = printer
        self._clock = clock
        self._done = done
        self._forget_names = forget_names
        self._downloads = "gone with the storage" if downloads else "none possible"

    def end(self, session: SessionId, *, logout: bool) -> None:
        """End it; returns at once."""
        threading.Thread(target=self._run, args=(session, logout), name="ending", daemon=True).start()

    def kill(self, session: SessionId) -> None:
        """Cut a logout under way short and kill; returns at once."""
        capsule = self._capsules.capsule(session)
        if capsule:
            capsule.kill()

    def _run(self, session: SessionId, logout: bool) -> None:  # noqa: FBT001 -- a thread's positional argument
        receipt = Receipt(
            session=session,
            logout=Logout.NOT_TRIED,
            processes_left=1,
            storage_left=True,
            clipboard_empty=False,
            print_jobs="unknown",
            downloads="unknown",
            host_names=HostNames.KEPT,
            logout_ms=0.0,
            kill_ms=0.0,
            verify_ms=0.0,
            clipboard_ms=0.0,
            prints_ms=0.0,
        )
        try:
            receipt = self._prove(session, logout=logout)
        finally:
            self._done(receipt)  # an end that broke half-way has failed until a retry proves otherwise

    def _prove(self, session: SessionId, *, logout: bool) -> Receipt:
        capsule = self._capsules.capsule(session)
        outcome, logout_ms = Logout.NOT_TRIED, 0.0
        processes, storage, kill_ms, verify_ms = 0, False, 0.0, 0.0
        if capsule:
            if logout:
                outcome, logout_ms = capsule.logout()
            processes, storage, kill_ms, verify_ms = capsule.prove_gone(GONE_WITHIN)
        began = self._clock.monotonic()
        clipboard_empty = self._clear_clipboard(CLIPBOARD_WITHIN)
        cleared = self._clock.monotonic()
        prints = self._printer.cancel(session, PRINTS_WITHIN)
        printed = self._clock.monotonic()
        receipt = Receipt(
            session=session,
            logout=outcome,
            processes_left=processes,
            storage_left=storage,
            clipboard_empty=clipboard_empty,
            print_jobs=str(prints),
            downloads=self._downloads,
            host_names=self._forget_names(),
            logout_ms=logout_ms,
            kill_ms=kill_ms,
            verify_ms=verify_ms,
            clipboard_ms=(cleared - began) * 1000,
            prints_ms=(printed - cleared) * 1000,
        )
        if not processes and not storage:
            self._capsules.forget(session)
        return receipt
