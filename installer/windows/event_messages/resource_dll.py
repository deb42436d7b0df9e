"""A library without code that holds one resource in several languages (PE Format, Microsoft Learn). Pure.

Made from nothing but its contents: the same contents are the same bytes, whenever and wherever it is built.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MESSAGE_TABLE: Final = 11
"""RT_MESSAGETABLE."""
_NAME: Final = 1
"""Of the resource; message compilers call a table so."""
_PE_AT: Final = 0x40
_AMD64: Final = 0x8664
_DLL: Final = 0x0002 | 0x0020 | 0x2000
"""IMAGE_FILE_EXECUTABLE_IMAGE, _LARGE_ADDRESS_AWARE, _DLL."""
_PE32_PLUS: Final = 0x20B
_WINDOWS_GUI: Final = 2
_HARDENED: Final = 0x0020 | 0x0040 | 0x0100 | 0x0400
"""HIGH_ENTROPY_VA, DYNAMIC_BASE, NX_COMPAT, NO_SEH."""
_BASE: Final = 0x180000000
_PAGE: Final = 0x1000
_SECTOR: Final = 0x200
_READ_DATA: Final = 0x40000040
"""IMAGE_SCN_CNT_INITIALIZED_DATA, IMAGE_SCN_MEM_READ."""
_SUBDIRECTORY: Final = 0x80000000
_DIRECTORIES: Final = 16
_RESOURCES: Final = 2
"""Index of the resource table among the data directories."""


def written(kind: int, languages: Mapping[int, bytes]) -> bytes:
    """Return the library with this kind of resource, given in each language (LANGID)."""
    section = _resources(kind, dict(sorted(languages.items())))
    size = _rounded(len(section), _SECTOR)
    return _headers(len(section), size).ljust(_SECTOR, b"\0") + section.ljust(size, b"\0")


def read(library: bytes, kind: int) -> dict[int, bytes]:
    """Return what `written` was given; raises struct.error or ValueError when it is something else."""
    (pe,) = struct.unpack_from("<I", library, 0x3C)
    if library[:2] != b"MZ" or library[pe : pe + 4] != b"PE\0\0":
        raise ValueError("not a library")
    table, _ = struct.unpack_from("<II", library, pe + 24 + 112 + 8 * _RESOURCES)
    address, _, start = struct.unpack_from("<III", library, pe + 24 + 240 + 12)
    if table != address:
        raise ValueError("not a library of ours")
    section = library[start:]
    names = _children(section, 0)[kind]
    entries = _children(section, _children(section, names & ~_SUBDIRECTORY)[_NAME] & ~_SUBDIRECTORY)
    found = dict[int, bytes]()
    for language, entry in entries.items():
        at, length = struct.unpack_from("<II", section, entry)
        found[language] = section[at - address : at - address + length]
    return found


def _resources(kind: int, languages: Mapping[int, bytes]) -> bytes:
    """Return the section: three levels of directories, one entry a language, data (".rsrc Section")."""
    leaves = 24 + 24 + 16 + 8 * len(languages)
    data_at = _rounded(leaves + 16 * len(languages), 8)
    tree = _directory({kind: 24 | _SUBDIRECTORY}) + _directory({_NAME: 48 | _SUBDIRECTORY})
    tree += _directory({language: leaves + 16 * index for index, language in enumerate(languages)})
    data = b""
    for content in languages.values():
        tree += struct.pack("<IIII", _PAGE + data_at + len(data), len(content), 0, 0)
        data += content.ljust(_rounded(len(content), 8), b"\0")
    return tree.ljust(data_at, b"\0") + data


def _directory(entries: Mapping[int, int]) -> bytes:
    head = struct.pack("<IIHHHH", 0, 0, 0, 0, 0, len(entries))
    return head + b"".join(struct.pack("<II", key, offset) for key, offset in entries.items())


def _children(section: bytes, at: int) -> dict[int, int]:
    named, numbered = struct.unpack_from("<HH", section, at + 12)
    if named:
        raise ValueError("not a library of ours")
    pairs = (struct.unpack_from("<II", section, at + 16 + 8 * number) for number in range(numbered))
    return {int(key): int(offset) for key, offset in pairs}


def _headers(length: int, size: int) -> bytes:
    dos = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", _PE_AT)
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", _AMD64, 1, 0, 0, 0, 112 + 8 * _DIRECTORIES, _DLL)
    optional = struct.pack("<HBBIIIII", _PE32_PLUS, 0, 0, 0, size, 0, 0, 0)
    optional += struct.pack("<QIIHHHHHHI", _BASE, _PAGE, _SECTOR, 6, 0, 0, 0, 6, 0, 0)
    image = _PAGE + _rounded(length, _PAGE)
    optional += struct.pack("<IIIHH", image, _SECTOR, 0, _WINDOWS_GUI, _HARDENED)
    optional += struct.pack("<QQQQII", 0x100000, 0x1000, 0x100000, 0x1000, 0, _DIRECTORIES)
    directories = [(0, 0)] * _DIRECTORIES
    directories[_RESOURCES] = (_PAGE, length)
    optional += b"".join(struct.pack("<II", *directory) for directory in directories)
    section = b".rsrc".ljust(8, b"\0")
    section += struct.pack("<IIIIIIHHI", length, _PAGE, size, _SECTOR, 0, 0, 0, 0, _READ_DATA)
    return dos + coff + optional + section


def _rounded(size: int, to: int) -> int:
    return -(-size // to) * to
