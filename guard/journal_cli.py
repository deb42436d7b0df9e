"""``guard journal …`` and ``guard report``."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from guard import __version__
from guard.clock import SystemClock
from guard.errors import ConfigError, MachineError
from guard.grammar import Commands, Context, command, with_config
from guard.journal.evidence import Evidence, EvidenceRoom, read_key
from guard.journal.export import Form
from guard.journal.reading import Span, Wanted
from guard.sheet.form import SheetForm

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from guard.journal.commands import JournalCommands


KEYRING_SECONDS: Final = 35.0
"""For which the running guard is waited for; its keyring answers within 30."""


class JournalCli(Context):
    """The commands; imports what only one of them needs there and then, so that the others start at once."""

    __slots__ = ()

    def verify(self) -> int:
        """Prove the journal."""
        from guard.journal import verdict  # noqa: PLC0415 -- see the class
        from guard.journal.verify import verify  # noqa: PLC0415 -- see the class

        evidence, options = self._evidence(), self.options
        found = verify(evidence.folder, evidence.standing, evidence.first_key)
        if options.json:
            _print(json.dumps(verdict.as_json(found), ensure_ascii=False, indent=2))
        else:
            _print("\n".join(verdict.verification_lines(found, verdict.words())))
        if found.problems:
            raise MachineError("the journal is not as it was written; change nothing in its folder")
        if not found.anchored and options.directory is None:
            raise MachineError("the keyring has no mark of the journal's end; see guard doctor")
        if not found.anchored and not found.keyed:
            raise ConfigError("of a copy nothing is proven without its first key; give it with --key")
        return 0

    def show(self) -> int:
        """Print records."""
        options = self.options
        wanted = Wanted(span=self._span(), kind=options.kind, session=options.session, alerts=options.alerts)
        self._reading().show(wanted, as_json=options.json)
        return 0

    def stats(self) -> int:
        """Print what the records add up to."""
        self._reading().stats(self._span(), as_json=self.options.json)
        return 0

    def export(self) -> int:
        """Write records for other programs."""
        from guard.journal.export import destination  # noqa: PLC0415 -- see the class
        from guard.journal.forward.syslog import message  # noqa: PLC0415 -- see the class

        options, host = self.options, socket.gethostname()
        with destination(options.output, sys.stdout.buffer) as raw:
            self._reading().export(
                Form(options.format),
                Wanted(span=self._span()),
                raw,
                lambda record: message(record, host, __version__),
            )
        return 0

    def key(self) -> int:
        """Print the first key, and take it off this PC if told so."""
        room = self._room()
        key = room.evidence(self._configured).first_key
        if key is None:
            raise ConfigError("the journal's first key is not on this PC (any more)")
        _print(key.text())
        sys.stdout.flush()
        if self.options.take:
            room.take_first_key()
        said = "journal_key_taken" if self.options.take else "journal_key"
        sys.stderr.write(f"{self.words.of(said)}\n")
        return 0

    def report(self) -> int:
        """Make the sheet of a day or a month."""
        from guard.journal.export import destination  # noqa: PLC0415 -- see the class
        from guard.sheet.command import ReportCommand  # noqa: PLC0415 -- see the class

        options, span = self.options, self._span()
        if span is None:
            raise ConfigError("guard report needs --day or --month")
        form = SheetForm(options.format)
        command = ReportCommand(
            evidence=self._evidence(),
            host=socket.gethostname(),
            version=__version__,
            clock=SystemClock(),
            environment=self.environment,
        )
        output = options.output or Path(f"guard-{options.day or options.month}.{form}")
        sheet = command.make(span, form)
        with destination(output, sys.stdout.buffer) as raw:
            raw.write(sheet)
        _print(self.words.of("report_saved", file=output))
        return 0

    def _span(self) -> Span | None:
        options = self.options
        try:
            if options.day is not None:
                return Span.day(options.day)
            return None if options.month is None else Span.month(options.month)
        except ValueError:
            raise ConfigError("--day takes YYYY-MM-DD and --month takes YYYY-MM") from None

    def _reading(self) -> JournalCommands:
        from guard.journal.commands import JournalCommands, words  # noqa: PLC0415 -- see the class

        folder = self.options.directory or self._room().folder(self._configured)
        return JournalCommands(folder, sys.stdout, sys.stderr, words())

    def _evidence(self) -> Evidence:
        given, copy = self.options.key, self.options.directory
        if copy is not None:
            return Evidence(folder=copy, first_key=read_key(given, None) if given else None)
        found = self._room().evidence(self._configured)
        key = read_key(given, found.standing) if given else found.first_key
        return Evidence(folder=found.folder, standing=found.standing, first_key=key)

    def _configured(self) -> Path:
        from guard.settings.load import load  # noqa: PLC0415 -- see the class

        return load(self.options.config, self.environment).journal.directory

    def _room(self) -> EvidenceRoom:
        return EvidenceRoom(self.client(KEYRING_SECONDS), self.environment)


def add_journal(commands: Commands) -> None:
    """Add these commands to the grammar."""
    journal = commands.add_parser("journal", help="what happened, and the proof of it", allow_abbrev=False)
    parts = journal.add_subparsers(required=True, metavar="verify|show|stats|export|key")
    verify = _command(parts, "verify", JournalCli.verify, "prove that nothing was changed, cut or replaced")
    _with_key(verify)
    verify.add_argument("--json", action="store_true", help="for programs")
    show = _command(parts, "show", JournalCli.show, "the records")
    _with_span(show)
    show.add_argument("--kind", metavar="KIND", help="only records of this kind")
    show.add_argument("--session", metavar="ID", help="only of the session whose id begins so")
    show.add_argument("--alerts", action="store_true", help="only alerts and their acknowledgements")
    show.add_argument("--json", action="store_true", help="the lines as they are")
    stats = _command(parts, "stats", JournalCli.stats, "what the records add up to")
    _with_span(stats)
    stats.add_argument("--json", action="store_true", help="for programs")
    export = _command(parts, "export", JournalCli.export, "the records for other programs")
    _with_span(export)
    forms = [form.value for form in Form]
    export.add_argument("--format", choices=forms, required=True, help="JSON Lines, CSV or RFC 5424 messages")
    _with_output(export, "standard output")
    key = command(parts, "key", JournalCli, JournalCli.key, "print the first key, for the IT section's safe")
    with_config(key)
    key.add_argument("--take", action="store_true", help="and take it off this PC")
    report = _command(commands, "report", JournalCli.report, "the sheet of a day or a month, for the file")
    _with_key(report)
    _with_span(report, required=True)
    sheets = [form.value for form in SheetForm]
    report.add_argument("--format", choices=sheets, default=SheetForm.PDF.value, help="pdf if not said")
    _with_output(report, "guard-DAY.pdf in this folder")


def _command(
    commands: Commands, name: str, run: Callable[[JournalCli], int], about: str
) -> argparse.ArgumentParser:
    made = command(commands, name, JournalCli, run, about)
    with_config(made)
    made.add_argument("--directory", type=Path, metavar="FOLDER", help="a copy, instead of this PC's journal")
    return made


def _with_key(made: argparse.ArgumentParser) -> None:
    made.add_argument("--key", type=Path, metavar="FILE", help="the first key, from the IT section's safe")


def _with_span(made: argparse.ArgumentParser, *, required: bool = False) -> None:
    either = made.add_mutually_exclusive_group(required=required)
    either.add_argument("--day", metavar="YYYY-MM-DD", help="only that day, in this PC's time zone")
    either.add_argument("--month", metavar="YYYY-MM", help="only that month")


def _with_output(made: argparse.ArgumentParser, otherwise: str) -> None:
    made.add_argument("--output", type=Path, metavar="FILE", help=f"where to; {otherwise} if not said")


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
