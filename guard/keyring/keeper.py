"""``python -P -m guard.keyring.keeper FOLDER``: the process that keeps a store open for its parent.

The store needs a process with one thread and an environment of its own, which the core is not. One line of
JSON in, one out: ``{"do": "read" | "write" | "delete", "name": …, "text": …}`` and ``{"text": …}`` or
``{"refused": sentence}``. After a refusal, and when its input ends, it ends, too: the next one starts clean.
"""

from __future__ import annotations

import sys

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from guard.errors import GuardError
from guard.ground import forbid_core_dumps
from guard.keyring.opened import opened
from guard.wire import read_object, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.keyring.store import Store

LINE_MOST: Final = 8192
"""Bytes of a request; the mark of a journal has at most some 1,300."""


def serve(folder: Path) -> Iterator[dict[str, object]]:
    """Yield an answer to each request on standard input; a refusal is the last one."""
    try:
        with opened(os.environ, folder, "the journal's keyring") as store:
            while line := sys.stdin.buffer.readline(LINE_MOST):
                yield _done(store, line)
    except GuardError as error:
        yield {"refused": error.sentence}
    except Exception as error:  # noqa: BLE001 -- the parent gets an answer, and no text may hold a key
        yield {"refused": f"the keeper failed ({type(error).__name__}); please report it."}


def _done(store: Store, line: bytes) -> dict[str, object]:
    request = read_object(json.loads(line))
    name = read_text(request["name"])
    match request["do"]:
        case "read":
            return {"text": store.read(name)}
        case "write":
            store.write(name, read_text(request["text"]))
        case "delete":
            store.delete(name)
        case _:
            raise ValueError("unknown request")
    return {"text": None}


def main() -> int:
    """Answer until the input ends."""
    forbid_core_dumps()  # inherited by the keyring
    for answer in serve(Path(sys.argv[1])):
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
