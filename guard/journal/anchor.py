"""What of the journal is kept where its files are not: the mark of its end, and its first key."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from guard.errors import MachineError
from guard.journal.standing import FirstKey, Standing

if TYPE_CHECKING:
    from guard.journal.port import JournalListener
    from guard.keyring.store import Store

SETTLE_SECONDS: Final = 0.5
"""For which newer records are waited for: a write costs milliseconds that a cover must not share."""
RETRY_SECONDS: Final = 30.0
_MARK: Final = "mark"
_FIRST_KEY: Final = "first-key"


class Anchor:
    """The two items in a keyring; every method raises MachineError when that does not answer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def standing(self) -> Standing | None:
        """Return where the journal stood when the mark was last set; None before its first record.

        Raises MachineError for a mark that is not understood: a later version's, or not ours.
        """
        mark = self._store.read(_MARK)
        try:
            return None if mark is None else Standing.read(mark)
        except ValueError:
            raise MachineError(
                "the journal's mark in the keyring is not of this version; install the version that wrote it"
            ) from None

    def keep(self, standing: Standing) -> None:
        """Set the mark; durable once it returns."""
        self._store.write(_MARK, standing.mark())

    def begin(self, standing: Standing) -> None:
        """Keep the key of the next record as the first one of a new journal, and set the mark."""
        self._store.write(_FIRST_KEY, FirstKey(standing.seq + 1, standing.key).text())
        self.keep(standing)

    def first_key(self) -> FirstKey | None:
        """Return the first key, None when it has been taken off this PC."""
        text = self._store.read(_FIRST_KEY)
        try:
            return None if text is None else FirstKey.read(text)
        except ValueError:
            raise MachineError("the journal's first key in the keyring is not understood.") from None

    def forget_first_key(self) -> None:
        """Take it off this PC; it must be there."""
        self._store.delete(_FIRST_KEY)


class Anchorer:
    """Keeps the newest standing it was given, on a thread of its own; a keyring takes longer than a disk."""

    def __init__(self, anchor: Anchor, listener: JournalListener, kept: Standing) -> None:
        """``kept`` is what the keyring has already."""
        self._anchor = anchor
        self._listener = listener
        self._newest = self._kept = kept
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="anchor", daemon=True)
        self._thread.start()

    def keep(self, standing: Standing) -> None:
        """Set the mark to this soon; returns at once."""
        with self._changed:
            self._newest = standing
            self._changed.notify()

    def close(self) -> None:
        """Keep what is newest, or give up if the keyring does not take it now."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        failed = False
        while True:
            with self._changed:
                if failed:
                    self._changed.wait_for(lambda: self._closed, RETRY_SECONDS)
                else:
                    self._changed.wait_for(lambda: self._closed or self._newest is not self._kept)
                    self._changed.wait_for(lambda: self._closed, SETTLE_SECONDS)
                newest, closed = self._newest, self._closed
            if newest is not self._kept:
                try:
                    self._anchor.keep(newest)
                    self._kept, failed = newest, False
                except MachineError:
                    if not failed:
                        self._listener.anchor_lost()
                    failed = True
            if closed:
                return
