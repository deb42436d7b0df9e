"""What the core and the forwarder's process say to each other over `guard.channel`. Pure.

The core: one set-up, then pokes. The forwarder: reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from guard.errors import BrokenPromiseError
from guard.journal.forward.address import Address, SyslogServer
from guard.journal.forward.platform_log import NAME
from guard.wire import read_number, read_object, read_text

if TYPE_CHECKING:
    from guard.channel import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Waits, all in s."""

    first_pause: float = 1.0
    longest_pause: float = 60.0
    """Before trying again after a failure: from the first, doubling, up to the longest."""
    patience: float = 30.0
    """For each step of a connection; a server whose disk is full takes nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Where records come from and go to."""

    journal: Path
    folder: Path
    """For the cursors; made when it is missing."""
    platform_log: Path | None
    """`guard.journal.forward.platform_log.PLACE`; None: off."""
    syslog: SyslogServer | None
    timing: Timing = Timing()

    def targets(self) -> tuple[str, ...]:
        """Return the names of the targets, as in reports."""
        on = {NAME: self.platform_log, "syslog": self.syslog}
        return tuple(name for name, target in on.items() if target)


class Health(StrEnum):
    """How a target is."""

    FINE = "fine"
    TROUBLE = "trouble"
    """Records wait, or duplicates may come; see the sentence."""
    MISSING = "missing"
    """This PC has no such thing; nobody's fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How far a target is."""

    target: str
    position: int | None
    """Number of the last confirmed record; None while it is not known."""
    health: Health
    sentence: str | None
    """What is wrong; None when it is fine."""


def write_setup(setup: Setup) -> Message:
    """Return the message that begins everything."""
    server = setup.syslog
    return {
        "journal": str(setup.journal),
        "folder": str(setup.folder),
        "platform_log": _text(setup.platform_log),
        "syslog": server
        and {
            "address": str(server.address),
            "ca": _text(server.ca),
            "certificate": _text(server.certificate),
            "key": _text(server.key),
        },
        "first_pause": setup.timing.first_pause,
        "longest_pause": setup.timing.longest_pause,
        "patience": setup.timing.patience,
    }


def read_setup(message: Message) -> Setup:
    """Return what `write_setup` was given; raises BrokenPromiseError when it is something else."""
    try:
        server = message["syslog"]
        return Setup(
            journal=Path(read_text(message["journal"])),
            folder=Path(read_text(message["folder"])),
            platform_log=_path(message["platform_log"]),
            syslog=None if server is None else _server(read_object(server)),
            timing=Timing(
                first_pause=_seconds(message["first_pause"]),
                longest_pause=_seconds(message["longest_pause"]),
                patience=_seconds(message["patience"]),
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenPromiseError("the forwarder was given a set-up that is none") from error


def write_poke(through: int) -> Message:
    """Return the message that says which records are durable now."""
    return {"through": through}


def read_poke(message: Message) -> int:
    """Return what `write_poke` was given; raises BrokenPromiseError when it is something else."""
    try:
        return read_number(message["through"])
    except (KeyError, TypeError) as error:
        raise BrokenPromiseError("the forwarder was given a poke that is none") from error


def write_report(report: Report) -> Message:
    """Return the report as a message."""
    return {
        "target": report.target,
        "position": report.position,
        "health": report.health.value,
        "sentence": report.sentence,
    }


def read_report(message: Message) -> Report:
    """Return what `write_report` was given; raises BrokenPromiseError when it is something else."""
    try:
        position, sentence = message["position"], message["sentence"]
        return Report(
            target=read_text(message["target"]),
            position=None if position is None else read_number(position),
            health=Health(read_text(message["health"])),
            sentence=None if sentence is None else read_text(sentence),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenPromiseError("the forwarder made a report that is none") from error


def _server(fields: dict[str, object]) -> SyslogServer:
    return SyslogServer(
        address=Address.read(read_text(fields["address"])),
        ca=_path(fields["ca"]),
        certificate=_path(fields["certificate"]),
        key=_path(fields["key"]),
    )


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _path(value: object) -> Path | None:
    return None if value is None else Path(read_text(value))


def _seconds(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError("not seconds")
    return float(value)
