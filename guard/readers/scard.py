"""The few PC/SC calls we use, behind a typed port, so that tests can replay every answer a service may give.

Codes and bits are those of the PC/SC workgroup's part 5, the same on pcsc-lite (``pcsclite.h``) and Windows
(``winscard.h``).
"""

from __future__ import annotations

import os
from enum import IntEnum, IntFlag
from typing import NewType, Protocol

from smartcard import scard

Context = NewType("Context", int)
Handle = NewType("Handle", int)


class Code(IntEnum):
    """The answers we tell apart; every other number means that something is wrong."""

    SUCCESS = 0
    TIMEOUT = 0x8010000A
    SHARING_VIOLATION = 0x8010000B
    NO_SMARTCARD = 0x8010000C
    INTERNAL_ERROR = 0x80100001
    UNKNOWN_READER = 0x80100009
    READER_UNAVAILABLE = 0x80100017
    NO_READERS_AVAILABLE = 0x8010002E
    UNRESPONSIVE_CARD = 0x80100066
    UNPOWERED_CARD = 0x80100067
    RESET_CARD = 0x80100068
    REMOVED_CARD = 0x80100069


class State(IntFlag):
    """The lower 16 bits of a reader's state that we look at."""

    CHANGED = 0x0002
    UNKNOWN = 0x0004
    UNAVAILABLE = 0x0008
    EMPTY = 0x0010
    PRESENT = 0x0020
    MUTE = 0x0200


class Scard(Protocol):
    """PC/SC as we use it. Nothing here raises: whatever goes wrong is a code other than ``Code.SUCCESS``."""

    def establish(self) -> tuple[int, Context]:
        """Open a connection to the PC/SC service."""
        ...

    def release(self, context: Context) -> None:
        """Give a connection back; the service allows only 200 (pcsc-lite)."""
        ...

    def list_readers(self, context: Context) -> tuple[int, tuple[str, ...]]:
        """Return the names of all readers."""
        ...

    def status_change(self, context: Context, timeout: float, reader: str, known: int) -> tuple[int, int]:
        """Wait at most ``timeout`` s until the reader's state differs from ``known``.

        Returns its full state word, counter included; 0 where the service left it empty.
        """
        ...

    def connect(self, context: Context, reader: str) -> tuple[int, Handle]:
        """Open a shared handle to the card; sends nothing to it."""
        ...

    def handle_status(self, handle: Handle) -> int:
        """Ask, without waiting for other programs, whether the handle still means the same card."""
        ...

    def disconnect(self, handle: Handle) -> None:
        """Give a handle back, leaving the card as it is."""
        ...


class PyscardScard:
    """The PC's own PC/SC service, through ``smartcard.scard``.

    pyscard raises SystemError where a C call fails without a result (a dead context, measured): that is
    `Code.INTERNAL_ERROR` here. Its codes are signed on Windows and unsigned elsewhere; here always unsigned.
    """

    def __init__(self) -> None:
        # Otherwise SCardStatus waits for another program's transaction (pcsc-lite; read when first used).
        os.environ["PCSCLITE_NO_BLOCKING"] = "1"

    def establish(self) -> tuple[int, Context]:
        """See `Scard.establish`."""
        try:
            code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        except SystemError:
            return Code.INTERNAL_ERROR, Context(0)
        return _unsigned(code), Context(int(context))

    def release(self, context: Context) -> None:
        """See `Scard.release`."""
        try:
            scard.SCardReleaseContext(context)
        except SystemError:
            return

    def list_readers(self, context: Context) -> tuple[int, tuple[str, ...]]:
        """See `Scard.list_readers`."""
        try:
            code, names = scard.SCardListReaders(context, [])
        except SystemError:
            return Code.INTERNAL_ERROR, ()
        return _unsigned(code), tuple(str(name) for name in names)

    def status_change(self, context: Context, timeout: float, reader: str, known: int) -> tuple[int, int]:
        """See `Scard.status_change`."""
        try:
            code, states = scard.SCardGetStatusChange(context, round(timeout * 1000), [(reader, known)])
        except SystemError:
            return Code.INTERNAL_ERROR, 0
        return _unsigned(code), int(states[0][1]) if states else 0

    def connect(self, context: Context, reader: str) -> tuple[int, Handle]:
        """See `Scard.connect`."""
        try:
            code, handle, _ = scard.SCardConnect(
                context, reader, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
            )
        except SystemError:
            return Code.INTERNAL_ERROR, Handle(0)
        return _unsigned(code), Handle(int(handle))

    def handle_status(self, handle: Handle) -> int:
        """See `Scard.handle_status`."""
        try:
            return _unsigned(scard.SCardStatus(handle)[0])
        except SystemError:
            return Code.INTERNAL_ERROR

    def disconnect(self, handle: Handle) -> None:
        """See `Scard.disconnect`."""
        try:
            scard.SCardDisconnect(handle, scard.SCARD_LEAVE_CARD)
        except SystemError:
            return


def _unsigned(code: int) -> int:
    return int(code) & 0xFFFFFFFF
