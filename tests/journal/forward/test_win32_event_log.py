"""Windows' real Event Log, and the library with its texts as Windows reads it."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

import winreg
from typing import TYPE_CHECKING

import pytest
import pywintypes
import win32api
import win32con
import win32evtlog

from guard.journal.forward.event_log import EventLog
from guard.journal.forward.event_source import KEY, MESSAGE_FILE, message_file
from guard.journal.forward.events import IDS, SOURCE, event
from guard.journal.forward.messages import Setup
from guard.journal.forward.platform_log import NAME, PLACE
from guard.journal.forward.port import TargetError
from guard.journal.forward.targets import targets
from guard.journal.record import Record
from installer.windows.event_messages.build import LANGUAGES, library, texts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_AS_DATA = 0x2 | 0x20
"""LOAD_LIBRARY_AS_DATAFILE, LOAD_LIBRARY_AS_IMAGE_RESOURCE."""
RECORDS = [
    Record(
        seq=seq, at="2026-11-27T01:02:03Z", boot_ms=1.0, session=None, kind="start", fields={"version": "花"}
    )
    for seq in (1, 2, 3)
]


def shown(module: int, number: int, language: int, inserted: Sequence[str]) -> str:
    """As a viewer shows it."""
    return str(
        win32api.FormatMessageW(
            win32con.FORMAT_MESSAGE_FROM_HMODULE | win32con.FORMAT_MESSAGE_ARGUMENT_ARRAY,
            module,
            number,
            language,
            list(inserted),
        )
    )


def test_windows_shows_every_event_in_both_languages_with_what_is_inserted(tmp_path: Path) -> None:
    file = tmp_path / "messages.dll"
    file.write_bytes(library())
    module = win32api.LoadLibraryEx(str(file), 0, _AS_DATA)
    try:
        for language, number in LANGUAGES.items():
            for kind, text in texts(language).items():
                lines = shown(module, IDS[kind], number, ("what happened", "seq: 7")).split("\r\n")
                assert lines == [text, "", "what happened", "", "seq: 7", ""]
        made = event(RECORDS[0])
        assert "seq: 1" in shown(module, made.number, LANGUAGES["ja-JP"], made.texts)
    finally:
        win32api.FreeLibrary(module)


def test_the_application_log_takes_all_records_of_our_source(tmp_path: Path) -> None:
    (target,) = targets(Setup(journal=tmp_path, folder=tmp_path, platform_log=PLACE, syslog=None))
    assert (target.name, PLACE.name) == (NAME, SOURCE)
    assert target.send(RECORDS) == len(RECORDS)


def test_a_log_that_does_not_take_what_it_is_given_is_told_and_what_it_took_before_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = list[object]()

    def full(*event: object) -> None:
        if len(taken) == 2:
            raise pywintypes.error(1502, "ReportEvent", "The event log file is full.")
        taken.append(event)

    monkeypatch.setattr(win32evtlog, "ReportEvent", full)
    assert EventLog(PLACE).send(RECORDS) == 2
    with pytest.raises(TargetError, match=r"takes nothing \(The event log file is full\., 1502\)"):
        EventLog(PLACE).send(RECORDS)


def test_no_handle_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    open_ones = list[object]()
    register, deregister = win32evtlog.RegisterEventSource, win32evtlog.DeregisterEventSource

    def registered(server: str, source: str) -> object:
        open_ones.append(source)
        return register(server, source)

    def deregistered(handle: object) -> None:
        open_ones.pop()
        deregister(handle)  # type: ignore[arg-type]

    monkeypatch.setattr(win32evtlog, "RegisterEventSource", registered)
    monkeypatch.setattr(win32evtlog, "DeregisterEventSource", deregistered)
    EventLog(PLACE).send(RECORDS)
    assert open_ones == []


def test_the_library_is_known_once_the_source_is_registered_and_its_file_is_there(tmp_path: Path) -> None:
    file = tmp_path / "messages.dll"
    with winreg.CreateKey(winreg.HKEY_LOCAL_MACHINE, KEY) as key:
        try:
            assert message_file() is None
            winreg.SetValueEx(key, MESSAGE_FILE, 0, winreg.REG_EXPAND_SZ, str(file))
            assert message_file() is None
            file.write_bytes(library())
            assert message_file() == file
        finally:
            winreg.DeleteKey(winreg.HKEY_LOCAL_MACHINE, KEY)
    assert message_file() is None
