"""Child processes that do not outlive us."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Final

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from guard.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


_UNLESS_ORPHANED: Final = 'test "$PPID" = "$0" && unset PWD OLDPWD SHLVL && exec "$@"'
"""For sh: a parent that died before the kernel was told of the bond (prctl(2)) is not its parent now.

What sh itself adds to the environment goes again.
"""


def start_bound(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    handed: Sequence[int] = (),
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start the command so that it dies with us: the kernel kills it when the thread that starts it ends.

    ``handed`` are sockets' descriptors, which the child takes over by `taken_over`, in this order. It has no
    terminal (a Ctrl-C there is ours) and its errors go nowhere. Raises MachineError when setpriv (prctl(2))
    is missing, OSError when it does not start.
    """
    setpriv = shutil.which("setpriv", path=environment.get("PATH", os.defpath))
    if setpriv is None:
        raise MachineError("setpriv is not installed; run apt-get install util-linux.")
    return subprocess.Popen(
        [
            *(setpriv, "--pdeathsig=KILL", "--no-new-privs", "--"),
            *("/bin/sh", "-c", _UNLESS_ORPHANED, str(os.getpid())),
            *command,
        ],
        env=environment,
        cwd="/",
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        pass_fds=handed,
        start_new_session=True,
    )
