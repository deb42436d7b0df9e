"""The curtain as a real process on a real X server."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import contextlib
import os
import queue
import resource
import signal
import subprocess
import threading
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guard.channel import Channel
from guard.clock import SystemClock
from guard.containers.bubblewrap import Bubblewrap
from guard.core import CURTAIN_PULSE
from guard.errors import MachineError
from guard.screens.curtain import CurtainProcess, CurtainSetup
from guard.screens.messages import Alive, Open, Show, Up, read_report, write_order
from guard.screens.port import Choice, DeskScene, DeskStep, Key, PortalState, Scene, Screen, Warned
from guard.screens.x11_stage import x11_stage
from guard.settings.model import Language
from tests.screens.curtain_lab import (
    AREAS,
    PATIENCE,
    Ear,
    OpenContainer,
    OpenSealer,
    Stranger,
    environment,
)
from tests.screens.curtain_portals import scene as idle
from tests.support.clock import TurnedClock
from tests.support.waiting import until
from tests.support.xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guard.containers.port import Sealing

pytestmark = pytest.mark.chain

BLUE_TINT, GREEN_TINT, GREY_TINT, STRIP_BLUE = "e8f1fe", "e6f5ec", "f2f2f2", "0017c1"
STRIP_WARNING, PAD_BLUE = "ffd43d", "00118f"
STAFF_BUTTON, END_BUTTON = (1098, 36), (1206, 36)
ENGLISH_BUTTON = (450, 744)
CURTAIN_STAFF_BUTTON = (1204, 744)
KEYPAD = {
    Key.D1: (828, 312),
    Key.D2: (960, 312),
    Key.D3: (1092, 312),
    Key.D0: (960, 612),
    Key.ERASE: (828, 612),
    Key.ENTER: (1092, 612),
    Key.BACK: (200, 744),
}
"""Where keys lie on a pad of 1280x800."""
SECOND_PORTAL = (948, 610)
"""Of two, on a screen of 1280x800."""
TWO_PORTALS = {"mynaportal": PortalState.WARM, "etax": PortalState.WARM}
PIN_PAD = DeskScene(step=DeskStep.PIN, who="A", digits=3)


@pytest.fixture(params=[None, "openbox"], ids=["bare", "openbox"])
def screen(request: pytest.FixtureRequest) -> Iterator[str]:
    with Xvfb(window_manager=request.param) as server:
        yield server.display


@pytest.fixture
def bare() -> Iterator[str]:
    with Xvfb() as server:
        yield server.display


@pytest.fixture
def stranger(screen: str) -> Iterator[Stranger]:
    with closing(Stranger(screen)) as client:
        yield client


@pytest.fixture
def bare_stranger(bare: str) -> Iterator[Stranger]:
    with closing(Stranger(bare)) as client:
        yield client


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def sealer() -> Iterator[OpenSealer]:
    sealer = OpenSealer()
    yield sealer
    sealer.close()


@contextlib.contextmanager
def pulsing(pulse: Callable[[], object]) -> Iterator[None]:
    """Give a sign of life as often as a core does."""
    over = threading.Event()

    def live() -> None:
        while not over.wait(CURTAIN_PULSE):
            pulse()

    thread = threading.Thread(target=live)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def speaks_english(curtain: CurtainProcess, stranger: Stranger) -> bool:
    """Press for it once more; presses count once the screen is known to be seen."""
    stranger.click(*ENGLISH_BUTTON)
    return language(curtain) is Language.EN


@pytest.fixture
def make(sealer: OpenSealer, ear: Ear, tmp_path: Path) -> Iterator[Callable[[CurtainSetup], CurtainProcess]]:
    made: list[CurtainProcess] = []

    def make(setup: CurtainSetup) -> CurtainProcess:
        there = writing(setup, tmp_path)
        made.append(CurtainProcess(sealer, ear, SystemClock(), there))
        return made[-1]

    def live() -> None:
        for curtain in made:
            curtain.pulse()

    with pulsing(live):
        yield make
    for curtain in made:
        curtain.close()


def setup(screen: str, *, painted_seconds: float = PATIENCE) -> CurtainSetup:
    return CurtainSetup(
        stage=x11_stage({"DISPLAY": screen}),
        language=Language.JA,
        up_seconds=PATIENCE,
        painted_seconds=painted_seconds,
    )


def writing(setup: CurtainSetup, home: Path) -> CurtainSetup:
    """Let the curtain's process write there, for it runs in no container here."""
    stage = setup.stage
    return replace(setup, stage=replace(stage, environment={**stage.environment, **environment(home)}))


def language(curtain: CurtainProcess) -> Language:
    return curtain.language


def shows(stranger: Stranger, colour: str) -> bool:
    return stranger.colour(5, 100) == colour


def pad_is_open(stranger: Stranger) -> bool:
    return stranger.colour(5, 5) == PAD_BLUE


def strip_is(stranger: Stranger, colour: str) -> bool:
    return stranger.colour(5, 5) == colour


def test_up_means_that_the_first_scene_can_be_seen(
    screen: str,
    ear: Ear,
    make: Callable[[CurtainSetup], CurtainProcess],
    stranger: Stranger,
) -> None:
    curtain = make(setup(screen))
    curtain.show(Scene(screen=Screen.TAKE_CARD))
    curtain.start(AREAS)
    window, strip = ear.up.get(timeout=PATIENCE)
    stranger.lift(window)
    until(lambda: stranger.colour(5, 100) == GREEN_TINT)
    stranger.lift(strip)
    until(lambda: stranger.colour(5, 5) == STRIP_BLUE)


def test_both_windows_are_born_at_the_bottom_beyond_the_window_manager(
    screen: str,
    ear: Ear,
    make: Callable[[CurtainSetup], CurtainProcess],
    stranger: Stranger,
) -> None:
    above = stranger.hostile()
    make(setup(screen)).start(AREAS)
    curtain, strip = ear.up.get(timeout=PATIENCE)
    stack = stranger.stack()
    assert max(stack.index(curtain), stack.index(strip)) < stack.index(above)
    for window, area in ((curtain, AREAS[2]), (strip, AREAS[1])):
        assert stranger.find(window).get_attributes().override_redirect
        shape = stranger.find(window).get_geometry()
        assert (shape.x, shape.y, shape.width, shape.height) == (area.x, area.y, area.width, area.height)


def test_buttons_reach_the_listener_and_do_not_take_the_keyboard(
    screen: str,
    ear: Ear,
    make: Callable[[CurtainSetup], CurtainProcess],
    stranger: Stranger,
) -> None:
    curtain = make(setup(screen))
    curtain.start(AREAS)
    _, strip = ear.up.get(timeout=PATIENCE)
    before = stranger.display.get_input_focus().focus
    stranger.lift(strip)
    stranger.click(*STAFF_BUTTON)
    ear.staff.get(timeout=PATIENCE)
    stranger.click(*END_BUTTON)
    ear.end.get(timeout=PATIENCE)
    assert stranger.display.get_input_focus().focus == before
    assert ear.lost.empty()


def test_the_staff_button_of_the_curtain_reaches_the_listener(
    bare: str,
    ear: Ear,
    make: Callable[[CurtainSetup], CurtainProcess],
    bare_stranger: Stranger,
) -> None:
    curtain = make(setup(bare))
    curtain.start(AREAS)
    window, _ = ear.up.get(timeout=PATIENCE)
    bare_stranger.lift(window)
    bare_stranger.click(*CURTAIN_STAFF_BUTTON)
    ear.staff.get(timeout=PATIENCE)
    curtain.show(Scene(screen=Screen.READY, desk=PIN_PAD))
    until(lambda: pad_is_open(bare_stranger))
    until(partial(presses, bare_stranger, ear, KEYPAD[Key.D1], Key.D1))
    bare_stranger.click(*CURTAIN_STAFF_BUTTON)
    bare_stranger.click(*KEYPAD[Key.D2])
    while ear.keys.get(timeout=PATIENCE) is not Key.D2:
        pass
    assert ear.staff.empty()


def test_a_portals_button_reaches_the_listener_once_a_press_and_shows_what_was_chosen(
    screen: str,
    ear: Ear,
    make: Callable[[CurtainSetup], CurtainProcess],
    stranger: Stranger,
) -> None:
    curtain = make(setup(screen))
    curtain.show(idle(TWO_PORTALS, "mynaportal"))
    curtain.start(AREAS)
    window, _ = ear.up.get(timeout=PATIENCE)
    before = stranger.display.get_input_focus().focus
    stranger.lift(window)
    left, right = (80, 610), (700, 610)
    until(lambda: (stranger.colour(*left), stranger.colour(*right)) == (STRIP_BLUE, "ffffff"))
    stranger.click(*SECOND_PORTAL)
    assert ear.portals.get(timeout=PATIENCE) == "etax"
    curtain.show(idle(TWO_PORTALS, "etax"))
    until(lambda: (stranger.colour(*left), stranger.colour(*right)) == ("ffffff", STRIP_BLUE))
    curtain.show(idle(TWO_PORTALS | {"etax": PortalState.UNAVAILABLE}, "mynaportal"))
    until(lambda: stranger.colour(*right) == GREY_TINT)
    stranger.click(*SECOND_PORTAL)
    stranger.click(*left)
    assert ear.portals.get(timeout=PATIENCE) == "mynaportal", "one that is unavailable cannot be pressed"
    assert ear.portals.empty()
    assert stranger.display.get_input_focus().focus == before


def test_keys_pressed_on_the_pad_arrive_in_order_and_do_not_take_the_keyboard(
    screen: str,
    ear: Ear,
    make: Callable[[CurtainSetup], CurtainProcess],
    stranger: Stranger,
) -> None:
    """Also while the page draws: every press changes the number of dots."""
    curtain = make(setup(screen))
    curtain.show(Scene(screen=Screen.HELD, seconds_left=60, desk=PIN_PAD))
    curtain.start(AREAS)
    window, _ = ear.up.get(timeout=PATIENCE)
    before = stranger.display.get_input_focus().focus
    stranger.lift(window)
    until(lambda: pad_is_open(stranger))
    for digits, place in enumerate(KEYPAD.values()):
        stranger.click(*place)
        curtain.show(Scene(screen=Screen.HELD, seconds_left=60, desk=replace(PIN_PAD, digits=digits)))
    assert [ear.keys.get(timeout=PATIENCE) for _ in KEYPAD] == list(KEYPAD)
    assert stranger.display.get_input_focus().focus == before


def test_a_name_a_choice_and_a_reason_are_picked_by_their_place(
    bare: str,
    ear: Ear,
    make: Callable[[CurtainSetup], CurtainProcess],
    bare_stranger: Stranger,
) -> None:
    curtain = make(setup(bare))
    curtain.start(AREAS)
    window, _ = ear.up.get(timeout=PATIENCE)
    bare_stranger.lift(window)
    for desk, place, key in (
        (DeskScene(step=DeskStep.WHO, names=("A", "B", "C"), more=True), (200, 312), Key.PICK3),
        (DeskScene(step=DeskStep.WHO, names=("A", "B", "C"), more=True), (300, 612), Key.MORE),
        (DeskScene(step=DeskStep.WHO), (1080, 744), Key.EMERGENCY),
        (DeskScene(step=DeskStep.CHOOSE, choices=(Choice.RESUME, Choice.LOGOUT)), (1100, 170), Key.PICK1),
        (
            DeskScene(step=DeskStep.REASON, alert="cover_late", reasons=("checked", "mended")),
            (1100, 330),
            Key.PICK2,
        ),
    ):
        curtain.show(Scene(screen=Screen.HELD, desk=desk))
        until(partial(presses, bare_stranger, ear, place, key))


def presses(stranger: Stranger, ear: Ear, place: tuple[int, int], key: Key) -> bool:
    """Press there until what lies there is this key; the scene may still be on its way."""
    stranger.click(*place)
    with contextlib.suppress(queue.Empty):
        return ear.keys.get(timeout=1.0) is key
    return False


def test_the_pad_speaks_the_operators_language_and_the_citizens_returns(
    bare: str,
    ear: Ear,
    make: Callable[[CurtainSetup], CurtainProcess],
    bare_stranger: Stranger,
) -> None:
    curtain = make(setup(bare))
    curtain.show(Scene(screen=Screen.HELD))
    curtain.start(AREAS)
    window, _ = ear.up.get(timeout=PATIENCE)
    bare_stranger.lift(window)
    until(partial(speaks_english, curtain, bare_stranger))
    curtain.show(Scene(screen=Screen.HELD, desk=PIN_PAD))
    assert language(curtain) is Language.JA
    curtain.show(Scene(screen=Screen.HELD))
    assert language(curtain) is Language.EN


def test_a_warning_turns_the_strip_and_it_turns_back(
    bare: str,
    ear: Ear,
    make: Callable[[CurtainSetup], CurtainProcess],
    bare_stranger: Stranger,
) -> None:
    curtain = make(setup(bare))
    curtain.start(AREAS)
    _, strip = ear.up.get(timeout=PATIENCE)
    bare_stranger.lift(strip)
    for warned, colour in ((Warned.IDLE, STRIP_WARNING), (None, STRIP_BLUE), (Warned.LONGEST, STRIP_WARNING)):
        curtain.show(Scene(screen=Screen.ACTIVE, warned=warned, seconds_left=20 if warned else None))
        until(partial(strip_is, bare_stranger, colour))


def test_what_is_dragged_over_it_is_not_even_looked_at(
    bare: str,
    ear: Ear,
    make: Callable[[CurtainSetup], CurtainProcess],
    bare_stranger: Stranger,
) -> None:
    """A page that is killed in the middle of a drag answers nothing; who asked would stand still."""
    curtain = make(setup(bare))
    curtain.start(AREAS)
    for window in ear.up.get(timeout=PATIENCE):
        bare_stranger.lift(window)
        assert bare_stranger.drag_over(window) == []


def test_a_crash_of_the_curtain_writes_no_digits_anywhere(
    bare: str, sealer: OpenSealer, ear: Ear, make: Callable[[CurtainSetup], CurtainProcess]
) -> None:
    """No core dump, also of the engine's processes, and no log of what the pages call."""
    curtain = make(setup(bare))
    curtain.start(AREAS)
    ear.up.get(timeout=PATIENCE)
    assert sealer.sealed[0][0].environment["PYWEBVIEW_LOG"] == "CRITICAL"
    limits = [resource.prlimit(pid, resource.RLIMIT_CORE) for pid in curtain.pids()]
    assert limits
    assert all(most <= 1 for _, most in limits)


def test_a_new_curtain_shows_the_countdowns_where_they_stand(tmp_path: Path) -> None:
    clock = TurnedClock()
    curtain = CurtainProcess(Unsealable(), Ear(), clock, writing(setup(":0"), tmp_path))
    curtain.show(Scene(screen=Screen.HELD, seconds_left=60, desk=replace(PIN_PAD, wait=8)))
    clock.turn(5.0)
    scene = curtain._scene_now()
    assert scene.seconds_left == 55
    assert scene.desk == replace(PIN_PAD, wait=3)
    clock.turn(5.0)
    assert curtain._scene_now().desk == replace(PIN_PAD, wait=0)


def test_scenes_follow_each_other_and_windows_follow_the_monitor(
    bare: str,
    ear: Ear,
    make: Callable[[CurtainSetup], CurtainProcess],
    bare_stranger: Stranger,
) -> None:
    curtain = make(setup(bare))
    curtain.start(AREAS)
    window, _ = ear.up.get(timeout=PATIENCE)
    bare_stranger.lift(window)
    for screen, colour in (
        (Screen.TAKE_CARD, GREEN_TINT),
        (Screen.READY, BLUE_TINT),
        (Screen.OUT_OF_SERVICE, GREY_TINT),
    ):
        curtain.show(Scene(screen=screen))
        until(partial(shows, bare_stranger, colour))
    portal, strip, whole = AREAS
    curtain.resize((portal, strip, replace(whole, width=800, height=600)))
    until(lambda: bare_stranger.find(window).get_geometry().width == 800)


def test_a_chosen_language_lasts_until_the_next_citizen(
    bare: str,
    ear: Ear,
    make: Callable[[CurtainSetup], CurtainProcess],
    bare_stranger: Stranger,
) -> None:
    curtain = make(setup(bare))
    curtain.start(AREAS)
    window, _ = ear.up.get(timeout=PATIENCE)
    bare_stranger.lift(window)
    for screen, colour in ((Screen.TAKE_CARD, GREEN_TINT), (Screen.READY, BLUE_TINT)):
        curtain.show(Scene(screen=screen))
        until(partial(shows, bare_stranger, colour))
    assert language(curtain) is Language.JA
    until(partial(speaks_english, curtain, bare_stranger))
    curtain.show(Scene(screen=Screen.READY, alerts=1))
    curtain.show(Scene(screen=Screen.ENDING))
    assert language(curtain) is Language.EN
    curtain.show(Scene(screen=Screen.READY))
    assert language(curtain) is Language.JA


def test_a_chosen_language_stays_while_the_chosen_portal_is_prepared(tmp_path: Path) -> None:
    here = writing(setup(":0"), tmp_path)
    curtain = CurtainProcess(Unsealable(), Ear(), TurnedClock(), here)
    curtain.show(Scene(screen=Screen.READY))
    curtain._speak(Language.EN)
    curtain.show(Scene(screen=Screen.STARTING))
    curtain.show(Scene(screen=Screen.READY))
    assert language(curtain) is Language.EN
    curtain.show(Scene(screen=Screen.ENDING))
    assert language(curtain) is Language.EN
    curtain.show(Scene(screen=Screen.STARTING))
    assert language(curtain) is Language.JA, "the next citizen's"


def test_without_the_core_the_curtain_rises_above_everything_and_stays_there(
    screen: str,
    sealer: OpenSealer,
    tmp_path: Path,
    stranger: Stranger,
) -> None:
    ours, theirs = Channel.pair()
    with theirs:
        sealer.seal(bare_sealing(screen, theirs.fileno(), tmp_path))
    ours.send(write_order(Open(areas=AREAS)))
    ours.send(write_order(Show(seq=1, scene=Scene(screen=Screen.OUT_OF_SERVICE), language=Language.JA)))
    with pulsing(partial(ours.send, write_order(Alive()))):
        up = read_report(next(ours.messages()))
    assert isinstance(up, Up)
    hostile = stranger.hostile()
    ours.close()
    until(lambda: stranger.stack()[-1] == up.curtain)
    stranger.lift(hostile)
    until(lambda: stranger.stack()[-1] == up.curtain)
    later = stranger.hostile()
    until(lambda: stranger.stack()[-1] == up.curtain)
    assert up.strip not in stranger.stack()
    assert {hostile, later} < set(stranger.stack())
    until(lambda: stranger.colour(5, 100) == BLUE_TINT)
    assert sealer.sealed[0][1].process.poll() is None


def test_a_stopped_curtain_is_lost_once_and_killed(
    bare: str, sealer: OpenSealer, ear: Ear, make: Callable[[CurtainSetup], CurtainProcess]
) -> None:
    curtain = make(setup(bare, painted_seconds=1.0))
    curtain.start(AREAS)
    ear.up.get(timeout=PATIENCE)
    _, container = sealer.sealed[0]
    container.signal(signal.SIGSTOP)
    curtain.show(Scene(screen=Screen.ENDING))
    assert "in time" in ear.lost.get(timeout=PATIENCE)
    container.process.wait(PATIENCE)
    until(lambda: not curtain.pids())
    curtain.show(Scene(screen=Screen.READY))
    assert ear.lost.empty()


def test_a_killed_curtain_is_lost_and_its_successor_shows_the_same_scene(
    bare: str,
    sealer: OpenSealer,
    ear: Ear,
    make: Callable[[CurtainSetup], CurtainProcess],
    bare_stranger: Stranger,
) -> None:
    curtain = make(setup(bare))
    curtain.start(AREAS)
    ear.up.get(timeout=PATIENCE)
    curtain.show(Scene(screen=Screen.TAKE_CARD))
    sealer.sealed[0][1].kill()
    ear.lost.get(timeout=PATIENCE)
    curtain.start(AREAS)
    window, _ = ear.up.get(timeout=PATIENCE)
    bare_stranger.lift(window)
    until(lambda: bare_stranger.colour(5, 100) == GREEN_TINT)
    assert len({sealing.name for sealing, _ in sealer.sealed}) == 2


def test_a_closed_curtain_is_gone_and_not_called_lost(
    bare: str, sealer: OpenSealer, ear: Ear, make: Callable[[CurtainSetup], CurtainProcess]
) -> None:
    curtain = make(setup(bare))
    curtain.start(AREAS)
    ear.up.get(timeout=PATIENCE)
    assert curtain.pids()
    curtain.close()
    assert curtain.pids() == ()
    assert sealer.sealed[0][1].remains().nothing
    assert ear.lost.empty()


def test_a_killed_curtain_leaves_the_core_no_descriptor(
    bare: str, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a real container, of which the core holds descriptors: in months many curtains are lost."""
    monkeypatch.setattr("guard.screens.curtain._ENDS_WITHIN", PATIENCE)
    held: list[int] = []
    with closing(Bubblewrap(f"test-curtain-{os.getpid()}")) as sealer:
        curtain = CurtainProcess(sealer, ear, SystemClock(), setup(bare))
        for _ in range(2):
            curtain.start(AREAS)
            until(lambda: bool(curtain.pids()))
            for pid in curtain.pids():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            assert ear.lost.get(timeout=PATIENCE) == "the curtain's process ended"
            curtain.close()
            held.append(sum(1 for _ in Path("/proc/self/fd").iterdir()))
    assert held[0] == held[1]


class Unsealable(OpenSealer):
    """A PC that cannot seal."""

    def seal(self, sealing: Sealing) -> OpenContainer:
        raise MachineError(f"cannot seal {sealing.name.partition('-')[0]}")


class Talker(OpenSealer):
    """Starts a program that says something else than the curtain would."""

    said = '{"is":"painted","seq":1}'

    def seal(self, sealing: Sealing) -> OpenContainer:
        script = f"printf '{self.said}\\n' >&{sealing.channel_fd}; read forever"
        return super().seal(replace(sealing, command=("bash", "-c", script)))


class Quitter(OpenSealer):
    """Starts a program that ends at once."""

    def seal(self, sealing: Sealing) -> OpenContainer:
        return super().seal(replace(sealing, command=("bash", "-c", "exit")))


class Deaf(OpenSealer):
    """Starts a program that hangs up and lives on."""

    def seal(self, sealing: Sealing) -> OpenContainer:
        script = f"exec {sealing.channel_fd}>&-; sleep 600"
        return super().seal(replace(sealing, command=("bash", "-c", script)))


class Presser(Talker):
    """Says that something was pressed that it was not shown yet."""

    said = '{"is":"end","seq":9}'


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (Unsealable, "cannot seal curtain"),
        (Quitter, "process ended"),
        (Deaf, "hung up"),
        (Talker, "painted what it was not shown"),
        (Presser, "pressed what it was not shown"),
    ],
)
def test_a_curtain_that_does_not_start_or_breaks_the_protocol_is_lost(
    kind: type[OpenSealer], why: str, ear: Ear, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind is Quitter:
        monkeypatch.setattr("guard.screens.curtain._ENDS_WITHIN", PATIENCE)
    sealer = kind()
    curtain = CurtainProcess(sealer, ear, SystemClock(), writing(setup(":0"), tmp_path))
    curtain.start(AREAS)
    assert why in ear.lost.get(timeout=PATIENCE)
    curtain.close()
    sealer.close()


class Laggard(OpenSealer):
    """Starts a curtain that tells late."""

    def seal(self, sealing: Sealing) -> OpenContainer:
        script = os.fspath(Path(__file__).with_name("late_curtain.py"))
        return super().seal(replace(sealing, command=(sys.executable, script, str(sealing.channel_fd))))


def test_a_press_on_a_screen_that_is_gone_reaches_nobody_but_staff(ear: Ear, tmp_path: Path) -> None:
    """Or the next citizen's session would be ended by the one before; to call staff only covers."""
    sealer = Laggard()
    curtain = CurtainProcess(sealer, ear, SystemClock(), writing(setup(":0"), tmp_path))
    curtain.show(Scene(screen=Screen.ACTIVE))
    curtain.start(AREAS)
    curtain.show(Scene(screen=Screen.ENDING))
    curtain.show(Scene(screen=Screen.ACTIVE))
    ear.staff.get(timeout=PATIENCE)
    assert ear.end.empty()
    curtain.close()
    sealer.close()


def bare_sealing(screen: str, descriptor: int, home: Path) -> Sealing:
    """Return the sealing that the curtain asks for, caught from it."""
    caught: list[Sealing] = []

    class Catcher(OpenSealer):
        def seal(self, sealing: Sealing) -> OpenContainer:
            caught.append(sealing)
            raise MachineError("only looking")

    ear = Ear()
    curtain = CurtainProcess(Catcher(), ear, SystemClock(), writing(setup(screen), home))
    curtain.start(AREAS)
    ear.lost.get(timeout=PATIENCE)
    curtain.close()
    assert not caught[0].dies_with_parent
    assert not caught[0].network
    return replace(caught[0], command=(*caught[0].command[:-1], str(descriptor)), channel_fd=descriptor)


def test_sealed_in_its_container_it_comes_up_and_outlives_the_core(
    bare: str, bare_stranger: Stranger
) -> None:
    """The core is a process of its own here, and is killed."""
    sealer = Bubblewrap(f"test-curtain-{os.getpid()}")
    script = Path(__file__).with_name("curtain_core.py")
    core = subprocess.Popen(
        [sys.executable, script, f"test-curtain-{os.getpid()}", bare], stdout=subprocess.PIPE
    )
    with core:
        assert core.stdout
        window = int(core.stdout.readline())
        hostile = bare_stranger.hostile()
        assert bare_stranger.stack()[-1] == hostile
        core.kill()
    until(lambda: bare_stranger.stack()[-1] == window)
    assert sealer.sweep() == 1
    until(lambda: window not in bare_stranger.stack())
    sealer.close()
