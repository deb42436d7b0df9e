"""A real rsyslogd of our own on loopback, and a strict reader of what it wrote."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import contextlib
import re
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.support.ports import free_port

if TYPE_CHECKING:
    from types import TracebackType

    from tests.support.certificates import Authority, Identity

DRIVERS = ("gtls", "ossl")
"""Of the packages rsyslog-gnutls and rsyslog-openssl."""
_DEADLINE = 20.0
_GLANCE = 0.005

CONFIG = """\
global(
  workDirectory="{folder}"
  defaultNetstreamDriver="{driver}"
  defaultNetstreamDriverCAFile="{ca}"
  defaultNetstreamDriverCertFile="{certificate}"
  defaultNetstreamDriverKeyFile="{key}"
)
module(load="imtcp" streamDriver.name="{driver}" streamDriver.mode="1" streamDriver.authMode="{auth}")
module(load="omprog")
input(type="imtcp" address="127.0.0.1" port="{port}" ruleset="guard")
# Direct: rsyslog reads on only when what it has read is written, so nothing waits in a queue in memory.
# omprog, not omfile: omfile throws away what it cannot write on a full disk, whatever is configured
ruleset(name="guard" queue.type="Direct") {{
  action(
    type="omprog" binary="{writer} {file}" confirmMessages="on" template="RSYSLOG_SyslogProtocol23Format"
    action.resumeRetryCount="-1" action.resumeInterval="1"
  )
}}
"""
"""What we recommend (docs/security.md), in a folder of the test's own."""

WRITER = """\
#!/bin/sh
# writes each line it is given to the file; after one that was cut short by a full disk it begins a new line
begin=
echo OK
while IFS= read -r line; do
  if printf "$begin%s\\n" "$line" >>"$1"; then begin=; echo OK; else begin='\\n'; echo cannot write; fi
done
"""

_ON_OWN_DISK = 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@"'


class Rsyslog:
    """One server on one port; each time it is started it writes into a new file."""

    def __init__(
        self,
        folder: Path,
        authority: Authority,
        identity: Identity,
        driver: str = "ossl",
        *,
        clients: bool = False,
        port: int | None = None,
        disk: int | None = None,
    ) -> None:
        """``clients``: let in only whom the authority has signed. ``disk``: write to one of so many bytes."""
        (folder / "disk").mkdir(parents=True)
        writer = folder / "writer"
        writer.write_text(WRITER, encoding="utf-8")
        writer.chmod(0o755)
        self.port = port or free_port()
        self._folder = folder
        self._disk = disk
        self._values = {
            "folder": folder,
            "driver": driver,
            "writer": writer,
            "ca": authority.file,
            "certificate": identity.certificate,
            "key": identity.key,
            "auth": "x509/certvalid" if clients else "anon",
            "port": self.port,
        }
        self._starts = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; when it returns, it accepts connections."""
        self._starts += 1
        config, file = self._folder / "rsyslog.conf", self._folder / "disk" / self._name(self._starts)
        config.write_text(CONFIG.format(file=file, **self._values), encoding="utf-8")
        program = shutil.which("rsyslogd", path="/usr/sbin:/sbin")
        assert program, "the tests need the packages rsyslog, rsyslog-gnutls and rsyslog-openssl"
        command = [program, "-n", "-f", str(config), "-i", str(self._folder / "pid")]
        if self._disk:
            mount = [_ON_OWN_DISK, "sh", str(self._disk), str(self._folder / "disk")]
            command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-euc", *mount, *command]
        with (self._folder / "rsyslogd.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + _DEADLINE
        while True:
            assert self._process.poll() is None, (self._folder / "rsyslogd.log").read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            assert time.monotonic() < deadline, "rsyslogd does not come up"
            time.sleep(_GLANCE)

    def fill(self) -> None:
        """Leave no room on its own disk."""
        with contextlib.suppress(OSError), self._filler().open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def free(self) -> None:
        """Make room again."""
        self._filler().unlink()

    def kill(self) -> None:
        """Kill it, at once."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self._end(signal.SIGTERM)

    def size(self) -> int:
        """Return how many bytes it has written since it was last started."""
        with contextlib.suppress(FileNotFoundError):
            return self._file(self._starts).stat().st_size
        return 0

    def grow(self, beyond: int) -> None:
        """Return when its file is longer than that."""
        deadline = time.monotonic() + _DEADLINE
        while self.size() <= beyond:
            assert time.monotonic() < deadline, f"rsyslogd has written {self.size()} bytes only"
            time.sleep(_GLANCE / 10)

    def messages(self) -> list[Received]:
        """Return all whole messages of all its files, in order."""
        files = [self._file(number) for number in range(1, self._starts + 1)]
        return [received(line) for file in files if file.exists() for line in _whole(file.read_text())]

    def seqs(self) -> list[int]:
        """Return the numbers of the records among them."""
        return [int(one.elements["guard@32473"]["seq"]) for one in self.messages()]

    def _file(self, number: int) -> Path:
        return self._seen_from_here() / self._name(number)

    def _filler(self) -> Path:
        return self._seen_from_here() / "filler"

    def _seen_from_here(self) -> Path:
        """Return the folder it writes into; its own disk is in a mount namespace of its own, proc(5)."""
        folder = self._folder / "disk"
        if not self._disk:
            return folder
        assert self._process, "its disk is gone with it"
        return Path(f"/proc/{self._process.pid}/root") / folder.relative_to("/")

    @staticmethod
    def _name(number: int) -> str:
        return f"guard-{number}.log"

    def _end(self, how: signal.Signals) -> None:
        if self._process:
            self._process.send_signal(how)
            self._process.wait(_DEADLINE)
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


def _whole(text: str) -> list[str]:
    """Return its lines but for those cut short: by a kill, or by a full disk and then tried again."""
    *lines, _ = text.split("\n")
    return [
        line
        for line, following in zip(lines, [*lines[1:], "-"], strict=True)
        if not following.startswith(line)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message as RFC 5424 defines it."""

    facility: int
    severity: int
    at: str
    host: str
    app: str
    process: str
    kind: str
    elements: dict[str, dict[str, str]]
    text: str


_HEADER = re.compile(
    r"<([1-9]?\d|1[0-8]\d|19[01])>1 "
    r"(-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)) "
    r"([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) "
)
_ID = re.compile(r'\[([^\s="\]]{1,32})')
_PARAMETER = re.compile(r' ([^\s="\]]{1,32})="((?:[^"\\\]]|\\["\\\]])*)"')


def received(line: str) -> Received:
    """Read one message; any breach of RFC 5424 fails."""
    header = _HEADER.match(line)
    assert header, f"not a header of RFC 5424: {line!r}"
    at, elements = header.end(), dict[str, dict[str, str]]()
    while match := _ID.match(line, at):
        element, at = elements.setdefault(match[1], {}), match.end()
        assert not element, "an element stands there twice"
        while parameter := _PARAMETER.match(line, at):
            name, value = parameter.groups()
            assert name not in element, "a parameter stands there twice"
            assert name.isascii()
            element[name] = re.sub(r'\\(["\\\]])', r"\1", value)
            at = parameter.end()
        assert line[at] == "]", f"structured data is torn: {line!r}"
        at += 1
    text = line[at:]
    assert elements
    assert text.startswith(" ") or not text
    text = text[1:]
    assert text.isascii() or text.startswith("\ufeff"), "text beyond ASCII must begin with a BOM"
    pri = int(header[1])
    return Received(
        facility=pri // 8,
        severity=pri % 8,
        at=header[2],
        host=header[3],
        app=header[4],
        process=header[5],
        kind=header[6],
        elements=elements,
        text=text.removeprefix("\ufeff"),
    )
