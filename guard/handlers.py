"""What the running guard tells the commands, and does for them; on the control server's thread."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Final

from guard.aside import aside
from guard.clock import stamp
from guard.errors import ConfigError
from guard.inbox import AcknowledgeChecked, LogoutChecked
from guard.journal.alerts import Reason
from guard.journal.severity import ALERTS
from guard.secret import Secret
from guard.session import events as ev
from guard.session.effects import AlertKind
from guard.session.table import LIVE
from guard.staff.port import EMERGENCY, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guard.browser.pool import CapsulePool
    from guard.control import Handler
    from guard.core import Core, Parts
    from guard.inbox import Inbox, StaffLetter
    from guard.installed import DiskLook
    from guard.journal.anchor import Anchor
    from guard.journal.forward.process import Forwarder
    from guard.session.table import Session
    from guard.settings.model import Settings
    from guard.staff.port import Answer

_TYPED_MOST: Final = 64
"""Characters of a number or a PIN; the longest that exists has 16, and blanks may stand between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handlers:
    """One method a command."""

    core: Core
    parts: Parts
    capsules: CapsulePool
    inbox: Inbox
    anchor: Anchor
    forwarder: Forwarder
    settings: Settings
    disk: DiskLook

    def table(self) -> dict[str, Handler]:
        """Return each command's name and what answers it."""
        return {
            "status": lambda request: aside(lambda: self._status(request)),
            "end": self._end,
            "cover": self._cover,
            "logout": self._logout,
            "acknowledge": self._acknowledge,
            "journal": self._journal,
            "journal-folder": self._journal_folder,
            "journal-key-taken": self._key_taken,
        }

    def _status(self, _request: Mapping[str, object]) -> Mapping[str, object]:
        """Tell how everything is; not on the server's thread, for the disk takes its time."""
        snapshot = self.core.snapshot()
        session, reader, running = snapshot.session, self.parts.reader.status(), self.disk.running
        return {
            "state": session.state.value,
            "session": session.current,
            "since": stamp(snapshot.since),
            "reader": {"name": reader.name, "state": reader.state, "counter": reader.counter},
            "capsule": {"pids": self.capsules.pids(), "warm": session.facts.spare is not None},
            "covered": self.parts.shade.covered(),
            "asleep": session.facts.asleep,
            "system": [{"sentence": lack.sentence, "mend": lack.mend} for lack in self.parts.system.lacks()],
            "alerts_open": len(self.parts.alerts.open()),
            "alerts": [
                {
                    "kind": alert.kind.value,
                    "severity": ALERTS[alert.kind].name.lower(),
                    "count": alert.count,
                    "first": stamp(alert.first),
                    "last": stamp(alert.last),
                }
                for alert in self.parts.alerts.open()
            ],
            "forwarding": [
                {
                    "target": target.name,
                    "health": target.health.value,
                    "position": target.position,
                    "behind": target.behind,
                    "sentence": target.sentence,
                }
                for target in self.forwarder.status()
            ],
            "version": running.version,
            "code_hash": running.code_hash,
            "policy": self.settings.session.on_removal.value,
            "policy_hash": running.policy_hash,
            "drift": [{"what": drift.what.value, "sentence": drift.sentence} for drift in self.disk.drift()],
        }

    def _end(self, _request: Mapping[str, object]) -> Mapping[str, object]:
        session = self._live_session()
        self.inbox.post(ev.EndRequested(by=ev.EndedBy.CONTROL))
        return {"state": session.state.value}

    def _logout(self, request: Mapping[str, object]) -> Future[Mapping[str, object]]:
        session = self._live_session()
        return self._if_right(
            request,
            lambda answer: LogoutChecked(session=session.current, answer=answer),
            {"state": session.state.value},
        )

    def _acknowledge(self, request: Mapping[str, object]) -> Future[Mapping[str, object]]:
        alert, reason = request.get("alert"), request.get("reason")
        still_open = [one.kind for one in self.parts.alerts.open()]
        if alert not in still_open:
            named = ", ".join(still_open) or "none"
            raise ConfigError(f"no such alert is open; open are: {named}")
        if reason not in tuple(Reason):
            raise ConfigError(f"the reason is not known; allowed are {', '.join(Reason)}")
        if request.get("staff") == EMERGENCY:
            raise ConfigError("an alert is closed in somebody's name: the emergency code names nobody")
        kind, why = AlertKind(str(alert)), Reason(str(reason))
        return self._if_right(
            request, lambda answer: AcknowledgeChecked(alert=kind, reason=why, answer=answer), {}
        )

    def _if_right(
        self,
        request: Mapping[str, object],
        letter: Callable[[Answer], StaffLetter],
        result: Mapping[str, object],
    ) -> Future[Mapping[str, object]]:
        """Let the PIN in the request be checked, and the core hear of it whatever comes out."""
        staff, pin = request.get("staff"), request.get("pin")
        if not all(isinstance(each, str) and len(each) <= _TYPED_MOST for each in (staff, pin)):
            raise ConfigError(f"a staff number and a PIN are texts of at most {_TYPED_MOST} characters")
        future: Future[Mapping[str, object]] = Future()

        def checked(answer: Answer) -> None:
            self.inbox.post(letter(answer))
            if answer.verdict is Verdict.YES:
                future.set_result(result)
            else:
                future.set_exception(ConfigError(_why_no(answer)))

        self.parts.book.verify(str(staff), Secret(str(pin)), checked)
        return future

    def _journal_folder(self, _request: Mapping[str, object]) -> Mapping[str, object]:
        return {"folder": str(self.settings.journal.directory)}

    def _journal(self, _request: Mapping[str, object]) -> Future[Mapping[str, object]]:
        """Tell where the journal lies and what it is proven by; the keyring takes its time."""

        def look() -> Mapping[str, object]:
            standing, key = self.anchor.standing(), self.anchor.first_key()
            return {
                "folder": str(self.settings.journal.directory),
                "mark": standing.mark() if standing else None,
                "first_key": key.text() if key else None,
            }

        return aside(look)

    def _key_taken(self, _request: Mapping[str, object]) -> Future[Mapping[str, object]]:
        def forget() -> Mapping[str, object]:
            self.anchor.forget_first_key()
            return {}

        return aside(forget)

    def _live_session(self) -> Session:
        session = self.core.snapshot().session
        if session.state not in LIVE:
            raise ConfigError(
                f"no session is open (the counter is {session.state.value}): there is nothing to end"
            )
        return session

    def _cover(self, _request: Mapping[str, object]) -> Mapping[str, object]:
        self.inbox.post(ev.CoverRequested())
        return {"state": self.core.snapshot().session.state.value}


def _why_no(answer: Answer) -> str:
    """Return what a member of staff at a terminal gets to read; the same whether number or PIN is wrong."""
    wait = f" The next try is looked at in {ceil(answer.wait_seconds)} s." if answer.wait_seconds else ""
    match answer.verdict:
        case Verdict.WAIT:
            return f"too soon after a wrong PIN: nothing was checked.{wait}"
        case Verdict.WRONG:
            return (
                "the number or the PIN is wrong, or this PIN is locked, disabled or expired "
                f"(see guard staff list).{wait}"
            )
        case _:
            return "no PIN can be checked now; see guard doctor."
