"""A PC/SC service that replays answers, those of other platforms too."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from guard.readers.scard import Code, Context, Handle, State

if TYPE_CHECKING:
    from collections.abc import Sequence

ABSENT = int(State.EMPTY)
PRESENT = int(State.PRESENT)
CHANGED = int(State.CHANGED)
IN_USE = 0x0100
EXCLUSIVE = 0x0080
READER = "Fake Reader 00 00"


def word(state: int, counter: int) -> int:
    """Return a state word as a service gives it."""
    return counter << 16 | state


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of SCardGetStatusChange."""

    word: int = 0
    code: int = Code.SUCCESS
    breaks: bool = False
    """Raise instead, as a defect of our own would."""


@dataclass(kw_only=True)
class FakeScard:
    """Replays ``answers`` one a call, over however many contexts; then repeats the last word as time-outs."""

    answers: Sequence[Answer]
    readers: Sequence[Sequence[str]] = ((READER,),)
    """What is listed, one entry a call; the last one stays."""
    establish_codes: Sequence[int] = ()
    """One a call; then SUCCESS."""
    connect_codes: Sequence[int] = ()
    handle_codes: Sequence[int] = ()
    replayed: threading.Event = field(default_factory=threading.Event)
    """Set when an answer after the last one is asked for: all have been judged."""
    contexts: set[int] = field(default_factory=set)
    handles: set[int] = field(default_factory=set)
    most_contexts: int = 0
    _given: int = 0
    """The word given last."""
    _calls: dict[str, int] = field(default_factory=dict)

    def _count(self, call: str) -> int:
        number = self._calls.get(call, 0)
        self._calls[call] = number + 1
        return number

    def establish(self) -> tuple[int, Context]:
        """See `Scard.establish`."""
        number = self._count("establish")
        code = self.establish_codes[number] if number < len(self.establish_codes) else Code.SUCCESS
        if code == Code.SUCCESS:
            self.contexts.add(number)
            self.most_contexts = max(self.most_contexts, len(self.contexts))
        return code, Context(number)

    def release(self, context: Context) -> None:
        """See `Scard.release`."""
        self.contexts.remove(context)

    def list_readers(self, context: Context) -> tuple[int, tuple[str, ...]]:
        """See `Scard.list_readers`."""
        assert context in self.contexts
        names = tuple(self.readers[min(self._count("list"), len(self.readers) - 1)])
        return (Code.SUCCESS if names else Code.NO_READERS_AVAILABLE), names

    def status_change(self, context: Context, timeout: float, reader: str, known: int) -> tuple[int, int]:
        """See `Scard.status_change`; a time-out comes a hundred times sooner than asked for."""
        assert context in self.contexts
        assert any(reader in names for names in self.readers)
        assert not known & CHANGED
        assert not known or known == self._given, "the word must come back as it was given, counter and all"
        number = self._count("status")
        if number >= len(self.answers):
            self.replayed.set()
            time.sleep(timeout / 100)
            return Code.TIMEOUT, self.answers[-1].word & ~CHANGED
        answer = self.answers[number]
        self._given = answer.word & ~CHANGED or self._given
        if answer.breaks:
            raise RuntimeError("a defect")
        return answer.code, answer.word

    def connect(self, context: Context, reader: str) -> tuple[int, Handle]:
        """See `Scard.connect`."""
        assert context in self.contexts
        assert any(reader in names for names in self.readers)
        number = self._count("connect")
        code = self.connect_codes[number] if number < len(self.connect_codes) else Code.SUCCESS
        if code == Code.SUCCESS:
            self.handles.add(number)
        return code, Handle(number)

    def handle_status(self, handle: Handle) -> int:
        """See `Scard.handle_status`."""
        assert handle in self.handles
        number = self._count("handle")
        return self.handle_codes[number] if number < len(self.handle_codes) else Code.SUCCESS

    def disconnect(self, handle: Handle) -> None:
        """See `Scard.disconnect`."""
        self.handles.remove(handle)
