"""PINs are kept as argon2id hashes only (RFC 9106)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError, VerifyMismatchError

from guard.errors import MachineError

if TYPE_CHECKING:
    from guard.secret import Secret

MEMORY_KIB: Final = 128 * 1024
"""As much as a counter PC can spare for a quarter of a second."""
PASSES: Final = 2
"""With this memory and one thread a hash costs about 250 ms on a PC of 2 cores; see tests/bench/pin.py."""


class Hasher(Protocol):
    """Makes a text of a secret that only the secret can be checked against."""

    def hash(self, secret: Secret) -> str:
        """Return a printable line of at most 200 characters; raises MachineError."""
        ...

    def verify(self, hashed: str, secret: Secret) -> bool:
        """Tell whether the hash was made of this secret; raises MachineError when it is no hash."""
        ...


class Argon2Hasher:
    """The one in use; implements `Hasher`. All hashes cost the same, so that time tells nothing."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1)

    def hash(self, secret: Secret) -> str:
        """See `Hasher.hash`."""
        try:
            return self._hasher.hash(secret.reveal())
        except Argon2Error as error:
            raise MachineError(f"a PIN could not be hashed ({type(error).__name__}).") from None

    def verify(self, hashed: str, secret: Secret) -> bool:
        """See `Hasher.verify`."""
        try:
            return self._hasher.verify(hashed, secret.reveal())
        except (VerifyMismatchError, UnicodeEncodeError):  # what is no text was never anybody's PIN
            return False
        except (Argon2Error, InvalidHashError) as error:
            raise MachineError(f"a PIN could not be checked ({type(error).__name__}).") from None
