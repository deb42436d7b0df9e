"""The keyring library's Secret Service backend, on one connection that stays open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import secretstorage
from keyring.backends.SecretService import Keyring
from keyring.errors import InitError, KeyringLocked
from secretstorage.util import open_session

if TYPE_CHECKING:
    from jeepney.io.blocking import DBusConnection


class OneConnectionKeyring(Keyring):
    """Does what its parent does, which connects anew for each call; see `secret_service` for why not."""

    def __init__(self, connection: DBusConnection) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._connection: Final = _KeptOpen(connection)
        self._session: Final = open_session(connection)

    def get_preferred_collection(self) -> secretstorage.Collection:
        """Return the default collection; raises InitError or KeyringLocked."""
        try:
            collection = secretstorage.Collection(self._connection, session=self._session)
            locked = collection.is_locked()
        except secretstorage.SecretStorageException as error:
            raise InitError(f"The collection does not answer: {error}.") from error
        if locked:
            raise KeyringLocked("The collection is locked.")
        return collection


class _KeptOpen:
    """A connection that whoever uses it cannot close."""

    def __init__(self, connection: DBusConnection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> object:
        """Let everything else be the connection's."""
        return getattr(self._connection, name)

    def close(self) -> None:
        """Leave it open."""
