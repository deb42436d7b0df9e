"""The practice portal's process: HTTP on a loopback socket that the parent bound, the diary over a channel.

``python -m guard.practice.server CHANNEL_FD LISTEN_FD``. It ends when its parent ends: the channel's end of
file is the only signal it needs.
"""

from __future__ import annotations

import http.cookies
import os
import sys
import threading
import urllib.parse
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from guard.channel import Channel, ChannelClosedError
from guard.clock import SystemClock
from guard.ground import taken_over
from guard.practice.diary import Entry, to_message
from guard.practice.people import Town
from guard.practice.site import PortalSite, Request, Response
from guard.practice.templates import Templates

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

COOKIE = "kurashi_session"
_LONGEST_FORM = 16 * 1024
"""Bytes; the portal's own longest form has about 400."""
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def _first_values(text: str) -> Mapping[str, str]:
    return dict(reversed(urllib.parse.parse_qsl(text, keep_blank_values=True)))


class Handler(BaseHTTPRequestHandler):
    """One browser connection."""

    protocol_version = "HTTP/1.1"
    server_version = "practice"
    sys_version = ""
    timeout = 30  # browsers open connections ahead and may never use them

    def __init__(
        self,
        request: socket.socket,
        client_address: tuple[str, int],
        server: ThreadingHTTPServer,
        *,
        authority: str,
        answer: Callable[[Request], Response],
    ) -> None:
        self._authority = authority
        self._answer = answer
        super().__init__(request, client_address, server)

    def do_GET(self) -> None:
        """Answer a GET."""
        self._handle({})

    def do_POST(self) -> None:
        """Answer a POST with a short form."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _LONGEST_FORM:
            self.close_connection = True
            self._send(Response(status=HTTPStatus.BAD_REQUEST))
            return
        self._handle(_first_values(self.rfile.read(int(length)).decode(errors="replace")))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is http.server's
        """Log nothing: an address may carry what somebody typed."""

    def _handle(self, form: Mapping[str, str]) -> None:
        if self.headers.get("Host") != self._authority:
            # A name that someone points at the loopback address must not reach the portal.
            self._send(Response(status=HTTPStatus.MISDIRECTED_REQUEST))
            return
        address = urllib.parse.urlsplit(self.path)
        request = Request(
            method=self.command,
            path=address.path,
            query=_first_values(address.query),
            form=form,
            token=self._cookie(),
            from_script="X-Practice" in self.headers,
        )
        self._send(self._answer(request))

    def _cookie(self) -> str | None:
        try:
            morsel = http.cookies.SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE)
        except http.cookies.CookieError:
            return None
        return morsel.value if morsel is not None else None

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        if response.cookie is not None:
            end = "" if response.cookie else "; Max-Age=0"
            # No "Secure": the practice portal is plain HTTP on loopback.
            cookie = f"{COOKIE}={response.cookie}; Path=/; HttpOnly; SameSite=Strict{end}"
            self.send_header("Set-Cookie", cookie)
        if response.location is not None:
            self.send_header("Location", response.location)
        if response.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Type", response.content_type)
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)


class QuietServer(ThreadingHTTPServer):
    """Serves a socket that is listening already; a browser that is killed while it reads is no error."""

    daemon_threads = True

    def __init__(self, listening: socket.socket, answer: Callable[[Request], Response]) -> None:
        host, port = listening.getsockname()[:2]
        handler = partial(Handler, authority=f"{host}:{port}", answer=answer)
        super().__init__((host, port), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Let a broken connection go; anything else is a defect and said."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


def main(channel_fd: int, listen_fd: int) -> None:
    """Serve until the parent closes the channel."""
    channel = Channel.inherited(channel_fd)
    one_at_a_time = threading.Lock()

    def tell(entry: Entry) -> None:
        try:
            channel.send(to_message(entry))
        except ChannelClosedError:
            os._exit(0)

    site = PortalSite(Town.shipped(), Templates(), SystemClock(), tell)

    def answer(request: Request) -> Response:
        with one_at_a_time:
            return site.answer(request)

    server = QuietServer(taken_over(listen_fd), answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for _ in channel.messages():
        pass
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
