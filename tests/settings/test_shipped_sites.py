"""Every site profile that is shipped loads, in the kinds of browser it works in, and in no other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from guard.browser.site import BrowserKind
from guard.errors import ConfigError
from guard.paths import shipped_config
from guard.settings.load import load
from guard.settings.schema import SITE_KEYS
from guard.settings.site import read_site

if TYPE_CHECKING:
    from pathlib import Path

HOME = {"HOME": "/home/nobody", "LOCALAPPDATA": r"C:\Users\nobody\AppData\Local"}
SITES = shipped_config() / "sites"
ANY = tuple(BrowserKind)
CARD = (BrowserKind.CHROME, BrowserKind.EDGE)
KINDS = {
    "practice": ANY,
    "custom": ANY,
    "mynaportal-qr": ANY,
    "mynaportal": CARD,
    "pittari": CARD,
    "etax": CARD,
}
REAL = ("mynaportal", "mynaportal-qr", "pittari", "etax")


def text(name: str) -> str:
    return (SITES / f"{name}.toml").read_text(encoding="utf-8")


def settings_file(folder: Path, site: str, kind: BrowserKind) -> Path:
    path = folder / "guard.toml"
    path.write_text(f'[portal]\nsite = {site}\n[browser]\nkind = "{kind}"\n', encoding="utf-8")
    return path


def test_no_other_profile_is_shipped() -> None:
    assert {path.stem for path in SITES.iterdir()} == set(KINDS)


@pytest.mark.parametrize("kind", BrowserKind)
@pytest.mark.parametrize("name", KINDS)
def test_a_shipped_profile_loads_where_it_works_and_nowhere_else(
    tmp_path: Path, name: str, kind: BrowserKind
) -> None:
    path = settings_file(tmp_path, f'"{name}"', kind)
    if kind in KINDS[name]:
        (site,) = load(path, HOME).sites
        assert (site.key, site.practice) == (name, name == "practice")
        return
    with pytest.raises(ConfigError) as refusal:
        load(path, HOME)
    (sentence,) = refusal.value.sentence.splitlines()
    assert f'{name}.toml: this portal works in "chrome" or "edge" only' in sentence
    assert f'[browser] kind is "{kind}" in {path}' in sentence


def test_all_shipped_profiles_stand_side_by_side(tmp_path: Path) -> None:
    names = ", ".join(f'"{name}"' for name in KINDS)
    settings = load(settings_file(tmp_path, f"[{names}]", BrowserKind.EDGE), HOME)
    assert [site.key for site in settings.sites] == list(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_a_shipped_profile_has_a_button_in_every_language(name: str) -> None:
    site, _ = read_site(SITES / f"{name}.toml")
    assert site.button.ja
    assert site.button.en
    assert site.button.easy_ja


@pytest.mark.parametrize("name", REAL)
def test_a_profile_of_a_real_portal_says_what_was_not_tried_in_both_languages(name: str) -> None:
    assert re.search(r"(?m)^# 確かめていないこと: .*本物", text(name))
    assert re.search(r"(?m)^# Not tried: the real ", text(name))


@pytest.mark.parametrize("name", REAL)
def test_no_logout_is_invented_for_a_real_portal(name: str) -> None:
    site, _ = read_site(SITES / f"{name}.toml")
    assert site.logout is None
    assert "[logout] is left out on purpose" in text(name)
    assert "no_recipe" in text(name)


@pytest.mark.parametrize("name", REAL)
def test_a_profile_that_needs_the_extension_says_where_it_comes_from(name: str) -> None:
    site, _ = read_site(SITES / f"{name}.toml")
    needs = site.browsers == CARD
    assert bool(site.extension_hosts) == needs
    assert ("fjjibalalngebiaophebgkkohaaggphf;https://clients2.google.com/" in text(name)) == needs


def test_the_template_explains_every_key_and_reaches_nobody() -> None:
    custom = text("custom")
    section = ""
    found = set[tuple[str, str]]()
    for line in custom.splitlines():
        if heading := re.fullmatch(r"\[(.*)\]", line):
            section = heading[1]
        elif key := re.match(r"#?([a-z-]+(?:_[a-z]+)*) = ", line):
            found.add((section, key[1]))
    assert found == {(key.section, key.name) for key in SITE_KEYS}
    assert set(re.findall(r"[a-z]+\.(?:jp|com|org)\b", custom)) == {"example.jp"}
