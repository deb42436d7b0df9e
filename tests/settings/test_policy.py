"""The machine policy wins over guard.toml, and nothing in it is passed over."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping  # noqa: TC003 -- hypothesis looks at it
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import settings as trial
from hypothesis import strategies as st

from guard.errors import ConfigError
from guard.installed import Differs, Running
from guard.session.policy import OnRemoval
from guard.settings.load import load, load_with_sources
from guard.settings.schema import KEYS
from guard.settings.show import effective
from tests.support.laid_down import LaidDown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SITE = 'name = "x"\nstart = "https://a.example/"\nallow = ["a.example"]\n'


@pytest.fixture
def home(tmp_path: Path) -> Mapping[str, str]:
    return {"HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "guard.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def refused(home: Mapping[str, str]) -> Callable[..., str]:
    def sentence(values: Mapping[tuple[str, str], object], path: Path | None = None) -> str:
        with pytest.raises(ConfigError) as refusal:
            load(path, home, LaidDown(values))
        return refusal.value.sentence

    return sentence


def test_a_policy_wins_over_the_file_and_the_file_over_the_default(
    file: Callable[[str], Path], home: Mapping[str, str]
) -> None:
    path = file('[session]\non_removal = "hold"\nidle_seconds = 90\n[browser]\nwarm = 2\n')
    settings = load(
        path, home, LaidDown({("session", "on_removal"): "wipe", ("session", "idle_seconds"): 120})
    )
    assert (settings.session.on_removal, settings.session.idle_seconds) == (OnRemoval.WIPE, 120)
    assert settings.browser.warm == 2
    assert settings.session.longest_minutes == 60


def test_a_policy_holds_without_any_file(home: Mapping[str, str]) -> None:
    assert load(None, home, LaidDown({("session", "hold_seconds"): 30})).session.hold_seconds == 30


@pytest.mark.parametrize(("given", "sound"), [(1, True), (0, False), (True, True), (False, False)])
def test_yes_and_no_may_be_numbers_for_a_registry_has_no_other(
    home: Mapping[str, str], given: object, *, sound: bool
) -> None:
    assert load(None, home, LaidDown({("screens", "sound"): given})).screens.sound is sound


@pytest.mark.parametrize(
    ("values", "named"),
    [
        (
            {("session", "idle_seconds"): 29},
            ["idle_seconds = 29 is refused", "a whole number from 30 to 3600"],
        ),
        ({("session", "idle_seconds"): "60"}, ['idle_seconds = "60" is refused', "30 to 3600"]),
        ({("session", "idle_seconds"): True}, ["idle_seconds = true is refused", "30 to 3600"]),
        ({("screens", "sound"): 2}, ["sound = 2 is refused", "1 for yes or 0 for no"]),
        ({("screens", "sound"): "true"}, ['sound = "true" is refused', "1 for yes or 0 for no"]),
        ({("session", "on_removal"): "lock"}, ['on_removal = "lock" is refused', '"wipe" or "hold"']),
        ({("portal", "site"): []}, ["site = [] is refused", "a list of 1 to 6"]),
        ({("session", "hold_second"): 5}, ['"hold_second" is unknown (did you mean "hold_seconds"?)']),
        ({("sesion", "hold_seconds"): 5}, ['"sesion" is unknown (did you mean "session"?)']),
        ({("", "hold_seconds"): 5}, ['"hold_seconds" is unknown', "reader, session, portal"]),
        ({("session\\more", "x"): 5}, ['"session\\\\more" is unknown']),
        ({("session", ""): "x"}, ['"" is unknown']),
    ],
)
def test_what_is_not_understood_is_refused_with_the_place_it_stands_in(
    refused: Callable[..., str], values: dict[tuple[str, str], object], named: list[str]
) -> None:
    sentence = refused(values)
    ((section, _),) = values
    assert sentence.startswith(f"POLICY/{section}: ")
    assert [word for word in named if word not in sentence] == []
    assert len(sentence.splitlines()) == 1


RAW = st.one_of(
    st.text(), st.integers(0, 2**32 - 1), st.lists(st.text()), st.booleans(), st.floats(), st.just({"a": 1})
)
NAMES = st.one_of(st.sampled_from([(key.section, key.name) for key in KEYS]), st.tuples(st.text(), st.text()))


@trial(deadline=None)  # the sentences count, not the speed of a busy PC
@given(values=st.dictionaries(NAMES, RAW, min_size=1, max_size=4))
def test_whatever_stands_in_a_policy_holds_or_is_refused_with_its_place(
    values: Mapping[tuple[str, str], object],
) -> None:
    refused = ""
    try:
        load(None, {"HOME": "/home/counter", "LOCALAPPDATA": "C:\\counter"}, LaidDown(values))
    except ConfigError as error:
        refused = error.sentence
    if values.keys() <= {(key.section, key.name) for key in KEYS}:
        assert all("POLICY" in sentence for sentence in refused.splitlines())
    else:
        assert "is unknown" in refused


def test_problems_of_policy_and_file_are_told_at_once_each_with_its_place(
    refused: Callable[..., str], file: Callable[[str], Path]
) -> None:
    path = file("[browser]\nwarm = 9\n")
    first, second = sorted(refused({("session", "idle_seconds"): 1}, path).splitlines())
    assert (first.partition(": ")[0], second.partition(": ")[0]) == (str(path), "POLICY/session")


def test_what_a_policy_overrules_in_the_file_cannot_stop_the_guard(
    file: Callable[[str], Path], home: Mapping[str, str]
) -> None:
    settings = load(file("[browser]\nwarm = 9\n"), home, LaidDown({("browser", "warm"): 3}))
    assert settings.browser.warm == 3


def test_values_that_do_not_go_together_name_the_place_of_the_one_that_is_refused(
    refused: Callable[..., str], file: Callable[[str], Path]
) -> None:
    path = file("[session]\nidle_warning_seconds = 100\n")
    assert refused({("session", "idle_seconds"): 90}, path).startswith(
        f"{path}: [session] idle_warning_seconds"
    )
    path = file("[session]\nidle_seconds = 90\n")
    assert refused({("session", "idle_warning_seconds"): 100}, path).startswith(
        "POLICY/session: [session] idle_w"
    )


@pytest.mark.parametrize(
    "key", [("journal", "directory"), ("network", "pac"), ("network", "ca"), ("journal", "syslog_ca")]
)
def test_a_path_in_a_policy_is_absolute_for_there_is_no_folder_to_see_it_from(
    refused: Callable[..., str], file: Callable[[str], Path], key: tuple[str, str]
) -> None:
    path = file("")
    sentence = refused({key: "beside", ("journal", "syslog"): "log.example"}, path)
    section, name = key
    assert sentence.startswith(
        f'POLICY/{section}: [{section}] {name} = "beside" is refused; allowed in a machine'
    )


def test_a_path_in_a_policy_is_taken_as_it_stands(tmp_path: Path, home: Mapping[str, str]) -> None:
    (tmp_path / "town.toml").write_text(SITE, encoding="utf-8")
    values = {
        ("journal", "directory"): str(tmp_path / "log"),
        ("portal", "site"): [str(tmp_path / "town.toml"), "practice"],
    }
    settings = load(None, home, LaidDown(values))
    assert settings.journal.directory == tmp_path / "log"
    assert [site.key for site in settings.sites] == ["town", "practice"]


def test_a_site_profile_in_a_policy_is_a_shipped_name_or_an_absolute_path(
    refused: Callable[..., str], file: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "town.toml").write_text(SITE, encoding="utf-8")
    sentence = refused({("portal", "site"): ["./town.toml"]}, file(""))
    assert sentence.startswith(
        'POLICY/portal: [portal] site = ["./town.toml"] is refused; allowed in a machine'
    )


def test_a_site_that_cannot_live_with_a_policy_names_the_policy(
    refused: Callable[..., str], file: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "town.toml").write_text(SITE + 'browsers = ["edge"]', encoding="utf-8")
    sentence = refused({("browser", "kind"): "chrome"}, file('[portal]\nsite = "./town.toml"\n'))
    assert '[browser] kind is "chrome" in POLICY/browser;' in sentence


def test_shown_settings_tell_what_the_policy_laid_down_and_where_it_stands(
    file: Callable[[str], Path], home: Mapping[str, str]
) -> None:
    path = file("[session]\nidle_seconds = 90\nhold_seconds = 30\n")
    policy = LaidDown({("session", "idle_seconds"): 120, ("screens", "sound"): 0})
    shown = effective(load_with_sources(path, home, policy))
    assert "# machine policy: POLICY\n" in shown
    assert "idle_seconds = 120  # policy\n" in shown
    assert "hold_seconds = 30  # file\n" in shown
    assert "sound = false  # policy\n" in shown
    assert "longest_minutes = 60  # default\n" in shown
    assert tomllib.loads(shown)["session"]["idle_seconds"] == 120
    assert "# machine policy: none\n" in effective(load_with_sources(path, home, LaidDown({})))


def test_a_policy_that_comes_while_the_guard_runs_is_a_drift(
    file: Callable[[str], Path], home: Mapping[str, str]
) -> None:
    path = file("")
    running = Running.beginning(load(path, home, LaidDown({})))
    assert not [
        one for one in running.drift(lambda: load(path, home, LaidDown({}))) if one.what is Differs.SETTINGS
    ]
    later = LaidDown({("session", "idle_seconds"): 120})
    (drift,) = (one for one in running.drift(lambda: load(path, home, later)) if one.what is Differs.SETTINGS)
    assert "takes effect when the guard is started anew" in drift.sentence
    broken = LaidDown({("session", "idle_seconds"): 1})
    (drift,) = (
        one for one in running.drift(lambda: load(path, home, broken)) if one.what is Differs.SETTINGS
    )
    assert "would be refused: POLICY/session: [session] idle_seconds = 1" in drift.sentence
