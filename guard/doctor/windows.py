"""What this PC lacks, on Windows."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

from guard.doctor.common import CommonDoctor
from guard.doctor.finding import LackError, State
from guard.errors import MachineError
from guard.ground import account_name
from guard.keeper.names import SERVICE

if TYPE_CHECKING:
    from guard.doctor.finding import Check

_FONTS: Final = ("YuGothM.ttc", "meiryo.ttc", "msgothic.ttc")
"""Files of Windows' Japanese fonts, the best first."""
_REINSTALL: Final = "install the guard's MSI again"


class Doctor(CommonDoctor):
    """Implements `CommonDoctor`."""

    imported = (
        "PIL",
        "PySide6",
        "argon2",
        "keyring",
        "playwright",
        "psutil",
        "qtpy",
        "smartcard",
        "webview",
        "win32api",
    )
    mend_pcsc = "connect a reader, then start the service Smart Card (SCardSvr): sc start SCardSvr"
    mend_running = f"restart the service {SERVICE}, or log on anew"

    def checks(self) -> dict[str, Check]:
        """See `CommonDoctor.checks`; on Windows somebody starts the guard, and names are kept."""
        return super().checks() | {
            "clipboard": self.clipboard,
            "print queues": self.print_queues,
            "keeper": self.keeper,
        }

    def account(self) -> str:
        """See `CommonDoctor.account`: an administrator is protected from nothing that runs as them."""
        if ctypes.WinDLL("shell32").IsUserAnAdmin():
            raise LackError(
                f"{account_name()} is an administrator, whose browser could change the whole PC",
                mend="run the counter as a standard user",
                state=State.WARN,
            )
        return account_name()

    def container(self) -> str:
        """See `CommonDoctor.container`: a Job Object and a folder of one's own."""
        from guard.clock import SystemClock  # noqa: PLC0415 -- the packages check must come before any import
        from guard.machine import ThisMachine  # noqa: PLC0415 -- the same

        sealer = ThisMachine(self._environment).sealer(f"doctor-{os.getpid()}", SystemClock())
        why_not = sealer.why_not()
        sealer.close()
        if why_not:
            raise LackError(why_not, mend="free disk space; let the account write into %LOCALAPPDATA%")
        return "Job Object"

    def display(self) -> str:
        """See `CommonDoctor.display`."""
        from guard.screens.win32_bare import monitors, see_every_pixel  # noqa: PLC0415 -- the packages come first

        see_every_pixel()
        found = monitors()
        if not found:
            raise LackError("this session has no screen", mend="log in at the counter itself")
        return ", ".join(f"{one.width}×{one.height}" for one in found)

    def hotkey(self) -> str:
        """See `CommonDoctor.hotkey`."""
        from guard.screens.win32_keys import probe  # noqa: PLC0415 -- the packages check must come before any import
        from guard.settings.model import StaffSettings  # noqa: PLC0415 -- the same

        combination = StaffSettings().hotkey
        why_not = probe(combination)
        if why_not:
            raise LackError(
                why_not,
                mend="put that right, or choose another [staff] hotkey; meanwhile use the staff buttons",
                state=State.WARN,
            )
        return f"{combination} (the default)"

    def fonts(self) -> str:
        """See `CommonDoctor.fonts`: one of Windows' own Japanese fonts."""
        folder = Path(self._environment.get("WINDIR", r"C:\Windows")) / "Fonts"
        for name in _FONTS:
            if (folder / name).is_file():
                return str(folder / name)
        raise LackError(
            f"no Japanese font is in {folder}",
            mend="Settings, Time & language, Language & region: add Japanese",
            state=State.WARN,
        )

    def sound(self) -> str:
        """See `CommonDoctor.sound`."""
        found = int(ctypes.WinDLL("winmm").waveOutGetNumDevs())
        if not found:
            raise LackError(
                "this PC has no loudspeaker",
                mend="connect one, or set [screens] sound = false",
                state=State.WARN,
            )
        return f"{found} loudspeaker{'s' if found > 1 else ''}"

    def examine_system(self) -> str:
        """See `CommonDoctor.examine_system`."""
        from guard.system.win32 import Win32SystemError, examine  # noqa: PLC0415 -- the packages come first

        try:
            return examine()
        except Win32SystemError as error:
            raise LackError(error.sentence, mend=error.mend, state=State.WARN) from error

    def keyring_found(self) -> str:
        """See `CommonDoctor.keyring_found`."""
        return "Windows Credential Manager"

    def printer_found(self, name: str) -> str:
        """See `CommonDoctor.printer_found`: nothing is printed yet."""
        raise LackError(
            f"[printing] printer = {name} cannot be used on Windows yet, so the guard does not start",
            mend="leave [printing] printer empty; no page prints then",
        )

    def practice(self) -> str:
        """See `CommonDoctor.practice`."""
        return "guard run with the default settings opens the practice portal; guard demo runs on Linux alone"

    def clipboard(self) -> str:
        """Windows keeps no history of what was copied, and sends it to no other PC."""
        from guard.screens.win32_clipboard_history import keeps_nothing, not_forbidden  # noqa: PLC0415 -- the packages come first

        missing = not_forbidden()
        if missing:
            now = "nothing is kept at present" if keeps_nothing() else "what a citizen copies is kept"
            raise LackError(
                f"a policy is missing: {', '.join(missing)} ({now})",
                mend="an administrator lays companion.reg down (docs/windows-policy.md)",
                state=State.WARN if keeps_nothing() else State.FAIL,
            )
        return "no history, by policy"

    def print_queues(self) -> str:
        """Every queue that the proof of an end must look into answers as long as this PC does."""
        from guard.printing.win32_spooler import WindowsSpooler  # noqa: PLC0415 -- the packages check must come before any import

        elsewhere = WindowsSpooler.elsewhere()
        if elsewhere:
            raise LackError(
                f"{account_name()} has print queues on other PCs ({', '.join(elsewhere)}): while such a PC is"
                " away, nobody can prove that no print job is left, and the counter stays closed",
                mend="remove them from this account, which prints nothing",
                state=State.WARN,
            )
        return "none on another PC"

    def keeper(self) -> str:
        """Somebody starts the guard at logon and again when it dies."""
        from guard.keeper.standing import keeper_standing  # noqa: PLC0415 -- the packages check must come before any import

        try:
            return keeper_standing()
        except MachineError as error:
            raise LackError(error.sentence, mend=_REINSTALL, state=State.WARN) from error
