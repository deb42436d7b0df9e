"""What the grammar of the command line is made of."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from guard.control import ANSWER_SECONDS, ControlClient, control_address
from guard.ground import installed_settings, runtime_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guard.words import Words

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 -- it has no other name

_Kind = TypeVar("_Kind", bound="Context")


@dataclass(frozen=True, slots=True)
class Context:
    """What a command runs with."""

    options: argparse.Namespace
    environment: Mapping[str, str]
    words: Words

    def client(self, patience: float = ANSWER_SECONDS) -> ControlClient:
        """Return who asks the running guard, and waits so long (s) for each answer."""
        return ControlClient(control_address(runtime_folder(self.environment)), patience)


def command(
    commands: Commands, name: str, kind: type[_Kind], run: Callable[[_Kind], int], about: str
) -> argparse.ArgumentParser:
    """Add a command: a method of this kind of context, which returns its exit code.

    The namespace gets it as ``command``, to be called with what a `Context` is made of.
    """
    made = commands.add_parser(name, help=about, description=about, allow_abbrev=False)
    made.set_defaults(command=lambda *given: run(kind(*given)))
    return made


def with_config(made: argparse.ArgumentParser) -> None:
    """Let it take ``--config``."""
    made.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        default=installed_settings(),
        help="a guard.toml; without one, the installation's, or the defaults",
    )


def day(text: str) -> date:
    """Return the day of an argument."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no day; give one as YYYY-MM-DD") from None
