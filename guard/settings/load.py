"""From guard.toml and its site profile to settings; whatever is not understood is refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from guard.browser.network import Network
from guard.browser.site import Site
from guard.errors import ConfigError
from guard.ground import installation, machine_policy
from guard.journal.forward.address import Address, SyslogServer
from guard.journal.forward.platform_log import SYSLOG
from guard.paths import journal_default, shipped_config
from guard.session.policy import Policy
from guard.settings import schema
from guard.settings.model import (
    BrowserSettings,
    JournalSettings,
    PrintingSettings,
    ReaderSettings,
    ScreenSettings,
    Settings,
    StaffSettings,
)
from guard.settings.policy import ABSOLUTE, MachinePolicy
from guard.settings.reading import Reading, Source
from guard.settings.site import read_site, site_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.settings.policy import PolicySource
    from guard.settings.schema import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The settings, and the files they were read from (for ``guard config show``)."""

    settings: Settings
    main: Reading
    sites: tuple[Reading, ...]
    policy: MachinePolicy


def load(path: Path | None, environment: Mapping[str, str], policy: PolicySource | None = None) -> Settings:
    """Return the settings of this file, or the defaults with the practice portal when there is none.

    What the machine policy lays down wins over both. It is read from ``policy``, and without one from where
    this system keeps it: nobody who loads settings can forget it.

    Raises ConfigError with one sentence a problem, each on a line of its own, naming file, key, what was
    given and what is allowed; MachineError when the shipped files or a home for the journal are missing, or
    the policy cannot be read.
    """
    return load_with_sources(path, environment, policy).settings


def load_with_sources(
    path: Path | None,
    environment: Mapping[str, str],
    policy: PolicySource | None = None,
    installed: PolicySource | None = None,
) -> Loaded:
    """Return the settings and where they come from; raises like `load`.

    What the installation of this PC said, in ``installed`` or where this system keeps it, counts where
    neither the policy nor the file says anything.
    """
    laid_down = MachinePolicy(policy or machine_policy())
    main = Reading(path, schema.KEYS, laid_down, MachinePolicy(installed or installation()))
    session = _session(main)
    reader = ReaderSettings(name=main.take(schema.READER_NAME), watch=main.take(schema.READER_WATCH))
    browser = BrowserSettings(kind=main.take(schema.BROWSER_KIND), warm=main.take(schema.BROWSER_WARM))
    network = _network(main)
    printing = PrintingSettings(printer=main.take(schema.PRINTING_PRINTER))
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
    found = _sites(main, browser, printing)
    settings = Settings(
        sites=tuple(site for site, _ in found),
        session=session,
        reader=reader,
        browser=browser,
        network=network,
        printing=printing,
        staff=staff,
        screens=screens,
        journal=journal,
    )
    return Loaded(
        settings=settings, main=main, sites=tuple(reading for _, reading in found), policy=laid_down
    )


def _sites(main: Reading, browser: BrowserSettings, printing: PrintingSettings) -> list[tuple[Site, Reading]]:
    """Return the sites; raises ConfigError for problems of their own and for all noted before."""
    files = list(site_files(main, shipped_config()))
    found = list[tuple[Site, Reading]]()
    for file in files:
        try:
            site, reading = read_site(file)
        except ConfigError as error:
            main.problems.append(error.sentence)
            continue
        _check_site(site, reading, main, browser, printing)
        main.problems += reading.problems
        found.append((site, reading))
    names = [file.stem for file in files]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        main.refuse(schema.PORTAL_SITE, f'allowed are different names, and two of the files are "{name}"')
    if sum(site.practice for site, _ in found) > 1:
        main.refuse(schema.PORTAL_SITE, "allowed is one profile with practice = true")
    if main.problems:
        raise ConfigError("\n".join(main.problems))
    return found


def _check_site(
    site: Site, reading: Reading, main: Reading, browser: BrowserSettings, printing: PrintingSettings
) -> None:
    """Note in ``reading`` what of guard.toml the site cannot live with."""
    if site.browsers and browser.kind not in site.browsers and main.stands(schema.BROWSER_KIND):
        kinds = " or ".join(f'"{kind.value}"' for kind in site.browsers)
        reading.problems.append(
            f"{reading.where}: this portal works in {kinds} only, but [browser] kind is"
            f' "{browser.kind.value}" in {main.place(schema.BROWSER_KIND)}; set it to what is allowed.'
        )
    if site.permit.printing and not printing.printer and main.stands(schema.PRINTING_PRINTER):
        where = main.place(schema.PRINTING_PRINTER)
        reading.refuse(
            schema.PERMIT_PRINTING, f"allowed is true where [printing] printer in {where} names one"
        )


def _network(main: Reading) -> Network:
    proxy, pac = main.take(schema.NETWORK_PROXY), main.take(schema.NETWORK_PAC)
    if proxy and pac:
        main.refuse(schema.NETWORK_PAC, "allowed is one of proxy and pac, not both")
    script = pac if "://" in pac else str(_beside(main, schema.NETWORK_PAC) or "")
    network = Network()
    try:
        Network.read(pac=script)
    except ConfigError as error:
        main.refuse(schema.NETWORK_PAC, error.sentence)
    try:
        network = Network.read(ca=_beside(main, schema.NETWORK_CA))
    except ConfigError as error:
        main.refuse(schema.NETWORK_CA, error.sentence)
    return replace(network, proxy=proxy, pac=script)


def _session(main: Reading) -> Policy:
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
    return _beside(main, schema.JOURNAL_DIRECTORY) or journal_default(environment)


def _beside(main: Reading, key: Key[str]) -> Path | None:
    """Return this key's path, a file's as seen from there, a policy's only if absolute; None for none."""
    given = main.take(key)
    if not given:
        return None
    if main.source(key) is not Source.POLICY:
        return (main.path.parent / given).absolute() if main.path else None
    if not Path(given).is_absolute():
        main.refuse(key, ABSOLUTE)
        return None
    return Path(given)


def _syslog(main: Reading) -> SyslogServer | None:
    files = {
        key: _beside(main, key)
        for key in (schema.JOURNAL_SYSLOG_CA, schema.JOURNAL_SYSLOG_CERTIFICATE, schema.JOURNAL_SYSLOG_KEY)
    }
    given = main.take(schema.JOURNAL_SYSLOG)
    if not given:
        for key in [key for key, file in files.items() if file]:
            main.refuse(key, "allowed is a file only where [journal] syslog names a server")
        return None
    if not SYSLOG:
        main.refuse(
            schema.JOURNAL_SYSLOG,
            'allowed is only "" on Windows, whose Event Log (platform_log) holds every record for whoever'
            " collects them",
        )
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
