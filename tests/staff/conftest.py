from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.staff.vault_lab import VaultLab, vault_lab

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def lab() -> Iterator[VaultLab]:
    """An empty staff book, with the real vault and the real keyring."""
    with vault_lab() as made:
        yield made
