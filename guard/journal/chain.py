"""How each line is bound to the one before it, and by a key that nobody has any more.

A line is ``{…,"prev":"P","mac":"M"}``. ``P`` is the SHA-256 of the whole line before it, so the hash of the
last line (the *head*) commits to all of them. ``M`` is the HMAC-SHA-256 of the line up to and without
``,"mac"``, under a key that is used for one record: the next one is a hash of it, and it is forgotten. So
whoever takes the key of today can write what comes next, and can make no record of yesterday anew
(forward-secure audit logs: Bellare and Yee 1997, Schneier and Kelsey 1999; journald's Forward Secure Sealing
does the same by the quarter of an hour). The first key of all, kept off this PC, checks every record.
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256
from typing import Final

KEY_BYTES: Final = 32
NO_HEAD: Final = "0" * 64
"""What the first record of all follows."""
_NEXT: Final = b"madoguchi-guard journal: the next key\0"
_MAC: Final = b',"mac":"'
_MAC_BYTES: Final = len(_MAC) + 64 + len(b'"}')
_PREV: Final = b',"prev":"'
_PREV_BYTES: Final = len(_PREV) + 64 + len(b'"')


def first_key() -> bytes:
    """Return a key to begin a journal with."""
    return secrets.token_bytes(KEY_BYTES)


def next_key(key: bytes) -> bytes:
    """Return the key of the record after the one that this key is for."""
    return sha256(_NEXT + key).digest()


def sealed(text: str, head: str, key: bytes) -> bytes:
    """Return the line, without its end, of a record's `Record.text` that follows a line of this head."""
    body = f'{text},"prev":"{head}"'.encode(errors="backslashreplace")
    return b'%b,"mac":"%b"}' % (body, hmac.digest(key, body, "sha256").hex().encode())


def head(line: bytes) -> str:
    """Return what the next line's ``prev`` must be."""
    return sha256(line).hexdigest()


def prev(line: bytes) -> str | None:
    """Return what the line says about the one before it; None when it does not have a sealed line's form."""
    end = len(line) - _MAC_BYTES
    start = end - _PREV_BYTES
    if start < 0 or not line.startswith(_PREV, start) or not line.startswith(_MAC, end):
        return None
    if not line.endswith(b'"}') or line[end - 1 : end] != b'"':
        return None
    return line[start + len(_PREV) : end - 1].decode("ascii", "replace")


def is_sealed_with(line: bytes, key: bytes) -> bool:
    """Tell whether the line bears the MAC of this key."""
    body = line[:-_MAC_BYTES]
    return hmac.compare_digest(
        line[len(body) :], b',"mac":"%b"}' % hmac.digest(key, body, "sha256").hex().encode()
    )
