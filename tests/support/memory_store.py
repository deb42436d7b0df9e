"""A keyring store that costs nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from guard.errors import MachineError


@dataclass
class MemoryStore:
    """Implements `guard.keyring.store.Store`; says what was done."""

    items: dict[str, str] = field(default_factory=dict)
    done: list[tuple[str, str]] = field(default_factory=list)
    breaks_after: int | None = None
    """Writes that still succeed."""

    def read(self, name: str) -> str | None:
        self.done.append(("read", name))
        return self.items.get(name)

    def write(self, name: str, text: str) -> None:
        if self.breaks_after is not None:
            if self.breaks_after == 0:
                raise MachineError("the keyring does not write.")
            self.breaks_after -= 1
        self.done.append(("write", name))
        self.items[name] = text

    def delete(self, name: str) -> None:
        self.done.append(("delete", name))
        del self.items[name]
