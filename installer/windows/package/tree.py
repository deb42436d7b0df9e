"""The folder to be installed as rows: its directories, its files, and what Python leaves beside them.

A component is a folder: the product comes and goes as a whole (RemoveExistingProducts runs first), so finer
ones would only cost a row in the registry each.
"""

from __future__ import annotations

import hashlib
from dataclasses import KW_ONLY, dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from installer.windows.package.names import ShortNames, guid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from installer.windows.package.rows import Rows

INSTALLDIR: Final = "INSTALLDIR"
FEATURE: Final = "Guard"
PYTHON: Final = "Python"
"""The component whose key file is python.exe: the service hangs on it."""
PYTHONDIR: Final = "PYTHONDIR"
_SIXTY_FOUR: Final = 256  # msidbComponentAttributes64bit
_ON_UNINSTALL: Final = 2  # msidbRemoveFileInstallModeOnRemove
_COMPRESSED: Final = 16384  # msidbFileAttributesCompressed
_CACHE = "__pycache__"


@dataclass(frozen=True, slots=True)
class Component:
    """A 64-bit component of the one feature."""

    name: str
    directory: str
    _: KW_ONLY
    key: str | None = None
    """Its key path: a file, or a row of the registry; None: the directory."""
    attributes: int = 0
    condition: str | None = None

    def add(self, rows: Rows) -> None:
        """Add it; its id hangs on its name alone, and is the same in every version."""
        attributes = self.attributes | _SIXTY_FOUR
        row = (
            self.name,
            guid(f"component {self.name}"),
            self.directory,
            attributes,
            self.condition,
            self.key,
        )
        rows.add("Component", *row)
        rows.add("FeatureComponents", FEATURE, self.name)


def add_tree(rows: Rows, root: Path, tag: str) -> Sequence[tuple[str, Path]]:
    """Add all that lies in ``root``, which becomes INSTALLDIR; return the files by key, in their sequence.

    ``tag`` is how the interpreter marks what it compiles (sys.implementation.cache_tag). Raises ValueError
    for a link, and for an empty folder, which nothing would install.
    """
    return _Tree(rows, root, tag).add()


class _Tree:
    def __init__(self, rows: Rows, root: Path, tag: str) -> None:
        self._rows = rows
        self._root = root
        self._tag = tag
        self._files = list[tuple[str, Path]]()

    def add(self) -> list[tuple[str, Path]]:
        self._folder(self._root, INSTALLDIR)
        return self._files

    def _folder(self, folder: Path, directory: str) -> None:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
        if not entries or any(entry.is_symlink() for entry in entries):
            raise ValueError(f"{folder} is empty or holds a link")
        names = ShortNames()
        files = [(entry, names.filename(entry.name)) for entry in entries if entry.is_file()]
        if files:
            self._component(directory, files)
            modules = [entry.stem for entry, _ in files if entry.suffix == ".py"]
            if modules:
                self._bytecode(directory, modules, names)
        for entry in entries:
            if entry.is_dir():
                child = self._id("d", entry) if self._path(entry) != PurePosixPath("python") else PYTHONDIR
                self._rows.add("Directory", child, directory, names.filename(entry.name))
                self._folder(entry, child)

    def _component(self, directory: str, files: list[tuple[Path, str]]) -> None:
        """Add the component of this folder; its first file, or python.exe, tells whether it is there."""
        name = PYTHON if directory == PYTHONDIR else f"c_{directory}"
        main = None
        for path, filename in files:
            key = f"f{len(self._files) + 1:05d}"
            if main is None or (directory == PYTHONDIR and path.name == "python.exe"):
                main = key
            sequence = len(self._files) + 1
            self._rows.add(
                "File", key, name, filename, path.stat().st_size, None, None, _COMPRESSED, sequence
            )
            self._files.append((key, path))
        Component(name, directory, key=main).add(self._rows)

    def _bytecode(self, directory: str, modules: list[str], names: ShortNames) -> None:
        """Have removed what Python compiles beside the modules: nobody installed it.

        Each by its name: what else somebody may have put there is not ours.
        """
        component, cache = f"c_{directory}" if directory != PYTHONDIR else PYTHON, f"p_{directory}"
        self._rows.add("Directory", cache, directory, names.filename(_CACHE))
        compiled = ShortNames()
        for number, module in enumerate(modules):
            name = compiled.filename(f"{module}.{self._tag}.pyc")
            self._rows.add("RemoveFile", f"{cache}_{number:04d}", component, name, cache, _ON_UNINSTALL)
        self._rows.add("RemoveFile", f"{cache}_z", component, None, cache, _ON_UNINSTALL)
        self._rows.add("RemoveFile", f"{cache}_zz", component, None, directory, _ON_UNINSTALL)

    def _id(self, kind: str, path: Path) -> str:
        return kind + hashlib.sha256(self._path(path).as_posix().encode()).hexdigest()[:16]

    def _path(self, path: Path) -> PurePosixPath:
        return PurePosixPath(path.relative_to(self._root).as_posix())
