"""What is documented, what exists, what is shown and what the schema says are the same."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING

from guard.paths import shipped_config
from guard.settings.load import load, load_with_sources
from guard.settings.schema import KEYS, SITE_KEYS, json_schema
from guard.settings.show import effective

if TYPE_CHECKING:
    from pathlib import Path

HOME = {"HOME": "/home/nobody", "LOCALAPPDATA": r"C:\Users\nobody\AppData\Local"}
LATER: tuple[str, ...] = ()


def commented() -> str:
    return (shipped_config() / "guard.toml").read_text(encoding="utf-8")


def defaults() -> dict[str, dict[str, object]]:
    tables = dict[str, dict[str, object]]()
    for key in KEYS:
        tables.setdefault(key.section, {})[key.name] = key.default
    return tables


def test_documented_keys_are_the_existing_keys_with_their_defaults() -> None:
    documented = tomllib.loads(re.sub(r"(?m)^#(?=\w+ = )", "", commented()))
    assert {section: list(table) for section, table in documented.items()} == {
        section: list(table) for section, table in defaults().items()
    }
    for key in KEYS:
        assert key.kind.read(documented[key.section][key.name]) == key.default


def test_the_shipped_file_is_the_defaults() -> None:
    assert load(shipped_config() / "guard.toml", HOME) == load(None, HOME)


def test_keys_that_work_only_later_say_so() -> None:
    blocks = commented().split("\n\n")
    for key in KEYS:
        (block,) = (block for block in blocks if re.search(rf"(?m)^#{key.name} = ", block))
        assert ("TAKES EFFECT WITH A LATER VERSION" in block) == (key.name in LATER)


def test_shown_settings_are_toml_and_tell_where_each_comes_from(tmp_path: Path) -> None:
    path = tmp_path / "guard.toml"
    path.write_text('[browser]\nwarm = 2\n[journal]\ndirectory = "記録"\n', encoding="utf-8")
    shown = effective(load_with_sources(path, HOME))
    assert "warm = 2  # file" in shown
    assert "hold_seconds = 60  # default" in shown
    document = tomllib.loads(shown)
    (site,) = document.pop("site")
    assert site["practice"] is True
    expected = defaults()
    expected["portal"]["site"] = ["practice"]
    expected["browser"]["warm"] = 2
    expected["journal"]["directory"] = str(tmp_path / "記録")
    assert document == expected


def test_every_site_is_shown_with_what_its_file_gives(tmp_path: Path) -> None:
    path = tmp_path / "guard.toml"
    path.write_text('[portal]\nsite = ["custom", "practice"]\n', encoding="utf-8")
    first, second = tomllib.loads(effective(load_with_sources(path, HOME)))["site"]
    custom = tomllib.loads((shipped_config() / "sites" / "custom.toml").read_text(encoding="utf-8"))
    assert first == {**custom, "practice": False}
    assert second["zoom"] == 100
    assert "browsers" not in second


def test_the_schema_has_every_key_and_default_and_allows_no_other() -> None:
    schema = json.loads(json.dumps(json_schema()))
    for keys, root in ((KEYS, schema), (SITE_KEYS, schema["$defs"]["site"])):
        for key in keys:
            table = root["properties"][key.section] if key.section else root
            assert table["additionalProperties"] is False
            assert (key.name in table.get("required", [])) == key.required
            if not key.required and key.default is not None:
                assert table["properties"][key.name]["default"] == json.loads(json.dumps(key.default))
    assert schema["$schema"].endswith("2020-12/schema")
