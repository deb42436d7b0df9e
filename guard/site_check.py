"""``guard site check``: tries a site profile in a capsule, without the core, a reader or a citizen."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from guard.browser.capsule import SealedCapsules
from guard.browser.kinds import launch_of
from guard.browser.messages import Loss, Refusal
from guard.browser.pool import WARM_WITHIN
from guard.browser.port import Logout
from guard.browser.survey import TOO_SLOW, Survey
from guard.clock import SystemClock
from guard.columns import padded, width
from guard.errors import ConfigError, MachineError
from guard.ground import runtime_folder
from guard.machine import ThisMachine
from guard.paths import SingleInstance, container_mark, shipped_config
from guard.practice.portal import PracticePortal
from guard.settings.reading import toml
from guard.settings.schema import SITE_ALLOW
from guard.settings.site import read_site, site_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from guard.browser.site import BrowserKind, Site
    from guard.browser.survey import Findings, Wish
    from guard.settings.model import Settings
    from guard.words import Words

_LOCK: Final = "site-check.lock"
_TAKEN: Final = "another guard site check is running for this account; wait until it has ended."
_REASONS: Final = {TOO_SLOW: "loss_too_slow", **{loss.value: f"loss_{loss.name.lower()}" for loss in Loss}}
_GRANTED_BY_ALLOW: Final = frozenset({Refusal.NAVIGATION, Refusal.REQUEST, Refusal.NEW_WINDOW})


def site_to_check(name: str, kind: BrowserKind) -> Site:
    """Return the profile of this name or path; raises ConfigError, also when the kind does not suit it."""
    try:
        site, _ = read_site(site_file(name, Path(), shipped_config()))
    except ValueError as error:
        raise ConfigError(f'"{name}" is no site profile; {error}.') from None
    if site.browsers and kind not in site.browsers:
        kinds = " or ".join(f'"{each.value}"' for each in site.browsers)
        raise ConfigError(
            f'{name}: this portal works in {kinds} only, not in "{kind.value}"; set --kind, or [browser] kind'
            " in guard.toml, to what is allowed."
        )
    return site


def walk(site: Site, kind: BrowserKind, settings: Settings, environment: Mapping[str, str]) -> Findings:
    """Walk through the portal on the display given, or on one of our own where none is.

    Raises ConfigError while another check runs for this account, and MachineError when this PC cannot, or a
    guard covers the display.
    """
    clock = SystemClock()
    runtime = runtime_folder(environment)
    with contextlib.ExitStack() as stack:
        stack.enter_context(SingleInstance(runtime, _LOCK, _TAKEN))
        machine = ThisMachine(environment)
        stage, area = stack.enter_context(machine.trial_stage())
        sealer = machine.sealer(container_mark(runtime / _LOCK), clock)
        stack.callback(sealer.close)
        if why := sealer.why_not():
            raise MachineError(why)
        sealer.sweep()
        if site.practice:
            portal = PracticePortal()
            stack.callback(portal.stop)
            portal.start(site.start)
        survey = Survey(clock)
        return survey.walk(
            SealedCapsules(
                sealer,
                clock,
                launch_of(kind),
                site=site,
                network=settings.network,
                area=lambda: area,
                language=settings.screens.language,
                stage=stage,
                begun_within=WARM_WITHIN,  # nobody waits
                survey=survey.wanted,
            )
        )


def for_programs(site: Site, kind: BrowserKind, findings: Findings) -> dict[str, object]:
    """Return what ``--json`` prints."""
    return {
        "site": site.key,
        "kind": kind.value,
        "shown_ms": findings.shown_ms,
        "lost": findings.lost or None,
        "logout": findings.logout.value,
        "logout_ms": findings.logout_ms,
        "erased": findings.erased,
        "hosts": [
            {"host": host, "allowed": allowed, "for": uses} for host, allowed, uses in _by_host(findings)
        ],
        "complete": findings.complete,
        "add": _to_add(site, findings),
    }


def for_people(site: Site, kind: BrowserKind, findings: Findings, words: Words) -> str:
    """Return what was found and what to do."""
    tables = _walked(site, kind, findings, words), _hosts(findings, words)
    return "\n\n".join([*("\n".join(table) for table in tables), *_advice(site, findings, words)])


def _walked(site: Site, kind: BrowserKind, findings: Findings, words: Words) -> Iterator[str]:
    why = words.of(_REASONS[findings.lost]) if findings.lost in _REASONS else findings.lost
    if findings.shown_ms is None:
        start = words.of("site_not_shown")
    else:
        start = words.of("site_shown", ms=round(findings.shown_ms))
    rows = [(words.of("site_portal"), f"{site.name} ({kind.value})"), (words.of("site_start"), start)]
    if why:
        rows.append((words.of("site_lost"), why))
    logout = words.of(f"site_logout_{findings.logout.value}", ms=round(findings.logout_ms))
    erased = words.of("site_erased" if findings.erased else "site_not_erased")
    rows += [(words.of("site_logout"), logout), (words.of("site_erasing"), erased)]
    return _table(rows)


def _hosts(findings: Findings, words: Words) -> Iterator[str]:
    headings = tuple(words.of(key) for key in ("site_host", "site_verdict", "site_use"))
    rows = [
        (
            host or words.of("none"),
            words.of("site_allowed" if allowed else "site_refused"),
            ", ".join(words.of(f"use_{use}") for use in uses),
        )
        for host, allowed, uses in _by_host(findings)
    ]
    return _table([headings, *rows])


def _advice(site: Site, findings: Findings, words: Words) -> Iterator[str]:
    if add := _to_add(site, findings):
        yield f"{words.of('site_add', count=len(add))}\n{SITE_ALLOW.name} = {toml([*site.allow, *add])}"
    elif findings.good:
        yield words.of("site_add_nothing")
    if not findings.complete:
        yield words.of("site_incomplete")
    if findings.logout is Logout.NOT_CONFIRMED:
        yield words.of("site_nobody_logged_in")
    yield words.of("site_behind_login")


def _by_host(findings: Findings) -> list[tuple[str, bool, list[str]]]:
    """Return each host with what was wanted of it; those that were refused something come first."""
    uses: dict[tuple[bool, str], list[str]] = {}
    for wish in sorted(findings.wishes, key=lambda wish: (wish.allowed, wish.host, wish.what)):
        uses.setdefault((wish.allowed, wish.host), []).append(wish.what.value)
    return [(host, allowed, words) for (allowed, host), words in uses.items()]


def _to_add(site: Site, findings: Findings) -> list[str]:
    """Return the hosts that ``allow`` lacks, if everything were needed."""
    refused = {wish.host for wish in findings.wishes if not wish.allowed and _could_be_added(wish)}
    return sorted(refused.difference(site.allow))


def _could_be_added(wish: Wish) -> bool:
    try:
        SITE_ALLOW.kind.read([wish.host])
    except ValueError:
        return False  # no host at all, or an address of IP version 6
    return wish.what in _GRANTED_BY_ALLOW


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    columns = [max(map(width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (padded(cell, column) for cell, column in zip(row, columns, strict=True))
        yield "  ".join(cells).rstrip()
