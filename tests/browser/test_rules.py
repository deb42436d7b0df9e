"""Which addresses a page may reach."""

from __future__ import annotations

import pytest

from guard.browser.rules import Rules, host_of

RULES = Rules(("portal.example", "*.gov.example", "127.0.0.1:8080"))


@pytest.mark.parametrize(
    "url",
    [
        "https://portal.example/",
        "http://portal.example:8443/a?b#c",
        "HTTPS://PORTAL.EXAMPLE/",
        "https://a.gov.example/",
        "https://a.b.gov.example/",
        "http://127.0.0.1:8080/",
    ],
)
def test_listed_hosts_are_reached(url: str) -> None:
    assert RULES.may_navigate(url, main_frame=True)
    assert RULES.may_request(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://gov.example/",
        "https://evilgov.example/",
        "https://portal.example.evil.example/",
        "https://portal.example@evil.example/",
        "https://evil.example/portal.example",
        "http://127.0.0.1/",
        "http://127.0.0.1:8081/",
        "https://portal.example:no/",
        "https://[portal.example/",
        "https:portal.example",
        "file:///etc/passwd",
        "chrome://gpu",
        "view-source:https://portal.example/",
        "javascript:alert(1)",
        "ftp://portal.example/",
        "mailto:a@portal.example",
        "",
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    assert not RULES.may_navigate(url, main_frame=True)
    assert not RULES.may_navigate(url, main_frame=False)
    assert not RULES.may_request(url)


@pytest.mark.parametrize("url", ["data:text/html,x", "blob:https://portal.example/1", "about:blank"])
def test_what_a_page_made_itself_fills_frames_but_never_the_window(url: str) -> None:
    assert RULES.may_navigate(url, main_frame=False)
    assert not RULES.may_navigate(url, main_frame=True)


def test_web_sockets_follow_the_same_list() -> None:
    assert RULES.may_request("wss://portal.example/")
    assert not RULES.may_request("wss://evil.example/")
    assert not RULES.may_navigate("wss://portal.example/", main_frame=True)


def test_host_of_names_the_host_and_nothing_more() -> None:
    assert host_of("https://user:pin@Portal.example:8443/name?card=1#x") == "portal.example"
    assert host_of("mailto:someone@portal.example") == "mailto:"
    assert host_of("https://[portal") == ""


def test_host_of_tells_no_word_that_a_page_made_up() -> None:
    assert host_of("secret:secret") == "other:"
    assert host_of("web+secret:secret") == "other:"
    assert host_of("https://日本.jp/") == "xn--wgv71a.jp"
    assert host_of(f"https://{'a.' * 200}example/") == ""
    assert host_of("https://a!b.example/") == ""
