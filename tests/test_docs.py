"""What the documents say is what the code does: lists, defaults, pictures and links that could rot."""

from __future__ import annotations

import argparse
import ast
import importlib.util
import re
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from guard import cli
from guard.browser.messages import Refusal
from guard.browser.port import Logout, Receipt
from guard.session.effects import AlertKind
from guard.session.table import State
from guard.settings.reading import toml
from guard.settings.schema import KEYS, SITE_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from guard.settings.schema import Key

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
SECURITY = ROOT / "docs" / "security.md"
DOCUMENTS = (README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))
PICTURES = ROOT / "docs" / "screens"
MOST_BYTES = 60_000
"""A picture's; the page must open quickly on a counter's mobile router."""
LATER = "Takes effect with a later version"
COMMON_FIELDS = {"seq", "at", "boot_ms", "session", "kind"}


def text(document: Path = README) -> str:
    return document.read_text(encoding="utf-8")


def prose(document: Path) -> str:
    """Return it without its blocks of code."""
    return re.sub(r"(?ms)^```.*?^```", "", text(document))


def table(heading: str, document: Path = README) -> dict[str, tuple[str, ...]]:
    """Return the one table whose first column has this heading: its further cells by the first one."""
    rows = dict[str, tuple[str, ...]]()
    (found,) = re.findall(rf"(?m)^\| {re.escape(heading)} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text(document))
    for line in found.splitlines():
        first, *cells = (cell.strip() for cell in line.strip("|").split(" | "))
        assert first not in rows, f"{first} stands there twice"
        rows[first] = tuple(cells)
    return rows


def words(cell: str) -> set[str]:
    """Return what stands in back quotes."""
    return set(re.findall(r"`([^`]+)`", cell))


def code(rows: dict[str, tuple[str, ...]]) -> set[str]:
    return {word for first in rows for word in words(first)}


def usages(
    parser: argparse.ArgumentParser, path: tuple[str, ...] = ("guard",)
) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield every command that can be typed, with its own options."""
    children = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    options = {max(action.option_strings, key=len) for action in parser._actions if action.option_strings}
    if not children:
        yield " ".join(path), frozenset(options - {"--help"})
    for name, child in (item for action in children for item in action.choices.items()):
        yield from usages(child, (*path, name))


def test_the_readme_has_every_command_with_its_options_and_no_other() -> None:
    documented = {
        re.split(r" \[| --| [A-Z]", command)[0]: frozenset(re.findall(r"--[a-z]+", command))
        for command in code(table("command"))
    }
    assert documented == {"guard": frozenset({"--version"}), **dict(usages(cli.parser()))}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_document_quotes_a_command_that_is_none(document: Path) -> None:
    commands = {command for command, _ in usages(cli.parser())} | {"guard --version"}
    quoted = {
        re.split(r" (?:--|\[|\.?/|[A-Z])", word)[0]
        for word in words(prose(document))
        if word.startswith("guard ")
    }
    assert {word for word in quoted if word != "guard"} <= commands


def test_the_readme_has_every_exit_code() -> None:
    assert set(table("exit code")) == set(re.findall(r"\b\d\b", cli.__doc__ or "")) == {"0", "1", "2"}


def expected(keys: Sequence[Key[object]]) -> dict[str, tuple[str, str]]:
    def default(key: Key[object]) -> str:
        if key.required:
            return "required"
        return "–" if key.default is None else f"`{toml(key.default)}`"

    return {f"`{key.title}`": (default(key), key.kind.allowed) for key in keys}


def tables_of_keys() -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Return the table of guard.toml's keys and that of a site profile's."""
    first, second = re.findall(r"(?m)^\| key \| default \| allowed \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text())

    def rows(found: str) -> dict[str, tuple[str, ...]]:
        split = (tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in found.splitlines())
        return {name: tuple(cells) for name, *cells in split}

    return rows(first), rows(second)


@pytest.mark.parametrize(("number", "keys"), [(0, KEYS), (1, SITE_KEYS)], ids=["guard.toml", "site profile"])
def test_the_readme_has_every_key_with_default_and_what_is_allowed(
    number: int, keys: Sequence[Key[object]]
) -> None:
    documented = tables_of_keys()[number]
    assert {name: cells[:2] for name, cells in documented.items()} == expected(keys)
    later = {name for name, cells in documented.items() if re.match(r"later\b", cells[2])}
    assert later == {f"`{key.title}`" for key in keys if LATER in key.about}


def test_keys_without_effect_are_listed_as_gaps() -> None:
    gaps = text(ROOT / "CHANGELOG.md").partition("### Known gaps")[2]
    idle = [key for key in (*KEYS, *SITE_KEYS) if LATER in key.about]
    without = {key.title if key in KEYS else f"[{key.section}]" for key in idle}
    assert {word for word in words(gaps) if word.startswith("[")} == without


def test_the_readme_shows_every_state() -> None:
    shown = table("画面")
    named = [re.search(r"`([A-Z_]+)`", first) for first in shown]
    assert [found[1] if found else None for found in named] == list(State)
    assert words(table("field")["`state`"][0]) == set(State)


def test_the_readme_has_every_field_of_status() -> None:
    tree = ast.parse((ROOT / "guard" / "handlers.py").read_text(encoding="utf-8"))
    (status,) = (
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "_status"
    )
    (answer,) = (
        node.value
        for node in ast.walk(status)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Dict)
    )
    assert [ast.literal_eval(key) for key in answer.keys if key] == [
        word for first in table("field") for word in words(first)
    ]


def _is_journal(owner: ast.expr) -> bool:
    name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
    return name.strip("_") in {"journal", "self"}


def records() -> dict[str, set[str]]:
    """Return the kinds of record that the code writes, each with the fields given by name."""
    found = dict[str, set[str]]()
    for path in (ROOT / "guard").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            parts: list[ast.expr] = [node.func, *node.args]
            for method, kind in pairwise(parts):
                if (
                    isinstance(method, ast.Attribute)
                    and method.attr == "record"
                    and _is_journal(method.value)
                ):
                    given = {keyword.arg for keyword in node.keywords if keyword.arg}
                    found.setdefault(str(ast.literal_eval(kind)), set()).update(given)
    return found


def test_the_readme_has_every_kind_of_record_with_its_fields() -> None:
    written = records()
    written["receipt"] |= {field.name for field in fields(Receipt)} - {"session"}
    documented = {
        name: words(re.sub(r"\([^)]*\)", "", cells[0]))
        for first, cells in table("kind").items()
        for name in words(first)
    }
    assert documented == written
    assert set(Logout) <= words(table("kind")["`receipt`"][0])
    head = re.search(r"Every record has ([^.]+)\.", " ".join(text().split()))
    assert head
    assert words(head[1]) == COMMON_FIELDS


def test_the_readme_has_every_kind_of_alert() -> None:
    assert code(table("alert")) == set(AlertKind)


def test_the_troubleshooting_quotes_sentences_that_the_guard_says() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "guard").rglob("*.py")]
    said = "".join(re.sub(r'"\s*\n\s*f?"', "", source) for source in sources)
    quoted = {word for first in table("表示・症状 / what you see") for word in words(first)}
    sentences = {word.removesuffix(" …") for word in quoted if " " in word}
    spelled = said.replace("{ACCOUNT}", "madoguchi").replace("({_SERVICE})", "(pcscd)")
    assert len(sentences) > 5
    assert [sentence for sentence in sentences if sentence not in spelled] == []


def test_security_names_every_refusal() -> None:
    listed = re.search(r"journalled by host, in these words:\n([^.]+)\.", text(SECURITY))
    assert listed
    assert words(listed[1]) == set(Refusal)


def constant(module: str, name: str) -> float:
    """Return what the module calls so, read from its text: half of them are another system's."""
    source = ROOT.joinpath(*module.split(".")).with_suffix(".py").read_text("utf-8")
    written = re.search(rf"^{name}(?:: \w+)? = ([\d.]+)$", source, re.MULTILINE)
    return float(written[1]) if written else float(getattr(importlib.import_module(module), name))


def test_security_names_the_deadlines_of_the_code() -> None:
    rows = table("constant", SECURITY)
    for first, cells in rows.items():
        module, _, name = first.strip("`").rpartition(".")
        assert float(cells[0]) == constant(module, name), first
    assert len(rows) == 30


def test_security_has_every_process_of_the_guard() -> None:
    commands = {word for first in table("part", SECURITY) for word in words(first)}
    for command in commands:
        if command.startswith("python -m "):
            assert importlib.util.find_spec(command.split()[2]), command
    assert {"guard run", "bwrap"} <= commands


def links(document: Path) -> list[str]:
    told = prose(document)
    return re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", told) + re.findall(r'<img src="([^"]+)"', told)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_relative_link_leads_to_a_file(document: Path) -> None:
    missing = [
        target
        for target in links(document)
        if "://" not in target and not (document.parent / target.partition("#")[0]).exists()
    ]
    assert missing == []


def test_every_picture_is_shown_somewhere_and_is_small() -> None:
    shown = {(document.parent / target).resolve() for document in DOCUMENTS for target in links(document)}
    for picture in sorted(PICTURES.iterdir()):
        assert picture in shown, f"{picture.name} is shown nowhere"
        assert picture.stat().st_size < MOST_BYTES, picture.name
        with Image.open(picture) as image:
            assert image.width == 1280, picture.name


def test_every_picture_has_words_for_those_who_do_not_see_it() -> None:
    for document in DOCUMENTS:
        pictures = re.findall(r"!\[[^\]]*\]\(|<img [^>]*>", text(document))
        assert [
            one for one in pictures if one == "![](" or (one[0] == "<" and not re.search(r'alt="[^"]', one))
        ] == []


def test_every_folder_of_the_package_is_in_the_project_layout() -> None:
    layout = text().partition("## Project")[2]
    for folder in (ROOT / "guard").iterdir():
        if (folder / "__init__.py").is_file():
            assert f"guard/{folder.name}/" in layout


def test_no_document_names_a_place_of_the_machine_it_was_written_on() -> None:
    for document in DOCUMENTS:
        assert re.findall(r"/(?:work|root|tmp/(?!\.X11-unix))\S*", text(document)) == [], document.name
