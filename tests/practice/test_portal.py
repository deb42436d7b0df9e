"""The practice portal's process and its place on the network."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import http.client
import subprocess
import time
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from guard.errors import ConfigError, MachineError
from guard.practice.diary import Seen
from guard.practice.portal import PracticePortal

_PARENT = """
import sys, time
from guard.practice.portal import PracticePortal
portal = PracticePortal()
portal.start(sys.argv[1])
print("up", flush=True)
sys.stdin.read()
"""


def _ask(
    start_url: str, method: str, path: str, headers: dict[str, str] | None = None
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(urlsplit(start_url).netloc, timeout=20)
    try:
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        response.read()
    finally:
        connection.close()
    return response


def _gone(start_url: str) -> bool:
    try:
        _ask(start_url, "GET", "/")
    except (OSError, http.client.HTTPException):
        return True
    return False


def test_the_start_page_is_there_as_soon_as_start_returns(portal: PracticePortal, start_url: str) -> None:
    """Browsers need no second try."""
    assert portal.pid is not None
    assert _ask(start_url, "GET", "/").status == http.client.OK


def test_it_listens_on_loopback_only(portal: PracticePortal, start_url: str) -> None:
    """Nobody on the network can reach it."""
    sockets = [
        c for c in psutil.Process(portal.pid).net_connections("inet") if c.status == psutil.CONN_LISTEN
    ]
    assert [(c.laddr.ip, c.laddr.port) for c in sockets] == [("127.0.0.1", urlsplit(start_url).port)]


def test_a_name_pointed_at_loopback_is_refused(portal: PracticePortal, start_url: str) -> None:
    """A foreign host name does not reach the portal's pages."""
    assert portal.pid is not None
    answer = _ask(start_url, "GET", "/", {"Host": "evil.example"})
    assert answer.status == http.client.MISDIRECTED_REQUEST


def test_pages_carry_the_protecting_headers(portal: PracticePortal, start_url: str) -> None:
    """Scripts, frames and caches from elsewhere have no chance."""
    assert portal.pid is not None
    answer = _ask(start_url, "GET", "/login")
    assert (answer.getheader("Content-Security-Policy") or "").startswith("default-src 'none'")
    assert answer.getheader("Cache-Control") == "no-store"
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    cookie = answer.getheader("Set-Cookie") or ""
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_the_parent_hears_what_was_seen(portal: PracticePortal, start_url: str) -> None:
    """The replay waits for events, never for seconds."""
    path = "/practice/seen?page=top&what=painted"
    _ask(start_url, "POST", path, {"X-Practice": "1", "Content-Length": "0"})
    assert portal.diary.seen("top", what=Seen.PAINTED).citizen is None


@pytest.mark.parametrize("length", ["", "x", "-1", "99999999"])
def test_a_post_of_no_honest_length_is_refused(portal: PracticePortal, start_url: str, length: str) -> None:
    """No request makes the portal wait or swell."""
    assert portal.pid is not None
    answer = _ask(start_url, "POST", "/login", {"Content-Length": length})
    assert answer.status == http.client.BAD_REQUEST


def test_a_taken_port_is_one_sentence(portal: PracticePortal, start_url: str) -> None:
    """It names the port and leaves nothing half-started."""
    assert portal.pid is not None
    second = PracticePortal()
    with pytest.raises(MachineError, match=f"port {urlsplit(start_url).port} on 127.0.0.1 is taken"):
        second.start(start_url)
    assert second.pid is None


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:1/",
        "http://0.0.0.0:8000/",
        "http://192.0.2.1:80/",
        "http://127.0.0.1/",
        "x",
        "http://a:b/",
    ],
)
def test_an_address_beyond_this_pc_is_refused(url: str) -> None:
    """The practice portal is never served to a network."""
    with pytest.raises(ConfigError, match=r"http://127\.x\.x\.x:PORT/"):
        PracticePortal().start(url)


def test_it_forgets_everything_when_it_stops(portal: PracticePortal, start_url: str) -> None:
    """It ends at once and can be started again on the same port."""
    portal.stop()
    assert _gone(start_url)
    portal.start(start_url)
    assert _ask(start_url, "GET", "/").status == http.client.OK


def test_it_ends_with_its_parent(start_url: str) -> None:
    """A killed parent leaves no portal behind."""
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT, start_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        assert not _gone(start_url)
        parent.kill()
        deadline = time.monotonic() + 20
        while not _gone(start_url):
            assert time.monotonic() < deadline


def test_the_shipped_profile_can_be_served_and_proves_its_logout() -> None:
    """Profile and portal speak of the same address and the same proof."""
    root = Path(__file__).parents[2]
    profile = tomllib.loads((root / "config/sites/practice.toml").read_text("utf-8"))
    address = urlsplit(profile["start"])
    assert profile["allow"] == [address.netloc]
    assert profile["logout"]["url"] == f"{profile['start']}logout"
    assert profile["logout"]["done"] == "#logged-out"
    assert 1024 < (address.port or 0) < 32768
