"""How ``guard status`` and its like reach the running guard: one JSON line each way, on this PC alone.

`ControlServer` and `ControlClient` are the operating system's: a Unix socket, or a named pipe.
"""

import sys

from guard.control.protocol import ANSWER_SECONDS, MAX_ANSWER, MAX_REQUEST, VERSION, Handler, NotRunningError

if sys.platform == "win32":
    from guard.control.named_pipe import ControlClient, ControlServer, control_address
else:
    from guard.control.unix import ControlClient, ControlServer, control_address

__all__ = [
    "ANSWER_SECONDS",
    "MAX_ANSWER",
    "MAX_REQUEST",
    "VERSION",
    "ControlClient",
    "ControlServer",
    "Handler",
    "NotRunningError",
    "control_address",
]
