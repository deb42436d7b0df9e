"""Windows' cache of host names and their addresses, which outlives every browser."""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

from guard.browser.port import HostNames


def forget_names() -> HostNames:
    """Have the DNS client forget everything, as ``ipconfig /flushdns`` does (DnsFlushResolverCache)."""
    flush = ctypes.WinDLL("dnsapi").DnsFlushResolverCache
    flush.restype = wintypes.BOOL
    return HostNames.FORGOTTEN if flush() else HostNames.KEPT
