"""A municipality's HTTP proxy on loopback: it knows names of its own, and remembers what it was asked for."""

from __future__ import annotations

import http.client
import select
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOP = frozenset({"connection", "keep-alive", "proxy-authorization", "proxy-connection", "transfer-encoding"})
"""Headers that are between us and one neighbour."""


@dataclass(slots=True)
class Proxy:
    """What it does, and what it has seen."""

    port: int = 0
    routes: dict[str, str] = field(default_factory=dict)
    """``name:port`` -> ``address:port``: every server that it reaches."""
    script: str | None = None
    """Its own proxy script, under ``/proxy.pac``."""
    wants_password: bool = False
    asked: list[str] = field(default_factory=list)
    """``name:port`` of every server that it was asked for, reached or not."""
    script_read: int = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"


@contextmanager
def proxy() -> Iterator[Proxy]:
    """Serve while the block runs."""
    one = Proxy()
    server = _Server(one)
    one.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield one
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, proxy: Proxy) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy = proxy


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_CONNECT(self) -> None:
        self.close_connection = True
        there = self._route(self.path)
        if there:
            with socket.create_connection(there) as server:
                self.send_response_only(200)
                self.end_headers()
                _join(self.connection, server)

    def do_GET(self) -> None:
        if self.path.startswith("/"):
            self._own_script()
            return
        parts = urlsplit(self.path)
        there = self._route(f"{parts.hostname}:{parts.port or 80}")
        if not there:
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        client = http.client.HTTPConnection(*there)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        client.request(self.command, parts._replace(scheme="", netloc="").geturl(), body, headers)
        answer = client.getresponse()
        data = answer.read()
        client.close()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_GET  # noqa: N815 -- the name of the base

    def _route(self, target: str) -> tuple[str, int] | None:
        """Return where this is; or answer that we do not take part, and return None."""
        proxy = self.server.proxy
        proxy.asked.append(target)
        if proxy.wants_password:
            self._answer(407, b"", "Proxy-Authenticate", 'Basic realm="x"')
            return None
        if target not in proxy.routes:
            self._answer(502, b"", "X-Proxy", "no such server")
            return None
        host, _, port = proxy.routes[target].partition(":")
        return host, int(port)

    def _own_script(self) -> None:
        script = self.server.proxy.script
        if script is None or self.path != "/proxy.pac":
            self._answer(404, b"", "X-Proxy", "no such page")
            return
        self.server.proxy.script_read += 1
        self._answer(200, script.encode(), "Content-Type", "application/x-ns-proxy-autoconfig")

    def _answer(self, code: int, data: bytes, name: str, value: str) -> None:
        self.send_response_only(code)
        self.send_header("Content-Length", str(len(data)))
        self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name of the base
        pass

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:  # a killed browser hangs up
            self.close_connection = True


def _join(one: socket.socket, other: socket.socket) -> None:
    """Copy both ways until one side has nothing more to say."""
    while True:
        for ready in select.select([one, other], [], [])[0]:
            data = ready.recv(65536)
            if not data:
                return
            (other if ready is one else one).sendall(data)
