"""One shared handle on the card that lies there (``reader.watch = "handle"``).

Why: a reader without an interrupt endpoint is polled every 400 ms by pcsc-lite, and a swap within one poll
hides from everybody who is not connected; with a handle held pcscd itself notices it, and it was seen 40 of
40 times without any gap. So the handle is checked only when the watch wakes: twenty checks a second found
nothing sooner and cost 1.9 % of a core. Price: other programs cannot open the card exclusively meanwhile, and
a reset by one of them counts as a change.
"""

from __future__ import annotations

from guard.readers.scard import Code, Context, Handle, Scard

_CHANGED_CARD = (
    Code.REMOVED_CARD,
    Code.RESET_CARD,
    Code.NO_SMARTCARD,
    Code.UNPOWERED_CARD,
    Code.UNRESPONSIVE_CARD,
)


class HeldHandle:
    """Takes, checks and gives back the handle; used by the watch's thread only. Sends nothing to the card."""

    def __init__(self, scard: Scard) -> None:
        self._scard = scard
        self._handle: Handle | None = None

    @property
    def held(self) -> bool:
        """True while a handle is held."""
        return self._handle is not None

    def take(self, context: Context, reader: str) -> int:
        """Take a handle unless one is held; return SUCCESS, or the code that says why it cannot be held.

        A card that just left, or that another program has for itself, is no such failure: the next look
        tells, or tries again.
        """
        if self._handle is not None:
            return Code.SUCCESS
        code, handle = self._scard.connect(context, reader)
        if code == Code.SUCCESS:
            self._handle = handle
        elif code in {Code.NO_SMARTCARD, Code.REMOVED_CARD, Code.SHARING_VIOLATION}:
            return Code.SUCCESS
        return code

    def same_card(self) -> tuple[int, bool]:
        """Return SUCCESS and whether the card is still the one that the handle was taken on.

        Without a handle nothing speaks against it. Any answer that is not about the card comes as its code.
        """
        if self._handle is None:
            return Code.SUCCESS, True
        code = self._scard.handle_status(self._handle)
        if code in {Code.SUCCESS, Code.SHARING_VIOLATION}:
            return Code.SUCCESS, True
        return (Code.SUCCESS if code in _CHANGED_CARD else code), False

    def give_back(self) -> None:
        """Give the handle back if one is held."""
        if self._handle is not None:
            self._scard.disconnect(self._handle)
            self._handle = None
