"""The heap of the core, in a process of its own."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import subprocess

THREADS = 8
_WORK = f"""
import sys, threading
from guard.ground import share_one_heap

if "shared" in sys.argv:
    share_one_heap()

def size():
    (line,) = [line for line in open("/proc/self/status") if line.startswith("VmSize")]
    return int(line.split()[1]) // 1024

threading.stack_size(1 << 20)
before, done, kept = size(), threading.Event(), []
def live():
    kept.append(bytearray(50_000))
    done.wait()
threads = [threading.Thread(target=live) for _ in range({THREADS})]
for thread in threads:
    thread.start()
while len(kept) < len(threads):
    pass
print(size() - before)
done.set()
"""
RESERVED = 64
"""MiB of addresses that glibc sets aside for a thread's heap (HEAP_MAX_SIZE, 64-bit)."""


def _grown(*words: str) -> int:
    """Return by how many MiB of addresses eight threads have made a process grow."""
    done = subprocess.run([sys.executable, "-c", _WORK, *words], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_threads_of_the_core_have_no_heaps_of_their_own() -> None:
    assert _grown() > THREADS * RESERVED / 2, "without it they have"
    assert _grown("shared") < RESERVED
