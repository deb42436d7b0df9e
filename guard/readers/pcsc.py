"""The PC/SC adapter of the reader watch.

Why not pyscard's CardMonitor: its thread dies with the service and never says so, and it compares the ATR,
which all My Number cards of a generation share. Here one thread does nothing but wait in
SCardGetStatusChange and compares the reader's own event counter on every return.
"""

from __future__ import annotations

import logging
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from guard.errors import ConfigError, MachineError
from guard.readers.choice import choose
from guard.readers.held import HeldHandle
from guard.readers.look import Look, judge, understand
from guard.readers.port import Post, ReaderStatus, Watch
from guard.readers.scard import Code, Context, Scard
from guard.session.events import CardChanged, CardPresent, Event, ReaderLoss, ReaderLost

if TYPE_CHECKING:
    from guard.clock import Clock

HEARTBEAT = 0.5
"""Longest wait (s) for one answer; idle cost 0.12 % of a core, measured."""
BACKOFF_FIRST = 0.02
BACKOFF_LONGEST = 1.0
"""Waits (s) before trying again after a loss; the longest bounds how late a recovery is noticed."""
STOP_DEADLINE = 2.0

if sys.platform == "win32":
    _SERVICE, _MEND = "SCardSvr", "plug the reader in, which starts it"
else:
    _SERVICE, _MEND = "pcscd", "install and start it"

_READER_CODES = (
    Code.UNKNOWN_READER,
    Code.READER_UNAVAILABLE,
    Code.NO_READERS_AVAILABLE,
    Code.UNRESPONSIVE_CARD,
    Code.UNPOWERED_CARD,
)
"""What is the reader's or the card's fault; any other unexpected code is the service's."""


class _LossError(Exception):
    """The reader or the service no longer answers as it should."""

    def __init__(self, why: ReaderLoss) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the thread knows, replaced as a whole so that others never read halves."""

    name: str
    look: Look | None = None
    lost: bool = False


class PcscWatch:
    """A `guard.readers.port.ReaderWatch` on the PC's PC/SC service.

    ``part`` is the reader's name or a part of it, empty for the only one; after a replug the reader is chosen
    again by the same rule. ``stop`` needs at most one heartbeat; it does not use SCardCancel, which itself
    waits for the service and would hang on one that is stopped.
    """

    def __init__(  # noqa: PLR0913 -- the ports, and what the operator chose
        self,
        *,
        scard: Scard,
        post: Post,
        clock: Clock,
        part: str = "",
        watch: Watch = Watch.PRESENCE,
        counter_must_move: bool = sys.platform == "win32",
    ) -> None:
        """``counter_must_move``: trust the service's counter only once it has been seen to move.

        pcsc-lite counts wherever the word is not zero (its pcscd.h.in, ``eventCounter``). What Windows has in
        the high word is documented nowhere; what stands still there is no counter.
        """
        self._scard = scard
        self._post = post
        self._clock = clock
        self._part = part
        self._handle = HeldHandle(scard) if watch is Watch.HANDLE else None
        self._known = _Known(name=part)
        self._sign = clock.monotonic()
        self._reported = 0.0
        self._counts = False
        self._counter_must_move = counter_must_move
        self._afresh = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reader-watch", daemon=True)

    def start(self) -> None:
        """See `ReaderWatch.start`; a watch is started once."""
        code, context = self._scard.establish()
        if code != Code.SUCCESS:
            raise MachineError(f"the PC/SC service ({_SERVICE}) does not answer (0x{code:08X}): {_MEND}")
        try:
            code, names = self._scard.list_readers(context)
            if code not in {Code.SUCCESS, Code.NO_READERS_AVAILABLE}:
                raise MachineError(
                    f"the PC/SC service ({_SERVICE}) cannot list its readers (0x{code:08X}): restart it"
                )
            self._known = _Known(name=choose(names, self._part))
        finally:
            self._scard.release(context)
        self._sign = self._clock.monotonic()
        self._thread.start()

    def status(self) -> ReaderStatus:
        """See `ReaderWatch.status`."""
        known = self._known
        if known.lost:
            return ReaderStatus(name=known.name, state="lost", counter=None)
        if known.look is None:
            return ReaderStatus(name=known.name, state="unseen", counter=None)
        state = "present" if known.look.present else "absent"
        return ReaderStatus(name=known.name, state=state, counter=known.look.counter)

    def last_sign(self) -> float:
        """See `ReaderWatch.last_sign`."""
        return self._sign

    def refresh(self) -> None:
        """See `ReaderWatch.refresh`."""
        self._afresh.set()

    def reported_at(self) -> float:
        """Return the monotonic time (s) of the PC/SC answer that led to the latest event; 0.0 before it."""
        return self._reported

    def heartbeat(self) -> float:
        """See `ReaderWatch.heartbeat`."""
        return HEARTBEAT

    def stop(self) -> None:
        """See `ReaderWatch.stop`.

        A thread that a dead service keeps longer is left behind: it posts nothing more, releases what it
        holds if it ever wakes, and never keeps the process alive.
        """
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_DEADLINE)

    def _run(self) -> None:
        pause = BACKOFF_FIRST
        while not self._stopping.is_set():
            begun = self._clock.monotonic()
            with ExitStack() as connection:
                # A loss is told before anything is released: a dying service may take its time over that.
                try:
                    self._watch(connection)
                except _LossError as loss:
                    self._lose(loss.why)
                except Exception:
                    # Whatever breaks is a loss and another try, never a watch that died unnoticed.
                    self._lose(ReaderLoss.SERVICE_GONE)
                    logging.getLogger(__name__).exception("the reader watch failed and starts again")
            if self._clock.monotonic() - begun > BACKOFF_LONGEST:
                pause = BACKOFF_FIRST
            self._stopping.wait(pause)
            pause = min(pause * 2, BACKOFF_LONGEST)

    def _lose(self, why: ReaderLoss) -> None:
        if not self._known.lost:
            self._tell(ReaderLost(why=why), replace(self._known, look=None, lost=True))

    def _tell(self, event: Event, known: _Known) -> None:
        if self._stopping.is_set():
            return
        self._known = known
        self._reported = self._sign
        self._post(event)

    def _watch(self, connection: ExitStack) -> None:
        """Watch over one connection; return when told to stop, raise _LossError when it is over."""
        code, context = self._scard.establish()
        self._answered(code)
        connection.callback(self._scard.release, context)
        if self._handle is not None:
            connection.callback(self._handle.give_back)
        self._counts = False
        name = self._choose(context)
        look = None
        while not self._stopping.is_set():
            look = self._look(context, name, look)

    def _choose(self, context: Context) -> str:
        code, names = self._scard.list_readers(context)
        self._answered(code)
        try:
            return choose(names, self._part)
        except ConfigError as error:
            raise _LossError(ReaderLoss.READER_GONE) from error

    def _look(self, context: Context, name: str, before: Look | None) -> Look:
        """Wait for the next look, tell what happened since ``before``, and return the look."""
        now = self._ask(context, name, before, HEARTBEAT if before else 0.0)
        if self._afresh.is_set():
            self._afresh.clear()
            before = None
        event = self._judge(before, now)
        if self._handle is not None:
            if event is None and not self._same_card(self._handle):
                # One more look, so that one lift is one event whichever of the two noticed it first.
                now = self._ask(context, name, now, 0.0)
                event = self._judge(before, now) or CardChanged(counter=now.counter)
            if event is not None and not isinstance(event, CardPresent):
                self._tell(event, _Known(name=name, look=now))
                self._handle.give_back()
                event = None
            if now.present:
                # Before CardPresent is told: a card that cannot be held is a loss, not a flickering session.
                self._answered(self._handle.take(context, name))
        if event is not None:
            self._tell(event, _Known(name=name, look=now))
        return now

    def _judge(self, before: Look | None, now: Look) -> Event | None:
        held = self._handle is not None and self._handle.held
        return judge(before, now, trust_counter=self._counts or held)

    def _same_card(self, handle: HeldHandle) -> bool:
        code, same = handle.same_card()
        self._answered(code)
        return same

    def _ask(self, context: Context, name: str, before: Look | None, timeout: float) -> Look:
        code, word = self._scard.status_change(context, timeout, name, before.known if before else 0)
        if code != Code.TIMEOUT:
            self._answered(code)
        self._sign = self._clock.monotonic()
        if code == Code.TIMEOUT and not word and before is not None:
            return replace(before, changed=False)  # nothing happened, and the word was not filled in
        look = understand(word)
        if look is None:
            raise _LossError(ReaderLoss.READER_GONE)
        moved = before is not None and before.counter != look.counter
        if moved or (look.counter and not self._counter_must_move):
            self._counts = True
        return look

    def _answered(self, code: int) -> None:
        """Take an answer for a sign of life; raise _LossError unless it is SUCCESS."""
        self._sign = self._clock.monotonic()
        if code != Code.SUCCESS:
            raise _LossError(ReaderLoss.READER_GONE if code in _READER_CODES else ReaderLoss.SERVICE_GONE)
