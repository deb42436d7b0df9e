"""A portal on loopback whose page does what a test tells it and reports back."""

from __future__ import annotations

import itertools
import json
import queue
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.certificates import Identity

PATIENCE = 60.0
"""s until something that should happen has not; nothing is asserted about how long it took."""
GROUND = 0xC0FFEE
"""The colour of every page here."""

PAGE = """<!doctype html><html lang="ja"><title>portal</title>
<body style="margin:0;background:#c0ffee;height:100vh;overflow:hidden"><p id="logged-in">in</p><script>
(async () => {
  for (;;) {
    const order = await (await fetch('/next')).json();
    if (!order) continue;
    let answer = null;
    try { answer = await eval('(async () => {' + order.script + '})()') ?? null; }
    catch (error) { answer = String(error); }
    await fetch('/said', {method: 'POST', body: JSON.stringify({number: order.number, answer})});
  }
})();
</script></body></html>"""
LOGGED_OUT = (
    """<!doctype html><title>out</title><body style="background:#c0ffee"><p id="logged-out">out</p>"""
    """<script>fetch('/arrived')</script>"""
)
PARTS = """<!doctype html><title>parts</title><body style="background:#c0ffee">%s"""
PART = "/part.js"
"""What the pages with parts name, each in its own way."""
WORKER = "self.addEventListener('fetch', () => {});"

ANSWERS: dict[str, tuple[int, str, dict[str, str]]] = {
    "/": (200, PAGE, {}),
    "/broken": (500, PAGE, {}),
    "/opens": (200, "<script>open('http://127.0.0.9/'); open('/again')</script>" + PAGE, {}),
    "/prints": (200, "<script>print()</script>" + PAGE, {}),
    "/asks": (200, "<script>alert('?')</script>" + PAGE, {}),
    "/script": (200, PARTS % '<script src="/part.js"></script>', {}),
    "/style": (200, PARTS % '<link rel="stylesheet" href="/part.js">', {}),
    "/module": (200, PARTS % '<script type="module">import "/part.js"</script>', {}),
    "/import": (200, PARTS % '<style>@import "/part.js"</style>', {}),
    "/far": (
        200,
        PARTS % "<script>part = document.createElement('script');"
        "part.src = `//localhost:${location.port}/part.js`; document.body.append(part)</script>",
        {},
    ),
    "/moves": (200, "<script>location.replace('/far')</script>", {}),
    PART: (200, "", {"Content_Type": "text/javascript"}),
    "/logout": (200, LOGGED_OUT, {}),
    "/sure": (200, '<a id="yes" href="/logout">yes</a>', {}),
    "/worker.js": (200, WORKER, {"Content_Type": "text/javascript"}),
    "/download": (200, "file", {"Content_Type": "application/zip", "Content_Disposition": "attachment"}),
    "/secret": (401, "", {"WWW_Authenticate": 'Basic realm="x"'}),
}


@dataclass(slots=True)
class Puppet:
    """The portal; one page at a time listens to it."""

    port: int = 0
    address: str = "127.0.0.1"
    scheme: str = "http"
    asked: list[tuple[str, str]] = field(default_factory=list)
    """(path, Cookie header) of every request but the page's own errands."""
    cut: list[str] = field(default_factory=list)
    """Paths whose next request gets no answer, once for each time they are here."""
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _orders: queue.SimpleQueue[tuple[int, str]] = field(default_factory=queue.SimpleQueue)
    _answers: dict[int, object] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def host(self) -> str:
        return f"{self.address}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}/"

    def tell(self, script: str) -> int:
        """Have the page run this async function body; return the number of its answer."""
        number = next(self._numbers)
        self._orders.put((number, script))
        return number

    def answer(self, number: int) -> object:
        """Wait for the answer."""
        with self._changed:
            assert self._changed.wait_for(lambda: number in self._answers, PATIENCE), (
                "the page does not answer"
            )
            return self._answers.pop(number)

    def do(self, script: str) -> object:
        """Have the page run this and return what it answers."""
        return self.answer(self.tell(script))

    def wait_asked(self, path: str) -> str:
        """Wait until this path was asked for; return the cookies that came along."""
        with self._changed:
            found: list[str] = []

            def came() -> bool:
                found[:] = [cookie for asked, cookie in self.asked if asked == path]
                return bool(found)

            assert self._changed.wait_for(came, PATIENCE), f"nobody asked for {path}"
            return found[0]

    def note(self, path: str, cookie: str) -> None:
        with self._changed:
            self.asked.append((path, cookie))
            self._changed.notify_all()

    def cuts(self, path: str) -> bool:
        """Tell whether this request gets no answer."""
        with self._changed:
            if path not in self.cut:
                return False
            self.cut.remove(path)
            return True

    def has(self, number: int) -> bool:
        """Tell whether the answer has come."""
        with self._changed:
            return number in self._answers

    def next_order(self) -> tuple[int, str] | None:
        try:
            return self._orders.get(timeout=PATIENCE)
        except queue.Empty:
            return None

    def heard(self, number: int, answer: object) -> None:
        with self._changed:
            self._answers[number] = answer
            self._changed.notify_all()

    def forget(self) -> None:
        """Start anew: what waits for orders now gets none of those to come."""
        with self._changed:
            self.asked.clear()
            self.cut.clear()
            self._orders = queue.SimpleQueue()


@contextmanager
def puppet(address: str = "127.0.0.1", identity: Identity | None = None) -> Iterator[Puppet]:
    """Serve a puppet at an address of this PC while the block runs, over TLS if it has an identity."""
    one = Puppet(address=address, scheme="https" if identity else "http")
    server = _Server(one, identity)
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

    def __init__(self, puppet: Puppet, identity: Identity | None) -> None:
        super().__init__((puppet.address, 0), _Handler)
        self.puppet = puppet
        if identity:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(identity.certificate, identity.key)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.puppet.note(parts.path, self.headers.get("Cookie", ""))
        if self.server.puppet.cuts(parts.path):
            self.close_connection = True
        elif parts.path == "/next":
            self._next()
        elif parts.path == "/redirect":
            self._send(302, "", Location=parse_qs(parts.query)["to"][0])
        else:
            code, text, headers = ANSWERS.get(parts.path, (404, "", {}))
            self._send(code, text, **headers)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.puppet.heard(body["number"], body["answer"])
        self._send(200, "")

    def _next(self) -> None:
        order = self.server.puppet.next_order()
        self._send(200, json.dumps(order and {"number": order[0], "script": order[1]}))

    def _send(self, code: int, text: str, **headers: str) -> None:
        data = text.encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        for name, value in {"Content_Type": "text/html; charset=utf-8", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name of the base
        pass

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, ssl.SSLError):  # a killed browser hangs up, and one that does not trust us
            self.close_connection = True
