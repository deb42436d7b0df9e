"""Real PC/SC services with virtual readers, as fixtures.

libpcsclite reads PCSCLITE_CSOCK_NAME once in a process, so it is a symbolic link for the whole run, and
each reader points the link at itself. Programs that a test starts get ``reader.socket_path`` instead.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guard.practice.pcscd import PracticeReader

if TYPE_CHECKING:
    from collections.abc import Iterator

_SOURCE = Path(__file__).with_name("virtual_reader.c")


class VirtualReader(PracticeReader):
    """A practice reader on the event-driven driver, which can also be unplugged."""

    def __init__(self, folder: Path, driver: Path) -> None:
        super().__init__(folder, driver)
        self._unplugged = folder / "unplugged"

    def unplug(self) -> None:
        """Pull the reader out, with whatever lies on it."""
        self._unplugged.touch()

    def plug(self) -> None:
        """Plug it in again."""
        self._unplugged.unlink()


def build_driver(folder: Path) -> Path:
    """Compile the event-driven reader's driver into this folder."""
    library = folder / "virtual_reader.so"
    compiler = shutil.which("gcc")
    assert compiler is not None, "the tests need gcc: install the packages gcc and libpcsclite-dev"
    subprocess.run(
        [
            *(compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-I/usr/include/PCSC"),
            *("-o", library, _SOURCE, "-lpthread"),
        ],
        check=True,
    )
    return library


@pytest.fixture(scope="session")
def virtual_reader_driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the event-driven reader's driver."""
    return build_driver(tmp_path_factory.mktemp("driver"))


@pytest.fixture(scope="session")
def pcsc_link(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give this process a PC/SC service that can change: none until a reader's fixture points the link."""
    link = tmp_path_factory.mktemp("pcsc") / "socket"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PCSCLITE_CSOCK_NAME", str(link))
        yield link


@pytest.fixture
def practice_reader(
    tmp_path_factory: pytest.TempPathFactory, virtual_reader_driver: Path, pcsc_link: Path
) -> Iterator[VirtualReader]:
    """Start a service with one event-driven reader and make it this process's PC/SC."""
    with VirtualReader(tmp_path_factory.mktemp("reader"), virtual_reader_driver) as reader:
        pcsc_link.symlink_to(reader.socket_path)
        yield reader
        pcsc_link.unlink()


@pytest.fixture(scope="module")
def lasting_reader(
    tmp_path_factory: pytest.TempPathFactory, virtual_reader_driver: Path, pcsc_link: Path
) -> Iterator[VirtualReader]:
    """Be `practice_reader` for a whole module."""
    with VirtualReader(tmp_path_factory.mktemp("reader"), virtual_reader_driver) as reader:
        pcsc_link.symlink_to(reader.socket_path)
        yield reader
        pcsc_link.unlink()


@pytest.fixture
def vpcd_reader(tmp_path_factory: pytest.TempPathFactory, pcsc_link: Path) -> Iterator[PracticeReader]:
    """Start a service with vpcd's reader, polled every 400 ms, and make it this process's PC/SC."""
    with PracticeReader(tmp_path_factory.mktemp("vpcd")) as reader:
        pcsc_link.symlink_to(reader.socket_path)
        yield reader
        pcsc_link.unlink()
