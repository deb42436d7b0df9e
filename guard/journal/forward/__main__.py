"""``python -P -m guard.journal.forward DESCRIPTOR``: the forwarder's process.

The descriptor is its end of a `guard.channel.Channel`. When the channel ends, it gives the targets a moment
for the last records and ends, too.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from guard.channel import Channel, ChannelClosedError
from guard.ground import forbid_core_dumps, restrict_libraries
from guard.journal.forward.courier import Courier
from guard.journal.forward.cursor import Cursor
from guard.journal.forward.messages import read_poke, read_setup, write_report
from guard.journal.forward.spool import Spool
from guard.journal.forward.targets import targets

if TYPE_CHECKING:
    from guard.journal.forward.messages import Report

LAST_SECONDS: Final = 2.0
"""s for the records that were durable when the core closed the channel."""


def forward(channel: Channel) -> None:
    """Forward until the channel ends; raises BrokenPromiseError when it says what it must not."""
    messages = channel.messages()
    first = next(messages, None)
    if first is None:
        return
    setup = read_setup(first)

    def report(made: Report) -> None:
        with contextlib.suppress(ChannelClosedError):  # the core is going, and so are we
            channel.send(write_report(made))

    couriers = [
        Courier(target, Spool(setup.journal), Cursor(setup.folder, target.place), report, setup.timing)
        for target in targets(setup)
    ]
    for courier in couriers:
        threading.Thread(target=courier.run, name="courier", daemon=True).start()
    for message in messages:
        through = read_poke(message)
        for courier in couriers:
            courier.durable(through)
    end = time.monotonic() + LAST_SECONDS
    for courier in couriers:
        courier.settle(end - time.monotonic())


def main() -> int:
    """Forward on the channel that our parent left us."""
    restrict_libraries()
    forbid_core_dumps()
    with contextlib.closing(Channel.inherited(int(sys.argv[1]))) as channel:
        forward(channel)
    return 0


if __name__ == "__main__":
    sys.exit(main())
