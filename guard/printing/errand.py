"""``python -P -m guard.printing.errand``: one errand to CUPS, in a process that can be killed if CUPS hangs.

A line of JSON comes in, for ``print`` followed by the PDF; one line goes out, and it ends. Only exit 0 with
exactly one line counts as an answer, and ``{"failed": sentence}`` says that it could not be done. A PDF comes
by stdin and by nothing else: no file of it is ours.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Final

from guard.errors import GuardError
from guard.ground import forbid_core_dumps
from guard.printing.libcups import Cups, JobState
from guard.wire import read_object, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

    from guard.printing.libcups import Job

_LINE_MOST: Final = 4096
_GLANCE: Final = 0.05
"""s between two looks at jobs that are ending; whoever sent us gives up in the end."""
_STILL_STOPPING: Final = "processing-to-stop-point"
"""The job is cancelled, but filters or the printer's backend are at work yet."""
_PRINTER_STOPPED: Final = "5"
"""IPP's ``printer-state`` (RFC 8011, 5.4.11)."""

Reply = dict[str, object]


def _print(request: Mapping[str, object], more: BinaryIO) -> Reply:
    """Print what follows; where it is refused, nothing was begun, which a failure leaves open."""
    cups, printer = Cups(), read_text(request["printer"])
    try:
        job = cups.create(printer, read_text(request["title"]))
    except GuardError as error:
        return {"refused": error.sentence}
    cups.send(printer, job, more.read())
    return {"job": job}


def _cancel(request: Mapping[str, object], _more: BinaryIO) -> Reply:
    """End and erase all jobs whose titles begin so; return when CUPS knows none of them."""
    cups, title = Cups(), read_text(request["title"])
    found = _titled(cups, title)
    for job in found:
        if job.state < JobState.CANCELED:
            cups.cancel(job, erase=False)
    # The backend gets a moment to stop the printer itself; erased at once, the job would be out of our sight.
    while any(_is_stopping(cups, job) for job in _titled(cups, title)):
        time.sleep(_GLANCE)
    while left := _titled(cups, title):
        for job in left:
            cups.cancel(job, erase=True)
        time.sleep(_GLANCE)
    finished = sum(job.state == JobState.COMPLETED for job in found)
    return {"finished": finished, "cancelled": len(found) - finished}


def _look(request: Mapping[str, object], _more: BinaryIO) -> Reply:
    """Tell how the queue is; one that is not there is a failure."""
    attributes = Cups().attributes(read_text(request["printer"]))
    return {
        "accepts": attributes.get("printer-is-accepting-jobs") == "true",
        "stopped": attributes.get("printer-state") == _PRINTER_STOPPED,
    }


_ERRANDS: Final = {"print": _print, "cancel": _cancel, "look": _look}


def _titled(cups: Cups, title: str) -> list[Job]:
    return [job for job in cups.jobs() if (job.title or b"").startswith(title.encode())]


def _is_stopping(cups: Cups, job: Job) -> bool:
    """Tell whether somebody still works on a cancelled job.

    The reason alone does not say so: CUPS leaves it on jobs that were never begun, and on completed ones.
    """
    begun = job.state == JobState.CANCELED and job.processing_time > 0
    return begun and _STILL_STOPPING in cups.reasons(job)


def main() -> int:
    """Do what the line asks for; whatever goes wrong is a failure, or no answer."""
    forbid_core_dumps()
    more = sys.stdin.buffer
    request = read_object(json.loads(more.readline(_LINE_MOST)))
    do = read_text(request["do"])
    try:
        reply = _ERRANDS[do](request, more)
    except GuardError as error:
        reply = {"failed": error.sentence}
    sys.stdout.write(json.dumps(reply) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
