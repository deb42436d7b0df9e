"""A portal gone bad: the site that serves the gallery's pages, and the places that none of them may reach."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import json
import secrets
import selectors
import socket
import string
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from tests.support.counter import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

GALLERY: Final = Path(__file__).parents[1] / "chain" / "gallery"
FORBIDDEN: Final = "127.0.0.2"
"""A host that the site profile does not allow, and that listens."""
SITE_HOST: Final = "127.0.0.1"

_HEAD: Final = """<!doctype html><html lang="ja"><title>portal</title><script src="/hostile.js"></script>
<body style="margin:0;background:#c0ffee;height:100vh">"""
_HINTS: Final = (
    "preload; as=script",
    "preconnect",
    "dns-prefetch",
    "prefetch",
    "modulepreload",
    "stylesheet",
)


@dataclass(slots=True)
class Asked:
    """What reached the site."""

    path: str
    cookie: str | None
    body: object


class Outside:
    """Listens where no page may come, by TCP and by UDP; remembers everybody who came all the same."""

    def __init__(self) -> None:
        self.came: list[str] = []
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self.tcp = self._listen(FORBIDDEN, socket.SOCK_STREAM)
        self.other_port = self._listen(SITE_HOST, socket.SOCK_STREAM)
        self.udp = self._listen(FORBIDDEN, socket.SOCK_DGRAM)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._wake.close()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    def _listen(self, host: str, kind: socket.SocketKind) -> int:
        listener = socket.socket(type=kind)
        listener.bind((host, 0))
        if kind == socket.SOCK_STREAM:
            listener.listen()
        self._selector.register(listener, selectors.EVENT_READ)
        return int(listener.getsockname()[1])

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._woken:
                    return
                self._take(key.fileobj)

    def _take(self, listener: object) -> None:
        assert isinstance(listener, socket.socket)
        host, port = listener.getsockname()
        self.came.append(f"{host}:{port}")
        if listener.type == socket.SOCK_DGRAM:
            listener.recv(65536)
            return
        with listener.accept()[0] as caller, suppress(OSError):
            caller.settimeout(1.0)
            self.came.append(repr(caller.recv(200)))


@dataclass(slots=True)
class HostileSite:
    """What is served now, and what was asked."""

    port: int
    outside: Outside
    page: str = ""
    """The body of the page at ``/deed``."""
    secret: str = ""
    """What the page at ``/deed`` leaves wherever it can."""
    broke: BaseException | None = None
    """What went wrong in the site itself."""
    served: int = 0
    """How often the start page was."""
    asked: list[Asked] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        return f"http://{SITE_HOST}:{self.port}/"

    def show(self, name: str) -> None:
        """Let ``/deed`` be this page of the gallery from now on, with a secret of its own."""
        self.page = (GALLERY / f"{name}.html").read_text(encoding="utf-8")
        self.secret = "".join(secrets.choice(string.ascii_lowercase) for _ in range(24))

    def take(self, path: str) -> Asked:
        """Wait for the next request for this path that was not taken yet."""
        found: list[Asked] = []

        def came() -> bool:
            found[:] = [one for one in self.asked if one.path == path]
            return bool(found)

        with self.arrived:
            assert self.arrived.wait_for(came, PATIENCE), f"nobody asked for {path}"
            self.asked.remove(found[0])
        return found[0]

    def forget(self) -> None:
        """Forget what was asked, but for the start page: the next citizen's was asked for already."""
        with self.arrived:
            self.asked[:] = [one for one in self.asked if one.path == "/"]

    def heard(self, path: str) -> bool:
        """Tell whether this was asked for and not taken yet."""
        with self.arrived:
            return any(one.path == path for one in self.asked)

    def profile(self, folder: Path) -> Path:
        """Write the site profile and return its path: the site under two names, and nothing else."""
        path = folder / "site.toml"
        path.write_text(
            f'name = "gallery"\nstart = "{self.url}"\n'
            f'allow = ["{SITE_HOST}:{self.port}", "localhost:{self.port}"]\n\n'
            f'[logout]\nurl = "{self.url}logout"\ndone = "#logged-out"\n',
            encoding="utf-8",
        )
        return path

    def constants(self) -> str:
        """Return what the pages know of where they are, as JavaScript."""
        values = {
            "SECRET": self.secret,
            "SITE": self.url,
            "TWIN": f"http://localhost:{self.port}/",
            "FORBIDDEN": f"http://{FORBIDDEN}:{self.outside.tcp}/",
            "OTHER_PORT": f"http://{SITE_HOST}:{self.outside.other_port}/",
            "UDP": f"{FORBIDDEN}:{self.outside.udp}",
        }
        return "".join(f"const {name} = {json.dumps(value)};\n" for name, value in values.items())


@dataclass(frozen=True, slots=True)
class _Answer:
    text: str
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def _answer(site: HostileSite, path: str, to: str) -> _Answer:
    """Return what lies at this path; ``to`` is where it is to lead."""
    where, _, more = path.strip("/").partition("/")
    pages = {"deed": site.page, "plain": "plain", "logout": '<p id="logged-out">logged out</p>'}
    led = {
        "moved": _Answer("", status=int(more) if more.isdigit() else 400, headers={"Location": to}),
        "refresh": _Answer("", headers={"Refresh": f"0; url={to}"}),
        "hints": _Answer("", headers={"Link": ", ".join(f"<{to}>; rel={rel}" for rel in _HINTS)}),
        "secret": _Answer("", status=401, headers={"WWW-Authenticate": 'Basic realm="portal"'}),
        "attachment": _Answer(
            site.secret,
            kind="application/octet-stream",
            headers={"Content-Disposition": f'attachment; filename="{site.secret}.txt"'},
        ),
    }
    if where.endswith(".js"):
        return _Answer(site.constants() + (GALLERY / where).read_text("utf-8"), kind="text/javascript")
    if where:
        return led.get(where) or _Answer(_HEAD + pages.get(where, ""))
    site.served += 1
    return _Answer((GALLERY / "start.html").read_text("utf-8").replace("{{number}}", str(site.served)))


@contextmanager
def hostile_site() -> Iterator[HostileSite]:
    """Serve the gallery on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            with site.arrived:
                told = json.loads(body) if parts.path.startswith("/tell/") else None
                site.asked.append(Asked(parts.path, self.headers.get("Cookie"), told))
                site.arrived.notify_all()
            answer = _answer(site, parts.path, "".join(parse_qs(parts.query).get("to", ())))
            data = answer.text.encode()
            self.send_response(answer.status)
            own = {"Content-Type": answer.kind, "Content-Length": str(len(data))}
            for name, value in {**own, **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _serve  # noqa: N815 -- the names http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name of the base
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128  # a flood overflows the usual 5, and what was dropped comes late

        def handle_error(self, _request: object, _client_address: object) -> None:
            """Keep quiet about a browser that was killed in the middle of a request."""
            error = sys.exc_info()[1]
            if not isinstance(error, OSError):
                site.broke = error

    outside = Outside()
    server = Server((SITE_HOST, 0), Handler)
    site = HostileSite(port=server.server_address[1], outside=outside)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        outside.close()
