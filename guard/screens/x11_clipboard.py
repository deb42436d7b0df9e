"""Emptying what X11 calls the clipboard: three selections, which their owners hold, and eight cut buffers."""

from __future__ import annotations

import socket
import sys
from contextlib import closing

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

from Xlib import X, Xatom, display
from Xlib import error as xerror
from Xlib.ext import xfixes
from Xlib.protocol import request
from Xlib.support import connect

_SELECTIONS = ("PRIMARY", "SECONDARY", "CLIPBOARD")
_NEW_OWNER, _OWNER_SET = 1, 0
"""XFixesSetSelectionOwnerNotifyMask, XFixesSetSelectionOwnerNotify (xfixesproto, section 7)."""
_CUT_BUFFERS = range(Xatom.CUT_BUFFER0, Xatom.CUT_BUFFER7 + 1)


def clear(client: display.Display) -> bool:
    """Take all selections from their owners and delete the buffers; tell whether nothing came back."""
    root = client.screen().root
    selections = [client.get_atom(name) for name in _SELECTIONS]
    for selection in selections:
        request.SetSelectionOwner(
            display=client.display, window=X.NONE, selection=selection, time=X.CurrentTime
        )
    for buffer in _CUT_BUFFERS:
        root.delete_property(buffer)
    owners = [client.get_selection_owner(selection) for selection in selections]
    left = set(root.list_properties()) & set(_CUT_BUFFERS)
    return all(owner == X.NONE for owner in owners) and not left


def watch(client: display.Display) -> None:
    """Ask to be told, by events that `filled` knows, whenever a program takes a selection."""
    if client.has_extension("XFIXES"):
        client.xfixes_query_version()
        for name in _SELECTIONS:
            client.xfixes_select_selection_input(client.screen().root, client.get_atom(name), _NEW_OWNER)


def filled(event: object) -> bool:
    """Tell whether this event says that a program took a selection."""
    if not isinstance(event, xfixes.SelectionNotify) or event.sub_code != _OWNER_SET:
        return False
    return bool(getattr(event.owner, "id", event.owner))


def clear_anew(name: str) -> bool:
    """Clear by a connection of its own, for when the shade's broke; True also when the server is gone.

    Selections and buffers live in the server: where nobody listens any more, there are none.
    """
    if not somebody_listens(name):
        return True
    try:
        with closing(display.Display(name)) as client:
            return clear(client)
    except (xerror.DisplayError, xerror.ConnectionClosedError, OSError):
        return False


def somebody_listens(name: str) -> bool:
    """Knock where a server of this PC listens; displays of other PCs are refused at the start."""
    try:
        _, _, host, number, _ = connect.get_display(name)
    except xerror.DisplayError:
        return True
    if host:
        return True
    path = f"/tmp/.X11-unix/X{number}"  # noqa: S108 -- where X servers listen
    for address in (path, f"\0{path}"):
        with socket.socket(socket.AF_UNIX) as knocking:
            if not knocking.connect_ex(address):
                return True
    return False
