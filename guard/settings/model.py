"""The settings as values, with their defaults; names are public (config/guard.toml)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from guard.browser.site import BrowserKind
from guard.readers.port import Watch
from guard.screens.port import Monitors
from guard.session.policy import Policy

if TYPE_CHECKING:
    from pathlib import Path

    from guard.browser.network import Network
    from guard.browser.site import Site
    from guard.journal.forward.address import SyslogServer


class Language(StrEnum):
    """The language the screens start in; citizens can switch on the idle screen."""

    JA = "ja"
    EN = "en"
    EASY_JA = "easy-ja"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderSettings:
    """``[reader]``."""

    name: str = ""
    watch: Watch = Watch.PRESENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSettings:
    """``[browser]``."""

    kind: BrowserKind = BrowserKind.EMBEDDED
    warm: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintingSettings:
    """``[printing]``."""

    printer: str = ""
    """A queue of CUPS; empty: there is none, and no site may print."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffSettings:
    """``[staff]``."""

    hotkey: str = "ctrl+alt+shift+l"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenSettings:
    """``[screens]``."""

    language: Language = Language.JA
    sound: bool = True
    monitors: Monitors = Monitors.ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSettings:
    """``[journal]``."""

    directory: Path
    retention_days: int = 1095
    platform_log: bool = True
    syslog: SyslogServer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the operator can choose."""

    sites: tuple[Site, ...]
    """At least one; the first is the one that opens when nobody chooses."""
    journal: JournalSettings
    network: Network
    reader: ReaderSettings = field(default=ReaderSettings())
    session: Policy = field(default=Policy())
    browser: BrowserSettings = field(default=BrowserSettings())
    printing: PrintingSettings = field(default=PrintingSettings())
    staff: StaffSettings = field(default=StaffSettings())
    screens: ScreenSettings = field(default=ScreenSettings())

    def fingerprint(self) -> str:
        """Return a hash that differs when any setting does (SHA-256, hex)."""
        return hashlib.sha256(repr(self).encode()).hexdigest()
