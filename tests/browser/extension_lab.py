"""A counter's Chromium with a forced extension, as an administrator sets it up; run by test_extensions.py.

``python -m tests.browser.extension_lab DISPLAY PORTAL STORE``: opens the portal in a capsule, with the
extension's store as the only other host, and says on stdout what the capsule says, until stdin closes.
"""

from __future__ import annotations

import secrets
import sys

from guard.browser.capsule import SealedCapsules
from guard.browser.kinds import launch_of
from guard.browser.network import Network
from guard.browser.site import BrowserKind, Site
from guard.clock import SystemClock
from guard.containers.bubblewrap import Bubblewrap
from guard.screens.x11_stage import x11_stage
from guard.session.events import SessionId
from guard.settings.model import Language
from tests.browser.fixtures import AREA


class _Teller:
    def warm(self, session: SessionId, window: int, lacks: int) -> None:  # noqa: ARG002 -- the port's signature
        self._say("warm")

    def refused(self, session: SessionId, what: str, host: str) -> None:  # noqa: ARG002 -- as above
        self._say(f"refused {what} {host}")

    def paper(self, session: SessionId, pdf: bytes) -> None:  # noqa: ARG002 -- as above
        self._say("paper")

    def lost(self, session: SessionId, why: str) -> None:  # noqa: ARG002 -- as above
        self._say(f"lost {why}")

    def _say(self, what: str) -> None:
        sys.stdout.write(f"{what}\n")
        sys.stdout.flush()


def main() -> None:
    """See the module."""
    screen, portal, store = sys.argv[1:]
    sealer = Bubblewrap(f"test-{secrets.token_hex(6)}")
    factory = SealedCapsules(
        sealer,
        SystemClock(),
        launch_of(BrowserKind.CHROMIUM),
        site=Site(
            key="test", name="test", start=portal, allow=(portal.split("/")[2],), extension_hosts=(store,)
        ),
        network=Network(),
        area=lambda: AREA,
        language=Language.JA,
        stage=x11_stage({"DISPLAY": screen}),
    )
    capsule = factory(SessionId(secrets.token_hex(16)), _Teller())
    sys.stdin.read()
    sys.stdout.write(f"{capsule.prove_gone(30)[:2]}\n")
    sealer.close()


if __name__ == "__main__":
    main()
