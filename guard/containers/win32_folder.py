r"""A folder that goes, whatever a browser has put into it.

Names are passed on with ``\\?\`` before them ("Naming Files, Paths, and Namespaces" of the Windows API): only
so can one be deleted that is longer than 260 characters or ends in a dot. What is read-only is made writable
first, for DeleteFile refuses it. A junction goes, and never what it leads to.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

if TYPE_CHECKING:
    from collections.abc import Iterator

GRAVE: Final = ".gone"
"""Added to a folder's name once nobody holds anything in it."""
_VERBATIM: Final = "\\\\?\\"
_SHARE: Final = "\\\\"
_Found = tuple[Path, os.stat_result]


def erased(folder: Path) -> bool:
    """Delete the folder, as much of it as can be; tell whether it is gone.

    It is renamed first, which Windows refuses while any process has anything in it open. Until that is done
    nothing is deleted, for whoever lives in there would only write anew.
    """
    grave = folder if folder.name.endswith(GRAVE) else folder.with_name(folder.name + GRAVE)
    with contextlib.suppress(OSError):
        if folder != grave and _exists(folder):
            _verbatim(folder).rename(_verbatim(grave))
        _delete(_verbatim(grave))
    return not is_there(folder)


def is_there(folder: Path) -> bool:
    """Tell whether the folder is there, or what is left of it; whatever cannot be asked is there."""
    return _exists(folder) or _exists(folder.with_name(folder.name + GRAVE))


def size(folder: Path) -> int:
    """Return the bytes of all files in it, as far as they can be looked at now."""
    return sum(_written(path, found) for path, found in _below(_verbatim(folder)))


def _delete(folder: Path) -> None:
    """Delete all of it that nobody holds; raises OSError when something of it stays."""
    for path, found in _below(folder):
        with contextlib.suppress(OSError):  # the folder that it is in stays, then, and tells
            if found.st_file_attributes & stat.FILE_ATTRIBUTE_READONLY:
                path.chmod(stat.S_IWRITE)
            if found.st_file_attributes & stat.FILE_ATTRIBUTE_DIRECTORY:
                path.rmdir()
            else:
                path.unlink()
    folder.rmdir()


def _below(folder: Path) -> Iterator[_Found]:
    """Yield all in it with what is known of it, each folder after what lies in it; through no junction.

    By a list of its own: whoever nests folders a thousand deep must not exhaust Python's stack.
    """
    being_read, inside = [_entries(folder)], list[_Found]()
    while being_read:
        for path, found in being_read[-1]:
            leads_away = found.st_file_attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT
            if found.st_file_attributes & stat.FILE_ATTRIBUTE_DIRECTORY and not leads_away:
                inside.append((path, found))
                being_read.append(_entries(path))
                break
            yield path, found
        else:
            being_read.pop()
            if inside:
                yield inside.pop()


def _entries(folder: Path) -> Iterator[_Found]:
    """Yield what lies in this folder itself."""
    try:
        entries = list(os.scandir(folder))
    except OSError:  # it is going, or somebody lets nobody look into it
        return
    for entry in entries:
        with contextlib.suppress(OSError):
            yield Path(entry.path), entry.stat(follow_symlinks=False)


def _written(path: Path, found: os.stat_result) -> int:
    """Return a file's bytes; the folder knows of those only that were there when it was last closed."""
    if found.st_file_attributes & stat.FILE_ATTRIBUTE_DIRECTORY:
        return 0
    try:
        return max(found.st_size, path.lstat().st_size)
    except OSError:
        return found.st_size


def _exists(folder: Path) -> bool:
    """Not Path.exists, which says no of what it may not look at, or of what is being deleted."""
    try:
        _verbatim(folder).lstat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def _verbatim(folder: Path) -> Path:
    path = os.fspath(folder.absolute())
    if path.startswith(_VERBATIM):
        return folder
    return Path(f"{_VERBATIM}UNC{path[1:]}" if path.startswith(_SHARE) else _VERBATIM + path)
