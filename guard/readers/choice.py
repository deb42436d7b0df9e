"""Which of the PC's readers is the counter's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence


def choose(names: Sequence[str], part: str) -> str:
    """Return the one reader whose name is ``part``, else the one whose name contains it.

    An empty ``part`` means the only reader there is. Raises ConfigError naming what was found when it is not
    exactly one.
    """
    if part in names:
        return part
    fitting = [name for name in names if part in name]
    if len(fitting) == 1:
        return fitting[0]
    if not names:
        raise ConfigError("PC/SC knows no card reader on this PC: plug one in and check that it has a driver")
    found = ", ".join(f'"{name}"' for name in names)
    if not part:
        raise ConfigError(
            f"[reader] name is empty, which is allowed with one reader only, but there are {len(names)}: "
            f"{found}; give a part of the right one's name"
        )
    if not fitting:
        raise ConfigError(f'[reader] name = "{part}" fits no reader; there are: {found}')
    raise ConfigError(
        f'[reader] name = "{part}" fits {len(fitting)} readers; be more exact; there are: {found}'
    )
