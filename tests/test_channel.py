"""The channel: what a child that is no longer trusted may send."""

from __future__ import annotations

import pytest

from guard.channel import MAX_LINE, Channel


@pytest.mark.parametrize(
    "line",
    [
        b"no json\n",
        b"[]\n",
        b"[" * (MAX_LINE - 1) + b"\n",
        b"x" * (2 * MAX_LINE),
    ],
    ids=["no json", "no object", "brackets without end", "too long"],
)
def test_a_peer_that_breaks_the_protocol_ends_the_messages_and_no_thread(line: bytes) -> None:
    ours, theirs = Channel.pair()
    with theirs:
        theirs.settimeout(0)
        theirs.send(b'{"is":"well"}\n' + line)
        assert list(ours.messages()) == [{"is": "well"}]
    ours.close()
