"""Windows' smart-card service in small, at the layer that pyscard gives us (``smartcard.scard``).

A model of the service and not a list of answers: readers come and go, with the last one the service stops,
contexts die and stay dead. Its codes are negative as pyscard gives them on Windows. Sources: facts/pcsc.md;
SCardGetStatusChangeW and SCardEstablishContext of the Windows API; "Smart Card Service" stopping since
Windows 8 (KMDF smart card reader unplugged).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

SERVICE_STOPPED = 0x8010001E
NO_SERVICE = 0x8010001D
SYSTEM_CANCELLED = 0x80100012
INVALID_HANDLE = 0x80100003
UNKNOWN_READER = 0x80100009
NO_READERS = 0x8010002E
TIMEOUT = 0x8010000A
NO_SMARTCARD = 0x8010000C
REMOVED_CARD = 0x80100069

CHANGED, UNKNOWN, EMPTY, PRESENT, IN_USE = 0x2, 0x4, 0x10, 0x20, 0x100


def signed(code: int) -> int:
    """Return a code as a LONG."""
    return code - (1 << 32) if code >> 31 else code


@dataclass(slots=True)
class _Reader:
    present: bool = False
    swaps: int = 0
    in_use: bool = False


@dataclass(kw_only=True)
class WindowsScard:
    """Stands for the module ``smartcard.scard``; the test plays the hands."""

    counts: bool
    """Fill the high word with the count of insertions and removals, which Windows need not."""
    stop_code: int = SERVICE_STOPPED
    """What a wait that is under way ends with when the service stops."""
    SCARD_SCOPE_USER: int = 0
    SCARD_SHARE_SHARED: int = 2
    SCARD_PROTOCOL_T0: int = 1
    SCARD_PROTOCOL_T1: int = 2
    SCARD_LEAVE_CARD: int = 0
    readers: dict[str, _Reader] = field(default_factory=dict)
    alive: set[int] = field(default_factory=set)
    """Contexts that are open and good."""
    dead: set[int] = field(default_factory=set)
    """Contexts that were open when the service stopped; every call with one fails."""
    looks: int = 0
    groups: list[list[str]] = field(default_factory=list)
    refused: int = 0
    """How many more tries to reach the service that has no reader yet, or is still starting, are refused."""
    _next: int = 1
    _handles: dict[int, tuple[str, int]] = field(default_factory=dict)
    _moved: threading.Condition = field(default_factory=threading.Condition)

    # --- hands

    def plug(self, name: str) -> None:
        """Plug a reader in, which starts the service."""
        with self._moved:
            self.readers[name] = _Reader()
            self._moved.notify_all()

    def unplug(self, name: str) -> None:
        """Pull a reader out; with the last one the service stops."""
        with self._moved:
            del self.readers[name]
            if not self.readers:
                self.dead |= self.alive
                self.alive.clear()
            self._moved.notify_all()

    def lay(self, name: str) -> None:
        """Lay a card on it."""
        self._move(name, present=True)

    def lift(self, name: str) -> None:
        """Take the card off."""
        self._move(name, present=False)

    def use(self, name: str, *, on: bool) -> None:
        """Have another program connect to the card, or let go of it."""
        with self._moved:
            self.readers[name].in_use = on
            self._moved.notify_all()

    def _move(self, name: str, *, present: bool) -> None:
        with self._moved:
            reader = self.readers[name]
            reader.present, reader.in_use = present, False
            reader.swaps += 1
            self._moved.notify_all()

    # --- the module

    def SCardEstablishContext(self, _scope: int) -> tuple[int, int]:  # noqa: N802 -- the API's name
        with self._moved:
            if self.refused:
                self.refused -= 1
                return signed(SERVICE_STOPPED), 0
            if not self.readers:
                return signed(NO_SERVICE), 0
            self._next += 1
            self.alive.add(self._next)
            return 0, self._next

    def SCardReleaseContext(self, context: int) -> int:  # noqa: N802 -- the API's name
        with self._moved:
            was_alive, was_dead = context in self.alive, context in self.dead
            self.alive.discard(context)
            self.dead.discard(context)
            self._moved.notify_all()
            return 0 if was_alive else signed(SERVICE_STOPPED if was_dead else INVALID_HANDLE)

    def SCardListReaders(self, context: int, groups: list[str]) -> tuple[int, list[str]]:  # noqa: N802 -- the API's name
        with self._moved:
            self.groups.append(groups)
            if context not in self.alive:
                return signed(SERVICE_STOPPED), []
            # of a group that nobody has put a reader in, Windows knows no reader
            return (0, list(self.readers)) if not groups else (signed(NO_READERS), [])

    def SCardGetStatusChange(  # noqa: N802 -- the API's name
        self, context: int, timeout: int, states: list[tuple[str, int]]
    ) -> tuple[int, list[tuple[str, int, list[int]]]]:
        ((name, known),) = states
        with self._moved:
            self.looks += 1
            self._moved.notify_all()
            self._moved.wait_for(lambda: self._different(context, name, known), timeout / 1000)
            if context in self.dead:
                return signed(self.stop_code), [(name, 0, [])]
            if context not in self.alive:
                return signed(SYSTEM_CANCELLED), [(name, 0, [])]
            if name not in self.readers:
                return signed(UNKNOWN_READER), [(name, known | UNKNOWN | CHANGED, [])]
            word = self._word(name)
            if word == known:
                return signed(TIMEOUT), [(name, known, [])]
            return 0, [(name, word | CHANGED, [])]

    def _different(self, context: int, name: str, known: int) -> bool:
        return context not in self.alive or name not in self.readers or self._word(name) != known

    def _word(self, name: str) -> int:
        reader = self.readers[name]
        state = (PRESENT if reader.present else EMPTY) | (IN_USE if reader.in_use else 0)
        return state | (reader.swaps & 0xFFFF) << 16 if self.counts else state

    def SCardConnect(self, context: int, name: str, _mode: int, _protocols: int) -> tuple[int, int, int]:  # noqa: N802 -- the API's name
        with self._moved:
            if context not in self.alive:
                return signed(SERVICE_STOPPED), 0, 0
            reader = self.readers.get(name)
            if reader is None or not reader.present:
                return signed(UNKNOWN_READER if reader is None else NO_SMARTCARD), 0, 0
            self._next += 1
            self._handles[self._next] = (name, reader.swaps)
            reader.in_use = True
            return 0, self._next, self.SCARD_PROTOCOL_T1

    def SCardStatus(self, handle: int) -> tuple[int, ...]:  # noqa: N802 -- the API's name
        with self._moved:
            name, swaps = self._handles[handle]
            reader = self.readers.get(name)
            if reader is None:
                return (signed(SERVICE_STOPPED),)
            return (0,) if reader.present and reader.swaps == swaps else (signed(REMOVED_CARD),)

    def SCardDisconnect(self, handle: int, _deed: int) -> int:  # noqa: N802 -- the API's name
        with self._moved:
            name, _ = self._handles.pop(handle)
            if name in self.readers:
                self.readers[name].in_use = False
            self._moved.notify_all()
            return 0

    @property
    def handles(self) -> int:
        """How many handles are open."""
        return len(self._handles)

    def looked(self, looks: int) -> None:
        """Return once the reader was looked at this many more times; fails after a while."""
        with self._moved:
            wanted = self.looks + looks
            assert self._moved.wait_for(lambda: self.looks >= wanted, 10)
