"""What this PC lacks, each with its mend: a check returns what it found or raises `LackError`."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from guard.control import ControlClient, NotRunningError
from guard.errors import ConfigError, GuardError, MachineError
from guard.ground import runtime_folder
from guard.installed import code_hash
from guard.paths import control_socket, journal_default

if TYPE_CHECKING:
    from guard.readers.scard import Scard
    from guard.settings.model import Settings

_INSTALL: Final = "run installer/run"
_PACKAGES: Final = (
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
_FONTS: Final = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
_VPCD: Final = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
"""Where Debian's vsmartcard-vpcd puts its driver."""
_PATIENCE: Final = 10.0
"""Seconds a program that a check starts may take."""


class State(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    """The guard runs, but something works only in part."""
    FAIL = "fail"
    """The guard does not run."""


class LackError(MachineError):
    """Something is missing."""

    def __init__(self, sentence: str, *, mend: str, state: State = State.FAIL) -> None:
        super().__init__(sentence)
        self.mend = mend
        self.state = state


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What came of one check."""

    name: str
    state: State
    found: str
    mend: str = ""


Check = Callable[[], str]


class Doctor:
    """Looks at this PC through what it is given; makes the runtime folder and a keyring, no more."""

    def __init__(
        self,
        environment: Mapping[str, str],
        scard: Callable[[], Scard],
        fonts: Sequence[Path] = _FONTS,
        driver: Path = _VPCD,
        config: Path | None = None,
    ) -> None:
        self._environment = environment
        self._scard = scard
        self._fonts = fonts
        self._driver = driver
        self._config = config

    def findings(self) -> tuple[Finding, ...]:
        """Return the outcome of every check; raises nothing."""
        checks: dict[str, Check] = {
            "account": self.account,
            "packages": self.packages,
            "container": self.container,
            "display": self.display,
            "hotkey": self.hotkey,
            "fonts": self.fonts,
            "sound": self.sound,
            "reader": self.reader,
            "runtime": self.runtime,
            "system": self.system,
            "keyring": self.keyring,
            "staff": self.staff,
            "journal": self.journal,
            "browser": self.browser,
            "printer": self.printer,
            "running": self.running,
            "practice": self.practice,
        }
        return tuple(finding(name, check) for name, check in checks.items())

    def account(self) -> str:
        """The guard does not run as root."""
        if os.geteuid() == 0:
            raise LackError("this is root, whom no browser sandbox protects", mend=_INSTALL)
        return f"uid {os.geteuid()}"

    def packages(self) -> str:
        """Everything that is imported is there."""
        missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
        if missing:
            raise LackError(f"missing: {', '.join(missing)}", mend=_INSTALL)
        return ", ".join(_PACKAGES)

    def container(self) -> str:
        """An unprivileged account may make namespaces with bubblewrap."""
        bwrap = self._program("bwrap", "bubblewrap")
        command = [bwrap, "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"]
        try:
            ended = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=False, text=True)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise LackError(f"{bwrap} does not run ({type(error).__name__})", mend=_INSTALL) from error
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

    def reader(self) -> str:
        """The PC/SC service answers and has exactly one reader, or more to choose from."""
        from guard.readers.scard import Code  # noqa: PLC0415 -- the packages check must come before any import

        scard = self._scard()
        code, context = scard.establish()
        if code != Code.SUCCESS:
            raise LackError(
                f"the PC/SC service does not answer (0x{code:08X})",
                mend="apt-get install pcscd; systemctl enable --now pcscd.socket",
            )
        _, names = scard.list_readers(context)
        scard.release(context)
        if not names:
            raise LackError(
                "no card reader is connected",
                mend="plug one in (guard demo works without)",
                state=State.WARN,
            )
        if len(names) > 1:
            raise LackError(
                f"several card readers: {', '.join(names)}",
                mend="give a part of one's name as [reader] name in the configuration",
                state=State.WARN,
            )
        return names[0]

    def runtime(self) -> str:
        """The private folder for sockets and locks."""
        return str(runtime_folder(self._environment))

    def system(self) -> str:
        """The system tells before it sleeps, locks, logs out or goes down, and waits for the guard.

        Of a guard that runs it is told what that one has; otherwise what this process could have.
        """
        from guard.system.login1 import Login1Error, examine  # noqa: PLC0415 -- the packages check must come before any import

        try:
            lacks = self._status().get("system")
        except GuardError:
            lacks = None
        if isinstance(lacks, list):
            if lacks:
                told, mend = ("; ".join(one[part] for one in lacks) for part in ("sentence", "mend"))
                raise LackError(told, mend=mend, state=State.WARN)
            return "the guard that runs is told, and is waited for"
        try:
            return examine(self._environment)
        except Login1Error as error:
            raise LackError(error.sentence, mend=error.mend, state=State.WARN) from error

    def keyring(self) -> str:
        """The staff book's keyring starts, keeps, gives back and forgets what is written into it."""
        from guard.keyring.secret_service import PROGRAMS  # noqa: PLC0415 -- the packages check must come before any import

        needed = {**PROGRAMS, "setpriv": "util-linux"}
        programs = [self._program(name, package) for name, package in needed.items()]
        self._asked("trial")
        return ", ".join(programs)

    def staff(self) -> str:
        """Somebody's PIN works."""
        people = self._asked("people").get("people")
        if not isinstance(people, list) or not people:
            raise LackError(
                "nobody has a PIN that works, so no session can be resumed or ended by staff",
                mend="guard staff add NUMBER --name NAME",
                state=State.WARN,
            )
        return f"{len(people)} with a PIN that works"

    def journal(self) -> str:
        """The default journal folder can be written, or made."""
        folder = journal_default(self._environment)
        there = next(each for each in (folder, *folder.parents) if each.exists())
        if not os.access(there, os.W_OK | os.X_OK):
            raise LackError(f"{there} cannot be written, so {folder} cannot be used", mend=f"chown {there}")
        return str(folder)

    def browser(self) -> str:
        """The browser that the configuration names is there."""
        from guard.browser.kinds import launch_of  # noqa: PLC0415 -- the packages come first

        kind = self._settings().browser.kind
        try:
            launch_of(kind)
        except MachineError as error:
            raise LackError(error.sentence, mend="install it, or choose another [browser] kind") from error
        return kind

    def _settings(self) -> Settings:
        from guard.settings.load import load  # noqa: PLC0415 -- the packages check must come before any import

        try:
            return load(self._config, self._environment)
        except ConfigError as error:
            raise LackError(
                "the configuration is refused", mend="guard config check, with the same --config"
            ) from error

    def printer(self) -> str:
        """The queue that the configuration names is there and prints."""
        from guard.printing.cups import Errands  # noqa: PLC0415 -- the packages check must come before any import

        name = self._settings().printing.printer
        if not name:
            return "no [printing] printer is named"
        if why_not := Errands(self._environment).why_not(name):
            raise LackError(
                why_not,
                mend=f"cupsenable {name}; cupsaccept {name}; systemctl restart cups; lpstat -e lists queues",
                state=State.WARN,
            )
        return name

    def running(self) -> str:
        """The guard that runs, if one does, is what lies on the disk."""
        try:
            status = self._status()
        except NotRunningError as error:
            return error.sentence
        except GuardError as error:
            raise LackError(error.sentence, mend="see the guard's log", state=State.WARN) from error
        drift = status.get("drift")
        told = [one["sentence"] for one in drift] if isinstance(drift, list) else ["it is an older version"]
        if not told and status["code_hash"] != (mine := code_hash()):  # in a folder that was moved
            told = [f"the guard that runs is not the program of this command (hash {mine})"]
        if told:
            raise LackError(
                "; ".join(told),
                mend="put right what is refused or cannot be read; stop the guard (SIGTERM), start it again",
                state=State.WARN,
            )
        return f"version {status['version']}, program {status['code_hash']}, settings {status['policy_hash']}"

    def _status(self) -> Mapping[str, object]:
        return ControlClient(control_socket(runtime_folder(self._environment))).ask("status")

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

    def _asked(self, do: str) -> Mapping[str, object]:
        from guard.staff.vault_client import Vault  # noqa: PLC0415 -- the packages check must come before any import

        try:
            return Vault(self._environment).ask(do)
        except GuardError as error:
            raise LackError(error.sentence, mend="put that right, then run guard doctor again") from error

    def _program(self, name: str, package: str, state: State = State.FAIL) -> str:
        path = shutil.which(name, path=f"{self._environment.get('PATH', os.defpath)}:/usr/sbin")
        if path is None:
            raise LackError(f"{name} is not installed", mend=f"apt-get install {package}", state=state)
        return path


def finding(name: str, check: Check) -> Finding:
    """Return what came of this check; whatever it raises is a failure, never an escape."""
    try:
        return Finding(name=name, state=State.OK, found=check())
    except LackError as lack:
        return Finding(name=name, state=lack.state, found=lack.sentence, mend=lack.mend)
    except (GuardError, ImportError, OSError) as error:
        return Finding(name=name, state=State.FAIL, found=str(error), mend=_INSTALL)
