"""PINs are kept as argon2id hashes of a fixed cost."""

from __future__ import annotations

import pytest

from guard.errors import MachineError
from guard.secret import Secret
from guard.staff.hashing import MEMORY_KIB, PASSES, Argon2Hasher

PIN = Secret("482913")


def test_only_the_pin_itself_is_right() -> None:
    hasher = Argon2Hasher()
    hashed = hasher.hash(PIN)
    assert hasher.verify(hashed, PIN)
    for wrong in ("482914", "", "48291", "4829130", "４８２９１３"):
        assert not hasher.verify(hashed, Secret(wrong))


def test_the_same_pin_never_has_the_same_hash() -> None:
    hasher = Argon2Hasher()
    first, second = hasher.hash(PIN), hasher.hash(PIN)
    assert first != second
    assert first.startswith(f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1$")
    assert len(first) < 200


@pytest.mark.parametrize("hashed", ["", "x", "$argon2id$", "482913", "$argon2id$v=19$m=8,t=1,p=1$c2FsdA$x"])
def test_what_is_no_hash_is_no_yes(hashed: str) -> None:
    with pytest.raises(MachineError):
        Argon2Hasher().verify(hashed, PIN)
