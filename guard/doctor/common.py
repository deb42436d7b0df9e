"""What this PC lacks: the checks that are the same on every system, and the list of all."""

from __future__ import annotations

import importlib.util
import os
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from guard.control import ControlClient, NotRunningError, control_address
from guard.doctor.finding import INSTALL, Check, Finding, LackError, State, finding
from guard.errors import ConfigError, GuardError, MachineError
from guard.ground import runtime_folder
from guard.installed import code_hash
from guard.paths import journal_default

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from guard.readers.scard import Scard
    from guard.settings.model import Settings


class CommonDoctor(ABC):
    """Looks at this PC through what it is given; makes the runtime folder and a keyring, no more.

    A check returns what it found, or raises `LackError`.
    """

    imported: ClassVar[tuple[str, ...]]
    """Everything that is imported and not ours."""
    mend_pcsc: ClassVar[str]
    """What to do about a PC/SC service that does not answer."""
    mend_running: ClassVar[str]
    """How to start the guard again."""

    def __init__(
        self,
        environment: Mapping[str, str],
        scard: Callable[[], Scard],
        config: Path | None = None,
    ) -> None:
        self._environment = environment
        self._scard = scard
        self._config = config

    def checks(self) -> dict[str, Check]:
        """Return every check by its name, in the order in which they are told."""
        return {
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

    def findings(self) -> tuple[Finding, ...]:
        """Return the outcome of every check; raises nothing."""
        return tuple(finding(name, check) for name, check in self.checks().items())

    @abstractmethod
    def account(self) -> str:
        """The guard does not run as an account that nothing protects."""

    @abstractmethod
    def container(self) -> str:
        """This account may seal processes."""

    @abstractmethod
    def display(self) -> str:
        """There is a screen that can be covered."""

    @abstractmethod
    def hotkey(self) -> str:
        """The (default) hotkey can be heard, whatever window has the keyboard."""

    @abstractmethod
    def fonts(self) -> str:
        """The fonts that the screens are made for."""

    @abstractmethod
    def sound(self) -> str:
        """This account may open a loudspeaker; nothing is played."""

    @abstractmethod
    def examine_system(self) -> str:
        """Say what this process could be told before the PC sleeps, locks, logs out or goes down."""

    @abstractmethod
    def keyring_found(self) -> str:
        """Name what keeps the staff book."""

    @abstractmethod
    def printer_found(self, name: str) -> str:
        """The printer of this name is there and prints."""

    @abstractmethod
    def practice(self) -> str:
        """What guard demo needs besides."""

    def packages(self) -> str:
        """Everything that is imported is there."""
        missing = [name for name in self.imported if importlib.util.find_spec(name) is None]
        if missing:
            raise LackError(f"missing: {', '.join(missing)}", mend=INSTALL)
        return ", ".join(self.imported)

    def reader(self) -> str:
        """The PC/SC service answers, and has the reader that the configuration names or the only one."""
        from guard.readers.choice import choose  # noqa: PLC0415 -- the packages check must come before any import
        from guard.readers.scard import Code  # noqa: PLC0415 -- the same

        scard = self._scard()
        code, context = scard.establish()
        if code != Code.SUCCESS:
            raise LackError(
                f"the PC/SC service does not answer (0x{code:08X})",
                mend=self.mend_pcsc,
            )
        _, names = scard.list_readers(context)
        scard.release(context)
        if not names:
            raise LackError(
                "no card reader is connected",
                mend="plug one in (guard demo works without)",
                state=State.WARN,
            )
        try:
            part = self._settings().reader.name
        except MachineError:  # told by other checks
            part = ""
        try:
            return choose(names, part)
        except ConfigError as error:
            raise LackError(
                error.sentence,
                mend="give a part of one's name as [reader] name in the configuration",
                state=State.WARN,
            ) from error

    def runtime(self) -> str:
        """The private folder for sockets and locks."""
        return str(runtime_folder(self._environment))

    def system(self) -> str:
        """The system tells before it sleeps, locks, logs out or goes down, and waits for the guard.

        Of a guard that runs it is told what that one has; otherwise what this process could have.
        """
        try:
            lacks = self._status().get("system")
        except GuardError:
            lacks = None
        if isinstance(lacks, list):
            if lacks:
                told, mend = ("; ".join(one[part] for one in lacks) for part in ("sentence", "mend"))
                raise LackError(told, mend=mend, state=State.WARN)
            return "the guard that runs is told, and is waited for"
        return self.examine_system()

    def keyring(self) -> str:
        """The staff book's keyring starts, keeps, gives back and forgets what is written into it."""
        found = self.keyring_found()
        self._asked("trial")
        return found

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
            raise LackError(
                f"{there} cannot be written, so {folder} cannot be used",
                mend=f"let the account that runs the guard write there: {there}",
            )
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
        name = self._settings().printing.printer
        return self.printer_found(name) if name else "no [printing] printer is named"

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
                mend=f"put right what is refused or cannot be read; {self.mend_running}",
                state=State.WARN,
            )
        return f"version {status['version']}, program {status['code_hash']}, settings {status['policy_hash']}"

    def _status(self) -> Mapping[str, object]:
        return ControlClient(control_address(runtime_folder(self._environment))).ask("status")

    def _asked(self, do: str) -> Mapping[str, object]:
        from guard.staff.vault_client import Vault  # noqa: PLC0415 -- the packages check must come before any import

        try:
            return Vault(self._environment).ask(do)
        except GuardError as error:
            raise LackError(error.sentence, mend="put that right, then run guard doctor again") from error
