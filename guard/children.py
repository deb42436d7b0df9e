"""Child processes that do not outlive us."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from guard.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def bound(command: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Return the command so that the kernel kills it when the thread that starts it ends (prctl(2)).

    Raises MachineError when setpriv is missing on the environment's PATH.
    """
    setpriv = shutil.which("setpriv", path=environment.get("PATH", os.defpath))
    if setpriv is None:
        raise MachineError("setpriv is not installed; run apt-get install util-linux.")
    return [setpriv, "--pdeathsig=KILL", "--no-new-privs", "--", *command]
