"""The journal for other programs: as it is, for a spreadsheet, or for a log collector; and where it goes."""

from __future__ import annotations

import csv
import io
import os
import secrets
from contextlib import contextmanager, suppress
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Final

from guard.errors import ConfigError
from guard.ground import open_flags
from guard.journal.reading import EVERYTHING
from guard.journal.record import COMMON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from guard.journal.port import Field
    from guard.journal.reading import Entry, Reading, Wanted
    from guard.journal.record import Record

_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠")
"""What a spreadsheet may read as the beginning of a formula (OWASP, "CSV Injection"); Excel in Japan
takes the wide forms too."""


class Form(StrEnum):
    """How records are written."""

    JSONL = "jsonl"
    """The very lines, seals and all, so that they can be verified elsewhere."""
    CSV = "csv"
    """RFC 4180 in UTF-8 with a byte order mark, without which Excel takes it for another encoding."""
    SYSLOG = "syslog"
    """RFC 5424, one message a line."""


def export(
    form: Form,
    reading: Reading,
    out: BinaryIO,
    syslog: Callable[[Record], bytes],
    wanted: Wanted = EVERYTHING,
) -> None:
    """Write the wanted records; ``syslog`` makes a message without its end. Raises like `Reading.entries`."""
    match form:
        case Form.JSONL:
            out.writelines(entry.line + b"\n" for entry in reading.entries(wanted))
        case Form.CSV:
            out.writelines(_csv(reading, wanted))
        case Form.SYSLOG:
            out.writelines(syslog(entry.record) + b"\n" for entry in reading.entries(wanted))


@contextmanager
def destination(output: Path | None, stdout: BinaryIO) -> Iterator[BinaryIO]:
    """Give the file to write to, or ``stdout`` without one.

    The file is there when it is whole, in the place of an older one, or not at all. Raises ConfigError when
    it cannot be written.
    """
    if output is None:
        yield stdout
        return
    fresh = output.parent / f".{output.name}.{secrets.token_hex(4)}"
    try:
        try:
            descriptor = os.open(fresh, open_flags(os.O_WRONLY | os.O_CREAT | os.O_EXCL), 0o640)
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(descriptor)
            fresh.replace(output)
        finally:
            with suppress(OSError):
                fresh.unlink()
    except OSError as error:
        raise ConfigError(
            f"--output {output} cannot be written ({error.strerror}): name a file in a folder that this"
            " account may write to"
        ) from error


def _csv(reading: Reading, wanted: Wanted) -> Iterator[bytes]:
    """Yield the rows; the journal is read twice, first for the names of the columns."""
    names, count = set[str](), 0
    for entry in reading.entries(wanted):
        names.update(entry.record.fields)
        count += 1
    columns = sorted(names)
    yield "\ufeff".encode() + _row([*COMMON, *map(_harmless, columns)])
    skipped, broken = reading.skipped, list(reading.broken)
    for entry in islice(reading.entries(wanted), count):  # what was written meanwhile may need other columns
        yield _row(_cells(entry, columns))
    reading.skipped, reading.broken = skipped, broken


def _cells(entry: Entry, columns: Iterable[str]) -> list[str]:
    record = entry.record
    common: tuple[Field, ...] = (record.seq, record.at, record.boot_ms, record.session, record.kind)
    return [_cell(value) for value in (*common, *(record.fields.get(name) for name in columns))]


def _cell(value: Field) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return _harmless(value)
        case _:
            return str(value)


def _harmless(text: str) -> str:
    """Return it so that no spreadsheet reads a formula: pages choose the names of hosts."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _row(cells: list[str]) -> bytes:
    row = io.StringIO()
    csv.writer(row, lineterminator="\r\n").writerow(cells)
    return row.getvalue().encode(errors="backslashreplace")
