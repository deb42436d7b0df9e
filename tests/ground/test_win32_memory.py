"""A crash writes a process's memory nowhere, and shows no box."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

import subprocess
import winreg
from pathlib import Path

_ACCESS_VIOLATION = 0xC0000005
"""STATUS_ACCESS_VIOLATION (NTSTATUS values)."""
_EXCLUDED = r"Software\Microsoft\Windows\Windows Error Reporting\ExcludedApplications"
_PROGRAM = """
import ctypes, subprocess, sys
from guard.ground import forbid_core_dumps, share_one_heap
forbid_core_dumps()
share_one_heap()
mode = "import ctypes; print(ctypes.WinDLL('kernel32').GetErrorMode())"
print(subprocess.run([sys.executable, "-c", mode], capture_output=True, text=True).stdout.strip(), flush=True)
ctypes.string_at(1)
"""


def test_a_crash_ends_the_process_at_once_and_its_children_inherit_that() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler=0", "-c", _PROGRAM],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert int(done.stdout) & 0x3 == 0x3, done.stderr
    assert done.returncode & 0xFFFFFFFF == _ACCESS_VIOLATION or "access violation" in done.stderr
    with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _EXCLUDED) as key:
        assert winreg.QueryValueEx(key, Path(sys.executable).name)[0]
