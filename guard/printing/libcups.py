"""The few calls of CUPS's own library, libcups 2, that printing needs.

The library is what ``lp`` is made of, so it honours what that honours (``CUPS_SERVER``, client.conf).
Not ``lp`` and ``cancel`` themselves: before CUPS 2.4.7, ``cancel -x`` erases no job's files
(OpenPrinting/cups #742; Debian 12 has 2.4.2). Not pycups, which is under the GPL, and the guard is not. A
call can hang for as long as the server does, so only `guard.printing.errand` uses this, in a process that can
be killed.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import POINTER, c_char_p, c_int, c_long, c_void_p
from enum import IntEnum
from typing import Final

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from guard.errors import MachineError

_LIBRARY: Final = "libcups.so.2"
_DEFAULT: Final = None
"""``CUPS_HTTP_DEFAULT``: the server of the environment."""
_WHICH_ALL: Final = -1
"""``CUPS_WHICHJOBS_ALL``."""
_CONTINUE: Final = 100
"""``HTTP_STATUS_CONTINUE``."""
_LAST_SUCCESS: Final = 0x00FF
"""Of IPP's status codes (RFC 8011, B.1)."""
_DONE_ALREADY: Final = (0x0404, 0x0406)
"""Not possible (it has ended), not found (B.1.4)."""
_GET_JOB_ATTRIBUTES: Final = 0x0009
"""Operation (RFC 8011, 5.4.15), and the tags of its attributes (RFC 8010, 3.5)."""
_OPERATION, _URI, _KEYWORD, _NAME = 0x01, 0x45, 0x44, 0x42
_MOST_LOAD: Final = 64 * 1024


class JobState(IntEnum):
    """IPP's ``job-state`` (RFC 8011, 5.3.7)."""

    PENDING = 3
    HELD = 4
    PROCESSING = 5
    STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9


class Job(ctypes.Structure):
    """``cups_job_t``."""

    id: int
    title: bytes | None
    state: int
    processing_time: int
    """When it began to be printed; 0 if it never did."""
    _fields_ = (
        ("id", c_int),
        ("dest", c_char_p),
        ("title", c_char_p),
        ("user", c_char_p),
        ("format", c_char_p),
        ("state", c_int),
        ("size", c_int),
        ("priority", c_int),
        ("completed_time", c_long),
        ("creation_time", c_long),
        ("processing_time", c_long),
    )


class _Option(ctypes.Structure):
    """``cups_option_t``."""

    name: bytes
    value: bytes
    _fields_ = (("name", c_char_p), ("value", c_char_p))


class _Destination(ctypes.Structure):
    """``cups_dest_t``."""

    num_options: int
    _fields_ = (
        ("name", c_char_p),
        ("instance", c_char_p),
        ("is_default", c_int),
        ("num_options", c_int),
        ("options", POINTER(_Option)),
    )


class Cups:
    """The print service; every call raises MachineError with one sentence when it is refused."""

    def __init__(self) -> None:
        try:
            library = ctypes.CDLL(_LIBRARY)
        except OSError as error:
            raise MachineError(f"{_LIBRARY} is not installed; run apt-get install libcups2.") from error
        library.cupsLastErrorString.restype = c_char_p
        library.cupsCreateJob.argtypes = (c_void_p, c_char_p, c_char_p, c_int, c_void_p)
        library.cupsStartDocument.argtypes = (c_void_p, c_char_p, c_int, c_char_p, c_char_p, c_int)
        library.cupsWriteRequestData.argtypes = (c_void_p, c_char_p, ctypes.c_size_t)
        library.cupsFinishDocument.argtypes = (c_void_p, c_char_p)
        library.cupsGetJobs2.argtypes = (c_void_p, POINTER(POINTER(Job)), c_char_p, c_int, c_int)
        library.cupsCancelJob2.argtypes = (c_void_p, c_char_p, c_int, c_int)
        library.ippNewRequest.restype = library.cupsDoRequest.restype = c_void_p
        library.ippAddString.argtypes = (c_void_p, c_int, c_int, c_char_p, c_char_p, c_char_p)
        library.ippAddString.restype = library.ippFindAttribute.restype = c_void_p
        library.cupsDoRequest.argtypes = (c_void_p, c_void_p, c_char_p)
        library.ippFindAttribute.argtypes = (c_void_p, c_char_p, c_int)
        library.ippGetCount.argtypes = (c_void_p,)
        library.ippGetString.argtypes = (c_void_p, c_int, c_void_p)
        library.ippGetString.restype = c_char_p
        library.cupsUser.restype = c_char_p
        library.cupsGetNamedDest.argtypes = (c_void_p, c_char_p, c_char_p)
        library.cupsGetNamedDest.restype = POINTER(_Destination)
        self._library = library

    def attributes(self, printer: str) -> dict[str, str]:
        """Return what the print service says of this queue, such as ``printer-is-accepting-jobs``."""
        found = self._library.cupsGetNamedDest(_DEFAULT, printer.encode(), None)
        if not found:
            raise self._refusal()
        destination = found.contents
        options = (destination.options[number] for number in range(destination.num_options))
        return {one.name.decode(errors="replace"): one.value.decode(errors="replace") for one in options}

    def create(self, printer: str, title: str) -> int:
        """Return the id of a new job, to which `send` belongs; nothing can be printed of one without."""
        job: int = self._library.cupsCreateJob(_DEFAULT, printer.encode(), title.encode(), 0, None)
        if not job:
            raise self._refusal()
        return job

    def send(self, printer: str, job: int, pdf: bytes) -> None:
        """Give the job its one document."""
        library, queue = self._library, printer.encode()
        status = library.cupsStartDocument(_DEFAULT, queue, job, b"document", b"application/pdf", 1)
        for start in range(0, len(pdf), _MOST_LOAD):
            if status != _CONTINUE:
                break
            load = pdf[start : start + _MOST_LOAD]
            status = library.cupsWriteRequestData(_DEFAULT, load, len(load))
        finished = library.cupsFinishDocument(_DEFAULT, queue)
        if status != _CONTINUE or finished > _LAST_SUCCESS:
            raise self._refusal()

    def jobs(self) -> tuple[Job, ...]:
        """Return every job of this account that the print service knows, on whatever queue."""
        found = POINTER(Job)()
        count = self._library.cupsGetJobs2(_DEFAULT, ctypes.byref(found), None, 1, _WHICH_ALL)
        if count < 0:
            raise self._refusal()
        return tuple(found[number] for number in range(count))

    def cancel(self, job: Job, *, erase: bool) -> None:
        """Cancel it, or erase job and files; done already, by whomever, is as good."""
        status = self._library.cupsCancelJob2(_DEFAULT, None, job.id, int(erase))
        if status > _LAST_SUCCESS and status not in _DONE_ALREADY:
            raise self._refusal()

    def reasons(self, job: Job) -> set[str]:
        """Return its ``job-state-reasons`` (RFC 8011, 5.3.8)."""
        library, key = self._library, b"job-state-reasons"
        request = library.ippNewRequest(_GET_JOB_ATTRIBUTES)
        address = f"ipp://localhost/jobs/{job.id}".encode()
        for tag, name, value in (
            (_URI, b"job-uri", address),
            (_NAME, b"requesting-user-name", library.cupsUser()),
            (_KEYWORD, b"requested-attributes", key),
        ):
            library.ippAddString(request, _OPERATION, tag, name, None, value)
        response = library.cupsDoRequest(_DEFAULT, request, b"/")
        found = library.ippFindAttribute(response, key, _KEYWORD)
        if not found:
            raise self._refusal()
        return {
            library.ippGetString(found, number, None).decode() for number in range(library.ippGetCount(found))
        }

    def _refusal(self) -> MachineError:
        said: bytes = self._library.cupsLastErrorString() or b"no reason given"
        return MachineError(f"CUPS: {said.decode(errors='replace').rstrip('.')[:200]}.")
