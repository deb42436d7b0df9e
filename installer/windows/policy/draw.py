"""Draws the policy template anew: ``python -m installer.windows.policy.draw``. What it draws is committed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from installer.windows.policy.admx import adml, admx
from installer.windows.policy.companion import registry_file
from installer.windows.policy.texts import Texts

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER: Final = Path(__file__).parent
LANGUAGES: Final = {"ja-JP": "ja", "en-US": "en"}
"""The folders that Windows looks for texts in, and whose texts lie there."""


def drawn() -> Mapping[Path, bytes]:
    """Return every file that is drawn, below `FOLDER`, and its bytes."""
    texts = {
        Path(folder, "MadoguchiGuard.adml"): adml(Texts.read(code)) for folder, code in LANGUAGES.items()
    }
    return {Path("MadoguchiGuard.admx"): admx(), **texts, Path("companion.reg"): registry_file()}


def main() -> None:
    """Write them."""
    for path, data in drawn().items():
        (FOLDER / path).parent.mkdir(exist_ok=True)
        (FOLDER / path).write_bytes(data)


if __name__ == "__main__":
    main()
