"""The words: complete in every language, safe, and spoken only from the catalogue."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from guard.errors import BrokenPromiseError
from guard.journal.alerts import Reason
from guard.screens.catalogue import Catalogue, render
from guard.screens.desk_view import CODE_DOTS
from guard.screens.page import curtain_page, strip_page
from guard.screens.port import Choice, DeskNote, DeskStep, Scene, Screen, Warned
from guard.screens.view import curtain_view
from guard.session.effects import AlertKind
from guard.session.events import EVENTS
from guard.settings.model import Language
from guard.staff.pins import CODE_DIGITS, PIN_LEAST, PIN_MOST
from guard.staff.throttle import PERSON_LOCKED_AT

JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
KANJI = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue.load()


def test_every_screen_has_a_sentence_and_a_line_beneath_it(catalogue: Catalogue) -> None:
    for language in Language:
        for screen in Screen:
            view = curtain_view(Scene(screen=screen, cause="unheard_of"), language, catalogue)
            assert view["main"]
            assert view["sub"]


def test_causes_in_the_catalogue_are_events_or_losses_that_exist(catalogue: Catalogue) -> None:
    known = {re.sub(r"(?<!^)(?=[A-Z])", "_", event.__name__).lower() for event in EVENTS}
    parts = [key.split(".") for key in catalogue.keys()]  # noqa: SIM118 -- a catalogue is no mapping
    named = {part[2] for part in parts if len(part) == 3 and part[0] in set(Screen)}
    assert named
    assert named <= known


def test_every_alert_says_what_happened_and_what_to_do_and_every_reason_what_was_done(
    catalogue: Catalogue,
) -> None:
    alerts = {f"alert.{kind}.{part}" for kind in AlertKind for part in ("main", "sub")}
    reasons = {f"reason.{reason}" for reason in Reason}
    known = {key for key in catalogue.keys() if key.startswith(("alert.", "reason."))}  # noqa: SIM118 -- no mapping
    assert known == alerts | reasons


def test_every_step_choice_note_and_warning_has_words(catalogue: Catalogue) -> None:
    needed = {
        *(f"desk.{step}.main" for step in DeskStep if step is not DeskStep.REASON),
        *(f"choice.{choice}{part}" for choice in Choice for part in ("", ".about")),
        *(f"note.{note}.main" for note in DeskNote),
        *(f"strip.{warned}" for warned in Warned),
    }
    assert needed <= catalogue.keys()


def test_the_pad_names_the_length_of_a_pin_a_code_and_the_tries_as_they_are(catalogue: Catalogue) -> None:
    for language in Language:
        assert re.findall(r"\d+", catalogue.raw(language, "desk.pin.hint")) == [str(PIN_LEAST), str(PIN_MOST)]
        assert re.findall(r"\d+", catalogue.raw(language, "desk.code.sub"))[:1] == [str(CODE_DIGITS)]
    assert CODE_DOTS == CODE_DIGITS
    assert PERSON_LOCKED_AT == 5
    assert "5" in catalogue.raw(Language.JA, "note.wrong.sub")


def test_all_languages_have_the_same_numbers_in_the_same_texts(catalogue: Catalogue) -> None:
    for key in catalogue.keys():  # noqa: SIM118 -- a catalogue is no mapping
        slots = {frozenset(re.findall(r"\{\w+\}", catalogue.raw(language, key))) for language in Language}
        assert len(slots) == 1, key


def test_a_catalogue_that_lacks_a_text_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    for language, text in zip(
        Language, ('{"a": "", "b": ""}', '{"a": ""}', '{"a": "", "b": ""}'), strict=True
    ):
        (tmp_path / "texts" / f"{language}.json").write_text(text)
    monkeypatch.setattr("guard.screens.catalogue.files", lambda _: tmp_path)
    with pytest.raises(BrokenPromiseError, match=r"texts/en\.json lacks b"):
        Catalogue.load()


def test_english_is_english(catalogue: Catalogue) -> None:
    for key in catalogue.keys():  # noqa: SIM118 -- a catalogue is no mapping
        assert not JAPANESE.search(catalogue.raw(Language.EN, key)), key


def test_easy_japanese_gives_the_reading_of_every_kanji(catalogue: Catalogue) -> None:
    for key in catalogue.keys():  # noqa: SIM118 -- a catalogue is no mapping
        text = re.sub(r"\{[^{}:|]+:[^{}:|]+\}", "", catalogue.raw(Language.EASY_JA, key))
        assert not KANJI.search(text), key


def test_rendering_escapes_breaks_lines_and_gives_readings() -> None:
    assert render("<a>|{\u7f6e:\u304a}{count}") == (
        '&lt;a&gt;<wbr><ruby>\u7f6e<rt>\u304a</rt></ruby><b data-number="count"></b>'
    )


def test_no_python_file_of_the_screens_speaks_japanese() -> None:
    for file in Path(str(files("guard.screens"))).glob("*.py"):
        assert not JAPANESE.search(file.read_text("utf-8")), file.name


@pytest.mark.parametrize("page", [curtain_page(), strip_page()])
def test_a_page_needs_nothing_from_anywhere(page: str) -> None:
    assert "default-src 'none'" in page
    assert not re.search(r"https?://|url\(|@import|\{\{|(src|href)=\"(?!#)", page)
