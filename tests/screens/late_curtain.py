"""A curtain that tells of what was pressed on the first scene only when the third one is shown."""

from __future__ import annotations

import sys

from guard.channel import Channel
from guard.screens.messages import EndPressed, Painted, Show, StaffPressed, Up, read_order, write_report

if __name__ == "__main__":
    channel = Channel.inherited(int(sys.argv[1]))
    for message in channel.messages():
        order = read_order(message)
        if isinstance(order, Show) and order.seq == 3:
            for report in (Up(curtain=1, strip=2), Painted(seq=3), EndPressed(seq=1), StaffPressed(seq=1)):
                channel.send(write_report(report))
