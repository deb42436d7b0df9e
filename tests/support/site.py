"""A small web site on loopback that remembers who asked for what."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PORTAL_COLOUR = 0xC0FFEE
"""The ground of every page here, and of nothing the guard shows."""

_LOGOUT_MS = 5000
START = """<!doctype html><html lang="ja"><title>start</title>
<body style="margin:0;background:#c0ffee;height:100vh"><input id="name" autofocus></body></html>"""
LOGOUT = """<!doctype html><html lang="ja"><title>logout</title>
<body style="margin:0;background:#c0ffee"><p id="logged-out">logged out</p></body></html>"""

HANGS_AT_B = """<script>addEventListener('keydown', (event) => {
  if (event.key !== 'b') return;
  const word = new XMLHttpRequest();
  word.open('POST', '/hung', false);
  word.send();
  for (;;) {}
})</script>"""
"""To be added to a page: it tells the site of the key b, and never does anything again."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request that reached the site."""

    path: str
    cookie: str | None
    body: str


@dataclass(slots=True)
class WebSite:
    """What is served, and what was asked."""

    url: str
    pages: dict[str, str]
    requests: list[Request] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, path: str, timeout: float = 20.0) -> Request:
        """Return the next request for this path that was not taken yet."""
        with self.arrived:
            request = self.arrived.wait_for(lambda: self._taken(path), timeout)
        assert request, f"nobody asked for {path}"
        return request

    def take(self, path: str) -> bool:
        """Tell whether there is a request for this path that was not taken, and take it."""
        with self.arrived:
            return self._taken(path) is not None

    def _taken(self, path: str) -> Request | None:
        found = next((one for one in self.requests if one.path == path), None)
        if found:
            self.requests.remove(found)
        return found

    def profile(self, folder: Path, key: str = "site") -> Path:
        """Write a site profile for this site and return its path.

        A logout has longer than by default: the next spare starts at the same time, and the PC may be busy.
        """
        host = self.url.removeprefix("http://").rstrip("/")
        path = folder / f"{key}.toml"
        path.write_text(
            f'name = "test"\nstart = "{self.url}"\nallow = ["{host}"]\n\n'
            f'[logout]\nurl = "{self.url}logout"\ndone = "#logged-out"\ndeadline_ms = {_LOGOUT_MS}\n',
            encoding="utf-8",
        )
        return path


@contextmanager
def web_site(pages: Mapping[str, str] | None = None) -> Iterator[WebSite]:
    """Serve the start page at ``/``, a logout page at ``/logout``, and these pages besides."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode(errors="replace")
            path = self.path.split("?")[0]
            with site.arrived:
                site.requests.append(Request(self.path, self.headers.get("Cookie"), body))
                site.arrived.notify_all()
            page = site.pages.get(path)
            data = (page or "").encode()
            self.send_response(200 if page is not None else 404)
            kind = "text/javascript" if path.endswith(".js") else "text/html; charset=utf-8"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _answer  # noqa: N815 -- the names http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name of the base
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site = WebSite(
        url=f"http://127.0.0.1:{server.server_address[1]}/",
        pages={"/": START, "/logout": LOGOUT, **(pages or {})},
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
