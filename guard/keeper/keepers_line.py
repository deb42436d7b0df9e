"""The keeper's end of the line to a guard (`guard.keeper.line`).

The pipe has one instance, for local clients, and is open to the guard's account for writing alone; whoever
connects must be the process that was started, all others are hung up on. The event can be waited for by that
account and not set.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import pywintypes
import win32api
import win32con
import win32event
import win32file
import win32pipe
import win32security
import winerror

from guard.ground.windows.rights import own_sid
from guard.keeper.line import WRITE_END
from guard.keeper.signs import Listener

if TYPE_CHECKING:
    from collections.abc import Mapping

    import _win32typing

    from guard.keeper.line_names import LineNames
    from guard.keeper.signs import Sign

_AT_MOST: Final = 256
"""Bytes read at once."""
_FLAGS: Final = 0x00080000 | win32con.FILE_FLAG_OVERLAPPED | win32con.PIPE_ACCESS_INBOUND
"""With FILE_FLAG_FIRST_PIPE_INSTANCE (CreateNamedPipeW): nobody can have made one of this name before."""
_NO_REMOTE: Final = 0x00000008
"""PIPE_REJECT_REMOTE_CLIENTS."""


class KeepersEnd:
    """One line, made before the guard is started and closed after it has ended."""

    def __init__(self, names: LineNames, sid: _win32typing.PySID) -> None:
        """Make it for a guard of the account ``sid``; raises pywintypes.error."""
        self._names = names
        self._pid: int | None = None
        self._listener = Listener()
        self._buffer = win32file.AllocateReadBuffer(_AT_MOST)
        self._under_way: _win32typing.PyOVERLAPPED | None = None
        self._connected = False
        with contextlib.ExitStack() as stack:
            self._asked = win32event.CreateEvent(_for(sid, win32con.SYNCHRONIZE), True, False, names.event)  # noqa: FBT003 -- pywin32's signature
            stack.callback(win32api.CloseHandle, self._asked)
            self.event = win32event.CreateEvent(None, True, False, None)  # noqa: FBT003 -- pywin32's signature
            """Set when there is something to `hear`."""
            stack.callback(win32api.CloseHandle, self.event)
            self._pipe = win32pipe.CreateNamedPipe(
                names.pipe, _FLAGS, _NO_REMOTE, 1, 0, _AT_MOST, 0, _for(sid, WRITE_END)
            )
            stack.callback(win32api.CloseHandle, self._pipe)
            self._listen()
            self._handles = stack.pop_all()

    @property
    def variables(self) -> Mapping[str, str]:
        """What the environment of the guard must say."""
        return self._names.variables

    def expect(self, pid: int) -> None:
        """Let this process, and no other, be at the other end; called before it runs."""
        self._pid = pid

    def hear(self) -> tuple[Sign, ...]:
        """Return the signs that have come; never waits. Raises GarbledError as `Listener.hear` does."""
        if (
            self._under_way is None
            or win32event.WaitForSingleObject(self.event, 0) != win32event.WAIT_OBJECT_0
        ):
            return ()
        win32event.ResetEvent(self.event)
        operation, self._under_way = self._under_way, None
        try:
            count = win32file.GetOverlappedResult(self._pipe, operation, True)  # noqa: FBT003 -- pywin32's signature
            if self._connected:
                signs = self._listener.hear(bytes(self._buffer[:count]))
            elif win32pipe.GetNamedPipeClientProcessId(self._pipe) == self._pid:
                self._connected, signs = True, ()
            else:
                self._hang_up()
                return ()
            self._read()
        except pywintypes.error:  # it hung up: its end, or a silence that is not let pass, follows
            return ()
        return signs

    def ask_to_end(self) -> None:
        """Ask the guard to end."""
        win32event.SetEvent(self._asked)

    def close(self) -> None:
        """Take the line away; only once."""
        if self._under_way is not None:
            with contextlib.suppress(pywintypes.error):  # it may be over by now
                win32file.CancelIo(self._pipe)
            with contextlib.suppress(pywintypes.error):  # its end, as a cancelled one or not
                win32file.GetOverlappedResult(self._pipe, self._under_way, True)  # noqa: FBT003 -- pywin32's signature
        self._handles.close()

    def _operation(self) -> _win32typing.PyOVERLAPPED:
        operation = pywintypes.OVERLAPPED()
        operation.hEvent = int(self.event)
        return operation

    def _hang_up(self) -> None:
        """Listen anew; one that came and went in between counts as having been."""
        win32pipe.DisconnectNamedPipe(self._pipe)
        try:
            self._listen()
        except pywintypes.error:
            win32pipe.DisconnectNamedPipe(self._pipe)
            self._listen()

    def _listen(self) -> None:
        operation = self._operation()
        code = win32pipe.ConnectNamedPipe(self._pipe, operation)
        if code == winerror.ERROR_PIPE_CONNECTED:
            win32event.SetEvent(self.event)
        self._under_way = operation

    def _read(self) -> None:
        operation = self._operation()
        code, _ = win32file.ReadFile(self._pipe, self._buffer, operation)
        if code not in {0, winerror.ERROR_IO_PENDING}:
            raise pywintypes.error(code, "ReadFile", "")
        self._under_way = operation


def _for(sid: _win32typing.PySID, rights: int) -> _win32typing.PySECURITY_ATTRIBUTES:
    """Return attributes that give this account these rights, and the keeper's own all."""
    acl = win32security.ACL()
    acl.AddAccessAllowedAce(win32security.ACL_REVISION, win32con.GENERIC_ALL, own_sid())
    acl.AddAccessAllowedAce(win32security.ACL_REVISION, rights, sid)
    attributes = win32security.SECURITY_ATTRIBUTES()
    attributes.SECURITY_DESCRIPTOR = win32security.SECURITY_DESCRIPTOR()
    attributes.SECURITY_DESCRIPTOR.SetSecurityDescriptorDacl(1, acl, 0)
    attributes.bInheritHandle = False
    return attributes
