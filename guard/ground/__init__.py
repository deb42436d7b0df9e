"""What the guard stands on: the few calls of the operating system that differ, under one name each."""

import sys

if sys.platform == "win32":
    from guard.ground.windows.accounts import KEPT_VARIABLES, account_name
    from guard.ground.windows.children import start_bound
    from guard.ground.windows.clocks import boot_seconds, monotonic_seconds
    from guard.ground.windows.files import FileLock, flush_folder, open_flags, open_shared
    from guard.ground.windows.installation import installation, installed_settings
    from guard.ground.windows.libraries import restrict_libraries
    from guard.ground.windows.memory import forbid_core_dumps, share_one_heap
    from guard.ground.windows.places import runtime_folder, state_home
    from guard.ground.windows.policy import machine_policy
    from guard.ground.windows.sockets import readable, socket_pair, taken_over
else:
    from guard.ground.linux.accounts import KEPT_VARIABLES, account_name
    from guard.ground.linux.children import start_bound
    from guard.ground.linux.clocks import boot_seconds, monotonic_seconds
    from guard.ground.linux.files import FileLock, flush_folder, open_flags, open_shared
    from guard.ground.linux.installation import installation, installed_settings
    from guard.ground.linux.memory import forbid_core_dumps, restrict_libraries, share_one_heap
    from guard.ground.linux.places import runtime_folder, state_home
    from guard.ground.linux.policy import machine_policy
    from guard.ground.linux.sockets import readable, socket_pair, taken_over

__all__ = [
    "KEPT_VARIABLES",
    "FileLock",
    "account_name",
    "boot_seconds",
    "flush_folder",
    "forbid_core_dumps",
    "installation",
    "installed_settings",
    "machine_policy",
    "monotonic_seconds",
    "open_flags",
    "open_shared",
    "readable",
    "restrict_libraries",
    "runtime_folder",
    "share_one_heap",
    "socket_pair",
    "start_bound",
    "state_home",
    "taken_over",
]
