"""The system that the guard runs on: chosen here, once, and nowhere else."""

import sys

if sys.platform == "win32":
    from guard.machine.windows import WindowsMachine as ThisMachine
else:
    from guard.machine.linux import LinuxMachine as ThisMachine

__all__ = ["ThisMachine"]
