"""Root becomes the account: nothing of root's comes along, and the checkout stays readable."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import pwd
import subprocess
from pathlib import Path

import pytest

from guard import account
from guard.account import RUN, Checkout, clean_environment, this_checkout
from guard.errors import ConfigError

SOMEONE = pwd.struct_passwd(("madoguchi", "x", 990, 990, "", "/var/lib/madoguchi", "/usr/sbin/nologin"))


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_environment_is_the_accounts_own() -> None:
    given = {
        "HOME": "/root",
        "PATH": "/root/bin",
        "PYTHONPATH": "/root/lib",
        "LD_PRELOAD": "x.so",
        "QTWEBENGINE_DISABLE_SANDBOX": "1",
        "DISPLAY": ":5",
        "LANG": "ja_JP.UTF-8",
        "PCSCLITE_CSOCK_NAME": "/run/x.comm",
        "XAUTHORITY": "/root/.Xauthority",
    }
    clean = clean_environment(SOMEONE, given, None)
    assert clean == {
        "HOME": "/var/lib/madoguchi",
        "PATH": account._PATH,
        "USER": "madoguchi",
        "LOGNAME": "madoguchi",
        "XDG_RUNTIME_DIR": str(RUN / "runtime"),
        "DISPLAY": ":5",
        "LANG": "ja_JP.UTF-8",
        "PCSCLITE_CSOCK_NAME": "/run/x.comm",
    }


def test_root_meets_the_guard_of_the_session_that_the_account_is_logged_in_to(tmp_path: Path) -> None:
    ours = pwd.struct_passwd(("madoguchi", "x", os.getuid(), os.getgid(), "", "/home", "/usr/sbin/nologin"))
    session = tmp_path / str(os.getuid())
    assert account._runtime(ours, tmp_path) == RUN / "runtime"
    session.mkdir()
    assert account._runtime(ours, tmp_path) == session


def test_a_session_that_is_another_accounts_is_none(tmp_path: Path) -> None:
    (tmp_path / str(SOMEONE.pw_uid)).mkdir()
    (tmp_path / str(os.getuid())).symlink_to(tmp_path)
    ours = pwd.struct_passwd(("madoguchi", "x", os.getuid(), os.getgid(), "", "/home", "/usr/sbin/nologin"))
    assert account._runtime(SOMEONE, tmp_path) == account._runtime(ours, tmp_path) == RUN / "runtime"


def test_the_x_cookie_is_the_accounts_own_copy() -> None:
    given = {"XAUTHORITY": "/root/.Xauthority", "DISPLAY": ":5"}
    assert clean_environment(SOMEONE, given, RUN / "Xauthority")["XAUTHORITY"] == str(RUN / "Xauthority")


def test_the_topmost_closed_folder_above_the_checkout_is_found(tmp_path: Path) -> None:
    checkout = tmp_path / "open" / "closed" / "also-closed" / "checkout"
    checkout.mkdir(parents=True)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == tmp_path.owner():
            folder.chmod(0o755)
    checkout.parent.chmod(0o700)
    checkout.parent.parent.chmod(0o700)
    assert Checkout(folder=checkout).closed_ancestor() == tmp_path / "open" / "closed"
    assert Checkout(folder=tmp_path / "open").closed_ancestor() is None


def test_a_checkout_that_others_may_not_read_is_refused_with_its_mend(tmp_path: Path) -> None:
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "account.py").touch()
    tmp_path.chmod(0o755)
    Checkout(folder=tmp_path).check_readable()
    (tmp_path / "guard").chmod(0o700)
    with pytest.raises(ConfigError, match=f"chmod -R go[+]rX {tmp_path}"):
        Checkout(folder=tmp_path).check_readable()


def test_the_namespace_shows_the_checkout_under_its_own_path_and_nothing_beside_it(tmp_path: Path) -> None:
    """The mounts are tried in a user namespace, where an ordinary account may make them."""
    closed, stash = tmp_path / "home", tmp_path / "stash"
    checkout = closed / "a b" / "checkout"
    checkout.mkdir(parents=True)
    stash.mkdir()
    (checkout / "code").write_text("here")
    (closed / "secret").write_text("root's")
    script = [account._SHOW_CHECKOUT_ALONE, "sh", str(checkout), str(closed), str(stash)]
    look = ["find", str(closed), str(stash)]
    seen = run("unshare", "--user", "--map-root-user", "--mount", "/bin/sh", "-euc", *script, *look)
    assert seen.stderr == ""
    found = {str(closed), str(checkout.parent), str(checkout), str(checkout / "code"), str(stash)}
    assert set(seen.stdout.splitlines()) == found
    assert (closed / "secret").read_text() == "root's"


def test_a_command_of_an_ordinary_account_keeps_its_process_id() -> None:
    command = [sys.executable, "-P", "-m", "guard.account", "--", "sh", "-c", "echo $$"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        output, _ = process.communicate(timeout=60)
    assert output == f"{process.pid}\n"


@pytest.mark.parametrize("arguments", [[], ["true"], ["--"]])
def test_wrong_usage_is_told(arguments: list[str]) -> None:
    ended = run(sys.executable, "-P", "-m", "guard.account", *arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("usage: ")


def test_a_command_that_is_not_there_is_one_sentence() -> None:
    ended = run(sys.executable, "-P", "-m", "guard.account", "--", "no-such-command")
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1


def test_this_checkout_is_where_the_package_lies() -> None:
    assert (this_checkout().folder / "guard" / "account.py").samefile(Path(account.__file__))
