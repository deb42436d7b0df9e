"""The machine policy on Linux is root's word, and nobody else's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

assert sys.platform == "linux"

import pytest

from guard.errors import ConfigError, MachineError
from guard.ground import machine_policy
from guard.ground.linux.policy import FILE, PolicyFile

ROOT = Path(__file__).parent.parent.parent
SHOW = """
from pathlib import Path
from guard.settings.load import load_with_sources
from guard.settings.show import effective
print(effective(load_with_sources(Path("/tmp/guard.toml"), {"HOME": "/tmp"})))
"""


def shown_under(
    policy: str, folder: Path, mode: int = 0o644, folder_mode: int = 0o755
) -> subprocess.CompletedProcess[str]:
    """Return what a program finds for which this policy lies in its real place and is root's.

    In a user namespace this account is root: what it owns outside is root's inside.
    """
    (folder / "madoguchi-guard").mkdir()
    (folder / "madoguchi-guard" / "policy.toml").write_text(policy, encoding="utf-8")
    (folder / "madoguchi-guard" / "policy.toml").chmod(mode)
    (folder / "madoguchi-guard").chmod(folder_mode)
    (folder / "guard.toml").write_text("[session]\nidle_seconds = 90\nhold_seconds = 30\n", encoding="utf-8")
    binds = [
        ("/usr", "/usr"),
        (str(ROOT), str(ROOT)),
        (sys.prefix, sys.prefix),
        (sys.base_prefix, sys.base_prefix),
    ]
    binds += [(str(path), str(path)) for path in map(Path, sys.path) if path.is_dir() and path.is_absolute()]
    binds += [
        (str(folder / "madoguchi-guard"), str(FILE.parent)),
        (str(folder / "guard.toml"), "/tmp/guard.toml"),  # noqa: S108 -- in a root of its own
    ]
    given = [word for real, seen in dict.fromkeys(binds) for word in ("--ro-bind", real, seen)]
    links = [
        word for name in ("bin", "lib", "lib64", "sbin") for word in ("--symlink", f"usr/{name}", f"/{name}")
    ]
    return subprocess.run(
        [
            *("bwrap", "--unshare-user", "--uid", "0", "--gid", "0", "--die-with-parent", *links),
            *("--dev", "/dev", "--ro-bind", "/etc/passwd", "/etc/passwd", *given),
            *("--", sys.executable, "-P", "-c", SHOW),
        ],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])},
    )


def test_roots_policy_in_its_real_place_wins_over_the_file(tmp_path: Path) -> None:
    ended = shown_under("[session]\nidle_seconds = 120\n[screens]\nsound = false\n", tmp_path)
    assert ended.stderr == ""
    assert "# machine policy: /etc/madoguchi-guard/policy.toml\n" in ended.stdout
    assert "idle_seconds = 120  # policy\n" in ended.stdout
    assert "hold_seconds = 30  # file\n" in ended.stdout
    assert "sound = false  # policy\n" in ended.stdout


@pytest.mark.parametrize(
    ("policy", "named"),
    [
        (
            "[session]\nidle_seconds = 1\n",
            "/etc/madoguchi-guard/policy.toml: [session] idle_seconds = 1 is refused",
        ),
        ("hold = 1\n", '/etc/madoguchi-guard/policy.toml: "hold" is unknown'),
        ("[session.more]\nx = 1\n", '/etc/madoguchi-guard/policy.toml: in [session] "more" is unknown'),
        ("a = }", "/etc/madoguchi-guard/policy.toml: is not valid TOML"),
    ],
)
def test_a_policy_that_is_not_understood_is_refused(tmp_path: Path, policy: str, named: str) -> None:
    assert named in shown_under(policy, tmp_path).stderr


@pytest.mark.parametrize(
    ("mode", "folder_mode"), [(0o664, 0o755), (0o646, 0o755), (0o644, 0o775), (0o644, 0o757)]
)
def test_roots_policy_that_others_could_write_or_put_another_in_its_place_is_refused(
    tmp_path: Path, mode: int, folder_mode: int
) -> None:
    ended = shown_under("[session]\nidle_seconds = 120\n", tmp_path, mode, folder_mode)
    refused = FILE if mode != 0o644 else FILE.parent
    assert f"{refused} must be owned by root and writable by nobody else" in ended.stderr


def test_without_a_file_nothing_is_laid_down(tmp_path: Path) -> None:
    assert PolicyFile(tmp_path / "absent.toml").values() == {}
    assert machine_policy().where == "/etc/madoguchi-guard/policy.toml"


def test_a_file_of_anybody_but_root_is_refused(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("[session]\nidle_seconds = 120\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"policy\.toml must be owned by root"):
        PolicyFile(tmp_path / "policy.toml").values()


def test_a_link_is_refused_whoever_owns_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").symlink_to("/etc/passwd")
    with pytest.raises(MachineError, match=r"not a link"):
        PolicyFile(tmp_path / "policy.toml").values()


def test_what_cannot_be_looked_at_is_not_taken_for_absent(tmp_path: Path) -> None:
    """Tests never run as root, whom no mode stops."""
    folder = tmp_path / "closed"
    folder.mkdir()
    (folder / "policy.toml").write_text("", encoding="utf-8")
    folder.chmod(0)
    try:
        with pytest.raises(MachineError, match=r"policy\.toml cannot be read"):
            PolicyFile(folder / "policy.toml").values()
    finally:
        folder.chmod(0o700)
