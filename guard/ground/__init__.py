"""What the guard stands on: the few calls of the operating system that differ, under one name each."""

import sys

if sys.platform == "win32":
    from guard.ground.windows import (
        KEPT_VARIABLES,
        FileLock,
        account_name,
        boot_seconds,
        flush_folder,
        forbid_core_dumps,
        machine_policy,
        monotonic_seconds,
        open_flags,
        open_shared,
        readable,
        restrict_libraries,
        runtime_folder,
        share_one_heap,
        start_bound,
        state_home,
        taken_over,
    )
else:
    from guard.ground.linux import (
        KEPT_VARIABLES,
        FileLock,
        account_name,
        boot_seconds,
        flush_folder,
        forbid_core_dumps,
        machine_policy,
        monotonic_seconds,
        open_flags,
        open_shared,
        readable,
        restrict_libraries,
        runtime_folder,
        share_one_heap,
        start_bound,
        state_home,
        taken_over,
    )

__all__ = [
    "KEPT_VARIABLES",
    "FileLock",
    "account_name",
    "boot_seconds",
    "flush_folder",
    "forbid_core_dumps",
    "machine_policy",
    "monotonic_seconds",
    "open_flags",
    "open_shared",
    "readable",
    "restrict_libraries",
    "runtime_folder",
    "share_one_heap",
    "start_bound",
    "state_home",
    "taken_over",
]
