"""The kinds of browser that every capsule test runs against."""

from __future__ import annotations

from typing import Final

KINDS: Final = ("embedded", "chromium")
"""Values of ``[browser] kind``."""
