"""`guard site check`: real capsules at portals of the test's own, on a screen of the test's own."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import json
import os
import socket
import subprocess
import tomllib
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guard.browser.messages import Loss, Refusal
from guard.browser.port import Logout
from guard.browser.site import BrowserKind, LogoutRecipe
from guard.browser.survey import TOO_SLOW, Findings, Wish
from guard.containers.bubblewrap import Bubblewrap
from guard.containers.port import Sealing
from guard.errors import ConfigError, MachineError
from guard.ground import runtime_folder
from guard.paths import SingleInstance, container_mark, shipped_config
from guard.screens import x11_fit
from guard.settings.load import load
from guard.site_check import for_people, for_programs, site_to_check, walk
from guard.words import Words
from tests.browser.fixtures import site_of
from tests.browser.puppet import PATIENCE, puppet
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from guard.browser.site import Site
    from tests.browser.puppet import Puppet

EMBEDDED = BrowserKind.EMBEDDED
FOUND = Findings(
    shown_ms=800.0,
    lost="",
    wishes=frozenset(),
    complete=True,
    logout=Logout.CONFIRMED,
    logout_ms=90.0,
    erased=True,
)


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    with Xvfb() as server:
        yield server.display


@pytest.fixture
def environment(screen: str, tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "DISPLAY": screen, "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)}


@pytest.fixture
def portal() -> Iterator[Puppet]:
    with puppet() as one:
        yield one


def found_at(site: Site, environment: dict[str, str], kind: BrowserKind = EMBEDDED) -> Findings:
    return walk(site, kind, load(None, environment), environment)


def refused(host: str, what: Refusal = Refusal.REQUEST) -> Wish:
    return Wish(host=host, allowed=False, what=what)


def told(site: Site, findings: Findings) -> str:
    return for_people(site, EMBEDDED, findings, Words.load())


@pytest.mark.parametrize("kind", [BrowserKind.EMBEDDED, BrowserKind.CHROMIUM])
def test_every_host_that_a_portal_wants_is_told_and_which_are_refused(
    portal: Puppet, environment: dict[str, str], kind: BrowserKind
) -> None:
    with puppet("127.0.0.2") as other:
        portal.tell(f"new Image().src = '{other.url}logo'; fetch('http://127.0.0.9/'); open('mailto:a@b.c')")
        site = replace(site_of(portal), allow=(portal.host, "127.0.0.2"))
        findings = found_at(site, environment, kind)
    assert {(one.host, one.allowed) for one in findings.wishes if not one.host.endswith(":")} == {
        ("127.0.0.1", True),
        ("127.0.0.2", True),
        ("127.0.0.9", False),
    }
    assert {
        Wish(host="127.0.0.1", allowed=True, what=Refusal.NAVIGATION),
        Wish(host="127.0.0.2", allowed=True, what=Refusal.REQUEST),
        refused("127.0.0.9"),
    } <= findings.wishes
    assert findings.shown_ms
    assert (findings.lost, findings.logout, findings.erased) == ("", Logout.CONFIRMED, True)
    assert findings.good
    assert for_programs(site, kind, findings)["add"] == ["127.0.0.9"]
    assert f'allow = ["{portal.host}", "127.0.0.2", "127.0.0.9"]' in told(site, findings)


def test_a_start_page_that_cannot_be_reached_is_said_and_leftovers_are_swept(
    portal: Puppet, environment: dict[str, str]
) -> None:
    runtime = runtime_folder(environment)
    ours, theirs = socket.socketpair()
    with ours, theirs, closing(Bubblewrap(container_mark(runtime / "site-check.lock"))) as died:
        leftover = died.seal(
            Sealing(
                name="capsule-leftover",
                command=("/usr/bin/sleep", "1000"),
                channel_fd=theirs.fileno(),
                environment={},
                network=False,
                dies_with_parent=False,
            )
        )
        site = replace(site_of(portal), start="http://127.0.0.1:9/", allow=("127.0.0.1",))
        findings = found_at(site, environment)
        assert leftover.wait(PATIENCE)
    assert (findings.shown_ms, findings.lost) == (None, Loss.START_UNREACHABLE)
    assert (findings.logout, findings.erased, findings.good) == (Logout.NOT_TRIED, True, False)
    assert "it cannot be reached" in told(site, findings)


def test_a_start_page_that_leads_elsewhere_is_said_with_the_host(
    portal: Puppet, environment: dict[str, str]
) -> None:
    site = replace(site_of(portal), start=f"{portal.url}redirect?to=http://127.0.0.9/secret")
    findings = found_at(site, environment)
    assert findings.lost == Loss.START_ELSEWHERE
    assert refused("127.0.0.9", Refusal.NAVIGATION) in findings.wishes
    assert "secret" not in told(site, findings)


def test_a_logout_without_its_proof_is_not_good(portal: Puppet, environment: dict[str, str]) -> None:
    recipe = LogoutRecipe(click=("#logged-in", "#never"), done="#never", deadline_ms=300)
    site = replace(site_of(portal), logout=recipe)
    findings = found_at(site, environment)
    assert findings.shown_ms
    assert (findings.lost, findings.logout, findings.good) == ("", Logout.NOT_CONFIRMED, False)
    assert "Nobody was logged in" in told(site, findings)


def test_where_a_guard_covers_the_screen_nothing_is_tried(
    portal: Puppet, environment: dict[str, str]
) -> None:
    with closing(x11_fit.connect(environment)) as client:
        x11_fit.claim(client, client.screen().root.create_window(0, 0, 1, 1, 0, 0))
        client.sync()
        with pytest.raises(MachineError, match="another guard covers the display"):
            found_at(site_of(portal), environment)
    assert portal.asked == []


def test_two_checks_do_not_sweep_each_other(portal: Puppet, environment: dict[str, str]) -> None:
    with (
        SingleInstance(runtime_folder(environment), "site-check.lock"),
        pytest.raises(ConfigError, match="another guard site check is running"),
    ):
        found_at(site_of(portal), environment)


def guard(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "guard", "site", "check", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def test_without_a_screen_the_command_makes_its_own_and_serves_the_practice_portal(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    shipped = (shipped_config() / "sites" / "practice.toml").read_text(encoding="utf-8")
    file = tmp_path / "practice-here.toml"
    file.write_text(shipped.replace("28733", str(port)), encoding="utf-8")
    del environment["DISPLAY"]
    ended = guard(environment, str(file), "--json", "--kind", "embedded")
    assert (ended.returncode, ended.stderr) == (0, "")
    answer = json.loads(ended.stdout)
    assert (answer["site"], answer["logout"], answer["erased"]) == ("practice-here", "confirmed", True)
    assert {(one["host"], one["allowed"]) for one in answer["hosts"]} == {("127.0.0.1", True)}
    assert answer["add"] == []


def test_the_command_says_what_failed_and_returns_1(environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "town.toml"
    file.write_text('name = "町"\nstart = "http://127.0.0.1:9/"\nallow = ["127.0.0.1"]\n', encoding="utf-8")
    ended = guard(environment, str(file))
    assert ended.returncode == 1
    assert "町 (embedded)" in ended.stdout
    assert "not shown" in ended.stdout


def test_a_name_is_a_shipped_profile_and_anything_else_a_path(tmp_path: Path) -> None:
    assert site_to_check("mynaportal-qr", EMBEDDED).key == "mynaportal-qr"
    path = tmp_path / "town.toml"
    path.write_text('name = "x"\nstart = "https://a.example/"\nallow = ["a.example"]', encoding="utf-8")
    assert site_to_check(str(path), EMBEDDED).key == "town"
    with pytest.raises(ConfigError, match=r'"town" is no site profile; shipped is "custom", .*\./town\.toml'):
        site_to_check("town", EMBEDDED)
    with pytest.raises(ConfigError, match="no such file"):
        site_to_check("./nowhere.toml", EMBEDDED)


def test_a_profile_is_not_tried_in_a_browser_it_does_not_work_in() -> None:
    with pytest.raises(ConfigError, match='works in "chrome" or "edge" only, not in "embedded"'):
        site_to_check("mynaportal", EMBEDDED)
    assert site_to_check("mynaportal", BrowserKind.CHROME).key == "mynaportal"


@pytest.mark.parametrize(
    ("findings", "good"),
    [
        (FOUND, True),
        (replace(FOUND, wishes=frozenset({refused("a.example")})), True),
        (replace(FOUND, logout=Logout.NO_RECIPE), True),
        (replace(FOUND, logout=Logout.NOT_CONFIRMED), False),
        (replace(FOUND, logout=Logout.NOT_TRIED, shown_ms=None, lost=TOO_SLOW), False),
        (replace(FOUND, lost=Loss.PAGE_DIED), False),
        (replace(FOUND, erased=False), False),
    ],
)
def test_only_a_portal_that_opens_and_can_be_left_is_good(findings: Findings, *, good: bool) -> None:
    assert findings.good is good


def test_what_allow_lacks_is_a_line_for_the_profile() -> None:
    """Not what no line there could allow: other schemes, addresses of IP version 6, permissions."""
    site = site_to_check("custom", EMBEDDED)
    wishes = {
        refused("b.example"),
        refused("a.example", Refusal.NAVIGATION),
        refused("c.example", Refusal.NEW_WINDOW),
        refused("d.example", Refusal.PERMISSION),
        refused("portal.example.jp"),
        refused("::1"),
        refused("mailto:", Refusal.NAVIGATION),
        refused("", Refusal.NEW_WINDOW),
    }
    findings = replace(FOUND, wishes=frozenset(wishes))
    assert for_programs(site, EMBEDDED, findings)["add"] == ["a.example", "b.example", "c.example"]
    lines = told(site, findings).splitlines()
    (line,) = (line for line in lines if line.startswith("allow = "))
    assert tomllib.loads(line) == {"allow": [*site.allow, "a.example", "b.example", "c.example"]}
    assert "refused (3)" in "".join(lines)
    assert [host for host in ("d.example", "::1", "mailto:") if host not in "".join(lines)] == []


def test_nothing_to_add_is_said_too() -> None:
    assert "allow lacks no host" in told(site_to_check("custom", EMBEDDED), FOUND)


def test_a_list_that_was_cut_says_so() -> None:
    assert "too many hosts" in told(site_to_check("custom", EMBEDDED), replace(FOUND, complete=False))


@pytest.mark.parametrize("why", [TOO_SLOW, *Loss])
def test_every_loss_is_said_in_both_languages(why: str) -> None:
    findings = replace(FOUND, shown_ms=None, lost=why)
    japanese, _, english = told(site_to_check("custom", EMBEDDED), findings).splitlines()[2].rpartition(" / ")
    assert not japanese.partition("ended")[2].isascii()
    assert english.replace("’", "").isascii()


def test_every_outcome_and_every_refusal_has_its_words() -> None:
    site = site_to_check("custom", EMBEDDED)
    for outcome in Logout:
        assert told(site, replace(FOUND, logout=outcome))
    wishes = frozenset(refused("a.example", what) for what in Refusal)
    assert told(site, replace(FOUND, wishes=wishes)).count(" / ") > len(Refusal)
