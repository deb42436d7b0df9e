"""What the grammar of the command line is made of."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guard.words import Words

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 -- it has no other name


@dataclass(frozen=True, slots=True)
class Context:
    """What a command runs with."""

    options: argparse.Namespace
    environment: Mapping[str, str]
    words: Words


def command(
    commands: Commands, name: str, run: Callable[[Context], int], about: str
) -> argparse.ArgumentParser:
    """Add a command; ``run`` returns its exit code."""
    made = commands.add_parser(name, help=about, description=about, allow_abbrev=False)
    made.set_defaults(command=run)
    return made


def with_config(made: argparse.ArgumentParser) -> None:
    """Let it take ``--config``."""
    made.add_argument("--config", type=Path, metavar="FILE", help="a guard.toml; without one, the defaults")


def day(text: str) -> date:
    """Return the day of an argument."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no day; give one as YYYY-MM-DD") from None
