"""The Debian packages that only this benchmark needs; the guard and its tests need none of them."""

from __future__ import annotations

import shutil
from pathlib import Path

PEERS = ("i3lock", "libpam-pkcs11", "opensc-pkcs11")
"""The locker, both event managers, and the PKCS#11 module of one of them."""

_PROGRAMS = {"i3lock": "i3lock", "card_eventmgr": "libpam-pkcs11", "pkcs11_eventmgr": "libpam-pkcs11"}
_OTHERS = {"gcc": "gcc", "Xvfb": "xvfb", "bwrap": "bubblewrap"}
_HEADERS = {
    "X11/Xlib.h": "libx11-dev",
    "X11/extensions/XShm.h": "libxext-dev",
    "PCSC/winscard.h": "libpcsclite-dev",
}
_VPCD = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")


def missing() -> list[str]:
    """Return the packages that must be installed before the benchmark can run."""
    programs = _PROGRAMS | _OTHERS
    lacking = {package for name, package in programs.items() if shutil.which(name) is None}
    lacking |= {package for name, package in _HEADERS.items() if not Path("/usr/include", name).exists()}
    if not pkcs11_module():
        lacking.add("opensc-pkcs11")
    if not Path("/usr/sbin/pcscd").exists():
        lacking.add("pcscd")
    if not _VPCD.exists():
        lacking.add("vsmartcard-vpcd")
    return sorted(lacking)


def pkcs11_module() -> Path | None:
    """Return where Debian put OpenSC's PKCS#11 module, which depends on the processor."""
    return next(iter(Path("/usr/lib").glob("*/opensc-pkcs11.so")), None)
