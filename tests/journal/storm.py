"""``python -m tests.journal.storm FOLDER``: writes sessions into a journal until it is killed.

On standard output it says the number of each last record that it was told is durable.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from itertools import count
from pathlib import Path

from guard.clock import SystemClock
from guard.journal.anchor import Anchor
from guard.journal.sealed import SealedJournal
from guard.keyring.here import OwnStore
from guard.paths import journal_keyring
from guard.session.events import SessionId


class Teller:
    """Implements `guard.journal.port.JournalListener`: any trouble ends the storm with an exit code."""

    def __init__(self) -> None:
        self.ticket = 0

    def durable(self, ticket: int, seq: int) -> None:
        self.ticket = ticket
        os.write(1, b"%d\n" % seq)

    def journal_lost(self) -> None:
        os._exit(10)

    def journal_back(self) -> None:
        os._exit(11)

    def journal_damaged(self) -> None:
        os._exit(12)

    def anchor_lost(self) -> None:
        os._exit(13)


def main() -> None:
    """Write session after session, now far ahead of the disk, now waiting for it."""
    store = OwnStore(os.environ, journal_keyring(os.environ))
    teller = Teller()
    journal = SealedJournal(Path(sys.argv[1]), Anchor(store), SystemClock(), teller, 1095)
    journal.record("start", version="0", after="crash" if journal.found.seq else "first")
    pace = secrets.SystemRandom()
    for number in count():
        session = SessionId(secrets.token_hex(16))
        journal.record("state", session, before="READY", after="ACTIVE", cause="card_present")
        for _ in range(pace.randrange(4)):
            journal.record("refused", session, what="navigation", host=f"{number}.example")
        journal.record("state", session, before="ACTIVE", after="ENDING", cause="card_absent")
        journal.record("covered", session, cover_ms=1.5)
        journal.record("alert", session, alert="logout_not_confirmed", count=number + 1)
        journal.record("receipt", session, good=True, logout="not_confirmed")
        ticket = journal.record("state", session, before="ENDING", after="READY", cause="wipe_proven")
        ahead = pace.randrange(100)
        while ticket - teller.ticket > ahead:
            time.sleep(0)


if __name__ == "__main__":
    main()
