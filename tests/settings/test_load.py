"""Settings: what is given is taken, what is not allowed is refused with a sentence that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.browser.site import BrowserKind, Wording
from guard.errors import ConfigError
from guard.paths import journal_default, shipped_config
from guard.readers.port import Watch
from guard.session.policy import OnRemoval
from guard.settings.load import load
from guard.settings.model import Language
from tests.support.certificates import Authority

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOME = {"HOME": "/home/nobody", "LOCALAPPDATA": r"C:\Users\nobody\AppData\Local"}
SITE = """
name = "x"
start = "https://a.example/"
allow = ["a.example", "*.b.example"]
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def file(text: str) -> Path:
        path = tmp_path / "guard.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return file


@pytest.fixture
def refused(write: Callable[[str], Path]) -> Callable[[str], str]:
    def sentence(text: str) -> str:
        path = write(text)
        with pytest.raises(ConfigError) as refusal:
            load(path, HOME)
        assert str(path.parent) in refusal.value.sentence
        return refusal.value.sentence

    return sentence


@pytest.fixture
def refused_site(refused: Callable[[str], str], tmp_path: Path) -> Callable[[str], str]:
    def sentence(text: str) -> str:
        (tmp_path / "town.toml").write_text(text, encoding="utf-8")
        return refused('[portal]\nsite = "town.toml"')

    return sentence


def test_no_file_means_the_defaults_with_the_practice_portal() -> None:
    settings = load(None, HOME)
    (site,) = settings.sites
    assert site.practice
    assert settings.session.on_removal is OnRemoval.WIPE
    assert settings.journal.directory == journal_default(HOME)


def test_what_the_file_gives_is_taken(write: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "town.toml").write_text(
        SITE + '[logout]\nclick = "#out"\ndone = "#bye"\ndeadline_ms = 900\n[permit]\ndownloads = true\n',
        encoding="utf-8",
    )
    settings = load(
        write(
            '[reader]\nname = "ACR"\nwatch = "handle"\n'
            '[session]\non_removal = "hold"\nhold_seconds = 5\n'
            '[portal]\nsite = "./town.toml"\n[browser]\nwarm = 3\n'
            '[screens]\nlanguage = "easy-ja"\nsound = false\n[journal]\ndirectory = "log"\n'
        ),
        HOME,
    )
    assert (settings.reader.name, settings.reader.watch) == ("ACR", Watch.HANDLE)
    assert (settings.session.on_removal, settings.session.hold_seconds) == (OnRemoval.HOLD, 5)
    assert settings.browser.warm == 3
    assert (settings.screens.language, settings.screens.sound) == (Language.EASY_JA, False)
    assert settings.journal.directory == tmp_path / "log"
    (site,) = settings.sites
    assert site.allow == ("a.example", "*.b.example")
    assert site.permit.downloads
    assert site.logout is not None
    assert (site.logout.click, site.logout.deadline_ms) == (("#out",), 900)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("foo = 1", ['"foo"', "reader", "journal"]),
        ("[sesion]", ['"sesion"', 'did you mean "session"']),
        ("session = 5", ["session is a section"]),
        ("[session]\nhold_second = 1", ["[session]", '"hold_second"', 'did you mean "hold_seconds"']),
        ("[session]\nhold_seconds = true", ["hold_seconds = true", "a whole number from 5 to 600"]),
        ("[session]\nhold_seconds = 4", ["hold_seconds = 4", "5 to 600"]),
        ("[session]\nhold_seconds = 60.0", ["hold_seconds = 60.0", "5 to 600"]),
        ('[session]\non_removal = "lock"', ['on_removal = "lock"', '"wipe" or "hold"']),
        ("[session]\nidle_seconds = 30", ["idle_warning_seconds = 30", "less than", "30"]),
        (
            '[browser]\nkind = "firefox"',
            ['kind = "firefox"', '"embedded" or "chrome" or "edge" or "chromium"'],
        ),
        ("[browser]\nwarm = 0", ["warm = 0", "1 to 3"]),
        ('[screens]\nsound = "yes"', ['sound = "yes"', "true or false"]),
        ("[screens]\nlanguage = {}", ["language = a table", '"ja"']),
        ('[staff]\nhotkey = "l"', ['hotkey = "l"', "at least two of"]),
        ('[staff]\nhotkey = "ctrl+ctrl+l"', ['hotkey = "ctrl+ctrl+l"', "at least two of"]),
        ('[reader]\nname = "a\\nb"', ["name", "at most 200 characters"]),
        ('[portal]\nsite = "nowhere"', ['site = "nowhere"', '"practice"', "./nowhere.toml"]),
        ('[portal]\nsite = "./nowhere.toml"', ["nowhere.toml", "no such file"]),
        ('[portal]\nsite = ["practice", "nowhere"]', ['"custom", ', "./nowhere.toml"]),
        ("[portal]\nsite = []", ["site = []", "a list of 1 to 6 different ones"]),
        ('[portal]\nsite = ["custom", "custom"]', ['["custom", "custom"]', "different ones"]),
        ('[portal]\nsite = ["a", "b", "c", "d", "e", "f", "g"]', ["a list of 1 to 6"]),
        ('[portal]\nsite = "https://myna.go.jp/"', ["not an address"]),
        ('[network]\nproxy = "proxy.example"', ["[network] proxy", '"host:port"']),
        ('[network]\nproxy = "proxy.example:65536"', ["[network] proxy", '"host:port"']),
        ('[network]\nproxy = "me:pw@proxy.example:80"', ["[network] proxy", '"host:port"']),
        ('[network]\nproxy = "p.example:80"\npac = "http://p.example/"', ["[network] pac", "not both"]),
        ('[network]\npac = "ftp://proxy.example/a.pac"', ["[network] pac", "http:// or https://"]),
        ('[network]\npac = "http://me:pw@proxy.example/a.pac"', ["[network] pac", "http:// or https://"]),
        ('[network]\npac = "nowhere.pac"', ['[network] pac = "nowhere.pac"', "cannot be read"]),
        ('[network]\nca = "nowhere.pem"', ['[network] ca = "nowhere.pem"', "cannot be read"]),
        ('[network]\nca = "guard.toml"', ['[network] ca = "guard.toml"', "holds no certificate"]),
        ('[printing]\nprinter = "two words"', ["[printing] printer", "a queue of CUPS"]),
        ('[printing]\nprinter = "-d"', ["[printing] printer", "a queue of CUPS"]),
        ('[printing]\nprinter = "a/b"', ["[printing] printer", "a queue of CUPS"]),
        ("a = }", ["not valid TOML", "line 1"]),
    ],
)
def test_a_refusal_names_the_key_what_was_given_and_what_is_allowed(
    refused: Callable[[str], str], text: str, named: list[str]
) -> None:
    sentence = refused(text)
    assert [word for word in named if word not in sentence] == []


def test_all_problems_of_both_files_are_told_at_once(refused: Callable[[str], str], tmp_path: Path) -> None:
    (tmp_path / "town.toml").write_text(SITE + "colour = 1", encoding="utf-8")
    sentence = refused('[browser]\nwarm = 9\n[session]\nx = 1\n[portal]\nsite = "./town.toml"')
    assert [word in sentence for word in ("warm = 9", '"x"', '"colour"')] == [True, True, True]
    assert len(sentence.splitlines()) == 3


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", ["name is missing", "start is missing", "allow is missing"]),
        (SITE.replace("https://a", "http://a"), ["start", "allowed is https://"]),
        (SITE.replace("https://a.example/", "https://u:p@a.example/"), ["start", "without user name"]),
        (SITE.replace("https://a.example/", "https://a.example:99999/"), ["start", "an address with a host"]),
        (SITE.replace("https://a.example/", "https://c.example/"), ["c.example", "must stand in allow"]),
        (SITE.replace("https://a.example/", "https://b.example/"), ["must stand in allow"]),
        (SITE.replace("https://a.example/", "ftp://a.example/"), ["start", "https://"]),
        (
            SITE.replace("https://a.example/", "https://a.example:444/").replace(
                '"a.', '"a.example:443", "x.'
            ),
            ["allow"],
        ),
        (SITE.replace('"*.b.example"', '"*.example"'), ["allow", "at least two parts"]),
        (SITE.replace('"*.b.example"', '"*"'), ["allow", "at least two parts"]),
        (SITE.replace('"*.b.example"', '"B.example"'), ["lower case"]),
        (SITE.replace('"*.b.example"', '"https://b.example"'), ["allow"]),
        ('name = "x"\nstart = "https://a.example/"\nallow = []', ["allow = []", "at least one"]),
        (SITE + "[logout]\ndone = '#x'", ["exactly one of url and click"]),
        (SITE + "[logout]\ndone = '#x'\nclick = '#y'\nurl = 'https://a.example/'", ["exactly one"]),
        (SITE + "[logout]\nclick = '#y'", ["[logout] done is missing"]),
        (SITE + "[logout]\nclick = []\ndone = '#x'", ["[logout] click = []", "a list of 1 to 5"]),
        (SITE + f"[logout]\nclick = {list('abcdef')}\ndone = '#x'", ["[logout] click", "a list of 1 to 5"]),
        (SITE + "[logout]\nclick = '#y'\ndone = 'https://c.example/'", ["[logout] done", "c.example"]),
        (SITE + "[logout]\nurl = 'http://a.example/'\ndone = '#x'", ["[logout] url", "https://"]),
        (
            SITE + "[logout]\nclick = '#y'\ndone = '#x'\ndeadline_ms = 99",
            ["deadline_ms = 99", "100 to 10000"],
        ),
        (
            SITE + "[permit]\nprinting = true",
            ["[permit] printing = true is refused", "[printing] printer in", "guard.toml"],
        ),
        (SITE + "zoom = 49", ["zoom = 49", "50 to 300"]),
        (SITE + "browsers = []", ["browsers = []", "at least one entry"]),
        (SITE + 'browsers = ["firefox"]', ["browsers", '"embedded" or "chrome"']),
        (
            SITE + 'browsers = ["chrome", "edge"]',
            ['works in "chrome" or "edge" only', '[browser] kind is "embedded"', "guard.toml"],
        ),
        (SITE + "extension_hosts = []", ["extension_hosts = []", "at least one entry"]),
        (SITE + 'extension_hosts = ["*.com"]', ["extension_hosts", "at least two parts"]),
        (SITE + f"[button]\nja = '{21 * '字'}'", ["[button] ja", "at most 20 characters"]),
        (SITE + f"[button]\nen = '{37 * 'a'}'", ["[button] en", "at most 36 characters"]),
        (SITE + f"[strip]\neasy-ja = '{29 * '字'}'", ["[strip] easy-ja", "at most 28 characters"]),
        (SITE + f"[strip]\nen = '{51 * 'a'}'", ["[strip] en", "at most 50 characters"]),
        (SITE + "[strip]\nja = '{字'", ["[strip] ja", "{word:reading}"]),
        (SITE + "[strip]\nja = '{seconds}'", ["[strip] ja", "{word:reading}"]),
        (SITE + "[button]\nfr = 'x'", ["[button]", '"fr"', "ja, en, easy-ja"]),
        (SITE + "[permit]\ncamera = true", ["[permit]", '"camera"', "downloads, printing"]),
        (SITE.replace("name", "practice = true\nname"), ["practice = true", "http://127.0.0.1:PORT/"]),
    ],
)
def test_a_site_profile_that_could_let_a_citizen_astray_is_refused(
    refused_site: Callable[[str], str], text: str, named: list[str]
) -> None:
    sentence = refused_site(text)
    assert "town.toml" in sentence
    assert [word for word in named if word not in sentence] == []


def test_several_portals_are_taken_in_their_order(write: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "town.toml").write_text(SITE, encoding="utf-8")
    settings = load(write('[portal]\nsite = ["./town.toml", "practice", "custom"]'), HOME)
    assert [site.key for site in settings.sites] == ["town", "practice", "custom"]


def test_a_logout_may_take_several_clicks(write: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "town.toml").write_text(
        SITE + '[logout]\nclick = ["#menu", "#out"]\ndone = "#bye"', encoding="utf-8"
    )
    (site,) = load(write('[portal]\nsite = "town.toml"'), HOME).sites
    assert site.logout is not None
    assert (site.logout.url, site.logout.click) == (None, ("#menu", "#out"))


def test_everything_a_profile_gives_is_taken(write: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "town.toml").write_text(
        SITE
        + 'zoom = 150\nbrowsers = ["edge", "chrome"]\nextension_hosts = ["ext.example:8443"]\n'
        + f'[permit]\nprinting = true\n[button]\nja = "{19 * "字"}|{{字:じ}}"\nen = "Taxes: ready"\n'
        + '[strip]\neasy-ja = "{税金:ぜいきん}|です"\n',
        encoding="utf-8",
    )
    given = '[portal]\nsite = "town.toml"\n[browser]\nkind = "chrome"\n[printing]\nprinter = "Office_2"\n'
    settings = load(write(given), HOME)
    (site,) = settings.sites
    assert (site.key, site.zoom) == ("town", 150)
    assert site.browsers == (BrowserKind.EDGE, BrowserKind.CHROME)
    assert site.extension_hosts == ("ext.example:8443",)
    assert site.permit.printing
    assert site.button == Wording(ja=f"{19 * '字'}|{{字:じ}}", en="Taxes: ready")
    assert site.strip == Wording(easy_ja="{税金:ぜいきん}|です")
    assert settings.browser.kind is BrowserKind.CHROME
    assert settings.printing.printer == "Office_2"


@pytest.mark.parametrize("name", ["Town.toml", "a town.toml", "town.jp.toml", f"{41 * 'a'}.toml"])
def test_a_profile_must_have_a_name_for_the_journal(
    refused: Callable[[str], str], tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text(SITE, encoding="utf-8")
    sentence = refused(f'[portal]\nsite = "./{name}"')
    assert f"{name}: its name is refused" in sentence
    assert len(sentence.splitlines()) == 1


def test_two_profiles_of_one_name_are_refused(refused: Callable[[str], str], tmp_path: Path) -> None:
    (tmp_path / "custom.toml").write_text(SITE, encoding="utf-8")
    sentence = refused('[portal]\nsite = ["custom", "./custom.toml"]')
    assert 'two of the files are "custom"' in sentence


def test_two_practice_portals_are_refused(refused: Callable[[str], str], tmp_path: Path) -> None:
    practice = (shipped_config() / "sites" / "practice.toml").read_text(encoding="utf-8")
    (tmp_path / "second.toml").write_text(practice, encoding="utf-8")
    assert "one profile with practice = true" in refused('[portal]\nsite = ["practice", "./second.toml"]')


def test_problems_of_every_profile_are_told_at_once(refused: Callable[[str], str], tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(SITE + "colour = 1", encoding="utf-8")
    (tmp_path / "two.toml").write_text(SITE + 'browsers = ["edge"]', encoding="utf-8")
    given = (
        '[portal]\nsite = ["./one.toml", "./two.toml", "nowhere"]\n[network]\nca = "no.pem"\npac = "no.pac"'
    )
    sentence = refused(given)
    words = ('"colour"', 'works in "edge" only', "./nowhere.toml", "no.pem", "no.pac")
    assert [word for word in words if word not in sentence] == []
    assert len(sentence.splitlines()) == 5


def test_what_was_refused_already_is_not_held_against_the_profile(
    refused: Callable[[str], str], tmp_path: Path
) -> None:
    (tmp_path / "town.toml").write_text(
        SITE + 'browsers = ["edge"]\n[permit]\nprinting = true', encoding="utf-8"
    )
    given = '[portal]\nsite = "./town.toml"\n[browser]\nkind = "egde"\n[printing]\nprinter = "a b"'
    assert len(refused(given).splitlines()) == 2


def test_files_of_the_network_are_taken_as_seen_from_the_settings(
    write: Callable[[str], Path], tmp_path: Path
) -> None:
    authority = Authority(tmp_path / "net")
    (tmp_path / "net" / "town.pac").write_text("function FindProxyForURL() {}", encoding="utf-8")
    network = load(write('[network]\npac = "net/town.pac"\nca = "net/authority.pem"'), HOME).network
    assert network.pac == str(tmp_path / "net" / "town.pac")
    assert network.authorities == (authority.file.read_text(encoding="ascii").strip(),)
    assert load(write('[network]\nproxy = "proxy.town.example:8080"'), HOME).network.proxy.endswith(":8080")
    assert load(write('[network]\npac = "http://p.example/a?b"'), HOME).network.pac == "http://p.example/a?b"


def test_a_certificate_that_is_no_authoritys_is_refused(
    refused: Callable[[str], str], tmp_path: Path
) -> None:
    Authority(tmp_path).identity("portal.example")
    assert "is not an authority's" in refused('[network]\nca = "authority-portal.example.crt"')


def test_a_refusal_repeats_of_an_address_nothing_beyond_the_host(
    refused_site: Callable[[str], str],
) -> None:
    sentence = refused_site(SITE.replace("https://a.example/", "https://me:pw@c.example/secret?token=1#x"))
    assert "https://c.example/…" in sentence
    assert [word for word in ("me:", "pw", "secret", "token") if word in sentence] == []


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml: there is no such file"):
        load(tmp_path / "absent.toml", HOME)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "guard.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"guard\.toml: is not UTF-8"):
        load(tmp_path / "guard.toml", HOME)


def test_a_byte_order_mark_before_the_text_is_no_error(tmp_path: Path) -> None:
    """Some editors on Windows put one there."""
    (tmp_path / "guard.toml").write_bytes(b'\xef\xbb\xbf[reader]\r\nname = "x"\r\n')
    assert load(tmp_path / "guard.toml", HOME).reader.name == "x"


def test_a_syslog_server_is_taken_with_its_files_relative_to_the_settings(
    write: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guard.settings.load.SYSLOG", True)
    path = write(
        '[journal]\nplatform_log = false\nsyslog = "log.town.example"\nsyslog_ca = "tls/ca.pem"\n'
        'syslog_certificate = "/etc/pc.crt"\nsyslog_key = "/etc/pc.key"\n'
    )
    journal = load(path, HOME).journal
    assert not journal.platform_log
    assert journal.syslog
    assert str(journal.syslog.address) == "log.town.example:6514"
    assert journal.syslog.ca == tmp_path / "tls" / "ca.pem"
    at = tmp_path / "/etc"  # on Windows, of this drive
    assert (journal.syslog.certificate, journal.syslog.key) == (at / "pc.crt", at / "pc.key")
    assert load(None, HOME).journal.syslog is None
    assert load(None, HOME).journal.platform_log


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ('syslog = "log.example:0"', '"host:port"'),
        ('syslog = "log.example:99999"', '"host:port"'),
        ('syslog = "https://log.example"', '"host:port"'),
        ('syslog = "[::g]:6514"', '"host:port"'),
        ('syslog_ca = "ca.pem"', "only where [journal] syslog names a server"),
        ('syslog = "log.example"\nsyslog_key = "pc.key"', "both, syslog_certificate and syslog_key, or none"),
    ],
)
def test_a_syslog_server_that_cannot_be_is_refused(
    refused: Callable[[str], str], given: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guard.settings.load.SYSLOG", True)
    assert why in refused(f"[journal]\n{given}\n")


def test_where_a_syslog_servers_word_cannot_be_proven_none_may_be_named(
    refused: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guard.settings.load.SYSLOG", False)
    sentence = refused('[journal]\nsyslog = "log.town.example"\n')
    assert '[journal] syslog = "log.town.example" is refused; allowed is only "" on Windows' in sentence


def test_every_setting_has_its_part_in_the_fingerprint(write: Callable[[str], Path]) -> None:
    plain = load(write(""), HOME).fingerprint()
    assert plain == load(write("[screens]\n"), HOME).fingerprint()
    assert plain != load(write("[screens]\nsound = false\n"), HOME).fingerprint()
    assert plain != load(write("[session]\nhold_seconds = 61\n"), HOME).fingerprint()
    assert plain != load(write('[printing]\nprinter = "office"\n'), HOME).fingerprint()
    assert plain != load(write('[portal]\nsite = ["practice", "custom"]\n'), HOME).fingerprint()


def test_the_fingerprint_tells_authorities_in_a_file_of_the_same_name_apart(
    write: Callable[[str], Path], tmp_path: Path
) -> None:
    path = write('[network]\nca = "authority.pem"')
    prints = set[str]()
    for _ in range(2):
        Authority(tmp_path)
        prints.add(load(path, HOME).fingerprint())
    assert len(prints) == 2
