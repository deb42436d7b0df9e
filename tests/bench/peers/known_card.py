"""A card that OpenSC takes for a My Number card, in place of the practice card, which answers nothing.

pkcs11_eventmgr sees only cards that its module knows. This one says yes to being chosen (the applet
JPKI and its files, as OpenSC's card-jpki.c asks for them) and holds nothing: nobody's data, no key.
Run by path, for the reader's room sees only installed packages.
"""

from __future__ import annotations

from typing import Final

from guard.practice.card import VirtualCard
from guard.practice.reader_room import PORT, main

SELECT_BY_NAME, SELECT_FILE, VERIFY, READ_BINARY = b"\xa4\x04", b"\xa4\x02", b"\x20", b"\xb0"
"""Instructions of ISO 7816-4; of the first two with P1."""
JPKI: Final = bytes.fromhex("D392F000260100000001")
DONE, TRIES_LEFT, NOT_FOUND = b"\x90\x00", b"\x63\xc3", b"\x6a\x82"
EMPTY: Final = b"\x30\x82\x00\x00"
"""An ASN.1 sequence without content, where a certificate would be."""


class KnownCard(VirtualCard):
    """Answers as far as it takes to be recognised."""

    def answer(self, command: bytes) -> bytes:
        """See `VirtualCard.answer`."""
        instruction = command[1:3]
        if instruction == SELECT_BY_NAME:
            return DONE if command[5:].startswith(JPKI) else NOT_FOUND
        if instruction == SELECT_FILE:
            return DONE
        if instruction.startswith(VERIFY):
            return TRIES_LEFT
        if instruction.startswith(READ_BINARY):
            return EMPTY + DONE
        return super().answer(command)


if __name__ == "__main__":
    main(KnownCard(PORT))
