"""At least once, into a real rsyslogd, whatever happens to it, to us, and to its certificate."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import contextlib
import os
import signal
import socket
import ssl
import threading
from collections import Counter
from typing import TYPE_CHECKING

import psutil
import pytest

from guard.clock import SystemClock
from guard.errors import MachineError
from guard.journal.forward.address import Address, SyslogServer
from guard.journal.forward.messages import Health, Setup, Timing
from guard.journal.forward.port import TargetError
from guard.journal.forward.process import Forwarder, TargetStatus
from guard.journal.forward.tls import TlsSyslog
from tests.journal.forward.book import Book, record
from tests.support.certificates import Authority
from tests.support.ports import free_port
from tests.support.rsyslog import DRIVERS, Rsyslog
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

QUICK = Timing(first_pause=0.02, longest_pause=0.2, patience=5.0)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(params=DRIVERS)
def rsyslog(request: pytest.FixtureRequest, tmp_path: Path, authority: Authority) -> Iterator[Rsyslog]:
    with Rsyslog(tmp_path / "rsyslog", authority, authority.identity(), request.param) as server:
        yield server


class Pc:
    """A counter PC with a journal and a forwarder that tries again quickly."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.book = Book(folder / "journal")
        self._folder = folder
        self._authority = authority
        self._forwarder: Forwarder | None = None

    def forward(self, port: int) -> Forwarder:
        """Start a forwarder to this port."""
        setup = Setup(
            journal=self.book.folder,
            folder=self._folder / "forward",
            platform_log=None,
            syslog=SyslogServer(address=Address("localhost", port), ca=self._authority.file),
            timing=QUICK,
        )
        self._forwarder = Forwarder(setup, os.environ, self, SystemClock())
        self._forwarder.start()
        return self._forwarder

    def forwarding_behind(self, target: str) -> None:
        raise AssertionError(target)

    @property
    def status(self) -> TargetStatus:
        assert self._forwarder
        (status,) = self._forwarder.status()
        return status

    def until_confirmed(self, seq: int) -> TargetStatus:
        """Wait until the server has confirmed all records through this one."""
        until(lambda: (self.status.position or 0) >= seq, str(self.status))
        return self.status

    def until_trouble(self) -> str:
        """Wait for trouble; return its sentence."""
        until(lambda: self.status.health is Health.TROUBLE)
        return self.status.sentence or ""

    def close(self) -> None:
        if self._forwarder:
            self._forwarder.close()


@pytest.fixture
def pc(tmp_path: Path, authority: Authority) -> Iterator[Pc]:
    with contextlib.closing(Pc(tmp_path, authority)) as made:
        yield made


def sender(server: Rsyslog | int, authority: Authority, *, patience: float = 5.0) -> TlsSyslog:
    port = server if isinstance(server, int) else server.port
    return TlsSyslog(
        SyslogServer(address=Address("localhost", port), ca=authority.file), "counter-1", "0.1.0", patience
    )


def test_records_arrive_complete_in_order_and_readable(rsyslog: Rsyslog, pc: Pc) -> None:
    pc.book.write(900)
    pc.book.new_segment()
    last = pc.book.write(1600)
    pc.book.pack()
    forwarder = pc.forward(rsyslog.port)
    forwarder.durable(last)
    pc.until_confirmed(last)
    more = pc.book.write(3)
    forwarder.durable(more)
    status = pc.until_confirmed(more)

    assert (status.name, status.behind, status.health) == ("syslog", 0, Health.FINE)
    found = rsyslog.messages()
    assert [int(one.elements["guard@32473"]["seq"]) for one in found] == list(range(1, more + 1))
    one = found[1234]
    assert (one.facility, one.severity, one.app) == (13, 6, "madoguchi-guard")
    assert (one.host, one.process, one.kind) == (socket.gethostname(), "-", "state")
    assert one.at == "2026-11-25T09:00:35.235Z"
    assert one.elements["guard@32473"] == {
        "seq": "1235",
        "session": "s1",
        "boot_ms": "1235.5",
        "before": "READY",
        "after": "ACTIVE",
        "cause": "card_present",
        "counter": "1235",
    }
    assert one.elements["origin"]["software"] == "madoguchi-guard"
    assert one.text == "from READY to ACTIVE because of card_present"


def test_texts_of_a_page_arrive_as_they_were_and_break_no_line(
    rsyslog: Rsyslog, authority: Authority
) -> None:
    nasty = 'a"b\\c]d\n<110>1 - - - - - - 偽物\0\x85\u202e'
    sender(rsyslog, authority).send([record(1, "refused", what="page", host=nasty), record(2)])
    first, second = rsyslog.messages()
    assert first.elements["guard@32473"]["host"] == (
        'a"b\\c]d<U+000A><110>1 - - - - - - 偽物<U+0000><U+0085><U+202E>'
    )
    assert first.text.startswith("page was refused page at a")
    assert second.elements["guard@32473"]["seq"] == "2"


def test_a_confirmed_batch_is_in_the_servers_file(rsyslog: Rsyslog, authority: Authority) -> None:
    target = sender(rsyslog, authority)
    for seq in range(1, 30, 3):
        assert target.send([record(seq), record(seq + 1), record(seq + 2)]) == 3
        assert rsyslog.seqs()[-3:] == [seq, seq + 1, seq + 2]


@pytest.mark.parametrize("end", [Rsyslog.kill, Rsyslog.stop])
def test_a_server_that_goes_again_and_again_gets_every_record(
    rsyslog: Rsyslog, pc: Pc, end: Callable[[Rsyslog], None]
) -> None:
    last = pc.book.write(8_000)
    pc.forward(rsyslog.port).durable(last)
    for kept in (0, 50_000, 333_333):
        rsyslog.grow(kept)
        end(rsyslog)
        rsyslog.start()
    pc.until_confirmed(last)
    rsyslog.kill()
    counted = Counter(rsyslog.seqs())
    assert sorted(counted) == list(range(1, last + 1))
    assert sum(counted.values()) > last, "it never went in the midst of a batch: the test shows nothing"


def test_a_forwarder_that_is_killed_in_mid_stream_is_restarted_and_loses_nothing(
    rsyslog: Rsyslog, pc: Pc
) -> None:
    last = pc.book.write(6_000)
    pc.forward(rsyslog.port).durable(last)
    for seq in (1, 2001):
        pc.until_confirmed(seq)
        for child in psutil.Process().children():
            if "guard.journal.forward" in child.cmdline():
                child.send_signal(signal.SIGKILL)
        assert "ended (-9)" in pc.until_trouble()
    assert pc.until_confirmed(last).health is Health.FINE
    assert sorted(set(rsyslog.seqs())) == list(range(1, last + 1))


def test_what_was_durable_before_the_guard_stops_is_still_sent(rsyslog: Rsyslog, pc: Pc) -> None:
    forwarder = pc.forward(rsyslog.port)
    forwarder.durable(pc.book.write(1))
    pc.until_confirmed(1)
    forwarder.durable(pc.book.write(19))
    forwarder.close()
    assert rsyslog.seqs() == list(range(1, 21))


@pytest.mark.parametrize("driver", DRIVERS)
def test_records_wait_while_the_servers_disk_is_full(
    tmp_path: Path, authority: Authority, pc: Pc, driver: str
) -> None:
    with Rsyslog(tmp_path / "rsyslog", authority, authority.identity(), driver, disk=2 << 20) as server:
        server.fill()
        with pytest.raises(TargetError, match="did not take records within"):
            sender(server, authority, patience=0.5).send([record(seq) for seq in range(1, 1001)])
        server.free()
        last = pc.book.write(1500)
        pc.forward(server.port).durable(last)
        pc.until_confirmed(last)
        assert set(server.seqs()) == set(range(1, last + 1))


def test_a_client_certificate_opens_a_server_that_asks_for_one(tmp_path: Path, authority: Authority) -> None:
    ours = authority.identity("counter-1")
    with Rsyslog(tmp_path / "rsyslog", authority, authority.identity(), clients=True) as server:
        with pytest.raises(TargetError, match="syslog server"):
            sender(server, authority).send([record(1)])
        address = Address("localhost", server.port)
        known = SyslogServer(address=address, ca=authority.file, certificate=ours.certificate, key=ours.key)
        assert TlsSyslog(known, "counter-1", "0.1.0", 5.0).send([record(1)]) == 1
        assert server.seqs() == [1]


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("stranger", "unable to get local issuer certificate"),
        ("other name", "Hostname mismatch"),
        ("expired", "certificate has expired"),
    ],
)
def test_a_server_with_a_wrong_certificate_gets_nothing(
    tmp_path: Path, authority: Authority, pc: Pc, who: str, why: str
) -> None:
    identity = {
        "stranger": lambda: Authority(tmp_path, "stranger").identity(),
        "other name": lambda: authority.identity("logs.example.jp"),
        "expired": lambda: authority.identity(expired=True),
    }[who]()
    with Rsyslog(tmp_path / "rsyslog", authority, identity) as server:
        pc.forward(server.port).durable(pc.book.write(5))
        sentence = pc.until_trouble()
        assert why in sentence
        assert "nothing was sent to it" in sentence
        assert server.messages() == []


def test_a_mended_certificate_gets_what_waited(tmp_path: Path, authority: Authority, pc: Pc) -> None:
    with Rsyslog(tmp_path / "wrong", authority, authority.identity(expired=True)) as wrong:
        port = wrong.port
        pc.forward(port).durable(pc.book.write(5))
        pc.until_trouble()
        assert pc.status.behind == 5
    with Rsyslog(tmp_path / "right", authority, authority.identity(), port=port) as right:
        assert pc.until_confirmed(5).sentence is None
        assert right.seqs() == [1, 2, 3, 4, 5]


class Listener:
    """A server that is none: accepts one connection and does with it what it was told."""

    def __init__(self, do: Callable[[socket.socket], object]) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.port: int = self._listening.getsockname()[1]
        self._do = do
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        with connection, contextlib.suppress(ConnectionError):
            self._do(connection)

    def close(self) -> None:
        self._thread.join(10)
        assert not self._thread.is_alive()
        self._listening.close()


@pytest.mark.parametrize("polite", [True, False])
def test_a_goodbye_of_a_server_that_has_not_read_is_no_confirmation(
    authority: Authority,
    polite: bool,  # noqa: FBT001 -- a parameter
) -> None:
    confirmed = threading.Event()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    identity = authority.identity()
    context.load_cert_chain(identity.certificate, identity.key)

    def leave(connection: socket.socket) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                connection.sendall(outgoing.read())
                incoming.write(connection.recv(4096))
        if polite:
            with contextlib.suppress(ssl.SSLWantReadError):
                tls.unwrap()
        connection.sendall(outgoing.read())
        connection.shutdown(socket.SHUT_WR)
        confirmed.wait(10)

    listener = Listener(leave)
    with pytest.raises(TargetError, match="before it had read all"):
        sender(listener.port, authority).send([record(seq) for seq in range(1, 200)])
    confirmed.set()
    listener.close()


def test_a_server_without_tls_gets_no_record(authority: Authority) -> None:
    heard = bytearray()

    def greet(connection: socket.socket) -> None:
        connection.sendall(b"220 not what you think\r\n")
        while data := connection.recv(4096):
            heard.extend(data)

    listener = Listener(greet)
    with pytest.raises(TargetError, match="does not keep up TLS"):
        sender(listener.port, authority).send([record(1)])
    listener.close()
    assert b"guard@32473" not in heard


def test_a_server_that_never_answers_is_given_up(authority: Authority) -> None:
    gone = threading.Event()
    listener = Listener(lambda _: gone.wait(10))
    with pytest.raises(TargetError, match=r"did not take records within 0\.2 s"):
        sender(listener.port, authority, patience=0.2).send([record(1)])
    gone.set()
    listener.close()


def test_nobody_there_is_said(authority: Authority) -> None:
    with pytest.raises(TargetError, match="Connection refused"):
        sender(free_port(), authority).send([record(1)])


def test_files_that_are_no_certificates_are_named_and_nothing_is_sent(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("none")
    for ca in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        target = TlsSyslog(SyslogServer(address=Address("localhost"), ca=ca), "counter-1", "0.1.0", 5.0)
        with pytest.raises(MachineError, match=r"\[journal\] syslog_ca"):
            target.send([record(1)])
