"""What core and capsule say to each other, as values; both ends read and write it here.

Each message names its session. A capsule is a browser that has shown whatever the net had to show, so the
core believes none of its words: a report is a word of a closed list, a number, or a host name in bounds.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from guard.browser.network import Network
from guard.browser.site import BrowserKind, LogoutRecipe, Permit, Site, Wording
from guard.errors import BrokenPromiseError
from guard.session.events import SessionId
from guard.settings.model import Language
from guard.wire import read_area, read_flag, read_number, read_object, read_text

if TYPE_CHECKING:
    from guard.browser.port import Geometry
    from guard.channel import Message

_HOST = re.compile(r"[a-z0-9.:_\[\]-]{0,253}")
MOST_REFUSALS = 200
"""Different refusals a capsule reports; a page that provokes more is not worth more of the journal."""
MOST_WANTED = 200
"""Hosts that a surveyed capsule tells its pages wanted; a page that wants more is no portal."""
MOST_PRINTS = 20
"""Questions whether to print, and so PDFs, of a capsule; a page that loops has asked enough then."""
MOST_PAPER = 64 << 20
"""Bytes of all PDFs of a capsule; they pass through the core's memory."""
PAPER_PART = 32 << 10
"""Bytes of a PDF in one report: as base64 it fits a message, and it never fills the socket's buffer."""
_MOST_WINDOW = 0xFFFF_FFFF
"""Window ids of the X protocol have 32 bits (29 in use)."""


class Refusal(StrEnum):
    """What a page wanted and did not get."""

    NAVIGATION = "navigation"
    REQUEST = "request"
    NEW_WINDOW = "new_window"
    DOWNLOAD = "download"
    PRINTING = "printing"
    FILE_CHOICE = "file_choice"
    FILE_ACCESS = "file_access"
    PERMISSION = "permission"
    FULL_SCREEN = "full_screen"
    SCREEN_CAPTURE = "screen_capture"
    SECURITY_KEY = "security_key"
    CLIENT_CERTIFICATE = "client_certificate"
    AUTHENTICATION = "authentication"
    CERTIFICATE = "certificate"
    PROTOCOL_HANDLER = "protocol_handler"


class Loss(StrEnum):
    """Why a capsule is of no use any more, as staff read it."""

    START_UNREACHABLE = "start page not reachable"
    START_ELSEWHERE = "the start page leads to a host that the site profile does not allow"
    START_CERTIFICATE = "the start page's certificate is not valid"
    START_CHANGED = "the start page asked or went on by itself before a citizen came"
    PROXY_SCRIPT = "the proxy script cannot be read, or is none"
    EXTENSION = "an extension that this PC forces did not come"
    PAGE_DIED = "the page's process ended"
    WINDOW_FAILED = "the portal window failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Make the window here and open the start page; the first order, and given once."""

    session: SessionId
    site: Site
    area: Geometry
    language: Language
    network: Network
    survey: bool
    """Tell every host that its pages get to reach, too: somebody tries the site profile, no citizen comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """A citizen uses it from now on."""

    session: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Resize:
    """Fill this rectangle."""

    session: SessionId
    area: Geometry


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOut:
    """Run the site's logout recipe."""

    session: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperTaken:
    """The last part of paper has been read: the next may be sent."""

    session: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPrinted:
    """The print service did not take a PDF."""

    session: SessionId


Order = Open | Begin | Resize | LogOut | PaperTaken | NotPrinted


@dataclass(frozen=True, slots=True, kw_only=True)
class Warm:
    """The start page is painted in this window."""

    session: SessionId
    window: int
    lacks: int
    """How many of its parts did not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """The window has painted since `Begin`: a citizen finds it alive."""

    session: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A page did not get this."""

    session: SessionId
    what: Refusal
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A page wanted something of this host, and the site profile allows it; told only in a survey."""

    session: SessionId
    host: str
    page: bool
    """To be shown as the page itself, not for a part of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedOut:
    """The logout recipe has ended, and its proof was seen or not."""

    session: SessionId
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """The capsule gives up."""

    session: SessionId
    why: Loss


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A part of a PDF that the citizen wants printed; the next is sent only after `PaperTaken`."""

    session: SessionId
    number: int
    """Which PDF of the session it belongs to, from 1."""
    part: str = field(repr=False)
    """Base64 of at most `PAPER_PART` bytes."""
    last: bool


Report = Warm | Begun | Refused | Wanted | LoggedOut | Lost | Paper


def write_order(order: Order) -> Message:
    """Return the order as a message."""
    match order:
        case Open():
            return {"do": "open", **asdict(order)}
        case Begin():
            return {"do": "begin", **asdict(order)}
        case Resize():
            return {"do": "resize", **asdict(order)}
        case LogOut():
            return {"do": "logout", **asdict(order)}
        case PaperTaken():
            return {"do": "paper_taken", **asdict(order)}
        case NotPrinted():
            return {"do": "not_printed", **asdict(order)}


def read_order(message: Message) -> Order:
    """Return the order in a message; raises BrokenPromiseError when it is none."""
    try:
        session = SessionId(read_text(message["session"]))
        match message.get("do"):
            case "open":
                return Open(
                    session=session,
                    site=_site(read_object(message["site"])),
                    area=read_area(message["area"]),
                    language=Language(read_text(message["language"])),
                    network=_network(read_object(message["network"])),
                    survey=read_flag(message["survey"]),
                )
            case "begin":
                return Begin(session=session)
            case "resize":
                return Resize(session=session, area=read_area(message["area"]))
            case "logout":
                return LogOut(session=session)
            case "paper_taken":
                return PaperTaken(session=session)
            case "not_printed":
                return NotPrinted(session=session)
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenPromiseError("the core sent a capsule a malformed order") from error
    raise BrokenPromiseError("the core sent a capsule an unknown order")


def write_report(report: Report) -> Message:  # noqa: PLR0911 -- one flat case a report
    """Return the report as a message."""
    match report:
        case Warm():
            return {"is": "warm", **asdict(report)}
        case Begun():
            return {"is": "begun", **asdict(report)}
        case Refused():
            return {"is": "refused", **asdict(report)}
        case Wanted():
            return {"is": "wanted", **asdict(report)}
        case LoggedOut():
            return {"is": "logged_out", **asdict(report)}
        case Lost():
            return {"is": "lost", **asdict(report)}
        case Paper():
            return {"is": "paper", **asdict(report)}


def read_report(message: Message, session: SessionId) -> Report:  # noqa: PLR0911 -- one flat case a report
    """Return the report in a message; raises BrokenPromiseError when it is none of this session's."""
    if message.get("session") != session:
        raise BrokenPromiseError("a capsule spoke of another session")
    try:
        match message.get("is"):
            case "warm":
                return Warm(
                    session=session,
                    window=_window(message["window"]),
                    lacks=read_number(message["lacks"]),
                )
            case "begun":
                return Begun(session=session)
            case "refused":
                return Refused(
                    session=session, what=Refusal(read_text(message["what"])), host=_host(message["host"])
                )
            case "wanted":
                return Wanted(session=session, host=_host(message["host"]), page=read_flag(message["page"]))
            case "logged_out":
                return LoggedOut(session=session, confirmed=read_flag(message["confirmed"]))
            case "lost":
                return Lost(session=session, why=Loss(read_text(message["why"])))
            case "paper":
                return Paper(
                    session=session,
                    number=read_number(message["number"]),
                    part=read_text(message["part"]),
                    last=read_flag(message["last"]),
                )
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenPromiseError("a capsule sent a malformed report") from error
    raise BrokenPromiseError("a capsule sent an unknown report")


def _site(value: dict[str, object]) -> Site:
    recipe, permit = value["logout"], read_object(value["permit"])
    return Site(
        key=read_text(value["key"]),
        name=read_text(value["name"]),
        start=read_text(value["start"]),
        allow=_texts(value["allow"]),
        logout=None if recipe is None else _recipe(read_object(recipe)),
        permit=Permit(downloads=read_flag(permit["downloads"]), printing=read_flag(permit["printing"])),
        zoom=read_number(value["zoom"]),
        browsers=tuple(BrowserKind(kind) for kind in _texts(value["browsers"])),
        extension_hosts=_texts(value["extension_hosts"]),
        button=_wording(read_object(value["button"])),
        strip=_wording(read_object(value["strip"])),
        practice=read_flag(value["practice"]),
    )


def _network(value: dict[str, object]) -> Network:
    return Network(
        proxy=read_text(value["proxy"]),
        pac=read_text(value["pac"]),
        authorities=_texts(value["authorities"]),
    )


def _wording(value: dict[str, object]) -> Wording:
    return Wording(ja=read_text(value["ja"]), en=read_text(value["en"]), easy_ja=read_text(value["easy_ja"]))


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError("must be a list")
    return tuple(read_text(one) for one in value)


def _recipe(value: dict[str, object]) -> LogoutRecipe:
    url = value["url"]
    return LogoutRecipe(
        done=read_text(value["done"]),
        url=None if url is None else read_text(url),
        click=_texts(value["click"]),
        deadline_ms=read_number(value["deadline_ms"]),
    )


def _window(value: object) -> int:
    window = read_number(value)
    if not 0 < window <= _MOST_WINDOW:
        raise ValueError("no window has this id")
    return window


def _host(value: object) -> str:
    host = read_text(value)
    if not _HOST.fullmatch(host):
        raise ValueError("not a host name")
    return host
