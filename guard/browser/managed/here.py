"""The system that installed browsers are started on."""

import sys

if sys.platform == "win32":
    from guard.browser.managed.win32_installed import managed_here
    from guard.browser.managed.win32_start import WindowsStart as ThisStart
else:
    from guard.browser.managed.launch import managed_here
    from guard.browser.managed.linux_start import LinuxStart as ThisStart

__all__ = ["ThisStart", "managed_here"]
