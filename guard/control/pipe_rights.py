"""Who may open the guard's pipe, and who is at its other end (Windows)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import win32api
import win32con
import win32pipe
import win32security

from guard.ground.windows.handles import closing_handle
from guard.ground.windows.rights import own_sid

if TYPE_CHECKING:
    import _win32typing

ASK: Final = 0x0012019B
"""FILE_GENERIC_READ and FILE_GENERIC_WRITE without FILE_APPEND_DATA, which on a pipe is the right to stand
beside the server as another instance of it (Named Pipe Security and Access Rights)."""
SERVE: Final = ASK | 0x4
_SQOS: Final = 0x00100000 | 0x00010000
"""SECURITY_SQOS_PRESENT and SECURITY_IDENTIFICATION (CreateFile): a server may see who we are, and not act
as us."""
OPEN_FLAGS: Final = _SQOS | win32con.FILE_FLAG_OVERLAPPED


def rights_text(sid: str) -> str:
    """Return the pipe's security descriptor (SDDL) for this account.

    It owns the pipe. Administrators and SYSTEM may ask, as root may on Linux. Everybody else has no entry,
    which is a no; so have app containers. No label: that is medium, with no writing from below, which keeps a
    browser's own sandboxed processes out (Mandatory Integrity Control).
    """
    return f"O:{sid}D:P(A;;{SERVE:#x};;;{sid})(A;;{ASK:#x};;;BA)(A;;{ASK:#x};;;SY)"


def pipe_attributes() -> _win32typing.PySECURITY_ATTRIBUTES:
    """Return what a pipe of this account is made with; no child inherits its handle."""
    text = rights_text(win32security.ConvertSidToStringSid(own_sid()))
    attributes = win32security.SECURITY_ATTRIBUTES()
    attributes.SECURITY_DESCRIPTOR = win32security.ConvertStringSecurityDescriptorToSecurityDescriptor(
        text, win32security.SDDL_REVISION_1
    )
    attributes.bInheritHandle = False
    return attributes


def is_served_by_us(pipe: int) -> bool:
    """Tell whether the process at the server's end runs as this account, and the pipe is this account's.

    Both, for a number of a process may be somebody else's by now, while nobody but an administrator can make
    an object that another account owns. Raises pywintypes.error when the system does not say.
    """
    ours = own_sid()
    owner = win32security.GetSecurityInfo(
        pipe, win32security.SE_KERNEL_OBJECT, win32security.OWNER_SECURITY_INFORMATION
    ).GetSecurityDescriptorOwner()
    return bool(owner == ours and _account_of(win32pipe.GetNamedPipeServerProcessId(pipe)) == ours)


def _account_of(pid: int) -> _win32typing.PySID:
    access = win32con.PROCESS_QUERY_LIMITED_INFORMATION
    with closing_handle(win32api.OpenProcess(access, 0, pid)) as process:
        token = win32security.OpenProcessToken(process, win32con.TOKEN_QUERY)
        with closing_handle(token):
            sid: _win32typing.PySID = win32security.GetTokenInformation(token, win32security.TokenUser)[0]
    return sid
