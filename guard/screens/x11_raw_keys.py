"""Keys as the keyboards themselves report them, before any window, grab or repeat: XInput 2 raw events.

Raw events reach every client that asks for them on the root, whoever has the keyboard, and since version 2.1
of the protocol also while another client holds a grab (XI2proto.txt, "Changes in version 2.1"). They are sent
twice, once for the keyboard itself and once for the master it feeds. Only the first copy is taken: a grab
that freezes or empties the master does not touch it.
"""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from Xlib import error as xerror
from Xlib.ext import ge, xinput

if TYPE_CHECKING:
    from Xlib.display import Display
    from Xlib.protocol.rq import Event as XEvent

_VERSION = (2, 2)
"""What we announce; a client that announces 2.0 (as python-xlib does) hears nothing during foreign grabs."""
_LEAST = (2, 1)
_BODY = struct.Struct("=HIIH")
"""xXIRawEvent after evtype: deviceid, time, detail (a key code), sourceid; the rest does not matter here."""


@dataclass(frozen=True, slots=True)
class RawKey:
    """A key of one keyboard went down or up."""

    device: int
    code: int
    down: bool


def can_listen(client: Display) -> bool:
    """Tell whether this server sends raw keys during grabs too; tells it that we want them then."""
    if not (client.has_extension(xinput.extname) and client.has_extension(ge.extname)):
        return False
    major, minor = _VERSION
    try:
        answer = xinput.XIQueryVersion(
            display=client.display,
            opcode=client.display.get_extension_major(xinput.extname),
            major_version=major,
            minor_version=minor,
        )
    except xerror.XError:  # XInput 1 does not know this request
        return False
    return (answer.major_version, answer.minor_version) >= _LEAST


def listen(client: Display) -> None:
    """Ask for the raw keys of all keyboards; only after `can_listen` said yes."""
    wanted = (1 << xinput.RawKeyPress) | (1 << xinput.RawKeyRelease)
    xinput.select_events(client.screen().root, [(xinput.AllDevices, (wanted,))])


def raw_key(client: Display, event: XEvent) -> RawKey | None:
    """Read an event as a raw key; None when it is something else, forged, or the master's copy."""
    if event.type != ge.GenericEventCode or event.send_event:
        return None
    if event.extension != client.display.get_extension_major(xinput.extname):
        return None
    if event.evtype not in {xinput.RawKeyPress, xinput.RawKeyRelease}:
        return None
    device, _time, code, source = _BODY.unpack_from(event.data)
    if device != source:
        return None
    return RawKey(device=device, code=code, down=event.evtype == xinput.RawKeyPress)
