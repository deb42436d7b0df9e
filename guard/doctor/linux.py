"""What this PC lacks, on Linux."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from guard.doctor.common import CommonDoctor
from guard.doctor.finding import INSTALL, LackError, State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from guard.readers.scard import Scard

_FONTS: Final = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
_VPCD: Final = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
"""Where Debian's vsmartcard-vpcd puts its driver."""
_PATIENCE: Final = 10.0
"""Seconds a program that a check starts may take."""


class Doctor(CommonDoctor):
    """Implements `CommonDoctor`."""

    imported = (
        "PIL",
        "PySide6",
        "Xlib",
        "argon2",
        "jeepney",
        "keyring",
        "playwright",
        "psutil",
        "qtpy",
        "secretstorage",
        "smartcard",
        "webview",
    )
    mend_pcsc = "apt-get install pcscd; systemctl enable --now pcscd.socket"
    mend_running = (
        "stop the guard (SIGTERM) and start it again; a kiosk's: systemctl --user restart madoguchi-guard"
    )

    def __init__(
        self,
        environment: Mapping[str, str],
        scard: Callable[[], Scard],
        fonts: Sequence[Path] = _FONTS,
        driver: Path = _VPCD,
        config: Path | None = None,
    ) -> None:
        super().__init__(environment, scard, config)
        self._fonts = fonts
        self._driver = driver

    def account(self) -> str:
        """The guard does not run as root."""
        if os.geteuid() == 0:
            raise LackError("this is root, whom no browser sandbox protects", mend=INSTALL)
        return f"uid {os.geteuid()}"

    def container(self) -> str:
        """An unprivileged account may make namespaces with bubblewrap."""
        bwrap = self._program("bwrap", "bubblewrap")
        command = [bwrap, "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"]
        try:
            ended = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=False, text=True)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise LackError(f"{bwrap} does not run ({type(error).__name__})", mend=INSTALL) from error
        if ended.returncode != 0:
            raise LackError(
                f"{bwrap} cannot make a container: {ended.stderr.strip()[:200]}",
                mend="allow unprivileged user namespaces: sysctl user.max_user_namespaces must not be 0",
            )
        return bwrap

    def display(self) -> str:
        """An X server answers; under Wayland covering cannot be promised."""
        environment = self._environment
        if environment.get("WAYLAND_DISPLAY") or environment.get("XDG_SESSION_TYPE") == "wayland":
            raise LackError(
                "this is a Wayland session, in which no program can promise to cover the others",
                mend="choose an X11 (Xorg) session at the login screen",
            )
        name = environment.get("DISPLAY", "")
        if not name:
            raise LackError(
                "DISPLAY is not set", mend="start the guard within the X11 session of the counter"
            )
        from Xlib.display import Display  # noqa: PLC0415 -- the packages check must come before any import
        from Xlib.error import DisplayError, XauthError  # noqa: PLC0415 -- the same

        try:
            display = Display(name)
        except (DisplayError, XauthError, OSError) as error:
            raise LackError(
                f"the X server {name} does not let us in ({type(error).__name__})",
                mend="start the guard from the X11 session, so that it finds the session's XAUTHORITY",
            ) from error
        screen = display.screen()
        display.close()
        return f"X11 {name}, {screen.width_in_pixels}×{screen.height_in_pixels}"

    def hotkey(self) -> str:
        """The X server lets the (default) hotkey be heard, whatever window has the keyboard."""
        from guard.screens.x11_keys import probe  # noqa: PLC0415 -- the packages check must come before any import
        from guard.settings.model import StaffSettings  # noqa: PLC0415 -- the same

        combination = StaffSettings().hotkey
        why_not = probe(self._environment.get("DISPLAY", ""), combination)
        if why_not:
            raise LackError(
                why_not,
                mend="put that right, or choose another [staff] hotkey; meanwhile use the staff buttons",
                state=State.WARN,
            )
        return f"{combination} (the default), XInput 2"

    def fonts(self) -> str:
        """The fonts that the screens are made for."""
        for folder in self._fonts:
            for path in folder.rglob("NotoSansCJK-Regular*"):
                return str(path)
        raise LackError(
            "Noto Sans CJK is not installed", mend="apt-get install fonts-noto-cjk", state=State.WARN
        )

    def sound(self) -> str:
        """This account may open a loudspeaker; nothing is played."""
        aplay = self._program("aplay", "alsa-utils", State.WARN)
        command = [aplay, "-q", "-t", "raw", "-f", "S16_LE", "-r", "16000", "/dev/null"]
        try:
            ended = subprocess.run(
                command, capture_output=True, timeout=_PATIENCE, check=False, env=dict(self._environment)
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise LackError(
                f"{aplay} does not run ({type(error).__name__})",
                mend="apt-get install --reinstall alsa-utils",
                state=State.WARN,
            ) from error
        if ended.returncode != 0:
            raise LackError(
                f"{aplay} finds no loudspeaker that this account may use",
                mend="connect one and put the account into the group audio, or set [screens] sound = false",
                state=State.WARN,
            )
        return aplay

    def examine_system(self) -> str:
        """See `CommonDoctor.examine_system`."""
        from guard.system.login1 import Login1Error, examine  # noqa: PLC0415 -- the packages check must come before any import

        try:
            return examine(self._environment)
        except Login1Error as error:
            raise LackError(error.sentence, mend=error.mend, state=State.WARN) from error

    def keyring_found(self) -> str:
        """See `CommonDoctor.keyring_found`: the programs."""
        from guard.keyring.secret_service import PROGRAMS  # noqa: PLC0415 -- the packages check must come before any import

        needed = {**PROGRAMS, "setpriv": "util-linux"}
        return ", ".join(self._program(name, package) for name, package in needed.items())

    def printer_found(self, name: str) -> str:
        """See `CommonDoctor.printer_found`: a queue of CUPS."""
        from guard.printing.cups import Errands  # noqa: PLC0415 -- the packages check must come before any import

        if why_not := Errands(self._environment).why_not(name):
            raise LackError(
                why_not,
                mend=f"cupsenable {name}; cupsaccept {name}; systemctl restart cups; lpstat -e lists queues",
                state=State.WARN,
            )
        return name

    def practice(self) -> str:
        """What guard demo needs besides."""
        found = [self._program("pcscd", "pcscd", State.WARN), self._program("Xvfb", "xvfb", State.WARN)]
        if not self._driver.exists():
            raise LackError(
                f"{self._driver} is missing, so there is no practice reader",
                mend="apt-get install vsmartcard-vpcd",
                state=State.WARN,
            )
        return ", ".join([*found, str(self._driver)])

    def _program(self, name: str, package: str, state: State = State.FAIL) -> str:
        path = shutil.which(name, path=f"{self._environment.get('PATH', os.defpath)}:/usr/sbin")
        if path is None:
            raise LackError(f"{name} is not installed", mend=f"apt-get install {package}", state=state)
        return path
