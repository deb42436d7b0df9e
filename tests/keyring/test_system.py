"""Whatever a keyring's backend raises is a no."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from guard.errors import MachineError
from guard.keyring.system import SERVICE, KeyringStore


class FakeKeyring(KeyringBackend):
    """Keeps texts in memory, unless it is broken."""

    priority = 0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept = dict[tuple[str, str], str]()
        self.broken: Exception | None = None

    def get_password(self, service: str, username: str) -> str | None:
        self._stumble()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._stumble()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._stumble()
        if (service, username) not in self.kept:
            raise PasswordDeleteError
        del self.kept[service, username]

    def _stumble(self) -> None:
        if self.broken:
            raise self.broken


@dataclass
class Disk:
    """Counts how often it was flushed."""

    flushed: int = 0
    broken: list[OSError] = field(default_factory=list)

    def flush(self) -> None:
        if self.broken:
            raise self.broken[0]
        self.flushed += 1


def test_each_change_is_flushed_before_it_counts() -> None:
    keyring, disk = FakeKeyring(), Disk()
    store = KeyringStore(keyring, disk.flush)
    store.write("index", "[]")
    assert (store.read("index"), keyring.kept, disk.flushed) == ("[]", {(SERVICE, "index"): "[]"}, 1)
    store.delete("index")
    assert (store.read("index"), disk.flushed) == (None, 2)
    disk.broken.append(OSError())
    with pytest.raises(MachineError):
        store.write("index", "[]")


@pytest.mark.parametrize("error", [PasswordDeleteError(), OSError(), ValueError("482913")])
def test_whatever_the_backend_raises_is_a_machine_error_without_its_text(error: Exception) -> None:
    keyring, disk = FakeKeyring(), Disk()
    store = KeyringStore(keyring, disk.flush)
    keyring.broken = error
    with pytest.raises(MachineError, match=type(error).__name__) as no:
        store.read("index")
    assert "482913" not in no.value.sentence
    with pytest.raises(MachineError):
        store.write("index", "[]")
    with pytest.raises(MachineError):
        store.delete("index")
    assert disk.flushed == 0
