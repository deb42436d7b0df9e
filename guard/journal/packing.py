"""A past day's segment, compressed so that not one bit of the file can change unnoticed.

It is a gzip file (RFC 1952) that every gunzip reads. But gzip's own checks cover what comes out only: its
header is free, and so are bits within the compressed data that lead to the same text (the padding, a match
that may be copied from two places). So the header holds, in an extra field as of section 2.3.1.1, the SHA-256
of all that follows it; all else in it is fixed. To compress again and compare would tell as much, at several
times the cost of the whole proof, and only until the next version of zlib.
"""

from __future__ import annotations

import os
import struct
import zlib
from hashlib import sha256
from typing import IO, TYPE_CHECKING, Final

from guard.ground import flush_folder, open_flags

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK: Final = 256 * 1024
"""Bytes that are held in memory at once."""
_LEVEL: Final = 6
_RAW, _GZIP = -15, 31  # zlib's window: the format without, and with header and checks
_HASH: Final = sha256().digest_size
_FIXED: Final = b"\x1f\x8b\x08\x04" + bytes(5) + b"\xff" + struct.pack("<H2sH", 4 + _HASH, b"MG", _HASH)
"""Magic, deflate, an extra field, no time, no level, no system; the field's length, its name, its length."""
_FLAGS: Final = open_flags(os.O_WRONLY | os.O_CREAT | os.O_TRUNC)


class BrokenPackError(Exception):
    """A packed segment is not as `pack` left it."""


def pack(plain: Path, packed: Path) -> None:
    """Make a compressed copy of a segment, durable once this returns; whoever comes meanwhile sees none.

    Raises OSError, with nothing left behind. The plain one stays.
    """
    unfinished = packed.with_name(f"{packed.name}.tmp")
    try:
        with plain.open("rb") as source, os.fdopen(os.open(unfinished, _FLAGS, 0o600), "wb") as target:
            _compress(source, target)
            target.flush()
            os.fsync(target.fileno())
        unfinished.replace(packed)
        flush_folder(packed.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def unpacked(file: IO[bytes]) -> Iterator[bytes]:
    """Yield what was packed, in blocks of at most `BLOCK` bytes.

    Raises BrokenPackError when a single bit is not as it was, maybe only after the last block, and OSError.
    """
    header = file.read(len(_FIXED) + _HASH)
    seen, inflate = sha256(), zlib.decompressobj(_GZIP)
    try:
        yield from _inflated(inflate, header)
        while chunk := file.read(BLOCK):
            seen.update(chunk)
            yield from _inflated(inflate, chunk)
    except zlib.error as error:
        raise BrokenPackError(str(error)) from error
    if not inflate.eof or inflate.unused_data or header != _FIXED + seen.digest():
        raise BrokenPackError("it is cut, longer or changed")


def _compress(source: IO[bytes], target: IO[bytes]) -> None:
    target.write(_FIXED + bytes(_HASH))
    deflate, seen, crc, size = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW), sha256(), 0, 0

    def write(data: bytes) -> None:
        seen.update(data)
        target.write(data)

    while block := source.read(BLOCK):
        crc, size = zlib.crc32(block, crc), size + len(block)
        write(deflate.compress(block))
    write(deflate.flush() + struct.pack("<LL", crc, size & 0xFFFFFFFF))
    target.seek(len(_FIXED))
    target.write(seen.digest())


def _inflated(inflate: zlib._Decompress, chunk: bytes) -> Iterator[bytes]:
    """Yield what comes of a chunk; also what zlib holds back once a block is full."""
    while not inflate.eof and (block := inflate.decompress(chunk, BLOCK)):
        chunk = inflate.unconsumed_tail
        yield block
