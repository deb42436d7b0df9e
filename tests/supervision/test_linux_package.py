"""What the Debian package is made of fits together; installer/linux/test-deb tries the package itself."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import re
import subprocess
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LINUX = ROOT / "installer" / "linux"
PACKAGE = LINUX / "package"
SCRIPTS = (
    *(path for path in (ROOT / "installer").iterdir() if path.is_file()),
    *(LINUX / name for name in ("build-deb", "lock", "test-deb")),
    *(
        PACKAGE / name
        for name in ("counters.sh", "kiosk-again", "kiosk-session", "postinst", "postrm", "prerm")
    ),
)


def unit(name: str) -> ConfigParser:
    """Return a unit's keys; none of those asked for stands twice."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys have capitals
    parser.read_string((PACKAGE / name).read_text(encoding="utf-8"))
    return parser


def locked() -> dict[str, str]:
    """Return the version of each release that requirements.txt locks, all of them by hash."""
    lines = (LINUX / "requirements.txt").read_text(encoding="utf-8").splitlines()
    found = dict[str, str]()
    for line in lines:
        if not line.startswith("#"):
            one = re.fullmatch(r"(\S+)==(\S+) --hash=sha256:[0-9a-f]{64}", line)
            assert one, line
            found[canonicalize_name(one[1])] = one[2]
    return found


def test_a_guard_that_ends_is_started_again_within_a_second_however_often() -> None:
    guard = unit("madoguchi-guard.service")
    assert guard["Service"]["Restart"] == "always"
    assert guard["Service"]["RestartSec"] == "500ms"
    assert guard["Unit"]["StartLimitIntervalSec"] == "0"


def test_only_the_core_speaks_for_itself_and_only_it_is_told_to_stop() -> None:
    service = unit("madoguchi-guard.service")["Service"]
    assert (service["Type"], service["NotifyAccess"]) == ("notify", "main")
    assert service["KillMode"] == "mixed"
    assert service["WatchdogSec"] == "10s"


@pytest.mark.parametrize("name", ["madoguchi-guard.service", "madoguchi-openbox.service"])
def test_a_service_of_the_counter_ends_with_the_session(name: str) -> None:
    parts = unit(name)["Unit"]["PartOf"].split()
    assert parts == ["graphical-session.target", "madoguchi-kiosk.target"]
    assert name in unit("madoguchi-kiosk.target")["Unit"]["Wants"].split()


def test_what_is_locked_is_what_pyproject_allows_and_nothing_is_missing() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    releases = locked()
    for requirement in map(Requirement, project["dependencies"]):
        if requirement.marker is None or requirement.marker.evaluate():
            version = releases[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version), f"run installer/linux/lock: {requirement}"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_shell_can_read_every_script(script: Path) -> None:
    read = subprocess.run(["bash", "-n", script], capture_output=True, text=True, check=False)
    assert (read.returncode, read.stderr) == (0, "")


def test_the_document_names_every_file_of_the_session() -> None:
    told = (ROOT / "docs" / "linux-kiosk.md").read_text(encoding="utf-8")
    files = [
        path
        for path in PACKAGE.rglob("*")
        if path.suffix in {".service", ".target", ".desktop", ".conf", ".xml"}
    ]
    assert len(files) > 5
    assert [path.name for path in files if path.name not in told] == []
