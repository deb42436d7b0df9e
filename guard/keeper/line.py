"""The guard's end of its line to the keeper.

The line is a pipe that the guard writes `guard.keeper.signs` into, and an event that the keeper sets when the
guard shall end. Both are opened by name: nothing is inherited (CreateProcessAsUser: "You cannot inherit
handles across sessions", and the keeper is in another session than the guard).
"""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING, Final, Self

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

import pywintypes
import win32api
import win32con
import win32event
import win32file
import winerror

from guard.errors import MachineError
from guard.keeper.line_names import LineNames
from guard.keeper.names import SERVICE
from guard.keeper.signs import Sign

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    import _win32typing

WRITE_END: Final = 0x0002 | 0x0080 | win32con.SYNCHRONIZE
"""FILE_WRITE_DATA, FILE_READ_ATTRIBUTES, SYNCHRONIZE (File Access Rights Constants): all that it needs."""
_IDENTIFY_ONLY: Final = 0x00100000 | 0x00010000
"""SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION (CreateFileW): the other end cannot act as us."""
_FOR_EVER: Final = -1
_log = logging.getLogger(__name__)


class GuardsEnd:
    """A `guard.supervision.port.Supervisor`: the keeper that started this process.

    The pipe is never waited for: of signs of life one that is not taken is lost, as another one follows; what
    is said only once is kept, and sent with the next one.
    """

    def __init__(self, names: LineNames) -> None:
        """Open it; raises MachineError when the keeper is not there."""
        self._seconds = names.seconds
        self._owed: list[Sign] = []
        self._sending: tuple[_win32typing.PyOVERLAPPED, bytes] | None = None
        self._deaf = False
        self._listener: threading.Thread | None = None
        try:
            self._asked = win32event.OpenEvent(win32con.SYNCHRONIZE, False, names.event)  # noqa: FBT003 -- pywin32's signature
            self._pipe = win32file.CreateFile(
                names.pipe,
                WRITE_END,
                0,
                None,
                win32con.OPEN_EXISTING,
                win32con.FILE_FLAG_OVERLAPPED | _IDENTIFY_ONLY,
                None,
            )
        except pywintypes.error as error:
            raise MachineError(
                f"the service {SERVICE} that started the guard cannot be reached: {error.strerror}"
            ) from error
        self._closing = win32event.CreateEvent(None, True, False, None)  # noqa: FBT003 -- pywin32's signature

    @classmethod
    def take(cls, environment: MutableMapping[str, str]) -> Self | None:
        """Return the end that the environment names, and take it out: it is no child's business.

        None when it was not the keeper that started this process. Raises MachineError when the environment
        names what no keeper does, or the keeper is gone.
        """
        names = LineNames.take(environment)
        return None if names is None else cls(names)

    @property
    def every(self) -> float | None:
        """A third of what the keeper waits for: one sign may be lost."""
        return self._seconds / 3

    def ready(self) -> None:
        """See `Supervisor.ready`."""
        self._owed.append(Sign.READY)
        self._send(self._owed)

    def alive(self) -> None:
        """See `Supervisor.alive`."""
        self._send([*self._owed, Sign.ALIVE])

    def stopping(self) -> None:
        """See `Supervisor.stopping`."""
        self._owed.append(Sign.STOPPING)
        self._send(self._owed)

    def when_asked_to_end(self, callback: Callable[[], None]) -> None:
        """Have it called, once and on another thread, when the keeper asks the guard to end; call once."""
        self._listener = threading.Thread(target=self._listen, args=(callback,), name="keeper", daemon=True)
        self._listener.start()

    def close(self) -> None:
        """Hang up; nothing is called any more. Only once."""
        win32event.SetEvent(self._closing)
        if self._listener is not None and self._listener is not threading.current_thread():
            self._listener.join()
        for handle in (self._pipe, self._asked, self._closing):
            win32api.CloseHandle(int(handle))

    def _listen(self, callback: Callable[[], None]) -> None:
        handles = [self._closing, self._asked]
        if win32event.WaitForMultipleObjects(handles, False, _FOR_EVER) == win32event.WAIT_OBJECT_0 + 1:  # noqa: FBT003 -- pywin32's signature
            callback()

    def _send(self, signs: list[Sign]) -> None:
        try:
            if not self._free():
                return
            data = b"".join(sign.line for sign in signs)
            operation = pywintypes.OVERLAPPED()
            code, _ = win32file.WriteFile(int(self._pipe), data, operation)
        except pywintypes.error as error:
            if not self._deaf:
                _log.warning("the keeper does not take what it is told (%s)", error.strerror)
            self._deaf = True
            return
        if code == winerror.ERROR_IO_PENDING:
            self._sending = operation, data  # both are the system's until it is done
        self._deaf = False
        self._owed.clear()

    def _free(self) -> bool:
        """Tell whether what was sent last has been taken; raises pywintypes.error when it never will be."""
        if self._sending is None:
            return True
        try:
            win32file.GetOverlappedResult(int(self._pipe), self._sending[0], False)  # noqa: FBT003 -- pywin32's signature
        except pywintypes.error as error:
            if error.winerror == winerror.ERROR_IO_INCOMPLETE:
                return False
            self._sending = None
            raise
        self._sending = None
        return True
