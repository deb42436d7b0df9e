"""What the tests of this folder are given, where it can be had."""

from __future__ import annotations

import sys

if sys.platform == "linux":
    from tests.practice.fixtures import display, hands, portal, start_url, town  # noqa: F401 -- pytest finds them here
