"""What an administrator forces on every Chromium of the PC works in a capsule: extension and native host.

The real portal's card login is made of the same two parts (seed facts, "portal"); ours read no card.
"""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import hashlib
import json
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guard.browser.managed.forced import come, forced_extensions
from tests.browser.puppet import PATIENCE, puppet

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "jp.example.guardtest"
MANIFEST = {
    "manifest_version": 3,
    "name": "guard test",
    "version": "1.0",
    "permissions": ["nativeMessaging"],
    "background": {"service_worker": "worker.js"},
    "content_scripts": [{"matches": ["http://127.0.0.1/*"], "js": ["page.js"], "run_at": "document_start"}],
}
WORKER = f"""chrome.runtime.onMessage.addListener((asked, sender, answer) => {{
  chrome.runtime.sendNativeMessage('{NAME}', {{asked}}, said => answer(said ?? chrome.runtime.lastError));
  return true;
}});"""
PAGE = """chrome.runtime.sendMessage('hello', said => {
  document.documentElement.dataset.said = JSON.stringify(said); });"""
HOST = """#!/usr/bin/python3
import json, struct, sys
length = struct.unpack("=I", sys.stdin.buffer.read(4))[0]
asked = json.loads(sys.stdin.buffer.read(length))
answer = json.dumps({"heard": asked["asked"]}).encode()
sys.stdout.buffer.write(struct.pack("=I", len(answer)) + answer)
"""
UPDATE = """<?xml version='1.0'?><gupdate xmlns='http://www.google.com/update2/response' protocol='2.0'>
<app appid='{id}'><updatecheck codebase='http://{host}/test.crx' version='1.0'/></app></gupdate>"""


@dataclass(frozen=True, slots=True)
class Store:
    """Where the extension comes from."""

    host: str
    id: str
    files: dict[str, bytes]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, bytes]:
    """The extension's id, and itself as Chromium packs it."""
    folder = tmp_path_factory.mktemp("pack")
    (folder / "test").mkdir()
    for name, text in {
        "manifest.json": json.dumps(MANIFEST),
        "worker.js": WORKER,
        "page.js": PAGE,
    }.items():
        (folder / "test" / name).write_text(text)
    subprocess.run(
        [
            *("/usr/lib/chromium/chromium", f"--pack-extension={folder / 'test'}", "--no-message-box"),
            *("--headless", f"--user-data-dir={folder / 'profile'}"),
        ],
        check=True,
        capture_output=True,
        timeout=2 * PATIENCE,
    )
    public = subprocess.run(
        ["openssl", "rsa", "-in", folder / "test.pem", "-pubout", "-outform", "DER"],
        check=True,
        capture_output=True,
    ).stdout
    digits = hashlib.sha256(public).hexdigest()[:32]
    return "".join(chr(ord("a") + int(digit, 16)) for digit in digits), (folder / "test.crx").read_bytes()


@contextmanager
def serve(files: dict[str, bytes]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = files.get(self.path.partition("?")[0])
            self.send_response(404 if data is None else 200)
            kind = "application/x-chrome-extension" if self.path.endswith(".crx") else "text/xml"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def store(packed: tuple[str, bytes]) -> Iterator[Store]:
    extension, crx = packed
    files = {"/test.crx": crx}
    with serve(files) as host:
        files["/update.xml"] = UPDATE.format(id=extension, host=host).encode()
        yield Store(host, extension, files)


@pytest.fixture
def machine(tmp_path: Path, store: Store) -> Path:
    """What is in /etc/chromium on such a PC."""
    host = tmp_path / "program" / "host"
    manifest = {
        "name": NAME,
        "description": "test",
        "path": str(host),
        "type": "stdio",
        "allowed_origins": [f"chrome-extension://{store.id}/"],
    }
    forced = {"ExtensionInstallForcelist": [f"{store.id};http://{store.host}/update.xml"]}
    folder = tmp_path / "etc"
    for place, text in {
        host: HOST,
        folder / "native-messaging-hosts" / f"{NAME}.json": json.dumps(manifest),
        folder / "policies" / "managed" / "forced.json": json.dumps(forced),
    }.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    host.chmod(0o755)
    return folder


@contextmanager
def lab(screen: str, machine: Path, portal: str, store: str) -> Iterator[subprocess.Popen[str]]:
    """Run the lab on a PC whose /etc/chromium is this folder."""
    own = ("bwrap", "--dev-bind", "/", "/", "--bind", machine, "/etc/chromium", "--die-with-parent", "--")
    command = [*map(str, own), sys.executable, "-m", "tests.browser.extension_lab", screen, portal, store]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        assert process.stdin
        assert process.stdout
        yield process
        process.stdin.close()
        assert process.stdout.read().splitlines()[-1] == "(0, False)"
    assert process.returncode == 0


def test_a_forced_extension_reaches_its_native_host_from_the_first_page_on(
    screen: str, machine: Path, store: Store
) -> None:
    with puppet() as portal, lab(screen, machine, portal.url, store.host) as process:
        assert process.stdout
        assert process.stdout.readline() == "warm\n"
        said = portal.do("""for (;;) { const said = document.documentElement.dataset.said;
            if (said) return said; await new Promise(done => setTimeout(done, 20)); }""")
        assert json.loads(str(said)) == {"heard": "hello"}
        assert portal.do("return navigator.webdriver") is False


def test_a_forced_extension_that_does_not_come_keeps_the_portal_closed(
    screen: str, machine: Path, store: Store
) -> None:
    store.files.clear()
    with puppet() as portal, lab(screen, machine, portal.url, store.host) as process:
        assert process.stdout
        assert process.stdout.readline() == "lost an extension that this PC forces did not come\n"
        assert portal.asked == []


def test_forced_extensions_are_read_from_both_policies_and_from_no_broken_file(tmp_path: Path) -> None:
    one, two, three = ("a" * 32, "b" * 32, "c" * 32)
    settings = {
        two: {"installation_mode": "force_installed"},
        three: {"installation_mode": "blocked"},
        "*": {"installation_mode": "force_installed"},
    }
    for name, text in {
        "one.json": json.dumps({"ExtensionInstallForcelist": [f"{one};https://example.jp/", "no id"]}),
        "two.json": json.dumps({"ExtensionSettings": settings}),
        "three.json": "{",
        "four.json": "[]",
        "five.json": json.dumps({"ExtensionInstallForcelist": 3, "ExtensionSettings": [1]}),
    }.items():
        (tmp_path / name).write_text(text)
    assert forced_extensions(tmp_path) == {one, two}
    assert not come(tmp_path, frozenset({one}))
    installed = tmp_path / "Default" / "Extensions" / one / "1.0_0"
    installed.mkdir(parents=True)
    (installed / "manifest.json").write_text("{}")
    assert come(tmp_path, frozenset({one}))
