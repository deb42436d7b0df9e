"""Where the journal stands after its last record: what the next one follows, and what the records add up to.

It is what the keyring keeps of the journal (the *mark*), so it never has to be read from its beginning, and
what is cut off, rolled back or begun anew shows. Pure.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self

from guard.journal.chain import KEY_BYTES, NO_HEAD, head, next_key
from guard.session.effects import AlertKind
from guard.wire import read_flag, read_number, read_object, read_text

if TYPE_CHECKING:
    from guard.journal.record import Record

_VERSION: Final = 1
_HASH: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlert:
    """One kind of trouble; repeated ones add up instead of flooding."""

    kind: AlertKind
    count: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class FirstKey:
    """The key of the record of this number; the keys of all later ones follow from it."""

    seq: int
    key: bytes

    @classmethod
    def read(cls, text: str) -> Self:
        """Read `text`; raises ValueError when it is none."""
        seq, _, key = text.partition(":")
        if not re.fullmatch(r"[1-9][0-9]{0,17}", seq) or not _HASH.fullmatch(key):
            raise ValueError("no first key of a journal")
        return cls(int(seq), bytes.fromhex(key))

    def text(self) -> str:
        """Return it for the keyring, or for the IT section's safe."""
        return f"{self.seq}:{self.key.hex()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """After the record of number ``seq``; 0: before the first one."""

    seq: int = 0
    head: str = NO_HEAD
    key: bytes
    """For the next record."""
    state: str = ""
    """The counter's, as far as it was ever recorded."""
    running: bool = False
    """A guard has started and not stopped in an orderly way."""
    alerts: tuple[OpenAlert, ...] = ()
    """The open ones, oldest first."""

    def after(self, record: Record, line: bytes) -> Self:
        """Return where the journal stands after this record, which was sealed into this line."""
        fields = record.fields
        return replace(
            self,
            seq=record.seq,
            head=head(line),
            key=next_key(self.key),
            state=str(fields.get("after")) if record.kind == "state" else self.state,
            running=record.kind == "start" or (self.running and record.kind != "stop"),
            alerts=_folded(self.alerts, record),
        )

    def mark(self) -> str:
        """Return it as a line of JSON, short enough for every keyring (Windows: 1,280 characters)."""
        alerts = [[one.kind.value, one.count, _ms(one.first), _ms(one.last)] for one in self.alerts]
        whole = {
            "v": _VERSION,
            "seq": self.seq,
            "head": self.head,
            "key": self.key.hex(),
            "state": self.state,
            "running": self.running,
            "alerts": alerts,
        }
        return json.dumps(whole, separators=(",", ":"))

    @classmethod
    def read(cls, mark: str) -> Self:
        """Read a mark; raises ValueError when it is none of this version."""
        try:
            found = read_object(json.loads(mark))
            listed = found["alerts"]
            if found["v"] != _VERSION or not isinstance(listed, list):
                raise ValueError("not of this version")
            seq, top, key = read_number(found["seq"]), read_text(found["head"]), read_text(found["key"])
            if seq < 0 or not _HASH.fullmatch(top) or not re.fullmatch(rf"[0-9a-f]{{{2 * KEY_BYTES}}}", key):
                raise ValueError("no place in a chain")
            return cls(
                seq=seq,
                head=top,
                key=bytes.fromhex(key),
                state=read_text(found["state"]),
                running=read_flag(found["running"]),
                alerts=tuple(_alert(*one) for one in listed),
            )
        except (KeyError, TypeError, RecursionError, OverflowError, OSError) as error:
            raise ValueError("no mark of a journal") from error


def _folded(alerts: tuple[OpenAlert, ...], record: Record) -> tuple[OpenAlert, ...]:
    """Return the open alerts after the record; one that is not understood changes nothing.

    A `damaged` record opens its alert by itself, whatever becomes of the guard that wrote it.
    """
    name, count = record.fields.get("alert"), record.fields.get("count")
    if record.kind == "damaged":
        name, count = AlertKind.JOURNAL_DAMAGED, 1
    if (
        record.kind not in {"alert", "acknowledged", "damaged"}
        or name not in set(AlertKind)
        or type(count) is not int
    ):
        return alerts
    kind, at = AlertKind(str(name)), datetime.fromisoformat(record.at)
    known = next((one for one in alerts if one.kind is kind), None)
    if record.kind == "acknowledged":
        return tuple(one for one in alerts if one is not known)
    if known and record.kind == "damaged":
        count = known.count + 1
    if known:
        return tuple(replace(one, count=count, last=at) if one is known else one for one in alerts)
    return (*alerts, OpenAlert(kind=kind, count=count, first=at, last=at))


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _alert(kind: object, count: object, first: object, last: object) -> OpenAlert:
    return OpenAlert(
        kind=AlertKind(read_text(kind)),
        count=read_number(count),
        first=_moment(read_number(first)),
        last=_moment(read_number(last)),
    )


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
