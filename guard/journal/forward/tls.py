"""The syslog server: RFC 5424 messages over TLS (RFC 5425).

Syslog has no acknowledgement, so nothing that was merely written counts. What counts is the closure: a batch
is sent, then our close_notify, and the server has to close as well (RFC 5425, section 4.4). It must have read
all of ours by then, which `guard.journal.forward.closure` tells: a close_notify alone does not, for a server
that is being stopped may send one without having read anything. Measured with Debian 12's rsyslog 8.2302:
driver ``ossl`` (rsyslog-openssl) answers with close_notify, ``gtls`` (rsyslog-gnutls) only closes TCP.

So the server's program has read the records. That it has *written* them is its own affair: rsyslog must work
them off before it reads on (``queue.type="Direct"``, for its usual queue in memory is lost with it) and must
try again what it could not write (``omprog`` with confirmMessages; its ``omfile`` drops records on a full
disk, which nobody can see from here). See docs/security.md.

The closure is the word of the two kernels, and someone on the network could forge it: records can be
kept from the server that way, but not read, changed or made.
"""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

from guard.errors import MachineError
from guard.journal.forward.closure import peer_has_read_all
from guard.journal.forward.port import Pace, TargetError
from guard.journal.forward.syslog import framed, message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.journal.forward.address import SyslogServer
    from guard.journal.record import Record


class TlsSyslog:
    """A `guard.journal.forward.port.Target`: one connection a batch, confirmed by its closure.

    The server's certificate must be signed by whom we trust, name the host and be valid now; before that,
    nothing is sent. TLS 1.2 at least. Files are read anew for each connection, so they can be replaced.
    ``host`` is this PC's name, ``patience`` the time (s) for each step of a connection.
    """

    name = "syslog"
    pace = Pace(records=1000)
    wants_history = True

    def __init__(self, server: SyslogServer, host: str, version: str, patience: float) -> None:
        self.place = f"syslog-{server.address}"
        self._server = server
        self._host = host
        self._version = version
        self._patience = patience

    def send(self, records: Sequence[Record]) -> int:
        """See `guard.journal.forward.port.Target.send`; all records or none count."""
        data = b"".join(framed(message(record, self._host, self._version)) for record in records)
        address = self._server.address
        context = self._context()
        try:
            with socket.create_connection((address.host, address.port), self._patience) as plain:
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with context.wrap_socket(plain, server_hostname=address.host) as sock:
                    sock.sendall(data)
                    self._close(sock)
        except ssl.SSLCertVerificationError as error:
            raise TargetError(
                f"the syslog server {address} shows a certificate that is not accepted"
                f" ({error.verify_message}), so nothing was sent to it"
            ) from error
        except ssl.SSLError as error:
            raise TargetError(
                f"the syslog server {address} does not keep up TLS ({error.reason or error})"
            ) from error
        except TimeoutError as error:
            raise TargetError(
                f"the syslog server {address} did not take records within {self._patience:g} s"
            ) from error
        except OSError as error:
            raise TargetError(
                f"the connection to the syslog server {address} failed ({error.strerror or error})"
            ) from error
        return len(records)

    def _close(self, sock: ssl.SSLSocket) -> None:
        sock.unwrap().recv(1)  # returns when the server has closed the connection, too
        if not peer_has_read_all(sock):
            raise TargetError(
                f"the syslog server {self._server.address} went away before it had read all records"
            )

    def _context(self) -> ssl.SSLContext:
        server = self._server
        try:
            context = ssl.create_default_context(cafile=server.ca)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            # a server that closes without a close_notify: `_close` asks the kernel
            context.options |= ssl.OP_IGNORE_UNEXPECTED_EOF
            if server.certificate:
                # an empty password, so that OpenSSL does not ask for one on a terminal
                context.load_cert_chain(server.certificate, server.key, password="")
        except (OSError, ValueError) as error:  # SSLError is an OSError
            raise MachineError(
                "the certificates for the syslog server cannot be used"
                f" ({error.strerror if isinstance(error, OSError) else error}): [journal] syslog_ca,"
                " syslog_certificate and syslog_key must name PEM files that the guard's account can read,"
                " the key without a password"
            ) from error
        return context
