"""Which keys of a citizen reach an installed browser on Windows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.browser.managed.page_keys import reaches_the_page
from guard.screens.hotkey import Modifier

ALT, CTRL, SHIFT, SUPER = Modifier.ALT, Modifier.CTRL, Modifier.SHIFT, Modifier.SUPER
BACK, TAB, RETURN, ESCAPE, SPACE = 0x08, 0x09, 0x0D, 0x1B, 0x20
PAGE_UP, END, HOME, LEFT, RIGHT, INSERT, DELETE = 0x21, 0x23, 0x24, 0x25, 0x27, 0x2D, 0x2E
SNAPSHOT, PRINT, EXECUTE, HELP, SLEEP = 0x2C, 0x2A, 0x2B, 0x2F, 0x5F
LEFT_WINDOWS, RIGHT_WINDOWS, MENU = 0x5B, 0x5C, 0x5D
ZOOM = {"number pad 0": 0x60, "number pad +": 0x6B, "number pad -": 0x6D, ";": 0xBA, "+": 0xBB, "-": 0xBD}
F1 = 0x70
IME = {"kana": 0x15, "convert": 0x1C, "non-convert": 0x1D, "half and full width": 0xF3, "the same": 0xF4}
MODIFIER_KEYS = {0x10, 0x11, 0x12, 0x14, 0x90, 0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5}

codes = st.integers(1, 254)
modifiers = st.frozensets(st.sampled_from(Modifier))


def function_key(number: int) -> int:
    return F1 + number - 1


@pytest.mark.parametrize("held", [frozenset(), {SHIFT}], ids=["alone", "with Shift"])
@pytest.mark.parametrize(
    "code",
    [*map(ord, "AZ09"), SPACE, TAB, RETURN, BACK, DELETE, LEFT, HOME, 0xBA, 0xC0, 0xE2, *IME.values()],
)
def test_what_one_writes_with_reaches_the_page(code: int, held: frozenset[Modifier]) -> None:
    assert reaches_the_page(code, held)


def test_escape_leaves_a_list_of_the_pages() -> None:
    assert reaches_the_page(ESCAPE, frozenset())


def test_shift_and_escape_opens_no_task_manager() -> None:
    assert not reaches_the_page(ESCAPE, {SHIFT})


@pytest.mark.parametrize("letter", "ACVXYZ")
def test_selecting_copying_and_undoing_reach_the_page(letter: str) -> None:
    assert reaches_the_page(ord(letter), {CTRL})


@pytest.mark.parametrize("code", [ord("0"), *ZOOM.values()], ids=["0", *ZOOM])
def test_the_pages_zoom_is_the_citizens(code: int) -> None:
    assert reaches_the_page(code, {CTRL})


@pytest.mark.parametrize("code", [BACK, RETURN, PAGE_UP, END, HOME, LEFT, RIGHT, INSERT, DELETE])
def test_one_moves_by_words(code: int) -> None:
    assert reaches_the_page(code, {CTRL})


@pytest.mark.parametrize("letter", "NTOPWSFGHJKLRUDE123456789")
def test_nothing_of_the_browsers_is_opened_with_ctrl(letter: str) -> None:
    assert not reaches_the_page(ord(letter), {CTRL})


@pytest.mark.parametrize("code", [TAB, ESCAPE, function_key(4), function_key(5), 0x6A])
def test_nothing_of_the_desktops_is_opened_with_ctrl(code: int) -> None:
    assert not reaches_the_page(code, {CTRL})


@given(codes.filter(lambda code: code not in MODIFIER_KEYS))
def test_nothing_passes_with_ctrl_and_shift(code: int) -> None:
    assert not reaches_the_page(code, {CTRL, SHIFT})


@given(codes.filter(lambda code: code not in MODIFIER_KEYS), modifiers, st.sampled_from([ALT, SUPER]))
def test_nothing_passes_with_alt_or_the_windows_key(
    code: int, held: frozenset[Modifier], one: Modifier
) -> None:
    assert not reaches_the_page(code, held | {one})


@pytest.mark.parametrize(
    ("code", "held"),
    [
        (function_key(4), {ALT}),
        (TAB, {ALT}),
        (TAB, {ALT, SHIFT}),
        (SPACE, {ALT}),
        (LEFT, {ALT}),
        (ESCAPE, {CTRL}),
        (ESCAPE, {CTRL, SHIFT}),
        (ord("R"), {SUPER}),
        (ord("L"), {SUPER}),
        (ord("I"), {CTRL, SHIFT}),
        (ord("V"), {CTRL, SHIFT}),
        (function_key(10), {SHIFT}),
    ],
)
def test_the_well_known_ways_out_are_shut(code: int, held: set[Modifier]) -> None:
    assert not reaches_the_page(code, held)


@given(st.sampled_from([LEFT_WINDOWS, RIGHT_WINDOWS, MENU, SNAPSHOT, PRINT, EXECUTE, HELP, SLEEP]), modifiers)
def test_keys_that_open_something_by_themselves_go_nowhere(code: int, held: frozenset[Modifier]) -> None:
    assert not reaches_the_page(code, held)


@given(st.sampled_from([1, 3, 6, 7, 10, 11, 12]), modifiers)
def test_the_browsers_function_keys_go_nowhere(number: int, held: frozenset[Modifier]) -> None:
    assert not reaches_the_page(function_key(number), held)


@pytest.mark.parametrize("number", [2, 4, 5, 8, 9])
def test_the_other_function_keys_are_the_pages(number: int) -> None:
    assert reaches_the_page(function_key(number), frozenset())


@given(st.integers(0xA6, 0xB7), modifiers)
def test_the_keys_for_browsers_media_and_programs_go_nowhere(code: int, held: frozenset[Modifier]) -> None:
    assert not reaches_the_page(code, held)


@given(st.sampled_from(sorted(MODIFIER_KEYS)), modifiers)
def test_a_modifier_always_passes_so_that_windows_goes_on_counting(
    code: int, held: frozenset[Modifier]
) -> None:
    assert reaches_the_page(code, held)
