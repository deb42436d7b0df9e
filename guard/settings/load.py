"""From guard.toml and its site profile to settings; whatever is not understood is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.errors import ConfigError
from guard.journal.forward.address import Address, SyslogServer
from guard.paths import journal_default, shipped_config
from guard.session.policy import Policy
from guard.settings import schema
from guard.settings.model import (
    BrowserSettings,
    JournalSettings,
    ReaderSettings,
    ScreenSettings,
    Settings,
    StaffSettings,
)
from guard.settings.reading import Reading
from guard.settings.site import read_site, site_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from guard.browser.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The settings, and the files they were read from (for ``guard config show``)."""

    settings: Settings
    main: Reading
    site: Reading


def load(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """Return the settings of this file, or the defaults with the practice portal when there is none.

    Raises ConfigError with one sentence a problem, each on a line of its own, naming file, key, what was
    given and what is allowed; MachineError when the shipped files or a home for the journal are missing.
    """
    return load_with_sources(path, environment).settings


def load_with_sources(path: Path | None, environment: Mapping[str, str]) -> Loaded:
    """Return the settings and where they come from; raises like `load`."""
    main = Reading(path, schema.KEYS)
    policy = _policy(main)
    reader = ReaderSettings(name=main.take(schema.READER_NAME), watch=main.take(schema.READER_WATCH))
    browser = BrowserSettings(kind=main.take(schema.BROWSER_KIND), warm=main.take(schema.BROWSER_WARM))
    staff = StaffSettings(hotkey=main.take(schema.STAFF_HOTKEY))
    screens = ScreenSettings(
        language=main.take(schema.SCREENS_LANGUAGE),
        sound=main.take(schema.SCREENS_SOUND),
        monitors=main.take(schema.SCREENS_MONITORS),
    )
    journal = JournalSettings(
        directory=_journal_directory(main, environment),
        retention_days=main.take(schema.JOURNAL_RETENTION_DAYS),
        platform_log=main.take(schema.JOURNAL_PLATFORM_LOG),
        syslog=_syslog(main),
    )
    site, site_reading = _site(main)
    settings = Settings(
        site=site,
        session=policy,
        reader=reader,
        browser=browser,
        staff=staff,
        screens=screens,
        journal=journal,
    )
    return Loaded(settings=settings, main=main, site=site_reading)


def _site(main: Reading) -> tuple[Site, Reading]:
    """Return the site; raises ConfigError for its own problems and for all noted before."""
    file = site_file(main, shipped_config())
    try:
        found = None if file is None else read_site(file)
    except ConfigError as error:
        main.problems.append(error.sentence)
        found = None
    if main.problems or found is None:
        raise ConfigError("\n".join(main.problems))
    return found


def _policy(main: Reading) -> Policy:
    policy = Policy(
        on_removal=main.take(schema.ON_REMOVAL),
        hold_seconds=main.take(schema.HOLD_SECONDS),
        idle_seconds=main.take(schema.IDLE_SECONDS),
        idle_warning_seconds=main.take(schema.IDLE_WARNING_SECONDS),
        longest_minutes=main.take(schema.LONGEST_MINUTES),
    )
    if policy.idle_warning_seconds >= policy.idle_seconds:
        main.refuse(
            schema.IDLE_WARNING_SECONDS,
            f"allowed is less than [session] idle_seconds, which is {policy.idle_seconds}",
        )
    return policy


def _journal_directory(main: Reading, environment: Mapping[str, str]) -> Path:
    given = main.take(schema.JOURNAL_DIRECTORY)
    if not given or main.path is None:
        return journal_default(environment)
    return (main.path.parent / given).absolute()


def _syslog(main: Reading) -> SyslogServer | None:
    files = {
        key: main.path.parent / given if (given := main.take(key)) and main.path else None
        for key in (schema.JOURNAL_SYSLOG_CA, schema.JOURNAL_SYSLOG_CERTIFICATE, schema.JOURNAL_SYSLOG_KEY)
    }
    given = main.take(schema.JOURNAL_SYSLOG)
    if not given:
        for key in [key for key, file in files.items() if file]:
            main.refuse(key, "allowed is a file only where [journal] syslog names a server")
        return None
    ca, certificate, own_key = files.values()
    if (certificate is None) != (own_key is None):
        main.refuse(
            schema.JOURNAL_SYSLOG_CERTIFICATE, "allowed are both, syslog_certificate and syslog_key, or none"
        )
    try:
        return SyslogServer(address=Address.read(given), ca=ca, certificate=certificate, key=own_key)
    except ValueError:
        main.refuse(schema.JOURNAL_SYSLOG, f"allowed is {schema.JOURNAL_SYSLOG.kind.allowed}")
        return None
