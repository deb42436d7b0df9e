"""Municipal proxies and certificates: what is allowed goes that way, and nothing else goes anywhere."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import json
import select
import socket
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

import psutil
import pytest

from guard.browser.network import MOST_AUTHORITIES, MOST_SCRIPT, Network
from guard.browser.site import Site
from guard.errors import ConfigError, MachineError
from tests.browser.fixtures import site_of
from tests.browser.hands import Hands, shows, visible_windows
from tests.browser.puppet import GROUND, PATIENCE, puppet
from tests.support.certificates import Authority
from tests.support.proxy import proxy
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.browser.fixtures import Born, Citizen
    from tests.browser.puppet import Puppet
    from tests.support.certificates import Identity
    from tests.support.proxy import Proxy

NAME = "portal.test"
"""A portal's name that only the proxy knows."""
BY_NAME = Site(key="test", name="test", start=f"http://{NAME}/", allow=(NAME,))
TINT = 0xE8F1FE
"""The ground of the page that says that a page cannot be opened."""
EDGE = (1200, 740)
SCRIPT = 'function FindProxyForURL(url, host) { return "PROXY %s"; }'
NO_SCRIPT = "the proxy script cannot be read, or is none"
PARTS = {
    "fetch": "await fetch('URL', {mode: 'no-cors'})",
    "image": "const i = new Image(); i.src = 'URL'; document.body.append(i); await i.decode()",
    "frame": "const f = document.createElement('iframe'); f.src = 'URL'; document.body.append(f)",
    "websocket": "await new Promise(done => { new WebSocket('WS').onerror = done })",
}
"""How a page asks for something besides itself."""
HINTS = """for (const rel of ['preconnect', 'dns-prefetch', 'prefetch']) {
  const l = document.createElement('link'); l.rel = rel; l.href = 'URL'; document.head.append(l); }"""
CALL = """
const servers = %s.map(urls => ({urls, username: 'a', credential: 'b'}));
window.call = new RTCPeerConnection({iceServers: servers});
call.createDataChannel('a'); await call.setLocalDescription();
"""
GATHERED = """
const gathered = new Promise(done => {
  call.onicegatheringstatechange = () => call.iceGatheringState === 'complete' && done(); });
if (call.iceGatheringState !== 'complete')
  await Promise.race([gathered, new Promise(done => setTimeout(done, 2000))]);
call.close();
"""


def own_address() -> str:
    """Return an address of this PC that is not loopback: browsers treat that specially."""
    found = (
        address.address
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family is socket.AF_INET and not address.address.startswith("127.")
    )
    return next(found)


@pytest.fixture
def way(portal: Puppet, elsewhere: Puppet) -> Iterator[Proxy]:
    """The municipality's proxy; it would reach the portal, and elsewhere, too."""
    portal.forget()
    elsewhere.forget()
    with proxy() as one:
        one.routes = {f"{NAME}:80": portal.host, "elsewhere.test:80": elsewhere.host}
        yield one


@pytest.fixture(params=["proxy", "script in a file", "script on a server"])
def network(request: pytest.FixtureRequest, way: Proxy, tmp_path: Path) -> Network:
    """Every way that a municipality may say it."""
    if request.param == "proxy":
        return Network(proxy=way.host)
    way.script = SCRIPT % way.host
    if request.param == "script on a server":
        return Network(pac=f"http://{way.host}/proxy.pac")
    return in_file(tmp_path, way.script)


def in_file(folder: Path, script: str) -> Network:
    file = folder / "proxy.pac"
    file.write_text(script)
    return Network.read(pac=str(file))


# --- proxies


def test_a_portal_is_reached_through_the_proxy(
    born: Born, portal: Puppet, way: Proxy, network: Network
) -> None:
    with born(BY_NAME, network=network):
        assert portal.do("return location.host") == NAME
    assert set(way.asked) == {f"{NAME}:80"}


def test_a_portal_on_the_pc_itself_needs_no_proxy(
    born: Born, portal: Puppet, way: Proxy, network: Network
) -> None:
    """Such as the practice portal."""
    with born(site_of(portal), network=network):
        assert portal.do("return location.host") == portal.host
    assert way.asked == []


def test_what_is_not_allowed_reaches_neither_the_proxy_nor_the_net(
    born: Born, portal: Puppet, elsewhere: Puppet, way: Proxy, network: Network
) -> None:
    with born(BY_NAME, network=network) as citizen, puppet(own_address()) as near:
        citizen.begin()
        for ask in (*PARTS.values(), HINTS, "location.href = 'URL'"):
            for host in ("elsewhere.test", elsewhere.host, near.host):
                portal.do(ask.replace("URL", f"http://{host}/").replace("WS", f"ws://{host}/"))
        portal.do("await new Promise(done => setTimeout(done, 50))")
        assert elsewhere.asked == near.asked == []
    assert set(way.asked) == {f"{NAME}:80"}


def test_calls_between_browsers_go_through_the_proxy_or_nowhere(
    born: Born, portal: Puppet, way: Proxy, network: Network
) -> None:
    """WebRTC asks no request interceptor, so here the wall stands alone."""
    with (
        born(BY_NAME, network=network),
        closing(socket.create_server(("127.0.0.1", 0))) as here,
        closing(socket.create_server((own_address(), 0))) as near,
        closing(socket.socket(type=socket.SOCK_DGRAM)) as udp,
    ):
        udp.bind((own_address(), 0))
        ports = [server.getsockname() for server in (here, near)]
        turns = ["elsewhere.test:80", *(f"{host}:{port}" for host, port in ports), f"{NAME}:3478"]
        servers = [f"turn:{turn}?transport=tcp" for turn in turns]
        servers += [f"stun:{udp.getsockname()[0]}:{udp.getsockname()[1]}"]
        portal.do(CALL % json.dumps(servers))
        until(lambda: f"{NAME}:3478" in way.asked)
        portal.do(GATHERED)
        assert not select.select([here, near, udp], [], [], 0)[0]
    assert set(way.asked) == {f"{NAME}:80", f"{NAME}:3478"}


def test_a_proxy_that_wants_a_password_gets_none(born: Born, way: Proxy) -> None:
    way.wants_password = True
    with born(BY_NAME, network=Network(proxy=way.host), warm=False) as citizen:
        citizen.ear.wait_refused("authentication", NAME)
        assert citizen.ear.losses.get(timeout=PATIENCE) == "start page not reachable"
        assert citizen.ear.windows.empty()


def test_a_proxy_that_is_not_there_is_not_passed_by(born: Born, way: Proxy) -> None:
    with puppet(own_address()) as near, closing(socket.create_server(("127.0.0.1", 0))) as gone:
        gone.close()
        network = Network(proxy=f"localhost:{way.port + 1 if way.port < 65535 else 1}")
        with born(site_of(near), network=network, warm=False) as citizen:
            assert citizen.ear.losses.get(timeout=PATIENCE) == "start page not reachable"
        assert near.asked == []


def test_a_script_may_say_that_a_portal_needs_no_proxy(born: Born, tmp_path: Path) -> None:
    network = in_file(tmp_path, 'function FindProxyForURL() { return "DIRECT"; }')
    with puppet(own_address()) as near, born(site_of(near), network=network):
        assert near.do("return location.host") == near.host


@pytest.mark.parametrize(
    "script",
    [
        "function FindProxyForURL(url, host) { return ",
        "function FindProxyForURL(url, host) { throw 1; }",
        "function FindProxyForURL(url, host) { }",
    ],
    ids=["syntax", "throws", "silent"],
)
def test_a_broken_script_leads_nowhere_in_the_real_browser(born: Born, tmp_path: Path, script: str) -> None:
    """By itself, a browser would go on without a proxy."""
    with (
        puppet(own_address()) as near,
        born(site_of(near), network=in_file(tmp_path, script), warm=False) as citizen,
    ):
        assert citizen.ear.losses.get(timeout=PATIENCE) == "start page not reachable"
        assert near.asked == []


def test_a_script_that_overwrites_ours_opens_nothing(
    born: Born, portal: Puppet, way: Proxy, tmp_path: Path
) -> None:
    script = f"{SCRIPT % way.host}\nthis.FindProxyForURL = FindProxyForURL;"
    with born(BY_NAME, network=in_file(tmp_path, script)):
        portal.do(CALL % json.dumps([f"turn:{host}:80?transport=tcp" for host in ("elsewhere.test", NAME)]))
    assert set(way.asked) == {f"{NAME}:80"}


def test_the_longest_script_is_understood(born: Born, portal: Puppet, way: Proxy, tmp_path: Path) -> None:
    script = SCRIPT % way.host
    script += f"\n// {'x' * (MOST_SCRIPT - len(script) - 4)}"
    assert len(script) == MOST_SCRIPT
    with born(BY_NAME, network=in_file(tmp_path, script)):
        assert portal.do("return location.host") == NAME


@pytest.mark.parametrize("script", [None, "<html>please log in</html>"], ids=["missing", "none"])
def test_a_script_that_does_not_come_is_a_loss_and_tried_again(
    born: Born, portal: Puppet, way: Proxy, script: str | None
) -> None:
    """The next spare fetches it anew."""
    network = Network(pac=f"http://{way.host}/proxy.pac")
    way.script = script
    with born(BY_NAME, network=network, warm=False) as citizen:
        assert citizen.ear.losses.get(timeout=PATIENCE) == NO_SCRIPT
    way.script = SCRIPT % way.host
    with born(BY_NAME, network=network):
        assert portal.do("return location.host") == NAME


def test_a_script_s_file_that_went_away_is_a_loss(born: Born, tmp_path: Path) -> None:
    network = in_file(tmp_path, SCRIPT)
    (tmp_path / "proxy.pac").unlink()
    with born(BY_NAME, network=network, warm=False) as citizen:
        assert citizen.ear.losses.get(timeout=PATIENCE) == NO_SCRIPT


# --- certificates


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("municipal"), "municipal")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger"), "stranger")


def test_the_municipality_s_authority_is_trusted(born: Born, authority: Authority) -> None:
    network = Network.read(ca=authority.file)
    with puppet(identity=authority.identity("127.0.0.1")) as secure, born(site_of(secure), network=network):
        assert secure.do("return location.protocol") == "https:"


def test_it_is_trusted_through_the_proxy(born: Born, way: Proxy, authority: Authority) -> None:
    network = replace(Network.read(ca=authority.file), proxy=way.host)
    with puppet(identity=authority.identity(NAME)) as secure:
        way.routes[f"{NAME}:443"] = secure.host
        with born(replace(BY_NAME, start=f"https://{NAME}/"), network=network):
            assert secure.do("return location.host") == NAME
    assert set(way.asked) == {f"{NAME}:443"}


def test_a_script_may_come_over_tls_that_the_authority_vouches_for(
    authority: Authority, stranger: Authority
) -> None:
    trusting, wary = (Network.read(ca=one.file) for one in (authority, stranger))
    with puppet(identity=authority.identity("127.0.0.1")) as secure:
        with pytest.raises(MachineError, match="has no FindProxyForURL"):
            replace(trusting, pac=secure.url).script()
        with pytest.raises(MachineError, match="certificate verify failed"):
            replace(wary, pac=secure.url).script()


def test_a_start_page_without_a_valid_certificate_is_a_loss_of_its_own(
    born: Born, authority: Authority
) -> None:
    with (
        puppet(identity=authority.identity("127.0.0.1")) as secure,
        born(site_of(secure), warm=False) as citizen,
    ):
        citizen.ear.wait_refused("certificate", "127.0.0.1")
        assert citizen.ear.losses.get(timeout=PATIENCE) == "the start page's certificate is not valid"
        assert citizen.ear.windows.empty()
        assert secure.asked == []


@pytest.fixture(scope="module")
def bad(authority: Authority, stranger: Authority) -> Iterator[dict[str, Puppet]]:
    """Servers with certificates that are not valid, each at an address of its own."""
    makes: dict[str, Callable[[str], Identity]] = {
        "expired": partial(authority.identity, expired=True),
        "self-signed": authority.self_signed,
        "another host's": lambda _: authority.identity("other.test"),
        "of an unknown authority": stranger.identity,
        **dict.fromkeys(PARTS, stranger.identity),
    }
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(puppet(address, make(address)))
            for address, (name, make) in zip(
                (f"127.0.1.{number}" for number in count(1)), makes.items(), strict=False
            )
        }


@pytest.fixture
def citizen(born: Born, portal: Puppet, bad: dict[str, Puppet], authority: Authority) -> Iterator[Citizen]:
    """A capsule that trusts the municipality's authority.

    Each test has its own: an installed browser may still be on its way back when a test has ended, and would
    lose what the next one tells its page.
    """
    portal.forget()
    allow = (portal.host, *(one.host for one in bad.values()))
    with born(replace(site_of(portal), allow=allow), network=Network.read(ca=authority.file)) as one:
        one.begin()
        yield one


@pytest.mark.parametrize("what", ["expired", "self-signed", "another host's", "of an unknown authority"])
def test_a_page_without_a_valid_certificate_is_refused_clearly(
    citizen: Citizen, portal: Puppet, bad: dict[str, Puppet], screen: str, what: str
) -> None:
    """The citizen reads that it is not safe, and one button leads back to where they were."""
    portal.tell(f"location.href = '{bad[what].url}'")  # the page may be gone before it can answer
    citizen.ear.wait_refused("certificate", bad[what].address)
    until(lambda: shows(screen, TINT, EDGE))
    assert visible_windows(screen) == [citizen.window]
    with Hands(screen, citizen.window) as hands:
        hands.press_until("Return", lambda: shows(screen, GROUND, EDGE))
    numbers: list[int] = []

    def is_back() -> bool:
        """Ask; an installed browser went there and back, and each page it left may take an order along."""
        numbers.append(portal.tell("return location.pathname"))
        return any(portal.has(number) for number in numbers)

    until(is_back)
    assert bad[what].asked == []


@pytest.mark.parametrize("what", PARTS)
def test_parts_of_a_page_without_a_valid_certificate_are_only_left_out(
    citizen: Citizen, portal: Puppet, bad: dict[str, Puppet], screen: str, what: str
) -> None:
    portal.do(PARTS[what].replace("URL", bad[what].url).replace("WS", f"wss://{bad[what].host}/"))
    citizen.ear.wait_refused("certificate", bad[what].address)
    assert portal.do("return location.pathname") == "/"
    assert shows(screen, GROUND, EDGE)
    assert bad[what].asked == []


# --- what the settings name


def test_authorities_are_read_from_one_file(
    authority: Authority, stranger: Authority, tmp_path: Path
) -> None:
    file = tmp_path / "both.pem"
    file.write_text(f"the city's own\n{authority.file.read_text()}\n{stranger.file.read_text()}")
    found = Network.read(ca=file).authorities
    assert [one.strip() for one in found] == [one.file.read_text().strip() for one in (authority, stranger)]


def test_a_file_of_authorities_that_is_of_no_use_is_named(authority: Authority, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    with pytest.raises(ConfigError, match=r"ca\.pem cannot be read: No such file"):
        Network.read(ca=file)
    for text, sentence in (
        ("", "holds no certificate"),
        (authority.identity().key.read_text(), "holds no certificate"),
        (authority.identity().certificate.read_text(), "is not an authority's"),
        (authority.file.read_text().replace("MII", "AAA", 1), "cannot be read"),
        ("x" * (MOST_AUTHORITIES + 1), "at most 32 KiB"),
    ):
        file.write_text(text)
        with pytest.raises(ConfigError, match=sentence):
            Network.read(ca=file)


def test_a_script_s_file_that_is_of_no_use_is_named(tmp_path: Path) -> None:
    file = tmp_path / "proxy.pac"
    with pytest.raises(ConfigError, match=r"proxy\.pac cannot be read: No such file"):
        Network.read(pac=str(file))
    for text, sentence in (("", "has no FindProxyForURL"), ("x" * (MOST_SCRIPT + 1), "at most 1024 KiB")):
        file.write_text(text)
        with pytest.raises(ConfigError, match=sentence):
            Network.read(pac=str(file))


def test_a_script_on_a_server_is_not_waited_for_at_the_start() -> None:
    network = Network.read(pac="http://127.0.0.1:9/proxy.pac")
    assert network.file is None
    with pytest.raises(
        MachineError, match=r"^the proxy script of 127\.0\.0\.1 cannot be read: Connection refused$"
    ):
        network.script()


def test_a_script_s_address_is_told_by_its_host_only(way: Proxy) -> None:
    with pytest.raises(MachineError) as caught:
        Network(pac=f"http://user:secret@{way.host}/secret").script()
    assert "secret" not in caught.value.sentence


def test_a_script_in_any_encoding_is_read(tmp_path: Path) -> None:
    """Only its comments have any letters but ASCII."""
    file = tmp_path / "proxy.pac"
    for encoding in ("utf-8", "utf-8-sig", "cp932"):
        file.write_text("// 窓口\nfunction FindProxyForURL() {}", encoding)
        assert Network.read(pac=str(file)).script().endswith("\nfunction FindProxyForURL() {}")
