"""The inside of a `PracticeReader`: a PC/SC service and a virtual card in a network namespace of their own.

Started by `guard.practice.pcscd` as ``python -m guard.practice.reader_room CHANNEL_FD READER``; lives as long
as the channel. Each command ``{"do": …}`` is answered by ``{"at": monotonic s}`` or ``{"failed": sentence}``.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from guard.channel import Channel
from guard.errors import GuardError, MachineError
from guard.practice.card import VirtualCard
from guard.readers.look import understand
from guard.readers.scard import Code, PyscardScard

if TYPE_CHECKING:
    from collections.abc import Callable

PCSCD = Path("/usr/sbin/pcscd")
ROOM = Path("/run/pcscd")
"""Compiled into pcscd; in this namespace it is the private folder."""
CONFIGURATION = "reader.conf.d"
LOG = "pcscd.log"
PORT = 2800
"""Any will do: nobody else is in this network namespace."""

_READY_DEADLINE = 15.0
_READY_POLL = 0.01


class Do(StrEnum):
    """The commands."""

    INSERT = "insert"
    REMOVE = "remove"
    SWAP = "swap"
    KILL_SERVICE = "kill_service"
    START_SERVICE = "start_service"
    PAUSE_SERVICE = "pause_service"
    RESUME_SERVICE = "resume_service"


class ReaderRoom:
    """The service, its one reader, and the card."""

    def __init__(self, reader: str, card: VirtualCard) -> None:
        self._reader = reader
        self._card = card
        self._service: subprocess.Popen[bytes] | None = None

    def start_service(self) -> None:
        """Start pcscd, wait until it knows the reader, and lay the card down again if it lay there.

        So for a moment the reader is empty: who looks at it right then sees a card being laid. Raises
        MachineError when the service ends, or does not know the reader or see the card in time.
        """
        for leftover in (ROOM / "pcscd.comm", ROOM / "pcscd.pid"):  # pcscd refuses to start beside them
            leftover.unlink(missing_ok=True)
        with (ROOM / LOG).open("ab") as log:
            self._service = subprocess.Popen(
                [PCSCD, "--foreground", "--config", ROOM / CONFIGURATION],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait(self._service, lambda: self._seen() is not None)
        if self._card.lies_there:
            self._card.remove()
            self._card.insert()
            self._wait(self._service, lambda: self._seen() is True)

    def obey(self, command: Do, gap: float) -> float:
        """Carry out a command and return the monotonic time (s) just before its effect."""
        at = time.monotonic()
        match command:
            case Do.INSERT:
                at = self._card.insert()
            case Do.REMOVE:
                at = self._card.remove()
            case Do.SWAP:
                at = self._card.remove()
                time.sleep(gap)
                self._card.insert()
            case Do.START_SERVICE:
                self.start_service()
            case Do.KILL_SERVICE:
                self._signal(signal.SIGKILL)
                if self._service is not None:
                    self._service.wait()
            case Do.PAUSE_SERVICE:
                self._signal(signal.SIGSTOP)
            case Do.RESUME_SERVICE:
                self._signal(signal.SIGCONT)
        return at

    def _signal(self, number: signal.Signals) -> None:
        if self._service is not None:
            self._service.send_signal(number)

    def _wait(self, service: subprocess.Popen[bytes], done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _READY_DEADLINE
        while not done():
            if service.poll() is not None:
                raise MachineError("the practice reader's pcscd ended at once")
            if time.monotonic() > deadline:
                raise MachineError(
                    "the practice reader's pcscd does not know its reader: wrong or missing driver"
                )
            time.sleep(_READY_POLL)

    def _seen(self) -> bool | None:
        """Tell whether the service sees a card on the reader; None while it does not know the reader."""
        scard = PyscardScard()
        code, context = scard.establish()
        if code != Code.SUCCESS:
            return None
        try:
            if self._reader not in scard.list_readers(context)[1]:
                return None
            look = understand(scard.status_change(context, 0.0, self._reader, 0)[1])
            return None if look is None else look.present
        finally:
            scard.release(context)


def serve(channel: Channel, room: ReaderRoom) -> None:
    """Start the service, say so, and obey until the channel closes."""
    try:
        room.start_service()
        channel.send({"at": time.monotonic()})
    except (GuardError, OSError) as error:
        channel.send({"failed": str(error)})
        return
    for message in channel.messages():
        try:
            gap = message.get("gap_s", 0.0)
            at = room.obey(Do(str(message["do"])), gap if isinstance(gap, float) else 0.0)
        except (GuardError, OSError) as error:
            channel.send({"failed": str(error)})
        else:
            channel.send({"at": at})


def main(card: VirtualCard) -> None:
    """Be the room that the command line asks for, with this card."""
    with contextlib.closing(Channel.inherited(int(sys.argv[1]))) as inherited:
        serve(inherited, ReaderRoom(sys.argv[2], card))


if __name__ == "__main__":
    main(VirtualCard(PORT))
