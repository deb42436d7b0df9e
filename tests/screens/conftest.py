"""What the tests of this folder are given, where it can be had."""

from __future__ import annotations

import sys

if sys.platform == "linux":
    from tests.screens.fixtures import ear, other, screen, shade  # noqa: F401 -- pytest finds them here
