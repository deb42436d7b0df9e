"""Every key of guard.toml and of a site profile: its default, what is allowed, what it means.

The one source for reading, for ``guard config show`` and for ``guard config schema``; a test holds the
documentation in config/guard.toml to it. Defaults come from the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

from guard.browser.site import BrowserKind, LogoutRecipe, Permit
from guard.readers.port import Watch
from guard.screens.port import Monitors
from guard.session.policy import OnRemoval, Policy
from guard.settings.kinds import Flag, Kind, OneOf, OneOrSome, Schema, Some, Text, Whole
from guard.settings.model import (
    BrowserSettings,
    JournalSettings,
    Language,
    PrintingSettings,
    ReaderSettings,
    ScreenSettings,
    StaffSettings,
)

Value_co = TypeVar("Value_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key(Generic[Value_co]):
    """One key; ``section`` is empty for keys above the first section."""

    section: str
    name: str
    kind: Kind[Value_co]
    default: Value_co
    about: str
    required: bool = False
    """Must be given (if it has a section: whenever that is); the default then only fills the gap."""

    @property
    def title(self) -> str:
        """How people call it."""
        return f"[{self.section}] {self.name}" if self.section else self.name


_POLICY = Policy()
_PERMIT = Permit()
_READER = ReaderSettings()
_BROWSER = BrowserSettings()
_PRINTING = PrintingSettings()
_STAFF = StaffSettings()
_SCREENS = ScreenSettings()
_JOURNAL = JournalSettings(directory=Path())

_LINE = r"[^\u0000-\u001f\u007f]"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*"
_FILE = Text(rf"{_LINE}{{0,400}}", "the path of a PEM file, at most 400 characters")
_ADDRESS = Text(r"https?://[^\s\u0000-\u001f\u007f]{1,2000}", "an address that begins with https://")
_PORT = r"(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_HOSTS = Some(
    Text(
        rf"(?:{_HOST}|\*\.{_LABEL}\.{_HOST})(?::[0-9]{{1,5}})?",
        '"host", "host:port" or "*.host" in lower case (the host after *. has at least two parts)',
    )
)

READER_NAME: Final = Key(
    section="reader",
    name="name",
    kind=Text(rf"{_LINE}{{0,200}}", "a part of the reader's name, at most 200 characters"),
    default=_READER.name,
    about="Part of the card reader's name; empty means the only one connected.",
)
READER_WATCH: Final = Key(
    section="reader",
    name="watch",
    kind=OneOf(Watch),
    default=_READER.watch,
    about="How removal is noticed; 'handle' also holds one shared handle (for readers that are polled).",
)
ON_REMOVAL: Final = Key(
    section="session",
    name="on_removal",
    kind=OneOf(OnRemoval),
    default=_POLICY.on_removal,
    about="What happens when the card leaves the reader.",
)
HOLD_SECONDS: Final = Key(
    section="session",
    name="hold_seconds",
    kind=Whole(5, 600),
    default=_POLICY.hold_seconds,
    about="With on_removal = 'hold': how long a covered session waits for staff, in seconds.",
)
IDLE_SECONDS: Final = Key(
    section="session",
    name="idle_seconds",
    kind=Whole(30, 3600),
    default=_POLICY.idle_seconds,
    about="A session during which nobody uses keyboard, mouse or touch screen for so many seconds ends.",
)
IDLE_WARNING_SECONDS: Final = Key(
    section="session",
    name="idle_warning_seconds",
    kind=Whole(5, 300),
    default=_POLICY.idle_warning_seconds,
    about="The citizen is warned so many seconds before that, and before the longest duration is over.",
)
LONGEST_MINUTES: Final = Key(
    section="session",
    name="longest_minutes",
    kind=Whole(1, 480),
    default=_POLICY.longest_minutes,
    about="No session lasts longer than so many minutes.",
)
PORTAL_SITE: Final = Key(
    section="portal",
    name="site",
    kind=OneOrSome(
        Text(
            rf"(?!.*://){_LINE}{{1,400}}",
            "the name of a shipped site profile, or the path of a .toml file (not an address)",
        ),
        most=6,
    ),
    default=("practice",),
    about="The site profiles: each a name in config/sites, or a path (relative to this file).",
)
BROWSER_KIND: Final = Key(
    section="browser",
    name="kind",
    kind=OneOf(BrowserKind),
    default=_BROWSER.kind,
    about="What the portals run in: a window of the guard's own, or a browser that is installed.",
)
BROWSER_WARM: Final = Key(
    section="browser",
    name="warm",
    kind=Whole(1, 3),
    default=_BROWSER.warm,
    about="How many spare browsers of each portal wait ready; each costs about 370 MB of memory.",
)
NETWORK_PROXY: Final = Key(
    section="network",
    name="proxy",
    kind=Text(rf"(?:{_HOST}:{_PORT})?", '"host:port" in lower case'),
    default="",
    about="The HTTP proxy through which portals are reached; empty: none.",
)
NETWORK_PAC: Final = Key(
    section="network",
    name="pac",
    kind=Text(
        rf"https?://[^\s/?#@]{{1,255}}(?:[/?#]\S{{0,1700}})?|(?!.*://){_LINE}{{0,400}}",
        "the path of a proxy script (.pac), or an address that begins with http:// or https://",
    ),
    default="",
    about="The script that chooses the proxy, a path (relative to this file) or an address; empty: none.",
)
NETWORK_CA: Final = Key(
    section="network",
    name="ca",
    kind=_FILE,
    default="",
    about="Certificate authorities that are trusted besides, such as the municipality's; empty: none.",
)
PRINTING_PRINTER: Final = Key(
    section="printing",
    name="printer",
    kind=Text(
        r"(?:(?!-)[^\s\u0000-\u0020\u007f/\\?'\"#@]{1,127})?",
        "the name of a queue of CUPS (lpstat -e), at most 127 characters",
    ),
    default=_PRINTING.printer,
    about="The printer for sites that permit printing; empty: none.",
)
STAFF_HOTKEY: Final = Key(
    section="staff",
    name="hotkey",
    kind=Text(
        r"(?!.*(ctrl|alt|shift|super).*\1)(?:(?:ctrl|alt|shift|super)\+){2,4}(?:[a-z0-9]|f[1-9]|f1[0-2])",
        "at least two of ctrl, alt, shift, super and one letter, digit or f1 to f12, joined by +",
    ),
    default=_STAFF.hotkey,
    about="Covers the screen and opens the staff's PIN pad, whatever window has the keyboard.",
)
SCREENS_LANGUAGE: Final = Key(
    section="screens",
    name="language",
    kind=OneOf(Language),
    default=_SCREENS.language,
    about="The language the guard's own screens start in.",
)
SCREENS_SOUND: Final = Key(
    section="screens",
    name="sound",
    kind=Flag(),
    default=_SCREENS.sound,
    about="Whether soft sounds say: take your card, time is running out, staff needed.",
)
SCREENS_MONITORS: Final = Key(
    section="screens",
    name="monitors",
    kind=OneOf(Monitors),
    default=_SCREENS.monitors,
    about="Which monitors are covered.",
)
JOURNAL_DIRECTORY: Final = Key(
    section="journal",
    name="directory",
    kind=Text(rf"{_LINE}{{0,400}}", "the path of a folder, at most 400 characters"),
    default="",
    about="The journal's folder, relative to this file; empty means the state folder of the account.",
)
JOURNAL_RETENTION_DAYS: Final = Key(
    section="journal",
    name="retention_days",
    kind=Whole(1, 3650),
    default=_JOURNAL.retention_days,
    about="How many days the journal is kept; past days are packed, and deleted when their time is over.",
)
JOURNAL_PLATFORM_LOG: Final = Key(
    section="journal",
    name="platform_log",
    kind=Flag(),
    default=_JOURNAL.platform_log,
    about="Whether records also go to this PC's own log (journald; on Windows the Event Log).",
)
JOURNAL_SYSLOG: Final = Key(
    section="journal",
    name="syslog",
    kind=Text(
        rf"(?:(?:\[[0-9A-Fa-f:.]{{2,45}}\]|{_HOST})(?::[0-9]{{1,5}})?)?",
        '"host", "host:port" or "[IPv6]:port" in lower case; the port is 6514 if not said',
    ),
    default="",
    about="A syslog server that gets every record, over TLS (RFC 5425); empty: none. Not on Windows.",
)
JOURNAL_SYSLOG_CA: Final = Key(
    section="journal",
    name="syslog_ca",
    kind=_FILE,
    default="",
    about="Who signed the syslog server's certificate; empty: whom this PC trusts.",
)
JOURNAL_SYSLOG_CERTIFICATE: Final = Key(
    section="journal",
    name="syslog_certificate",
    kind=_FILE,
    default="",
    about="The certificate that this PC shows to the syslog server; empty: none.",
)
JOURNAL_SYSLOG_KEY: Final = Key(
    section="journal",
    name="syslog_key",
    kind=_FILE,
    default="",
    about="That certificate's key, without a password.",
)

KEYS: Final[tuple[Key[object], ...]] = (
    READER_NAME,
    READER_WATCH,
    ON_REMOVAL,
    HOLD_SECONDS,
    IDLE_SECONDS,
    IDLE_WARNING_SECONDS,
    LONGEST_MINUTES,
    PORTAL_SITE,
    BROWSER_KIND,
    BROWSER_WARM,
    NETWORK_PROXY,
    NETWORK_PAC,
    NETWORK_CA,
    PRINTING_PRINTER,
    STAFF_HOTKEY,
    SCREENS_LANGUAGE,
    SCREENS_SOUND,
    SCREENS_MONITORS,
    JOURNAL_DIRECTORY,
    JOURNAL_RETENTION_DAYS,
    JOURNAL_PLATFORM_LOG,
    JOURNAL_SYSLOG,
    JOURNAL_SYSLOG_CA,
    JOURNAL_SYSLOG_CERTIFICATE,
    JOURNAL_SYSLOG_KEY,
)


def _in_each_language(section: str, about: str, most: int, most_en: int) -> dict[Language, Key[str]]:
    """Return the keys of a text of at most so many characters; those of English are half as wide."""
    return {
        language: Key(
            section=section,
            name=language.value,
            kind=_words(most_en if language is Language.EN else most),
            default="",
            about=f"{about} ({language.value}).",
        )
        for language in Language
    }


def _words(most: int) -> Text:
    """Return the kind of a text as `guard.screens.catalogue` reads it; what is counted is what is seen."""
    balanced = r"(?=(?:[^{}]|\{[^{}:|]+:[^{}:|]+\})*$)"
    seen = r"\|?\{?[^{}|\u0000-\u001f\u007f](?::[^{}:|\u0000-\u001f\u007f]{1,40}\})?"
    allowed = f"a text of at most {most} characters; {{word:reading}} shows how a word is read"
    return Text(rf"{balanced}(?:{seen}){{0,{most}}}", allowed)


SITE_NAME: Final = Key(
    section="",
    name="name",
    kind=Text(rf"{_LINE}{{1,100}}", "a name of 1 to 100 characters"),
    default="",
    about="What staff call this portal.",
    required=True,
)
SITE_START: Final = Key(
    section="",
    name="start",
    kind=_ADDRESS,
    default="",
    about="The first page.",
    required=True,
)
SITE_ALLOW: Final = Key(
    section="",
    name="allow",
    kind=_HOSTS,
    default=(),
    about="The hosts the portal needs; everything else is refused. *.host does not include host itself.",
    required=True,
)
SITE_PRACTICE: Final = Key(
    section="",
    name="practice",
    kind=Flag(),
    default=False,
    about="The guard itself serves its practice portal at 'start', a loopback address.",
)
SITE_ZOOM: Final = Key(
    section="",
    name="zoom",
    kind=Whole(50, 300),
    default=100,
    about="How large pages are shown, in percent.",
)
SITE_BROWSERS: Final[Key[tuple[BrowserKind, ...] | None]] = Key(
    section="",
    name="browsers",
    kind=Some(OneOf(BrowserKind)),
    default=None,
    about="The kinds of browser the portal works in; left out: every kind.",
)
SITE_EXTENSION_HOSTS: Final[Key[tuple[str, ...] | None]] = Key(
    section="",
    name="extension_hosts",
    kind=_HOSTS,
    default=None,
    about="Hosts the browser may reach besides, for its extensions; no page is opened there; left out: none.",
)
LOGOUT_URL: Final[Key[str | None]] = Key(
    section="logout",
    name="url",
    kind=_ADDRESS,
    default=None,
    about="The page that logs out; exactly one of url and click is given.",
)
LOGOUT_CLICK: Final[Key[tuple[str, ...] | None]] = Key(
    section="logout",
    name="click",
    kind=OneOrSome(Text(rf"{_LINE}{{1,500}}", "a CSS selector, at most 500 characters"), most=5),
    default=None,
    about="The CSS selector of what to click, or of each of several, in order; each is waited for.",
)
LOGOUT_DONE: Final = Key(
    section="logout",
    name="done",
    kind=Text(rf"{_LINE}{{1,2000}}", "the beginning of an address, or a CSS selector"),
    default="",
    about="What proves it: the beginning of an address, or a selector only the logged-out page has.",
    required=True,
)
LOGOUT_DEADLINE: Final = Key(
    section="logout",
    name="deadline_ms",
    kind=Whole(100, 10_000),
    default=LogoutRecipe(done="").deadline_ms,
    about="How long the logout may take, in milliseconds; the browser is killed afterwards anyway.",
)
PERMIT_DOWNLOADS: Final = Key(
    section="permit",
    name="downloads",
    kind=Flag(),
    default=_PERMIT.downloads,
    about="Whether pages may download files; they stay in the session's private storage and die with it.",
)
PERMIT_PRINTING: Final = Key(
    section="permit",
    name="printing",
    kind=Flag(),
    default=_PERMIT.printing,
    about="Whether pages may print, on the printer that guard.toml names; jobs end with the session.",
)
BUTTON: Final = _in_each_language(
    "button", "What its button on the idle screen says; if empty, the name", most=20, most_en=36
)
STRIP: Final = _in_each_language(
    "strip", "What the strip says during a session; if empty, the guard's own sentence", most=28, most_en=50
)

SITE_KEYS: Final[tuple[Key[object], ...]] = (
    SITE_NAME,
    SITE_START,
    SITE_ALLOW,
    SITE_PRACTICE,
    SITE_ZOOM,
    SITE_BROWSERS,
    SITE_EXTENSION_HOSTS,
    LOGOUT_URL,
    LOGOUT_CLICK,
    LOGOUT_DONE,
    LOGOUT_DEADLINE,
    PERMIT_DOWNLOADS,
    PERMIT_PRINTING,
    *BUTTON.values(),
    *STRIP.values(),
)


def json_schema() -> Schema:
    """Return the JSON Schema 2020-12 of guard.toml, and of a site profile under ``$defs/site``."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Madoguchi Guard: guard.toml",
        **_object(KEYS),
        "$defs": {"site": {"title": "Madoguchi Guard: a site profile", **_object(SITE_KEYS)}},
    }


def _object(keys: tuple[Key[object], ...]) -> Schema:
    properties: Schema = {key.name: _property(key) for key in keys if not key.section}
    for section in dict.fromkeys(key.section for key in keys if key.section):
        members = tuple(key for key in keys if key.section == section)
        properties[section] = _table({key.name: _property(key) for key in members}, members)
    return _table(properties, tuple(key for key in keys if not key.section))


def _table(properties: Schema, members: tuple[Key[object], ...]) -> Schema:
    table: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
    if required := [key.name for key in members if key.required]:
        table["required"] = required
    return table


def _property(key: Key[object]) -> Schema:
    default: Schema = {} if key.required or key.default is None else {"default": key.default}
    return {"description": key.about, **key.kind.schema(), **default}
