"""What a browser is told about whom it may reach, with and without a municipality's proxy."""

from __future__ import annotations

import base64
import json
import ssl
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QCoreApplication
from PySide6.QtQml import QJSEngine, QJSValue

from guard.browser.network import Network
from guard.browser.rules import Rules
from guard.browser.site import Site
from guard.browser.wall import Wall
from tests.support.certificates import Authority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SITE = Site(
    key="test",
    name="test",
    start="https://portal.example/",
    allow=("Portal.example", "*.gov.example", "127.0.0.1:8080", "many.example:80", "many.example:443"),
    extension_hosts=("store.example",),
)
LISTED = (
    "EXCLUDE portal.example, EXCLUDE *.gov.example, MAP 127.0.0.1 127.0.0.1:8080, EXCLUDE many.example, "
    "EXCLUDE store.example"
)
NOWHERE = "PROXY guard.invalid:9"
BY_SCRIPT = Network(pac="/etc/guard/proxy.pac")
MUNICIPAL = 'function FindProxyForURL(url, host) { return "PROXY city.example:8080; DIRECT"; }'


@pytest.fixture(scope="module", autouse=True)
def engines() -> Iterator[None]:
    """Let JavaScript engines be made."""
    application = QCoreApplication.instance() or QCoreApplication([])
    yield
    del application


def chosen(wall: Wall) -> Callable[[str], str]:
    """Return what the wall's script answers for a URL, by a JavaScript engine that is not the browser's."""
    engine = QJSEngine()

    def run(code: str) -> QJSValue:
        value = engine.evaluate(code)
        assert isinstance(value, QJSValue)
        assert not value.isError(), value.toString()
        return value

    run(wall.script)

    def ask(url: str) -> str:
        answer = run(f"FindProxyForURL({json.dumps(url)}, 'host')")
        assert answer.isString()
        return answer.toString()

    return ask


def by_script(script: str) -> Callable[[str], str]:
    return chosen(Wall.of(SITE, BY_SCRIPT, script))


def test_without_a_proxy_only_listed_servers_are_reached_past_a_proxy_that_is_nowhere() -> None:
    wall = Wall.of(SITE, Network(), "")
    listed = "portal.example;*.gov.example;127.0.0.1:8080;many.example:80;many.example:443;store.example"
    assert wall.flags()[0] == f"--host-resolver-rules={LISTED}, MAP * ~NOTFOUND"
    assert wall.proxy_flags(Path("/unused")) == (
        "--proxy-server=http://guard.invalid:9",
        f"--proxy-bypass-list=<-loopback>;{listed}",
    )
    assert wall.policy() == {
        "ProxySettings": {
            "ProxyMode": "fixed_servers",
            "ProxyServer": "http://guard.invalid:9",
            "ProxyBypassList": f"<-loopback>;{listed}",
        },
        "CACertificates": [],
    }


def test_a_proxy_is_known_by_its_name_and_asked_for_what_is_listed_only() -> None:
    wall = Wall.of(SITE, Network(proxy="Proxy.city.example:3128"), "")
    ask = chosen(wall)
    assert wall.names == f"{LISTED}, MAP proxy.city.example proxy.city.example:3128, MAP * ~NOTFOUND"
    assert ask("https://a.gov.example/") == "PROXY Proxy.city.example:3128"
    assert ask("https://store.example/") == "PROXY Proxy.city.example:3128"
    assert ask("https://proxy.city.example:3128/") == NOWHERE
    script = Path("/home/guard/proxy.pac").absolute()  # on Windows, of this drive
    drive = f"/{script.drive}" if script.drive else ""
    assert wall.proxy_flags(script) == (f"--proxy-pac-url=file://{drive}/home/guard/proxy.pac",)


def test_the_policy_carries_the_script_itself_and_never_goes_on_without_it() -> None:
    wall = Wall.of(SITE, BY_SCRIPT, MUNICIPAL)
    settings = wall.policy()["ProxySettings"]
    assert isinstance(settings, dict)
    kind, _, data = settings.pop("ProxyPacUrl").partition(",")
    assert kind == "data:application/x-ns-proxy-autoconfig;base64"
    assert base64.b64decode(data).decode() == wall.script
    assert settings == {"ProxyMode": "pac_script", "ProxyPacMandatory": True}


def test_the_policy_trusts_the_authorities_that_were_given(tmp_path: Path) -> None:
    pem = Authority(tmp_path).file.read_text()
    trusted = Wall.of(SITE, Network(authorities=(pem,)), "").policy()["CACertificates"]
    assert trusted == [base64.b64encode(ssl.PEM_cert_to_DER_cert(pem)).decode()]


@pytest.mark.parametrize(
    "url",
    [
        "http://portal.example/path?query",
        "https://portal.example:8443/",
        "https://a.b.gov.example/",
        "ws://portal.example/",
        "wss://a.gov.example",
        "http://127.0.0.1:8080/",
        "https://many.example/",
        "http://many.example/",
        "https://many.example:80/",
    ],
)
def test_the_municipality_s_script_is_asked_about_what_is_listed(url: str) -> None:
    assert by_script(MUNICIPAL)(url) == "PROXY city.example:8080; DIRECT"


@pytest.mark.parametrize(
    "url",
    [
        "https://gov.example/",
        "https://evilgov.example/",
        "https://portal.example.evil.example/",
        "https://portal.example./",
        "https://portal.example@evil.example/",
        "https://evil.example/portal.example",
        "https://evil.example#portal.example",
        "http://127.0.0.1/",
        "http://127.0.0.1:80801/",
        "https://many.example:8443/",
        "ftp://portal.example/",
        "https:portal.example",
        "",
    ],
)
def test_the_municipality_s_script_is_asked_about_nothing_else(url: str) -> None:
    assert by_script(MUNICIPAL)(url) == NOWHERE


@given(
    st.sampled_from(["http", "https", "ws", "wss"]),
    st.lists(st.sampled_from(["gov", "example", "portal", "many", "a", "127.0.0.1"]), min_size=1, max_size=4),
    st.sampled_from(["", ":80", ":443", ":8080", ":8443"]),
)
def test_script_and_rules_never_differ(scheme: str, labels: list[str], port: str) -> None:
    url = f"{scheme}://{'.'.join(labels)}{port}/"
    allowed = Rules((*SITE.allow, *SITE.extension_hosts)).may_request(url)
    assert (ask_municipal(url) != NOWHERE) is allowed


@cache
def ask_municipal(url: str) -> str:
    return by_script(MUNICIPAL)(url)


@pytest.mark.parametrize(
    "script",
    [
        "",
        "function FindProxyForURL(url, host) { return ",
        "function FindProxyForURL(url, host) { throw 1; }",
        "function FindProxyForURL(url, host) { return FindProxyForURL(url, host); }",
        "function FindProxyForURL(url, host) { }",
        "function FindProxyForURL(url, host) { return null; }",
        "function FindProxyForURL(url, host) { return {toString: () => 'DIRECT'}; }",
        "let FindProxyForURL = () => 'DIRECT';",
        "FindProxyForURL = 'DIRECT';",
        "throw 1; function FindProxyForURL() { return 'DIRECT'; }",
        "return; function FindProxyForURL() { return 'DIRECT'; }",
        "} function FindProxyForURL() { return 'DIRECT'; } {",
        "/* function FindProxyForURL() { return 'DIRECT'; }",
    ],
)
def test_a_broken_script_leads_nowhere(script: str) -> None:
    assert by_script(script)("https://portal.example/") == NOWHERE


@pytest.mark.parametrize(
    "script",
    [
        "var FindProxyForURL = function() { return 'DIRECT'; }",
        "FindProxyForURL = function() { return 'DIRECT'; }",
        "'use strict'; function FindProxyForURL() { return 'DIRECT'; } // the end",
        "// 窓口\r\nfunction FindProxyForURL() { return 'DIRECT'; }\u2028",
    ],
)
def test_every_usual_form_of_a_script_is_understood(script: str) -> None:
    assert by_script(script)("https://portal.example/") == "DIRECT"


@pytest.mark.parametrize(
    "trick",
    [
        "FindProxyForURL = open;",
        "this.FindProxyForURL = open;",
        "Object.defineProperty(this, 'FindProxyForURL', {value: open});",
        "delete this.FindProxyForURL; this.FindProxyForURL = open;",
        "RegExp.prototype.exec = function() { return ['', 'https', 'portal.example']; };",
        "RegExp.prototype.test = String.prototype.endsWith = function() { return true; };",
        "Array.prototype[Symbol.iterator] = function*() { yield 'portal.example'; };",
        "Object.prototype.only = 0; Object.prototype.below = true; Object.prototype.name = '';",
        "Function.prototype.call = Function.prototype.bind = Function.prototype.apply = open;",
    ],
)
def test_a_script_cannot_open_the_wall(trick: str) -> None:
    script = (
        f"function open() {{ return 'DIRECT'; }} {trick} function FindProxyForURL() {{ return 'DIRECT'; }}"
    )
    assert by_script(script)("https://evil.example/") == NOWHERE


@pytest.mark.parametrize(
    ("script", "names"),
    [
        (
            'return "PROXY a.example:8080; HTTPS b:443; SOCKS5 10.0.0.1:1080; DIRECT"',
            "a.example:8080 b:443 10.0.0.1:1080",
        ),
        ("return 'PROXY city'", "city"),
        ("var p = 'a.example:8080'; return `PROXY ${p}`", "a.example:8080"),
        ("var p = 'A.example'; return 'PROXY ' + p + ':8080'", "a.example"),
        ("return 'proxy localhost:3128'", "localhost:3128"),
        ("if (host == 'localhost' || host == '127.0.0.1' || host == '169.254.1.1') return 'DIRECT'", ""),
        ("if (shExpMatch(host, '*.example') || dnsDomainIs(host, '.example')) return 'DIRECT'", ""),
    ],
)
def test_proxies_are_found_in_a_script_by_name_and_the_pc_itself_only_by_port(
    script: str, names: str
) -> None:
    rules = Wall.of(SITE, BY_SCRIPT, script).names.removeprefix(f"{LISTED}, ").removesuffix("MAP * ~NOTFOUND")
    wanted = {
        f"MAP {one.partition(':')[0]} {one}" if ":" in one else f"EXCLUDE {one}" for one in names.split()
    }
    assert {rule for rule in rules.split(", ") if rule} == wanted


def test_what_a_script_says_of_the_pc_itself_opens_no_other_of_its_ports() -> None:
    script = "if (host == '127.0.0.1') return 'DIRECT'; return 'PROXY localhost:3128';"
    assert Wall.of(SITE, BY_SCRIPT, script).names == (
        f"{LISTED}, MAP localhost localhost:3128, MAP * ~NOTFOUND"
    )


def test_a_script_of_the_longest_length_stays_ascii() -> None:
    """It is written, and travels, as what every program reads the same."""
    assert Wall.of(SITE, BY_SCRIPT, "窓" * 300_000).script.isascii()
