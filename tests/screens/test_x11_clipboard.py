"""Clearing the clipboard when the shade's own connection is no more."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

from contextlib import closing

from Xlib import X, Xatom
from Xlib.display import Display

from guard.screens.x11_clipboard import clear_anew
from tests.support.xvfb import Xvfb

SELECTIONS = ("PRIMARY", "SECONDARY", "CLIPBOARD")


def test_a_connection_of_its_own_empties_what_others_hold() -> None:
    with Xvfb() as server, closing(Display(server.display)) as owner:
        root = owner.screen().root
        window = root.create_window(0, 0, 9, 9, 0, X.CopyFromParent)
        for name in SELECTIONS:
            window.set_selection_owner(owner.get_atom(name), X.CurrentTime)
        root.change_property(Xatom.CUT_BUFFER7, Xatom.STRING, 8, b"x")
        assert owner.get_selection_owner(owner.get_atom("CLIPBOARD")) == window
        assert clear_anew(server.display)
        assert {owner.get_selection_owner(owner.get_atom(name)) for name in SELECTIONS} == {X.NONE}
        assert root.get_full_property(Xatom.CUT_BUFFER7, X.AnyPropertyType) is None


def test_where_no_server_is_any_more_there_is_no_clipboard() -> None:
    with Xvfb() as server:
        name = server.display
    assert clear_anew(name)
