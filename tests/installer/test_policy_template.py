"""Windows' policy template says what the schema says, holds together, and is what lies in the checkout."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, fromstring

import pytest

from guard.browser.managed.policy import NOT_FOR_THE_WHOLE_PC
from guard.settings.kinds import Flag, OneOf, OneOrSome, Text, Whole
from guard.settings.schema import KEYS, Key
from installer.windows.policy.admx import REGISTRY_KEY, adml, admx
from installer.windows.policy.companion import BROWSERS, settings
from installer.windows.policy.draw import FOLDER, LANGUAGES, drawn
from installer.windows.policy.texts import Texts

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMESPACE = "{http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions}"
ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "windows-policy.md"
ORDER = ["parentCategory", "supportedOn", "enabledValue", "disabledValue", "elements"]
CONTROLS = {
    "decimal": "decimalTextBox",
    "enum": "dropdownList",
    "text": "textBox",
    "multiText": "multiTextBox",
}


def tree(data: bytes) -> Element:
    """Return it with bare names."""
    root = fromstring(data)  # noqa: S314 -- our own file
    for element in root.iter():
        assert element.tag.startswith(NAMESPACE)
        element.tag = element.tag.removeprefix(NAMESPACE)
    return root


def template() -> Element:
    return tree((FOLDER / "MadoguchiGuard.admx").read_bytes())


def texts(folder: str) -> Element:
    return tree((FOLDER / folder / "MadoguchiGuard.adml").read_bytes())


def policies() -> dict[str, Element]:
    found = {policy.get("name", ""): policy for policy in template().iter("policy")}
    assert len(found) == len(list(template().iter("policy")))
    return found


def policy_of(key: Key[object]) -> Element:
    return policies()[f"{key.section}_{key.name}"]


def references(root: Element, kind: str) -> set[str]:
    """Return what the template refers to as ``$(string.…)`` or ``$(presentation.…)``."""
    values = [value for element in root.iter() for value in element.attrib.values()]
    return {found[1] for value in values if (found := re.fullmatch(rf"\$\({kind}\.(\w+)\)", value))}


@pytest.mark.parametrize("path", sorted(drawn()), ids=str)
def test_drawing_again_gives_the_committed_bytes(path: Path) -> None:
    """Otherwise: ``python -m installer.windows.policy.draw``."""
    assert (FOLDER / path).read_bytes() == drawn()[path]


def test_no_file_of_the_template_lies_there_that_is_not_drawn() -> None:
    found = {path.relative_to(FOLDER) for end in ("admx", "adml", "reg") for path in FOLDER.rglob(f"*.{end}")}
    assert found == set(drawn())


def test_every_key_of_the_schema_is_a_policy_and_there_is_no_other() -> None:
    assert list(policies()) == [f"{key.section}_{key.name}" for key in KEYS]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.title)
def test_a_policy_writes_the_value_that_the_guard_reads(key: Key[object]) -> None:
    policy = policy_of(key)
    assert policy.get("class") == "Machine"
    assert policy.get("key") == rf"{REGISTRY_KEY}\{key.section}"
    elements = policy.findall("./elements/*")
    if isinstance(key.kind, Flag):
        assert (policy.get("valueName"), elements) == (key.name, [])
        values = [policy.find(f"./{state}/decimal") for state in ("enabledValue", "disabledValue")]
        assert [None if value is None else value.get("value") for value in values] == ["1", "0"]
        return
    (element,) = elements
    assert element.get("valueName") == key.name
    expected = {Whole: "decimal", OneOf: "enum", OneOrSome: "multiText", Text: "text"}
    assert element.tag == expected[type(key.kind)]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.title)
def test_a_policy_can_be_set_to_what_the_schema_allows_and_to_nothing_else(key: Key[object]) -> None:
    element = policy_of(key).find("./elements/*")
    if isinstance(key.kind, Whole):
        assert element is not None
        assert (element.get("minValue"), element.get("maxValue")) == (str(key.kind.low), str(key.kind.high))
    if isinstance(key.kind, OneOf):
        assert element is not None
        words = [item.findtext("./value/string") for item in element.iter("item")]
        assert words == key.kind.schema()["enum"]
    if isinstance(key.kind, OneOrSome):
        assert element is not None
        assert (element.get("required"), element.get("maxStrings")) == ("true", str(key.kind.most))
    if isinstance(key.kind, Text):
        assert element is not None
        try:
            key.kind.read("")
            assert element.get("required") is None
        except ValueError:
            assert element.get("required") == "true"


@pytest.mark.parametrize(
    "key", [key for key in KEYS if not isinstance(key.kind, Flag)], ids=lambda key: key.title
)
@pytest.mark.parametrize("folder", LANGUAGES)
def test_what_an_editor_offers_at_first_is_the_default(key: Key[object], folder: str) -> None:
    (presentation,) = texts(folder).findall(f".//presentation[@id='{key.section}_{key.name}']")
    (control,) = (element for element in presentation if element.get("refId"))
    if isinstance(key.kind, Whole):
        assert control.get("defaultValue") == str(key.default)
    if isinstance(key.kind, OneOf):
        words = [item.findtext("./value/string") for item in policy_of(key).iter("item")]
        assert words[int(control.get("defaultItem", "-1"))] == str(key.default)


@pytest.mark.parametrize("folder", LANGUAGES)
def test_the_template_and_its_texts_refer_to_each_other_without_a_gap(folder: str) -> None:
    root, said = template(), texts(folder)
    strings = [string.get("id", "") for string in said.iter("string")]
    assert sorted(strings) == sorted(references(root, "string"))
    presentations = {one.get("id", ""): one for one in said.iter("presentation")}
    assert presentations.keys() == references(root, "presentation")
    categories = {category.get("name") for category in root.iter("category")}
    definitions = {definition.get("name") for definition in root.iter("definition")}
    assert {parent.get("ref") for parent in root.iter("parentCategory")} <= categories
    assert {used.get("ref") for used in root.iter("supportedOn") if used.get("ref")} == definitions
    for name, policy in policies().items():
        elements = {element.get("id"): element.tag for element in policy.findall("./elements/*")}
        controls = {
            control.get("refId"): control.tag
            for control in presentations.get(name, Element(""))
            if control.get("refId")
        }
        assert controls == {identity: CONTROLS[tag] for identity, tag in elements.items()}
        assert [child.tag for child in policy] == [tag for tag in ORDER if policy.find(tag) is not None]


@pytest.mark.parametrize("folder", LANGUAGES)
def test_every_text_is_there_and_none_is_empty(folder: str) -> None:
    for element in texts(folder).iter():
        if element.tag in {
            "string",
            "text",
            "label",
            "decimalTextBox",
            "dropdownList",
            "displayName",
            "description",
        }:
            assert element.text
            assert element.text.strip()


@pytest.mark.parametrize("code", LANGUAGES.values())
def test_the_catalogue_has_a_text_for_every_key_and_choice_and_no_other(code: str) -> None:
    said = json.loads((FOLDER / "texts" / f"{code}.json").read_text("utf-8"))
    assert list(said["keys"]) == [f"{key.section}.{key.name}" for key in KEYS]
    assert list(said["sections"]) == list(dict.fromkeys(key.section for key in KEYS))
    for key in KEYS:
        one = said["keys"][f"{key.section}.{key.name}"]
        assert ("label" in one) == (not isinstance(key.kind, Flag))
        assert list(one.get("choices", {})) == (
            key.kind.schema()["enum"] if isinstance(key.kind, OneOf) else []
        )


@pytest.mark.parametrize("code", LANGUAGES.values())
def test_an_explanation_says_which_numbers_are_allowed(code: str) -> None:
    for key in KEYS:
        if isinstance(key.kind, Whole):
            about = Texts.read(code).of(key).about
            assert {str(key.kind.low), str(key.kind.high)} <= set(re.findall(r"\d+", about)), key.title


def test_a_key_without_a_text_cannot_be_drawn() -> None:
    stranger = Key(section="session", name="new", kind=Whole(1, 2), default=1, about="")
    with pytest.raises(KeyError):
        adml(Texts.read("en"), (*KEYS, stranger))
    assert b"session_new" in admx((*KEYS, stranger))


def registry_lines() -> Iterator[tuple[str, str, str]]:
    """Yield key, name and data of every value in the file, read as regedit would."""
    text = (FOLDER / "companion.reg").read_bytes().decode("utf-16")
    header, *lines = text.split("\r\n")
    assert header == "Windows Registry Editor Version 5.00"
    assert "\n" not in text.replace("\r\n", "")
    key = ""
    for line in filter(None, lines):
        if found := re.fullmatch(r"\[(HKEY_LOCAL_MACHINE\\.+)\]", line):
            key = found[1]
        else:
            value = re.fullmatch(r'"([^"\\]+)"=(dword:[0-9a-f]{8}|"[^"\\]*")', line)
            assert value, line
            yield key, value[1], value[2]


def test_the_companion_file_is_one_that_regedit_reads() -> None:
    assert (FOLDER / "companion.reg").read_bytes().startswith(b"\xff\xfe")
    lines = list(registry_lines())
    assert [(key, name) for key, name, _ in lines] == [(one.key, one.name) for one in settings()]
    assert len({(key, name) for key, name, _ in lines}) == len(lines)


def test_the_companion_file_forces_the_extension_that_the_site_profile_names() -> None:
    profile = (ROOT / "config" / "sites" / "mynaportal.toml").read_text("utf-8")
    for browser in BROWSERS:
        (data,) = (
            data for key, _, data in registry_lines() if key == rf"{browser}\ExtensionInstallForcelist"
        )
        assert data.strip('"') in profile


def test_the_companion_file_weakens_no_browser_of_the_whole_pc() -> None:
    assert not {name for _, name, _ in registry_lines()} & NOT_FOR_THE_WHOLE_PC


def test_the_page_explains_every_value_and_no_other() -> None:
    (rows,) = re.findall(r"(?m)^\| 値 \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE.read_text("utf-8"))
    explained = [re.findall(r"`([^`]+)`", row.split(" | ")[0]) for row in rows.splitlines()]
    windows = [one for one in settings() if not one.key.startswith(BROWSERS)]
    assert explained == [[f"{one.name}={one.value}"] for one in windows]
    for row in rows.splitlines():
        assert all(cell.strip() for cell in row.strip("|").split(" | "))
