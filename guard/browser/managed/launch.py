"""How an installed browser is started in its container, and what it sees of this PC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from guard.browser.capsule import Launch
from guard.browser.managed.installed import installed

if TYPE_CHECKING:
    from guard.browser.managed.installed import Installed
    from guard.browser.site import BrowserKind

BINARY: Final = "MADOGUCHI_BROWSER"
"""Environment variable inside the container: which program to start."""
POLICIES: Final = "MADOGUCHI_POLICIES"
"""The same: the folder in which that program looks for its managed policies."""


def managed_here(kind: BrowserKind) -> Launch:
    """Return how this PC's browser of this kind is started; raises MachineError when it has none."""
    return managed(installed(kind))


def managed(browser: Installed) -> Launch:
    """Return how it is started.

    The machine's own policies, with the extensions they force, and its native messaging hosts are seen at
    their own places; the policies' folder is private, so that the window process can add its own.
    """
    policies = browser.machine / "policies" / "managed"
    return Launch(
        module="guard.browser.managed.window",
        environment={BINARY: str(browser.binary), POLICIES: str(policies)},
        private=(policies,),
        readable=browser.folders,
        shown=browser.machine_files,
    )
