"""What core and capsule say to each other."""

from __future__ import annotations

import json

import pytest

from guard.browser import messages as m
from guard.browser.network import Network
from guard.browser.port import Geometry
from guard.browser.site import LogoutRecipe, Permit, Site
from guard.errors import BrokenPromiseError
from guard.session.events import SessionId
from guard.settings.model import Language

SESSION = SessionId("a" * 32)
NETWORK = Network(proxy="proxy.example:8080", authorities=("pem",))
AREA = Geometry(x=0, y=64, width=1280, height=736)
SITE = Site(
    key="test",
    name="n",
    start="https://h/",
    allow=("h", "*.h"),
    logout=LogoutRecipe(done="#out", click=("#logout", "#yes"), deadline_ms=900),
    permit=Permit(printing=True),
)


@pytest.mark.parametrize(
    "order",
    [
        m.Open(
            session=SESSION, site=SITE, area=AREA, language=Language.EASY_JA, network=NETWORK, survey=True
        ),
        m.Begin(session=SESSION),
        m.Resize(session=SESSION, area=AREA),
        m.LogOut(session=SESSION),
        m.PaperTaken(session=SESSION),
        m.NotPrinted(session=SESSION),
    ],
)
def test_an_order_arrives_as_it_was_sent(order: m.Order) -> None:
    assert m.read_order(json.loads(json.dumps(m.write_order(order)))) == order


@pytest.mark.parametrize(
    "report",
    [
        m.Warm(session=SESSION, window=7, lacks=3),
        m.Begun(session=SESSION),
        m.Refused(session=SESSION, what=m.Refusal.DOWNLOAD, host="h.example"),
        m.Wanted(session=SESSION, host="h.example", page=True),
        m.LoggedOut(session=SESSION, confirmed=True),
        m.Lost(session=SESSION, why=m.Loss.PAGE_DIED),
        m.Paper(session=SESSION, number=2, part="JVBERi0=", last=True),
    ],
)
def test_a_report_arrives_as_it_was_sent(report: m.Report) -> None:
    assert m.read_report(json.loads(json.dumps(m.write_report(report))), SESSION) == report


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"is": "warm", "window": 1},
        {"is": "warm", "session": "b" * 32, "window": 1},
        {"is": "warm", "session": SESSION},
        {"is": "warm", "session": SESSION, "window": 0},
        {"is": "warm", "session": SESSION, "window": 2**32},
        {"is": "warm", "session": SESSION, "window": True},
        {"is": "refused", "session": SESSION, "what": "a citizen's name", "host": "h"},
        {"is": "refused", "session": SESSION, "what": "download", "host": "h/path?name=x"},
        {"is": "refused", "session": SESSION, "what": "download", "host": "h" * 254},
        {"is": "wanted", "session": SESSION, "host": "h/path?name=x", "page": True},
        {"is": "wanted", "session": SESSION, "host": "h", "page": "a citizen's name"},
        {"is": "logged_out", "session": SESSION, "confirmed": "yes"},
        {"is": "lost", "session": SESSION, "why": "a citizen's name"},
        {"is": "paper", "session": SESSION, "number": 1, "part": "JVBERi0="},
        {"is": "paper", "session": SESSION, "number": True, "part": "JVBERi0=", "last": False},
        {"is": "paper", "session": SESSION, "number": 1, "part": 7, "last": False},
        {"is": "other", "session": SESSION},
    ],
)
def test_nothing_else_is_believed(message: dict[str, object]) -> None:
    with pytest.raises(BrokenPromiseError) as caught:
        m.read_report(message, SESSION)
    assert "citizen" not in caught.value.sentence
