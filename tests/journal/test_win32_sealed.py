"""The journal on Windows: who can enter its folder, and what an open file is protected from."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

assert sys.platform == "win32"

import pytest
import win32security

from tests.journal.sealed_lab import Lab

if TYPE_CHECKING:
    from pathlib import Path

OWNER_RIGHTS, SYSTEM, ADMINISTRATORS = "S-1-3-4", "S-1-5-18", "S-1-5-32-544"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path / "journal")


def test_only_its_account_and_this_pc_s_administrators_can_enter(lab: Lab) -> None:
    lab.write("start")
    token = win32security.OpenProcessToken(-1, win32security.TOKEN_QUERY)
    own, _ = win32security.GetTokenInformation(token, win32security.TokenUser)
    security = win32security.GetFileSecurity(str(lab.folder), win32security.DACL_SECURITY_INFORMATION)
    entries = security.GetSecurityDescriptorDacl()
    allowed = {
        win32security.ConvertSidToStringSid(entries.GetAce(number)[-1])
        for number in range(entries.GetAceCount())
        if entries.GetAce(number)[1]  # an entry that gives nothing gives nobody anything
    }
    assert allowed
    assert allowed <= {win32security.ConvertSidToStringSid(own), OWNER_RIGHTS, SYSTEM, ADMINISTRATORS}


def test_a_segment_that_is_written_cannot_be_removed(lab: Lab) -> None:
    with lab.journal() as journal:
        lab.ear.wait_durable(journal.record("start"))
        with pytest.raises(PermissionError):
            lab.last_file().unlink()
