"""The portal of the soak: every page of its own colour, so that it shows on the screen whose page it is."""

from __future__ import annotations

import json
import socket
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE: Final = Path(__file__).parent
_HOARDER: Final = _HERE.parent / "chain" / "hoarder"
_SCRIPTS: Final = {
    "/page.js": (_HOARDER / "page.js").read_text(encoding="utf-8"),
    "/worker.js": (_HOARDER / "worker.js").read_text(encoding="utf-8"),
    "/visit.js": (_HERE / "visit.js").read_text(encoding="utf-8"),
}
_LOGGED_OUT: Final = '<!doctype html><html lang="ja"><title>logout</title><p id="logged-out">logged out</p>'
_HTML: Final = "text/html; charset=utf-8"
_LOUD: Final = 0xC0
"""The red of every page, and of nothing the guard shows."""
_STRIDE: Final = 9973
"""Prime: citizens who follow each other get colours far apart."""


def colour(number: int) -> int:
    """Return the ground of this page."""
    return _LOUD << 16 | number * _STRIDE % 0x10000


@dataclass(frozen=True, slots=True)
class Told:
    """What a page said of itself."""

    path: str
    cookie: str | None
    body: object


@dataclass(slots=True)
class SoakSite:
    """What is served, and what was told."""

    port: int
    head: str = ""
    """What every page begins with; a test puts in what is to be noticed."""
    served: int = 0
    marked: list[str] = field(default_factory=list)
    """Cookies that a start page was asked for with."""
    refuses: bool = False
    calm: threading.Event = field(default_factory=threading.Event)
    """While it is not set, the logout is not answered."""
    broke: BaseException | None = None
    told: list[Told] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, path: str) -> Told | None:
        """Return what was told there and not taken yet."""
        with self.lock:
            found = next((one for one in self.told if one.path == path), None)
            if found:
                self.told.remove(found)
            return found

    def profile(self, folder: Path) -> Path:
        """Write the site profile and return its path."""
        host = f"127.0.0.1:{self.port}"
        path = folder / "site.toml"
        path.write_text(
            f'name = "soak"\nstart = "http://{host}/"\nallow = ["{host}"]\n\n'
            f'[logout]\nurl = "http://{host}/logout"\ndone = "#logged-out"\n\n[permit]\ndownloads = true\n',
            encoding="utf-8",
        )
        return path

    def lies_at(self, path: str, cookie: str | None) -> str | None:
        """Return what is served there to who has this cookie."""
        if path == "/":
            return self._page(cookie)
        if path == "/logout":
            self.calm.wait()
            return _LOGGED_OUT
        return _SCRIPTS.get(path)

    def _page(self, cookie: str | None) -> str:
        with self.lock:
            self.served += 1
            number = self.served
            self.marked += [cookie] if cookie else []
        return (
            f'<!doctype html><html lang="ja"><title>start</title>{self.head}<body data-number="{number}"'
            f' style="margin:0;background:#{colour(number):06x};height:100vh">'
            '<form><input id="field"></form><script src="/page.js"></script><script src="/visit.js"></script>'
        )


@contextmanager
def soak_site() -> Iterator[SoakSite]:
    """Serve it on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
            cookie = self.headers.get("Cookie")
            if site.refuses:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            if self.command == "POST":
                with site.lock:
                    site.told.append(Told(self.path, cookie, json.loads(body or "null")))
                self._answer("", "text/plain")
            elif text := site.lies_at(self.path, cookie):
                self._answer(text, "text/javascript" if self.path.endswith(".js") else _HTML)
            else:
                self.send_error(404)

        def _answer(self, text: str, kind: str) -> None:
            data = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _serve  # noqa: N815 -- the names http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name of the base
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, _request: object, _client_address: object) -> None:
            """Keep quiet about a browser that was killed in the middle of a request."""
            error = sys.exc_info()[1]
            if not isinstance(error, OSError):
                site.broke = error

    server = Server(("127.0.0.1", 0), Handler)
    site = SoakSite(port=server.server_address[1])
    site.calm.set()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.calm.set()
        server.shutdown()
        server.server_close()
        thread.join()
