"""A message table as Windows reads it (RT_MESSAGETABLE: MESSAGE_RESOURCE_DATA of winnt.h). Pure."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNICODE: Final = 1
"""Flags of MESSAGE_RESOURCE_ENTRY."""


def written(messages: Mapping[int, str]) -> bytes:
    """Return the table of these messages, each under its number."""
    blocks = _blocks(sorted(messages))
    offset = 4 + 12 * len(blocks)
    head, body = struct.pack("<I", len(blocks)), b""
    for block in blocks:
        head += struct.pack("<III", block[0], block[-1], offset + len(body))
        body += b"".join(_entry(messages[number]) for number in block)
    return head + body


def read(table: bytes) -> dict[int, str]:
    """Return what `written` was given; raises struct.error or ValueError when it is none."""
    messages = dict[int, str]()
    (count,) = struct.unpack_from("<I", table)
    for block in range(count):
        low, high, offset = struct.unpack_from("<III", table, 4 + 12 * block)
        for number in range(low, high + 1):
            length, flags = struct.unpack_from("<HH", table, offset)
            if flags != _UNICODE or length % 4:
                raise ValueError("not an entry of ours")
            text = table[offset + 4 : offset + length].decode("utf-16-le")
            messages[number] = text.rstrip("\0").removesuffix("\r\n")
            offset += length
    return messages


def _blocks(numbers: list[int]) -> list[list[int]]:
    """Return the numbers in runs without a gap."""
    blocks: list[list[int]] = []
    for number in numbers:
        if blocks and blocks[-1][-1] == number - 1:
            blocks[-1].append(number)
        else:
            blocks.append([number])
    return blocks


def _entry(text: str) -> bytes:
    raw = f"{text}\r\n\0".encode("utf-16-le")
    raw += bytes(-len(raw) % 4)
    return struct.pack("<HH", 4 + len(raw), _UNICODE) + raw
