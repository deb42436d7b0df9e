"""A portal that tells its visits apart, by number, cookie and ground, and keeps each of them waiting."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import threading
from contextlib import suppress
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

from tests.support.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from tests.support.counter import Counter

GROUND, LATE = 0xC00000, 0xD00000
"""A visit's ground is the first with its number added; once its late answer has come, the second."""
_MIDDLE = (640, 500)
"""A place of the portal on a screen of 1280x800."""
_LONGEST = 60.0
"""s for which an answer is held back at most."""

_PAGE = """<!doctype html><html lang="ja"><title>visit</title>
<body style="margin:0;background:#{ground:06x};height:100vh"><script>
fetch('/late').then((answer) => answer.text()).then((ground) => {{
  document.body.style.background = ground;
  fetch('/landed');
}});
</script></body></html>"""
_LOGGED_OUT = '<!doctype html><html lang="ja"><title>logout</title><p id="logged-out">logged out</p></html>'


class VisitedPortal:
    """Serves on loopback while its block runs; every page waits for an answer that a test lets go."""

    def __init__(self) -> None:
        self.logout_takes = 0.0
        """s until a logout is answered."""
        self.landed = list[int]()
        """The visits whose page got its late answer."""
        self.sent = set[int]()
        """The visits whose late answer was sent, whether or not anybody was there to get it."""
        self.again = list[int]()
        """The visits whose cookie somebody brought along who begins anew."""
        self._visits = 0
        self._free = set[int]()
        self._changed = threading.Condition()
        self._port = free_port()
        self.open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Serve, at the same address as before."""
        portal = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with suppress(OSError):  # whoever asked is gone
                    portal._answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name of the base
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Be out of reach."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def profile(self, folder: Path, deadline_ms: int = 1500) -> Path:
        """Write the site profile and return its path."""
        host = f"127.0.0.1:{self._port}"
        path = folder / "visits.toml"
        path.write_text(
            f'name = "visits"\nstart = "http://{host}/"\nallow = ["{host}"]\n\n[logout]\n'
            f'url = "http://{host}/logout"\ndone = "#logged-out"\ndeadline_ms = {deadline_ms}\n',
            encoding="utf-8",
        )
        return path

    def let_go(self, visit: int) -> None:
        """Let this visit have the answer that it has been waiting for."""
        with self._changed:
            self._free.add(visit)
            self._changed.notify_all()

    def in_sight(self, one: Counter) -> int | None:
        """Return the visit whose page is in the middle of the screen, if there is one."""
        red, green, blue = one.picture().convert("RGB").getpixel(_MIDDLE)  # type: ignore[misc]
        number = int(green) << 8 | int(blue)
        return number if int(red) in {GROUND >> 16, LATE >> 16} and 0 < number <= self._visits else None

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        cookie = SimpleCookie(request.headers.get("Cookie") or "").get("visit")
        visit = int(cookie.value) if cookie else 0
        match request.path:
            case "/":
                with self._changed:
                    self.again += [visit] if visit else []
                    self._visits += 1
                    visit = self._visits
                _send(request, _PAGE.format(ground=GROUND + visit), visit)
            case "/late":
                with self._changed:
                    self._changed.wait_for(lambda: visit in self._free, _LONGEST)
                try:
                    _send(request, f"#{LATE + visit:06x}")
                finally:
                    self.sent.add(visit)
            case "/landed":
                self.landed.append(visit)
                _send(request, "")
            case "/logout":
                threading.Event().wait(self.logout_takes)
                _send(request, _LOGGED_OUT)
            case _:
                request.send_error(404)


def _send(request: BaseHTTPRequestHandler, body: str, visit: int = 0) -> None:
    data = body.encode()
    request.send_response(200)
    request.send_header("Content-Type", "text/html; charset=utf-8")
    request.send_header("Content-Length", str(len(data)))
    if visit:
        request.send_header("Set-Cookie", f"visit={visit}; HttpOnly")
    request.end_headers()
    request.wfile.write(data)
