"""Where the browsers that this PC's administrator installed live, and what belongs to them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from guard.browser.site import BrowserKind
from guard.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """One installed browser, as its own documentation lays it out on Linux."""

    kind: BrowserKind
    title: str
    """How people call it."""
    binary: Path
    machine: Path
    """The folder with ``policies/managed`` and ``native-messaging-hosts``."""

    def folders(self) -> tuple[Path, ...]:
        """Return what the browser and the native messaging hosts of this PC must be able to read."""
        hosts = {path.parent for path in self._native_hosts()}
        return (self.binary.parent, *sorted(hosts))

    def machine_files(self) -> dict[Path, Path]:
        """Return every file of `machine`, real place -> place the browser looks for it."""
        found = (path for path in self.machine.rglob("*") if path.is_file())
        return {path.resolve(): path for path in found}

    def _native_hosts(self) -> Iterator[Path]:
        for manifest in sorted(self.machine.glob("native-messaging-hosts/*.json")):
            try:
                program = json.loads(manifest.read_text("utf-8"))["path"]
            except (OSError, ValueError, KeyError, TypeError):
                continue  # the browser does not start such a host either
            if isinstance(program, str) and Path(program).is_file():
                yield Path(program).resolve()


_KNOWN: Final = (
    Installed(
        kind=BrowserKind.CHROMIUM,
        title="Chromium",
        binary=Path("/usr/lib/chromium/chromium"),
        machine=Path("/etc/chromium"),
    ),
    Installed(
        kind=BrowserKind.CHROME,
        title="Google Chrome",
        binary=Path("/opt/google/chrome/chrome"),
        machine=Path("/etc/opt/chrome"),
    ),
    Installed(
        kind=BrowserKind.EDGE,
        title="Microsoft Edge",
        binary=Path("/opt/microsoft/msedge/msedge"),
        machine=Path("/etc/opt/edge"),
    ),
)


def installed(kind: BrowserKind) -> Installed:
    """Return this PC's browser of this kind; raises MachineError with one sentence when it has none."""
    found = next(one for one in _KNOWN if one.kind is kind)
    if not found.binary.is_file():
        raise MachineError(
            f"{found.title} is not installed: {found.binary} is missing; install it, or choose another "
            "[browser] kind"
        )
    return found
