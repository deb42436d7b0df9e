"""A stand-in for the guard that the keeper starts: does what the test at the other end of a socket says."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

import json
import os
import socket
import subprocess
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import pywintypes
import win32file
import win32process
import win32ts

from guard.keeper.line import GuardsEnd

SLEEPER = (sys.executable, "-I", "-c", "import time; time.sleep(600)")


def main() -> None:
    """Say who we are, then obey; signs of life are given until told to hang."""
    handles = sorted(name for name in os.environ if name.startswith("MADOGUCHI"))
    line = GuardsEnd.take(os.environ)
    assert line is not None
    test = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    lock = threading.Lock()

    def say(**what: object) -> None:
        with lock:
            test.sendall(json.dumps(what).encode() + b"\n")

    line.when_asked_to_end(lambda: say(asked=True))
    session = win32ts.ProcessIdToSessionId(os.getpid())  # type: ignore[no-untyped-call]
    left = sorted(name for name in os.environ if name.startswith("MADOGUCHI"))
    say(pid=os.getpid(), session=session, variables=handles, left=left, user=os.environ.get("USERNAME"))
    lives, every = True, line.every
    test.settimeout(every)
    while True:
        if lives:
            line.alive()
        try:
            order = test.recv(64).decode().strip()
        except TimeoutError:
            continue
        match order:
            case "ready":
                line.ready()
                say(done="ready")
            case "hang":
                lives = False
                say(done="hang")
            case "garble":
                win32file.WriteFile(int(line._pipe), b"READY=yes\n", pywintypes.OVERLAPPED())
            case "child":
                say(child=subprocess.Popen(SLEEPER, creationflags=win32process.CREATE_NO_WINDOW).pid)
            case "end" | "":
                line.stopping()
                line.close()
                return
            case other:
                raise ValueError(other)


if __name__ == "__main__":
    main()
