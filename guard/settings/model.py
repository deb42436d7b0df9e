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

    site: Site
    journal: JournalSettings
    reader: ReaderSettings = field(default=ReaderSettings())
    session: Policy = field(default=Policy())
    browser: BrowserSettings = field(default=BrowserSettings())
    staff: StaffSettings = field(default=StaffSettings())
    screens: ScreenSettings = field(default=ScreenSettings())

    def fingerprint(self) -> str:
        """Return a hash that differs when any setting does (SHA-256, hex)."""
        return hashlib.sha256(repr(self).encode()).hexdigest()
