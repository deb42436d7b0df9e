"""As root the guard does nothing itself: it becomes the account `ACCOUNT` first, under the same process id.

A browser engine's sandbox is worth nothing to root, so nobody gets around this. When the checkout lies where
that account may not enter (below a home of mode 0700), a private mount namespace shows it the checkout alone,
under its own path.

``python -m guard.account -- COMMAND …`` runs any command that way (the tests do).
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

import pwd

from guard.errors import ConfigError, GuardError, MachineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ACCOUNT: Final = "madoguchi"
"""Made by installer/run."""
RUN: Final = Path("/run/madoguchi-guard")
"""Root's own; below it the account's runtime folder, unless it is logged in, and its copy of the X cookie."""
_KEPT: Final = (
    "CUPS_SERVER",
    "DBUS_SYSTEM_BUS_ADDRESS",
    "DISPLAY",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "NO_COLOR",
    "PCSCLITE_CSOCK_NAME",
    "TERM",
    "TZ",
    "WAYLAND_DISPLAY",
    "XDG_SESSION_TYPE",
)
_PATH: Final = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
_SHOW_CHECKOUT_ALONE: Final = """
checkout=$1 closed=$2 stash=$3; shift 3
mount --bind -- "$checkout" "$stash"
mount -t tmpfs -o mode=0755,size=1m madoguchi-guard "$closed"
mkdir -p -- "$checkout"
mount --bind -- "$stash" "$checkout"
umount -- "$stash"
exec "$@"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """The folder the guard's code and its ``.venv`` lie in."""

    folder: Path

    def closed_ancestor(self) -> Path | None:
        """Return the topmost folder above it that other accounts may not enter, if there is one."""
        for folder in reversed(self.folder.parents):
            if not folder.stat().st_mode & stat.S_IXOTH:
                return folder
        return None

    def check_readable(self) -> None:
        """Raise ConfigError when other accounts may not read what is in it."""
        for path in (self.folder, self.folder / "guard", self.folder / "guard" / "account.py"):
            if not path.stat().st_mode & stat.S_IROTH:
                raise ConfigError(
                    f"the account {ACCOUNT} cannot read {path}; allow it with: chmod -R go+rX {self.folder}"
                )


def become_unprivileged(
    command: Sequence[str], environment: Mapping[str, str], checkout: Checkout
) -> NoReturn:
    """As root, replace this process by the command run as `ACCOUNT`; otherwise just by the command.

    Raises MachineError when the account is missing and ConfigError when it cannot read the checkout.
    """
    if os.geteuid() != 0:
        os.execvpe(command[0], list(command), environment)  # noqa: S606 -- no shell is wanted
    try:
        account = pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise MachineError(f"the account {ACCOUNT} is missing; installer/run makes it.") from None
    checkout.check_readable()
    _make_run_folders(account)
    chain = _drop(account, command)
    closed = checkout.closed_ancestor()
    if closed is not None:
        stash = RUN / "checkout"
        stash.mkdir(exist_ok=True)
        shell = ["/bin/sh", "-euc", _SHOW_CHECKOUT_ALONE, "sh", str(checkout.folder), str(closed), str(stash)]
        chain = ["unshare", "--mount", "--", *shell, *chain]
    clean = clean_environment(account, environment, _copied_cookie(account, environment))
    os.execvpe(chain[0], chain, clean)  # noqa: S606 -- no shell is wanted


def clean_environment(
    account: pwd.struct_passwd, environment: Mapping[str, str], cookie: Path | None
) -> dict[str, str]:
    """Return the account's whole environment: its own places, and of the caller's only what is harmless."""
    kept = {name: environment[name] for name in _KEPT if name in environment}
    own = {
        "HOME": account.pw_dir,
        "LOGNAME": account.pw_name,
        "PATH": _PATH,
        "USER": account.pw_name,
        "XDG_RUNTIME_DIR": str(_runtime(account)),
    }
    return kept | own | ({} if cookie is None else {"XAUTHORITY": str(cookie)})


def _runtime(account: pwd.struct_passwd, sessions: Path = Path("/run/user")) -> Path:
    """Return where the account's guard listens: in its login session, if there is one (pam_systemd(8))."""
    session = sessions / str(account.pw_uid)
    with contextlib.suppress(OSError):
        found = session.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == account.pw_uid:
            return session
    return RUN / "runtime"


def _drop(account: pwd.struct_passwd, command: Sequence[str]) -> list[str]:
    identity = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--init-groups"]
    return ["setpriv", *identity, "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--", *command]


def _make_run_folders(account: pwd.struct_passwd) -> None:
    RUN.mkdir(mode=0o755, exist_ok=True)
    runtime = RUN / "runtime"
    with contextlib.suppress(FileExistsError):
        runtime.mkdir(mode=0o700)
        os.chown(runtime, account.pw_uid, account.pw_gid)


def _copied_cookie(account: pwd.struct_passwd, environment: Mapping[str, str]) -> Path | None:
    """Give the account its own copy of the X cookie; only root may write in the folder it goes to."""
    source = Path(environment.get("XAUTHORITY") or Path(environment.get("HOME", "/root")) / ".Xauthority")
    if "DISPLAY" not in environment or not source.is_file():
        return None
    copy, fresh = RUN / "Xauthority", RUN / f"Xauthority.{os.getpid()}"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(source.read_bytes())
        os.fchown(file.fileno(), account.pw_uid, account.pw_gid)
    return fresh.rename(copy)


def this_checkout() -> Checkout:
    """Return where this code runs from."""
    return Checkout(folder=Path(__file__).resolve().parent.parent)


def main() -> int:
    """Run what stands behind ``--`` as the account."""
    if len(sys.argv) < 3 or sys.argv[1] != "--":
        sys.stderr.write("usage: python -m guard.account -- COMMAND [ARGUMENT…]\n")
        return 2
    try:
        become_unprivileged(sys.argv[2:], os.environ, this_checkout())
    except (GuardError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
