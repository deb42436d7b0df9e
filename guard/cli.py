"""The command ``guard``. Exit codes: 0 done, 1 refused or failed (one sentence on stderr), 2 wrong usage."""

from __future__ import annotations

import argparse
import errno
import json
import os
import sys
from dataclasses import asdict
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Final

from guard import __version__
from guard.browser.site import BrowserKind
from guard.errors import GuardError
from guard.grammar import Commands, Context, command, day, with_config
from guard.ground import forbid_core_dumps, restrict_libraries
from guard.journal.alerts import Reason
from guard.journal_cli import add_journal
from guard.words import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from guard.staff.commands import StaffCommands

_BROKEN_PIPE_ON_WINDOWS: Final = ("win32", errno.EINVAL)
"""How the C runtime calls ERROR_NO_DATA when a pipe's reader is gone."""


class _Commands(Context):
    """The commands; imports what only one of them needs there and then, so that status answers at once."""

    __slots__ = ()

    def run(self) -> int:
        """Run the guard in the foreground until it is told to stop."""
        from guard.service import run  # noqa: PLC0415 -- see the class
        from guard.settings.load import load  # noqa: PLC0415 -- see the class

        return run(partial(load, self.options.config, self.environment))

    def demo(self) -> int:
        """Replay the incident."""
        from guard.practice.demo import main as demo  # noqa: PLC0415 -- see the class

        return demo(self.options.save)

    def status(self) -> int:
        """Print what the running guard says of itself."""
        from guard.report import status_table  # noqa: PLC0415 -- see the class

        answer = self.client().ask("status")
        _print(_json(answer) if self.options.json else status_table(answer, self.words))
        return 0

    def end(self) -> int:
        """End the session."""
        self.client().ask("end")
        _print(self.words.of("end_done"))
        return 0

    def cover(self) -> int:
        """Cover the screen."""
        self.client().ask("cover")
        _print(self.words.of("cover_done"))
        return 0

    def logout(self) -> int:
        """End the session by a PIN."""
        from guard.staff.commands import LOGOUT_SECONDS, Typist, logout  # noqa: PLC0415 -- see the class

        forbid_core_dumps()  # a PIN passes through
        _print(logout(self.client(LOGOUT_SECONDS), Typist(self.words), self.words))
        return 0

    def alerts_list(self) -> int:
        """Print the open alerts."""
        from guard.report import alerts_table  # noqa: PLC0415 -- see the class
        from guard.screens.catalogue import Catalogue  # noqa: PLC0415 -- see the class

        answer = self.client().ask("status")
        if self.options.json:
            _print(_json({"alerts": answer["alerts"]}))
        else:
            _print(alerts_table(answer, self.words, Catalogue.load()))
        return 0

    def alerts_acknowledge(self) -> int:
        """Close an alert by a PIN."""
        from guard.staff.commands import LOGOUT_SECONDS, Typist, acknowledge  # noqa: PLC0415 -- see the class

        forbid_core_dumps()  # a PIN passes through
        client, options = self.client(LOGOUT_SECONDS), self.options
        _print(acknowledge(client, Typist(self.words), self.words, options.kind, options.reason))
        return 0

    def staff_add(self) -> int:
        """Enrol somebody."""
        options = self.options
        _print(self._staff().add(options.number, options.name, options.expires))
        return 0

    def staff_list(self) -> int:
        """Print who is in the staff book."""
        staff = self._staff()
        _print(staff.roll_for_programs() if self.options.json else staff.roll())
        return 0

    def staff_reset(self) -> int:
        """Give somebody a new PIN."""
        _print(self._staff().reset(self.options.number))
        return 0

    def staff_disable(self) -> int:
        """Let somebody's PIN work no more."""
        _print(self._staff().disable(self.options.number))
        return 0

    def staff_expire(self) -> int:
        """Let somebody's PIN work until a day."""
        _print(self._staff().expire(self.options.number, self.options.on))
        return 0

    def staff_emergency(self) -> int:
        """Print a new emergency code."""
        _print(self._staff().emergency(self.options.hours))
        return 0

    def doctor(self) -> int:
        """Say what this PC lacks."""
        from guard.doctor import Doctor, State  # noqa: PLC0415 -- see the class
        from guard.readers.scard import PyscardScard  # noqa: PLC0415 -- see the class
        from guard.report import doctor_report  # noqa: PLC0415 -- see the class

        findings = Doctor(self.environment, PyscardScard, config=self.options.config).findings()
        if self.options.json:
            _print(_json({"checks": [asdict(finding) for finding in findings]}))
        else:
            _print(doctor_report(findings, self.words))
        return 1 if any(finding.state is State.FAIL for finding in findings) else 0

    def site_check(self) -> int:
        """Try a site profile in a capsule."""
        from guard.settings.load import load  # noqa: PLC0415 -- see the class
        from guard.site_check import for_people, for_programs, site_to_check, walk  # noqa: PLC0415 -- see the class

        options = self.options
        settings = load(options.config, self.environment)
        kind = BrowserKind(options.kind or settings.browser.kind)
        site = site_to_check(options.file, kind)
        if not options.json:
            sys.stderr.write(f"{self.words.of('site_checking', name=site.name, kind=kind.value)}\n")
        findings = walk(site, kind, settings, self.environment)
        if options.json:
            _print(_json(for_programs(site, kind, findings)))
        else:
            _print(for_people(site, kind, findings, self.words))
        return 0 if findings.good else 1

    def config_check(self) -> int:
        """Say that the settings are fine, or what is not."""
        from guard.settings.load import load_with_sources  # noqa: PLC0415 -- see the class

        loaded = load_with_sources(self.options.config, self.environment)
        _print(self.words.of("config_ok", file=self.options.config or self.words.of("defaults")))
        if loaded.policy.where:
            keys = ", ".join(loaded.policy.titles())
            _print(self.words.of("config_policy", place=loaded.policy.where, keys=keys))
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

    def _staff(self) -> StaffCommands:
        from guard.staff.commands import StaffCommands, Typist  # noqa: PLC0415 -- see the class
        from guard.staff.vault_client import Vault  # noqa: PLC0415 -- see the class

        forbid_core_dumps()  # a PIN passes through
        return StaffCommands(Vault(self.environment), Typist(self.words), self.words)


def parser() -> argparse.ArgumentParser:
    """Return the grammar of the command line."""
    top = argparse.ArgumentParser(
        prog="guard", description="Madoguchi Guard / 窓口ガード", allow_abbrev=False
    )
    top.add_argument("--version", action="version", version=f"guard {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    run = _command(commands, "run", _Commands.run, "run the guard in the foreground")
    with_config(run)
    demo = _command(commands, "demo", _Commands.demo, "replay the incident with a practice portal and card")
    demo.add_argument("--save", type=Path, metavar="FOLDER", help="keep the pictures of every screen here")
    status = _command(commands, "status", _Commands.status, "what the running guard is doing")
    status.add_argument("--json", action="store_true", help="for programs")
    _command(commands, "end", _Commands.end, "end the session now")
    _command(commands, "cover", _Commands.cover, "cover the screen now")
    _command(commands, "logout", _Commands.logout, "end the session now, in the name of a member of staff")
    doctor = _command(commands, "doctor", _Commands.doctor, "what this PC lacks, each with its mend")
    doctor.add_argument("--json", action="store_true", help="for programs")
    with_config(doctor)

    _add_staff(commands)
    _add_alerts(commands)
    add_journal(commands)
    _add_site(commands)
    config = commands.add_parser("config", help="check or show the settings", allow_abbrev=False)
    parts = config.add_subparsers(required=True, metavar="check|show|schema")
    with_config(_command(parts, "check", _Commands.config_check, "say whether the settings are fine"))
    with_config(_command(parts, "show", _Commands.config_show, "the settings in force, and where from"))
    _command(parts, "schema", _Commands.config_schema, "the JSON Schema of guard.toml")
    return top


def _add_staff(commands: Commands) -> None:
    staff = commands.add_parser("staff", help="who may do what at the counter", allow_abbrev=False)
    parts = staff.add_subparsers(required=True, metavar="add|list|reset|disable|expire|emergency")
    add = _command(parts, "add", _Commands.staff_add, "enrol somebody; the PIN is asked for")
    _with_number(add)
    add.add_argument("--name", required=True, help="as the list at the counter shows it")
    add.add_argument("--expires", type=day, metavar="YYYY-MM-DD", help="the last day on which the PIN works")
    listed = _command(parts, "list", _Commands.staff_list, "who is in the staff book, and whose PIN works")
    listed.add_argument("--json", action="store_true", help="for programs")
    _with_number(_command(parts, "reset", _Commands.staff_reset, "give a new PIN; ends locked and disabled"))
    _with_number(_command(parts, "disable", _Commands.staff_disable, "let a PIN work no more"))
    expire = _command(parts, "expire", _Commands.staff_expire, "let a PIN work until the end of a day")
    _with_number(expire)
    expire.add_argument("--on", type=day, required=True, metavar="YYYY-MM-DD", help="that day")
    emergency = _command(parts, "emergency", _Commands.staff_emergency, "print a code that opens once")
    emergency.add_argument("--hours", type=int, default=24, metavar="N", help="for which it is valid (24)")


def _add_alerts(commands: Commands) -> None:
    alerts = commands.add_parser("alerts", help="what staff must look at", allow_abbrev=False)
    parts = alerts.add_subparsers(required=True, metavar="list|acknowledge")
    listed = _command(parts, "list", _Commands.alerts_list, "the open alerts, each with what to do")
    listed.add_argument("--json", action="store_true", help="for programs")
    done = _command(parts, "acknowledge", _Commands.alerts_acknowledge, "close an alert, in somebody's name")
    done.add_argument("kind", metavar="KIND", help="of the alert, as guard alerts list shows it")
    reasons = [reason.value for reason in Reason]
    done.add_argument("--reason", required=True, choices=reasons, help="what was done about it")


def _add_site(commands: Commands) -> None:
    site = commands.add_parser("site", help="try the portals", allow_abbrev=False)
    parts = site.add_subparsers(required=True, metavar="check")
    check = _command(parts, "check", _Commands.site_check, "open a portal and log out of it, as a trial")
    check.add_argument("file", metavar="FILE", help="a site profile, or the name of a shipped one")
    kinds = [kind.value for kind in BrowserKind]
    check.add_argument("--kind", choices=kinds, help="of browser; without one, that of guard.toml")
    check.add_argument("--json", action="store_true", help="for programs")
    with_config(check)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; as root, become the unprivileged account first."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser().parse_args(given)
    if isinstance(sys.stdout, TextIOWrapper):  # a terminal without Japanese shows code points instead
        sys.stdout.reconfigure(errors="backslashreplace")
        if sys.platform == "win32" and getattr(options, "json", False):
            # RFC 8259: JSON is UTF-8. Windows' own code page, escaped where it lacks a letter, would be none.
            sys.stdout.reconfigure(encoding="utf-8")
    try:
        if sys.platform != "win32" and os.geteuid() == 0:
            from guard.account import become_unprivileged, this_checkout  # noqa: PLC0415 -- Linux has it alone

            again = [sys.executable, "-P", "-m", "guard", *given]
            become_unprivileged(again, os.environ, this_checkout())
        restrict_libraries()
        run: Callable[[argparse.Namespace, Mapping[str, str], Words], int] = options.command
        return run(options, os.environ, Words.load())
    except GuardError as error:
        sys.stderr.write(f"guard: {error.sentence}\n")
        return 1
    except KeyboardInterrupt:
        return 1
    except OSError as error:
        if not isinstance(error, BrokenPipeError) and (sys.platform, error.errno) != _BROKEN_PIPE_ON_WINDOWS:
            raise
        # Whoever read has read enough; nobody is left to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _command(
    commands: Commands, name: str, run: Callable[[_Commands], int], about: str
) -> argparse.ArgumentParser:
    return command(commands, name, _Commands, run, about)


def _with_number(made: argparse.ArgumentParser) -> None:
    made.add_argument("number", metavar="NUMBER", help="of the member of staff")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
