"""What can happen to a session. Each ends it, and leaves the reader empty and everything else in order."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

from tests.soak.counter import NUMBER, PIN
from tests.soak.measure import everybody, kind_of
from tests.soak.plan import Happening
from tests.support import leaks
from tests.support.processes import ended

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.soak.counter import Citizen, SoakCounter

    Deed = Callable[[SoakCounter, Citizen], None]


def _ordinary(soak: SoakCounter, citizen: Citizen) -> None:
    soak.take_card(citizen)


def _take_card_that_lies(soak: SoakCounter) -> None:
    soak.wait_state("TAKE_CARD")
    soak.reader.remove()


# --- citizens and staff


def _end_button(soak: SoakCounter, _citizen: Citizen) -> None:
    strip = soak.visitor.strip
    soak.until(soak.visitor.sees_strip, "the strip")
    soak.visitor.click(strip.x + strip.width - 70, strip.y + strip.height // 2)
    _take_card_that_lies(soak)


def _guard_end(soak: SoakCounter, _citizen: Citizen) -> None:
    answer = soak.one.command("end")
    assert answer.returncode == 0, answer.stderr
    _take_card_that_lies(soak)


def _guard_cover(soak: SoakCounter, citizen: Citizen) -> None:
    answer = soak.one.command("cover")
    assert answer.returncode == 0, answer.stderr
    soak.wait_state("HELD")
    soak.until(lambda: not soak.sees(citizen.number), "the cover")
    soak.reader.remove()


def _staff_resume(soak: SoakCounter, citizen: Citizen) -> None:
    _hold(soak, citizen)
    _type(soak, NUMBER)
    _give_pin(soak)

    def resumed() -> bool:
        states = [record["after"] for record in soak.tail.of("state")]
        if states[-1] == "ACTIVE":
            return True
        soak.one.type_key("1")  # a list that has just come up takes no press
        return False

    soak.until(resumed, "the resumption")
    soak.until(lambda: soak.sees(citizen.number), "the same page again")
    soak.take_card(citizen)


def _card_swapped(soak: SoakCounter, _citizen: Citizen) -> None:
    soak.reader.swap()
    _take_card_that_lies(soak)


def _card_flickers(soak: SoakCounter, _citizen: Citizen) -> None:
    soak.reader.remove()
    soak.reader.insert()
    soak.reader.remove()


def _clipboard(soak: SoakCounter, citizen: Citizen) -> None:
    soak.hands.press("a", ctrl=True)
    soak.hands.press("c", ctrl=True)
    copied = citizen.secret.encode()
    soak.until(lambda: leaks.clipboards(soak.one.display).get("CLIPBOARD") == copied, "the copied secret")
    soak.take_card(citizen)


def _download(soak: SoakCounter, citizen: Citizen) -> None:
    soak.hands.press("F6")

    def saved() -> bool:
        for process in soak.capsule(citizen.session):
            home = Path(f"/proc/{process.pid}/root/home")
            if any(citizen.secret in path.name for path in leaks.files_with(citizen.secret, [home])):
                return True
        return False

    soak.until(saved, "the download in the capsule")
    soak.take_card(citizen)


# --- a page, its server


def _page_hangs(soak: SoakCounter, citizen: Citizen) -> None:
    soak.heard("/hung", "F7")
    soak.take_card(citizen)


def _logout_slow(soak: SoakCounter, citizen: Citizen) -> None:
    soak.site.calm.clear()
    soak.take_card(citizen)
    soak.wait_receipt()
    soak.site.calm.set()


def _site_refuses(soak: SoakCounter, citizen: Citizen) -> None:
    soak.site.refuses = True
    soak.take_card(citizen)
    soak.wait_receipt()
    soak.site.refuses = False


# --- what dies, and comes back


def _capsule_child_killed(soak: SoakCounter, citizen: Citizen) -> None:
    for process in soak.capsule(citizen.session):
        with suppress(psutil.NoSuchProcess):
            if kind_of(process).endswith(".window"):
                process.kill()
    _take_card_that_lies(soak)


def _capsule_init_killed(soak: SoakCounter, citizen: Citizen) -> None:
    for process in soak.capsule(citizen.session):
        with suppress(psutil.NoSuchProcess):
            if process.name() == "bwrap":
                process.kill()
    _take_card_that_lies(soak)


def _curtain_stopped(soak: SoakCounter, citizen: Citizen) -> None:
    stopped = _of_kind(soak, "curtain")
    for process in stopped:
        process.suspend()
    soak.take_card(citizen)
    soak.wait_receipt()
    for process in stopped:
        process.resume()


def _pin_process_killed(soak: SoakCounter, citizen: Citizen) -> None:
    _hold(soak, citizen)
    _type(soak, NUMBER)
    soak.until(lambda: not _of_kind(soak, "guard.staff.vault"), "the end of the process that read the names")
    _type(soak, PIN)

    def killed() -> bool:
        for process in _of_kind(soak, "guard.staff.vault"):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        return bool(soak.tail.of("pin"))

    soak.until(killed, "the answer about a PIN that nobody can check")
    (answer,) = soak.tail.of("pin")
    assert answer["verdict"] == "broken", f"a PIN process that was killed says {answer['verdict']}"
    assert soak.status()["state"] == "HELD"
    _give_pin(soak)  # so that the tries are counted anew
    soak.reader.remove()


def _service_killed(soak: SoakCounter, _citizen: Citizen) -> None:
    soak.reader.kill_service()
    soak.wait_state("OUT_OF_SERVICE")
    soak.reader.remove()
    soak.reader.start_service()


def _service_restarted(soak: SoakCounter, _citizen: Citizen) -> None:
    with soak.one.frozen():  # or it sees the reader before the card lies on it again
        soak.reader.restart_service()
    _take_card_that_lies(soak)


def _service_stopped(soak: SoakCounter, _citizen: Citizen) -> None:
    soak.reader.pause_service()
    soak.wait_state("OUT_OF_SERVICE")
    soak.reader.resume_service()
    _take_card_that_lies(soak)


def _reader_unplugged(soak: SoakCounter, _citizen: Citizen) -> None:
    soak.reader.unplug()
    soak.wait_state("OUT_OF_SERVICE")
    soak.reader.remove()
    soak.reader.plug()


def _core_killed(soak: SoakCounter, citizen: Citizen) -> None:
    capsule = soak.capsule(citizen.session)
    assert capsule, "the citizen's capsule is not found"
    soak.one.kill()
    soak.one.core = None
    ended(capsule)
    soak.until(lambda: not soak.sees(citizen.number), "the cover")
    soak.one.start()
    _take_card_that_lies(soak)


def _curtain_killed(soak: SoakCounter, _citizen: Citizen) -> None:
    for process in soak.one.curtain_processes():
        with suppress(psutil.NoSuchProcess):  # the death of one takes others along
            process.kill()
    _take_card_that_lies(soak)


def _keeper_killed(soak: SoakCounter, citizen: Citizen) -> None:
    _kill_of_kind(soak, "keeper")
    soak.take_card(citizen)


def _forwarder_killed(soak: SoakCounter, citizen: Citizen) -> None:
    _kill_of_kind(soak, "forwarder")
    soak.take_card(citizen)


# --- hands and searches


def _hold(soak: SoakCounter, citizen: Citizen) -> None:
    """Call staff with the hotkey; the page is covered and the pad has the keyboard."""
    soak.one.press_hotkey()
    soak.wait_state("HELD")
    soak.until(lambda: not soak.sees(citizen.number), "the cover")
    soak.until(soak.one.keyboard_is_taken, "the pad")


def _type(soak: SoakCounter, digits: str) -> None:
    for key in (*digits, "Return"):
        soak.one.type_key(key)


def _give_pin(soak: SoakCounter) -> None:
    """Give the right PIN until it may be looked at, and is right."""
    said: list[object] = []
    while "yes" not in said:
        before = len(soak.tail.of("pin"))
        _type(soak, PIN)
        soak.until(lambda known=before: len(soak.tail.of("pin")) > known, "the check of the PIN")  # type: ignore[misc]
        said = [record["verdict"] for record in soak.tail.of("pin")]


def _of_kind(soak: SoakCounter, kind: str) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for process in everybody(soak.one):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if kind_of(process) == kind:
                found.append(process)
    return found


def _kill_of_kind(soak: SoakCounter, kind: str) -> None:
    found = _of_kind(soak, kind)
    assert found, f"there is no {kind}"
    for process in found:
        process.kill()


DEEDS: Final[Mapping[Happening, Deed]] = {
    Happening.ORDINARY: _ordinary,
    Happening.END_BUTTON: _end_button,
    Happening.GUARD_END: _guard_end,
    Happening.GUARD_COVER: _guard_cover,
    Happening.STAFF_RESUME: _staff_resume,
    Happening.CARD_SWAPPED: _card_swapped,
    Happening.CARD_FLICKERS: _card_flickers,
    Happening.CLIPBOARD: _clipboard,
    Happening.DOWNLOAD: _download,
    Happening.PAGE_HANGS: _page_hangs,
    Happening.LOGOUT_SLOW: _logout_slow,
    Happening.SITE_REFUSES: _site_refuses,
    Happening.CAPSULE_CHILD_KILLED: _capsule_child_killed,
    Happening.CAPSULE_INIT_KILLED: _capsule_init_killed,
    Happening.CURTAIN_STOPPED: _curtain_stopped,
    Happening.PIN_PROCESS_KILLED: _pin_process_killed,
    Happening.SERVICE_KILLED: _service_killed,
    Happening.SERVICE_RESTARTED: _service_restarted,
    Happening.SERVICE_STOPPED: _service_stopped,
    Happening.READER_UNPLUGGED: _reader_unplugged,
    Happening.CORE_KILLED: _core_killed,
    Happening.CURTAIN_KILLED: _curtain_killed,
    Happening.KEEPER_KILLED: _keeper_killed,
    Happening.FORWARDER_KILLED: _forwarder_killed,
}
LOGOUT_FAILS: Final = frozenset({"logout_not_confirmed"})
CAPSULE_FAILS: Final = LOGOUT_FAILS | {"capsule_lost"}
COVER_FAILS: Final = LOGOUT_FAILS | {"cover_late"}
ALERTS: Final[Mapping[Happening, frozenset[str]]] = {
    Happening.PAGE_HANGS: LOGOUT_FAILS,
    Happening.LOGOUT_SLOW: LOGOUT_FAILS,
    Happening.SITE_REFUSES: LOGOUT_FAILS,
    Happening.CAPSULE_CHILD_KILLED: CAPSULE_FAILS,
    Happening.CAPSULE_INIT_KILLED: CAPSULE_FAILS,
    Happening.CORE_KILLED: LOGOUT_FAILS,
    Happening.PIN_PROCESS_KILLED: frozenset({"staff_book_lost"}),
    Happening.SERVICE_KILLED: frozenset({"reader_lost"}),
    Happening.SERVICE_RESTARTED: frozenset({"reader_lost"}),
    Happening.SERVICE_STOPPED: frozenset({"reader_lost"}),
    Happening.READER_UNPLUGGED: frozenset({"reader_lost"}),
    Happening.CURTAIN_KILLED: frozenset({"curtain_lost"}),
}
"""What staff may be told then."""
