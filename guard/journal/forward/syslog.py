"""A record as a syslog message (RFC 5424), and its frame on a TLS connection (RFC 5425). Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from guard.journal.forward.telling import APP, sentence, values
from guard.journal.severity import severity

if TYPE_CHECKING:
    from guard.journal.record import Record

_AUDIT: Final = 13
"""RFC 5424, table 1: log audit."""
SD_ID: Final = "guard@32473"
"""32473 is the private enterprise number that RFC 5612 sets aside for examples: this project has none."""
_TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z")
_NOT_PRINTED: Final = re.compile(r"[^!-~]")
_NOT_IN_NAMES: Final = re.compile(r'[^!-~]|[="\]]')
_SPECIAL: Final = re.compile(r'["\\\]]')
_BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"


def message(record: Record, host: str, version: str) -> bytes:
    """Return the record as one message without a frame, whatever its texts are.

    ``host`` is this PC's name. Severity is `guard.journal.severity`, facility is log audit,
    MSGID is the kind, all fields are in one element of structured data, and MSG is a short sentence.
    """
    at = record.at if _TIMESTAMP.fullmatch(record.at) else "-"
    text = sentence(record)
    head = f"<{_AUDIT * 8 + severity(record)}>1 {at} {_word(host, 255)} {APP} - {_word(record.kind, 32)}"
    origin = f'[origin software="{APP}" swVersion="{_escaped(version)}"]'
    bom = "" if text.isascii() else _BOM
    return f"{head} {_element(values(record))}{origin} {bom}{text}".encode()


def framed(message: bytes) -> bytes:
    """Return the message after its length in octets (RFC 5425, section 4.3)."""
    return b"%d %b" % (len(message), message)


def _word(text: str, longest: int) -> str:
    return _NOT_PRINTED.sub("_", text)[:longest] or "-"


def _element(texts: dict[str, str]) -> str:
    """Return an SD-ELEMENT; names that are none are made ones, and none stands there twice."""
    named = dict[str, str]()
    for name, text in texts.items():
        word = _NOT_IN_NAMES.sub("_", name)[:32] or "_"
        number = 2
        while word in named:
            word, number = f"{word[:28]}_{number}", number + 1
        named[word] = text
    parameters = "".join(f' {name}="{_escaped(text)}"' for name, text in named.items())
    return f"[{SD_ID}{parameters}]"


def _escaped(text: str) -> str:
    """Return a PARAM-VALUE (RFC 5424, section 6.3.3)."""
    return _SPECIAL.sub(r"\\\g<0>", text)
