"""What the keeper is called on the PC; the installer (installer/windows) writes the same names."""

from __future__ import annotations

from typing import Final

SERVICE: Final = "MadoguchiGuardKeeper"
DISPLAY: Final = "Madoguchi Guard Keeper"
DESCRIPTION: Final = "窓口ガードを始め、止まったら始めなおします。 / Starts the guard and starts it again."
ARGUMENTS: Final = "-I -B -m guard.keeper service"
"""What follows the interpreter in the service's command. -B: what SYSTEM compiles no removal would find."""
KEY: Final = r"SOFTWARE\MadoguchiGuard"
r"""Below HKEY_LOCAL_MACHINE, where only administrators write."""
ACCOUNT: Final = "Account"
"""REG_SZ there: whose session the guard serves; empty or absent: whoever is at the console."""
EVENT_SOURCE: Final = "MadoguchiGuard"
"""The source in the Application log that the guard's own events have, too."""
LINE: Final = "MADOGUCHI_GUARD_KEEPERS_LINE"
"""Environment variable of the guard: the name of its line, without which nobody keeps it."""
SECONDS: Final = "MADOGUCHI_GUARD_KEEPERS_SECONDS"
"""Environment variable of the guard: s within which the keeper wants a sign of life."""
