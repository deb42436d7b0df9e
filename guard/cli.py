"""The command ``guard``. Exit codes: 0 done, 1 refused or failed (one sentence on stderr), 2 wrong usage."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from guard import __version__
from guard.account import become_unprivileged, this_checkout
from guard.control import ControlClient
from guard.errors import GuardError
from guard.paths import control_socket, runtime_folder
from guard.words import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class _Commands:
    """The commands; imports what only one of them needs there and then, so that status answers at once."""

    options: argparse.Namespace
    environment: Mapping[str, str]
    words: Words

    def run(self) -> int:
        """Run the guard in the foreground until it is told to stop."""
        from guard.service import run  # noqa: PLC0415 -- see the class
        from guard.settings.load import load  # noqa: PLC0415 -- see the class

        return run(load(self.options.config, self.environment))

    def demo(self) -> int:
        """Replay the incident."""
        from guard.practice.demo import main as demo  # noqa: PLC0415 -- see the class

        return demo(self.options.save)

    def status(self) -> int:
        """Print what the running guard says of itself."""
        from guard.report import status_table  # noqa: PLC0415 -- see the class

        answer = self._client().ask("status")
        _print(_json(answer) if self.options.json else status_table(answer, self.words))
        return 0

    def end(self) -> int:
        """End the session."""
        self._client().ask("end")
        _print(self.words.of("end_done"))
        return 0

    def cover(self) -> int:
        """Cover the screen."""
        self._client().ask("cover")
        _print(self.words.of("cover_done"))
        return 0

    def doctor(self) -> int:
        """Say what this PC lacks."""
        from guard.doctor import Doctor, State  # noqa: PLC0415 -- see the class
        from guard.readers.scard import PyscardScard  # noqa: PLC0415 -- see the class
        from guard.report import doctor_report  # noqa: PLC0415 -- see the class

        findings = Doctor(self.environment, PyscardScard).findings()
        if self.options.json:
            _print(_json({"checks": [asdict(finding) for finding in findings]}))
        else:
            _print(doctor_report(findings, self.words))
        return 1 if any(finding.state is State.FAIL for finding in findings) else 0

    def config_check(self) -> int:
        """Say that the settings are fine, or what is not."""
        from guard.settings.load import load  # noqa: PLC0415 -- see the class

        load(self.options.config, self.environment)
        _print(self.words.of("config_ok", file=self.options.config or self.words.of("defaults")))
        return 0

    def config_show(self) -> int:
        """Print the settings in force and where each comes from."""
        from guard.settings.load import load_with_sources  # noqa: PLC0415 -- see the class
        from guard.settings.show import effective  # noqa: PLC0415 -- see the class

        _print(effective(load_with_sources(self.options.config, self.environment)))
        return 0

    def config_schema(self) -> int:
        """Print the JSON Schema of guard.toml."""
        from guard.settings.schema import json_schema  # noqa: PLC0415 -- see the class

        _print(_json(json_schema()))
        return 0

    def _client(self) -> ControlClient:
        return ControlClient(control_socket(runtime_folder(self.environment)))


def parser() -> argparse.ArgumentParser:
    """Return the grammar of the command line."""
    top = argparse.ArgumentParser(
        prog="guard", description="Madoguchi Guard / 窓口ガード", allow_abbrev=False
    )
    top.add_argument("--version", action="version", version=f"guard {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    run = _command(commands, "run", _Commands.run, "run the guard in the foreground")
    _with_config(run)
    demo = _command(commands, "demo", _Commands.demo, "replay the incident with a practice portal and card")
    demo.add_argument("--save", type=Path, metavar="FOLDER", help="keep the pictures of every screen here")
    status = _command(commands, "status", _Commands.status, "what the running guard is doing")
    status.add_argument("--json", action="store_true", help="for programs")
    _command(commands, "end", _Commands.end, "end the session now")
    _command(commands, "cover", _Commands.cover, "cover the screen now")
    doctor = _command(commands, "doctor", _Commands.doctor, "what this PC lacks, each with its mend")
    doctor.add_argument("--json", action="store_true", help="for programs")

    config = commands.add_parser("config", help="check or show the settings", allow_abbrev=False)
    parts = config.add_subparsers(required=True, metavar="check|show|schema")
    _with_config(_command(parts, "check", _Commands.config_check, "say whether the settings are fine"))
    _with_config(_command(parts, "show", _Commands.config_show, "the settings in force, and where from"))
    _command(parts, "schema", _Commands.config_schema, "the JSON Schema of guard.toml")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; as root, become the unprivileged account first."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser().parse_args(given)
    try:
        if os.geteuid() == 0:
            again = [sys.executable, "-P", "-m", "guard", *given]
            become_unprivileged(again, os.environ, this_checkout())
        run: Callable[[_Commands], int] = options.command
        return run(_Commands(options, os.environ, Words.load()))
    except GuardError as error:
        sys.stderr.write(f"guard: {error.sentence}\n")
        return 1
    except KeyboardInterrupt:
        return 1


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[_Commands], int],
    about: str,
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=about, description=about, allow_abbrev=False)
    command.set_defaults(command=run)
    return command


def _with_config(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--config", type=Path, metavar="FILE", help="a guard.toml; without one, the defaults"
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
