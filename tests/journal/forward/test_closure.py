"""The kernel tells a peer that has read everything from one that has not."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import contextlib
import socket
from typing import TYPE_CHECKING

import pytest

from guard.journal.forward.closure import peer_has_read_all

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Our end and the peer's."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        ours = socket.create_connection(listening.getsockname())
        peer, _ = listening.accept()
    with ours, peer:
        yield ours, peer


def _wait_for_the_end(sock: socket.socket) -> None:
    with contextlib.suppress(ConnectionResetError):
        assert sock.recv(1) == b""


def test_a_peer_that_read_all_and_went_has_read_all(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, peer = ends
    ours.sendall(b"abc")
    assert peer.recv(3) == b"abc"
    peer.close()
    _wait_for_the_end(ours)
    assert peer_has_read_all(ours)


def test_a_peer_that_went_with_data_unread_has_not(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, peer = ends
    ours.sendall(b"abc")
    assert peer.recv(2) == b"ab"
    peer.close()
    _wait_for_the_end(ours)
    assert not peer_has_read_all(ours)


def test_a_peer_that_went_before_the_data_came_has_not(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, peer = ends
    peer.close()
    _wait_for_the_end(ours)
    ours.sendall(b"abc")
    assert not peer_has_read_all(ours)


def test_a_peer_whose_kernel_did_not_take_all_has_not(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, peer = ends
    ours.sendall(bytes(50_000))
    peer.shutdown(socket.SHUT_WR)
    _wait_for_the_end(ours)
    assert not peer_has_read_all(ours)


def test_a_peer_that_is_still_there_has_not(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, _ = ends
    assert not peer_has_read_all(ours)
