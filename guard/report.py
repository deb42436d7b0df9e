"""What ``guard status``, ``guard alerts list`` and ``guard doctor`` print for people."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from guard.columns import padded, width
from guard.settings.model import Language

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guard.doctor import Finding
    from guard.screens.catalogue import Catalogue
    from guard.words import Words


def status_table(status: Mapping[str, object], words: Words) -> str:
    """Return the guard's answer to ``status`` as lines of a label and a text."""
    reader, capsule = _table(status.get("reader")), _table(status.get("capsule"))
    pids = capsule.get("pids")
    rows = [
        ("state", _word(status.get("state"), words)),
        ("session", _word(status.get("session"), words)),
        ("since", _word(status.get("since"), words)),
        ("reader", f"{_word(reader.get('state'), words)}  {reader.get('name') or ''}".rstrip()),
        ("covered", words.of("covered_yes" if status.get("covered") is True else "covered_no")),
        (
            "capsule",
            words.of(
                "capsule_warm" if capsule.get("warm") is True else "capsule_cold",
                processes=len(pids) if isinstance(pids, list) else 0,
            ),
        ),
        ("system", _system(status, words)),
        ("alerts_open", _plain(status.get("alerts_open"))),
        ("forwarding", _forwarding(status.get("forwarding"), words)),
        ("policy", _plain(status.get("policy"))),
        ("policy_hash", _plain(status.get("policy_hash"))),
        ("version", _plain(status.get("version"))),
        ("code_hash", _plain(status.get("code_hash"))),
        ("drift", _drift(status.get("drift"), words)),
    ]
    columns = max(width(words.of(key)) for key, _ in rows)
    return "\n".join(f"{padded(words.of(key), columns)}  {text}" for key, text in rows)


def alerts_table(status: Mapping[str, object], words: Words, catalogue: Catalogue) -> str:
    """Return each open alert with what happened and what to do, in Japanese and English; times are local."""
    found = status.get("alerts")
    lines = list[str]()
    for alert in found if isinstance(found, list) else []:
        kind = str(alert["kind"])
        lines.append(
            words.of(
                "alert_line",
                severity=words.of(f"severity_{alert['severity']}"),
                kind=kind,
                count=alert["count"],
                first=_local(str(alert["first"])),
                last=_local(str(alert["last"])),
            )
        )
        for language, mark in ((Language.JA, "。"), (Language.EN, ". ")):
            main, sub = (catalogue.plain(language, f"alert.{kind}.{part}") for part in ("main", "sub"))
            lines.append(f"    {main}{mark}{sub}")
    return "\n".join(lines) or words.of("alerts_none")


def doctor_report(findings: Sequence[Finding], words: Words) -> str:
    """Return one line a check, and beneath what is not well its mend."""
    columns = max(width(words.of(finding.state)) for finding in findings)
    lines = list[str]()
    for finding in findings:
        name = words.of(f"check_{finding.name}")
        lines.append(f"{padded(words.of(finding.state), columns)}  {name}: {finding.found}")
        if finding.mend:
            lines.append(f"{' ' * columns}  → {words.of('mend')}: {finding.mend}")
    return "\n".join(lines)


def _forwarding(value: object, words: Words) -> str:
    """Return how each target is, with what is wrong."""
    told = list[str]()
    for target in value if isinstance(value, list) else []:
        how = words.of(f"forwarding_{target['health']}", behind=_plain(target["behind"]))
        told.append(f"{target['target']}: {how}" + (f" ({target['sentence']})" if target["sentence"] else ""))
    return "; ".join(told) or words.of("none")


def _system(status: Mapping[str, object], words: Words) -> str:
    """Return whether the PC is about to sleep, and what it does not tell the guard."""
    lacks = status.get("system")
    told = [words.of("asleep")] if status.get("asleep") is True else []
    told += [f"{one['sentence']} → {one['mend']}" for one in lacks] if isinstance(lacks, list) else []
    return "; ".join(told) or words.of("system_fine")


def _drift(value: object, words: Words) -> str:
    """Return what on the disk is not what runs, each with its sentence."""
    found = value if isinstance(value, list) else []
    told = [f"{words.of('drift_' + one['what'])} ({one['sentence']})" for one in found]
    return "; ".join(told) or words.of("none")


def _table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _word(value: object, words: Words) -> str:
    """Return the catalogue's text for a state; anything else as it is."""
    known = isinstance(value, str) and value in words
    return words.of(str(value)) if known else (words.of("none") if value is None else str(value))


def _local(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} = {_plain(each)}" for name, each in value.items())
    return "0" if value is None else str(value)
