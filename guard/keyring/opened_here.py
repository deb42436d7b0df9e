"""The store of this system's keyring for a process that does nothing else: `opened`."""

import sys

if sys.platform == "win32":
    from guard.keyring.credential_manager import opened
else:
    from guard.keyring.opened import opened

__all__ = ["opened"]
