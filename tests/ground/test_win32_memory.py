"""A crash writes a process's memory nowhere, and shows no box."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

import subprocess
import winreg
from pathlib import Path

_ACCESS_VIOLATION = 0xC0000005
"""STATUS_ACCESS_VIOLATION (NTSTATUS values)."""
_EXCLUDED = (
    r"Software\Microsoft\Windows\Windows Error Reporting\ExcludedApplications",
    r"Software\Microsoft\Windows Error Reporting\ExcludedApplications",
)
"""Where Windows keeps the list, and Wine."""
_PROGRAM = """
import ctypes
from guard.ground import forbid_core_dumps, share_one_heap
forbid_core_dumps()
share_one_heap()
print(ctypes.WinDLL("kernel32").GetErrorMode(), flush=True)
ctypes.WinDLL("kernel32").RaiseException(0xC0000005, 0, 0, None)
"""


def test_a_crash_ends_the_process_at_once_and_is_not_reported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, check=False, text=True, timeout=120
    )
    assert int(done.stdout) & 0x8003 == 0x8003, done.stderr
    assert done.returncode & 0xFFFFFFFF == _ACCESS_VIOLATION, done.stderr
    assert any(is_excluded(Path(sys.executable).name, place) for place in _EXCLUDED)


def is_excluded(program: str, place: str) -> bool:
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, place) as key:
            return bool(winreg.QueryValueEx(key, program)[0])
    except FileNotFoundError:
        return False
