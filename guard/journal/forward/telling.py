"""A record in words that a log of others can hold: one sentence, and plain texts. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.journal.port import Field
    from guard.journal.record import Record

APP: Final = "madoguchi-guard"
_LONGEST: Final = 256
"""Characters of one text; a host name, the longest that the guard writes, has at most 253."""
_MOST: Final = 32
"""Fields; a receipt, which has the most, has half of that."""

_SENTENCES: Final[Mapping[str, str]] = {
    "start": "guard {version} started under policy {policy}, after: {after}",
    "stop": "guard stopped in order",
    "state": "from {before} to {after} because of {cause}",
    "covered": "screen covered within {cover_ms} ms",
    "receipt": "receipt of a wipe, good: {good}",
    "alert": "alert {alert}, {count} so far",
    "acknowledged": "alert {alert} acknowledged by staff {staff}: {reason}",
    "pin": "PIN of staff {staff} looked at, {door}: {verdict}",
    "staff": "staff {staff} chose {act}, {door}",
    "refused": "page was refused {what} at {host}",
    "print": "PDF of {bytes} bytes for the printer: {outcome}",
    "stale": "late answer {event} of another session dropped",
    "reader": "reader: {event}",
    "system": "the guard was told: {event}",
    "clock": "clock jumped by {jump_s} s, or the PC slept",
    "torn": "record cut short by a crash removed, {bytes} bytes",
    "damaged": "journal is damaged: {what}",
    "dropped": "records through {through} dropped, their time was over",
}


class _Values(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "-"


def sentence(record: Record) -> str:
    """Return what happened as an English sentence; for a kind without one, its name."""
    return _SENTENCES.get(record.kind, "{kind}").format_map(
        _Values({"kind": plain(record.kind)} | values(record))
    )


def values(record: Record) -> dict[str, str]:
    """Return everything beside ``at`` and ``kind`` that has a value, each as a plain text."""
    own = list(record.fields.items())[:_MOST]
    every: list[tuple[str, Field]] = [
        ("seq", record.seq),
        ("session", record.session),
        ("boot_ms", record.boot_ms),
        *own,
    ]
    return {
        name: plain(value if isinstance(value, str) else json.dumps(value))
        for name, value in every
        if value is not None
    }


def plain(text: str) -> str:
    """Return it in one line of visible characters and spaces, at most `_LONGEST` and an ellipsis.

    Pages choose host names: whatever could end a line, turn the writing direction or is no character at all
    becomes its code point, as in ``<U+000A>``.
    """
    clean = "".join(one if one.isprintable() else f"<U+{ord(one):04X}>" for one in text[: _LONGEST + 1])
    return clean if len(clean) <= _LONGEST else clean[:_LONGEST] + "…"
