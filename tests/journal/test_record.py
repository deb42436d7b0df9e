from __future__ import annotations

import pytest

from guard.journal.record import Record

GOOD = '{"seq":1,"at":"2026-04-01T09:00:00.000Z","boot_ms":1.5,"session":null,"kind":"stop"'


def test_a_record_without_fields_is_its_common_part() -> None:
    record = Record.read(f"{GOOD}}}".encode())
    assert record == Record(
        seq=1, at="2026-04-01T09:00:00.000Z", boot_ms=1.5, session=None, kind="stop", fields={}
    )
    assert record.text() == GOOD


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"{}",
        b"{",
        b"\xff",
        GOOD.replace("1,", "true,", 1).encode() + b"}",
        GOOD.replace('"stop"', "7").encode() + b"}",
        GOOD.replace("null", "7").encode() + b"}",
        GOOD.encode() + b',"more":[1]}',
    ],
)
def test_what_is_no_record_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Record.read(line)
