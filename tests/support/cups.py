"""A real CUPS of our own: unprivileged, on a socket in a private folder, with printers that are files."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import grp
import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Self

from tests.support.waiting import PATIENCE, until

if TYPE_CHECKING:
    from types import TracebackType


FILES = """\
User {user}
Group {group}
SystemGroup {group}
ServerRoot {folder}/etc
ServerBin {folder}/bin
DataDir {folder}/share
RequestRoot {folder}/spool
CacheDir {folder}/cache
StateDir {folder}/state
TempDir {folder}/spool/tmp
ErrorLog {folder}/log/error
AccessLog {folder}/log/access
PageLog {folder}/log/page
SyncOnClose No
"""
DAEMON = """\
Listen {socket}
LogLevel info
# what it knows is written at once, not after 30 s: tests kill it
DirtyCleanInterval 0
Browsing No
WebInterface No
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  JobPrivateAccess default
  JobPrivateValues default
  <Limit Create-Job Print-Job Print-URI Validate-Job>
    Order deny,allow
  </Limit>
  <Limit Send-Document Cancel-Job Purge-Jobs Cancel-My-Jobs Get-Job-Attributes>
    Require user @OWNER @SYSTEM
    Order deny,allow
  </Limit>
  <Limit All>
    Order deny,allow
  </Limit>
</Policy>
"""
"""Who may do what to jobs is as Debian has it; queues may be changed by anybody, for tests change them."""
BACKEND = """\
#!/bin/sh
# a printer: writes what it gets into the file that its address names
[ $# -eq 0 ] && { echo 'file lab "lab" "lab"'; exit 0; }
to=${DEVICE_URI#lab:}
case $to in
  */stubborn) trap '' TERM ;;
  */slow) ;;
  *) cat "${6:--}" >>"$to"; exit ;;
esac
: >"$to.begun"
while [ -e "$to.begun" ]; do sleep 0.05; done
"""


class OwnCups:
    """``paper`` prints at once, ``slow`` never ends, ``stubborn`` does not even if told, ``stuck`` waits."""

    def __init__(self) -> None:
        self.folder = Path(mkdtemp(prefix="cups-"))  # short, for a socket lies in it
        self.socket = self.folder / "sock"
        self.environment = {
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": os.fspath(self.folder),
            "CUPS_SERVER": os.fspath(self.socket),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._write()

    def __enter__(self) -> Self:
        self.start()
        for queue in ("paper", "slow", "stubborn", "stuck"):
            self.tell("lpadmin", "-p", queue, "-E", "-v", f"lab:{self.printed(queue)}", "-m", "raw")
        self.tell("cupsdisable", "stuck")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self.folder)

    def start(self) -> None:
        """Start it; returns when it answers."""
        daemon = self.folder / "cupsd"
        etc = self.folder / "etc"
        self._process = subprocess.Popen(
            [daemon, "-f", "-c", etc / "cupsd.conf", "-s", etc / "cups-files.conf"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(lambda: self._run("lpstat", "-r").stdout == b"scheduler is running\n")

    def kill(self) -> None:
        """Kill it as nothing can be caught."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """Let it hang."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def tell(self, *command: str) -> str:
        """Run a command of CUPS; return what it says."""
        done = self._run(*command)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    def jobs(self) -> list[str]:
        """Return every job that it knows, ended or not."""
        return [line.split()[0] for line in self.tell("lpstat", "-W", "all", "-o").splitlines()]

    def active(self) -> list[str]:
        """Return those that have not ended."""
        return [line.split()[0] for line in self.tell("lpstat", "-W", "not-completed", "-o").splitlines()]

    def printed(self, queue: str) -> Path:
        """Return the file that is this queue's printer."""
        return self.folder / "out" / queue

    def has_begun(self, queue: str) -> bool:
        """Tell whether this printer, slow or stubborn, is at work."""
        return self.printed(queue).with_suffix(".begun").exists()

    def give_in(self, queue: str) -> None:
        """Let it end its work."""
        self.printed(queue).with_suffix(".begun").unlink()

    def files_with(self, secret: bytes) -> list[Path]:
        """Return the files of CUPS itself, not of its printers, that hold this."""
        files = [
            path
            for name in ("spool", "cache", "state", "log", "etc")
            for path in (self.folder / name).rglob("*")
        ]
        return [path for path in files if path.is_file() and secret in path.read_bytes()]

    def _run(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            command, env=self.environment, capture_output=True, timeout=PATIENCE, check=False
        )

    def _write(self) -> None:
        for name in (
            "etc",
            "bin/backend",
            "bin/filter",
            "share/mime",
            "spool/tmp",
            "cache",
            "state",
            "log",
            "out",
        ):
            (self.folder / name).mkdir(parents=True)
        for name in ("daemon", "notifier"):
            (self.folder / "bin" / name).symlink_to(Path("/usr/lib/cups") / name)
        shutil.copy("/usr/share/cups/mime/mime.types", self.folder / "share" / "mime")
        backend = self.folder / "bin" / "backend" / "lab"
        backend.write_text(BACKEND, "utf-8")
        backend.chmod(0o755)
        shutil.copy("/usr/sbin/cupsd", self.folder)  # the original's AppArmor profile forbids our folders
        names = {
            "user": pwd.getpwuid(os.geteuid()).pw_name,
            "group": grp.getgrgid(os.getegid()).gr_name,
            "folder": self.folder,
            "socket": self.socket,
        }
        (self.folder / "etc" / "cups-files.conf").write_text(FILES.format(**names), "utf-8")
        (self.folder / "etc" / "cupsd.conf").write_text(DAEMON.format(**names), "utf-8")
