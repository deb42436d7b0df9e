"""The session decides; it does nothing."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

import pytest

import guard.session

_FOLDER: Final = Path(guard.session.__file__).parent
_MODULES: Final = sorted(_FOLDER.glob("*.py"))
_ALLOWED: Final = {"__future__", "collections.abc", "dataclasses", "enum", "typing"}
_DRAWS: Final = {"diagram.py": {"itertools", "pathlib", "re"}}
"""The one module that is run by hand, to write the documentation; nothing may import it."""


def _imported(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            assert node.module is not None
            inside = node.module == "guard.session"
            names |= {f"{node.module}.{alias.name}" for alias in node.names} if inside else {node.module}
    return names


@pytest.mark.parametrize("module", _MODULES, ids=lambda module: str(module.name))
def test_the_session_imports_nothing_that_acts(module: Path) -> None:
    """No clock, no thread, no socket, no file, and nothing from the rest of the package."""
    of_its_own = {f"guard.session.{other.stem}" for other in _MODULES if other.name not in _DRAWS}
    assert _imported(module) <= _ALLOWED | of_its_own | _DRAWS.get(module.name, set())


@pytest.mark.parametrize("module", _MODULES, ids=lambda module: str(module.name))
def test_the_session_calls_no_builtin_that_acts(module: Path) -> None:
    """What needs no import is not used either."""
    called = {
        node.func.id
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"open", "print", "input", "exec", "eval", "__import__"}
