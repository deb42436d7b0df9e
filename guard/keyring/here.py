"""The store of this system's keyring for a process with threads: ``OwnStore(environment, folder)``."""

import sys

if sys.platform == "win32":
    from guard.keyring.credential_manager import HeldStore as OwnStore
else:
    from guard.keyring.kept import KeptStore as OwnStore

__all__ = ["OwnStore"]
