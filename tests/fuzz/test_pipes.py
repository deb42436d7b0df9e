"""The pipes to capsule and curtain, in both directions, whatever comes: a message, or a broken promise."""

from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.browser import messages as capsule
from guard.browser.messages import MOST_PAPER, PAPER_PART, Paper
from guard.browser.papers import Sheaf, is_pdf
from guard.browser.site import Permit
from guard.channel import MAX_LINE, Channel
from guard.errors import BrokenPromiseError
from guard.screens import messages as curtain
from guard.session.events import SessionId
from tests.support.fuzz import FUZZED, anything, bent, bent_object, corpus, or_refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SESSION: Final = SessionId("a" * 32)
_READERS: Final[Mapping[str, Callable[[Mapping[str, object]], object]]] = {
    "orders to a capsule": capsule.read_order,
    "reports of a capsule": lambda message: capsule.read_report(message, _SESSION),
    "orders to the curtain": curtain.read_order,
    "reports of the curtain": curtain.read_report,
}
_LINES: Final = [json.loads(line) for name in ("capsule", "curtain") for line in corpus(name)]
_each_reader = pytest.mark.parametrize("read", _READERS.values(), ids=_READERS.keys())


def _is_read_or_refused(
    read: Callable[[Mapping[str, object]], object], message: Mapping[str, object]
) -> None:
    with or_refused(BrokenPromiseError):
        read(message)


@_each_reader
@FUZZED
@given(message=st.sampled_from(_LINES).flatmap(bent_object))
def test_any_message_is_read_or_breaks_a_promise(
    read: Callable[[Mapping[str, object]], object], message: dict[str, object]
) -> None:
    _is_read_or_refused(read, message)


def _through(stream: bytes) -> list[dict[str, object]]:
    """Return what the other end of a channel reads of these bytes."""
    channel, theirs = Channel.pair()

    def write() -> None:
        with theirs, socket.socket(fileno=theirs.detach()) as peer:
            try:
                peer.sendall(stream)
            except OSError:
                return  # the reader has closed: what broke the protocol is not read on

    writer = threading.Thread(target=write)
    writer.start()
    found = list(channel.messages())
    channel.close()
    writer.join()
    return found


@FUZZED
@given(stream=st.lists(bent("capsule") | bent("curtain"), max_size=3))
def test_any_bytes_in_a_pipe_end_in_messages_or_in_its_end(stream: list[bytes]) -> None:
    for message in _through(b"\n".join(stream)):
        for read in _READERS.values():
            _is_read_or_refused(read, message)


def test_a_line_without_an_end_is_not_kept_in_memory() -> None:
    """Of a peer that never ends its line, two lines' worth is read and no more."""
    channel, theirs = Channel.pair()
    theirs.settimeout(5)

    def read() -> None:
        assert not list(channel.messages())
        channel.close()

    reader = threading.Thread(target=read)
    reader.start()
    with theirs, pytest.raises(ConnectionError):  # noqa: PT012 -- whichever of them is not taken
        for _ in range(64):  # Windows takes a text of any length at once
            theirs.sendall(bytes(MAX_LINE))
    reader.join()


_PAPERS: Final = st.builds(
    Paper,
    session=st.just(_SESSION),
    number=st.integers(-1, 3),
    part=st.sampled_from(["JVBERi0=", "JVBERi0xLjcK", "", "====", "é", "A" * 5, "A" * (2 * PAPER_PART)])
    | st.text(max_size=12),
    last=st.booleans(),
)


@FUZZED
@given(papers=st.lists(_PAPERS, max_size=6), printing=st.booleans())
def test_any_paper_is_a_pdf_or_breaks_a_promise(papers: list[Paper], printing: bool) -> None:  # noqa: FBT001
    sheaf = Sheaf(Permit(printing=printing))
    with or_refused(BrokenPromiseError):
        for paper in papers:
            whole = sheaf.add(paper)
            assert printing
            assert whole is None or is_pdf(whole)


def test_paper_without_an_end_is_not_kept_in_memory() -> None:
    sheaf = Sheaf(Permit(printing=True))
    size = PAPER_PART // 3 * 3
    part = "JVBERi0x" + "AAAA" * (size // 3 - 2)
    paper = Paper(session=_SESSION, number=1, part=part, last=False)
    for _ in range(MOST_PAPER // size):
        sheaf.add(paper)
    with pytest.raises(BrokenPromiseError):
        sheaf.add(paper)


@FUZZED
@given(head=bent("pdf"))
def test_only_what_begins_as_a_pdf_is_one(head: bytes) -> None:
    assert is_pdf(head) == (head[:5] == b"%PDF-")


@_each_reader
@FUZZED
@given(value=st.dictionaries(st.sampled_from(["do", "is", "session", "window", "key", "seq"]), anything))
def test_a_message_of_any_fields_is_read_or_breaks_a_promise(
    read: Callable[[Mapping[str, object]], object], value: dict[str, object]
) -> None:
    _is_read_or_refused(read, value)
