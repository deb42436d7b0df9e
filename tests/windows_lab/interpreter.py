"""Builds the lab's Windows CPython, inside the lab's own Debian: ``python3 interpreter.py BUILD TARGET``.

CPython's own project file for Visual Studio names the core's sources; what follows from a compiler that is
not Microsoft's is in _EDITS and _modules below. A *test* interpreter: never shipped. BUILD holds the sources
``python``, ``zlib``, ``bzip2``, ``sqlite3`` and, built already, ``native`` (the frozen modules of a native
build), ``ffi`` and ``ssl``; TARGET becomes the folder with ``python.exe``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_COMPILER: Final = "x86_64-w64-mingw32ucrt-gcc"
_STATIC: Final = ("-static-libgcc", "-Wl,-Bstatic", "-lwinpthread", "-Wl,-Bdynamic")


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a source; a pattern that is not found ends the build: the source is not the one meant."""

    file: str
    pattern: str
    replacement: str
    count: int = 0  # how many at most; 0 is all


_EDITS: Final = (
    # Guards that name Microsoft's compiler and mean Windows.
    Edit("Modules/posixmodule.c", r"_MSC_VER", "MS_WINDOWS"),
    Edit("Modules/timemodule.c", r"#ifdef _MSC_VER", "#ifdef MS_WINDOWS", 1),
    Edit("Modules/_ssl.c", r"ifdef _MSC_VER", "ifdef MS_WINDOWS"),
    Edit("Modules/clinic/_ssl.c.h", r"defined\(_MSC_VER\)", "defined(MS_WINDOWS)"),
    Edit("Modules/selectmodule.c", r"_MSC_VER", "MS_WINDOWS"),
    # A Windows socket is no small number: every one can be waited for.
    Edit("Modules/socketmodule.c", r"(?m)^(#\s*define IS_SELECTABLE\(s\)).*", r"\1 1"),
    # Names that mingw's headers have as enumerations, defined as themselves.
    Edit("Modules/socketmodule.c", r"(?m)^#[ \t]*define[ \t]+(IPPROTO_[A-Z0-9]+)[ \t]+\1\b.*\n", ""),
    # Declared without static elsewhere.
    Edit("Python/dynload_win.c", r"(?m)^static int$", "int"),
)

# What PC/pyconfig.h says to Visual Studio only.
_CONFIGURATION: Final = """#define COMPILER "[GCC " __VERSION__ " 64 bit (AMD64)]"
#define PYD_PLATFORM_TAG "win_amd64"
#define PY_SUPPORT_TIER 0
#define Py_WINVER 0x0A00
#define Py_NTDDI 0x0A000006
#if defined(Py_BUILD_CORE) || defined(Py_BUILD_CORE_BUILTIN) || defined(Py_BUILD_CORE_MODULE)
#undef NTDDI_VERSION
#undef WINVER
#undef _WIN32_WINNT
#define NTDDI_VERSION Py_NTDDI
#define WINVER Py_WINVER
#define _WIN32_WINNT Py_WINVER
#endif
#define _W64
typedef long long Py_ssize_t;
#define PY_SSIZE_T_MAX LLONG_MAX
#define HAVE_PY_SSIZE_T 1
#define HAVE_UINTPTR_T 1
#define HAVE_INTPTR_T 1
"""
_PID: Final = """#define Py_CONFIG_H
#ifndef _PID_T_
#define _PID_T_
typedef int _pid_t;
typedef int pid_t;
#endif
"""

_HEADERS: Final = {
    # Windows' own compiler does not mind the case of a header's name.
    "Rpc.h": "#include <rpc.h>\n",
    "Unknwn.h": "#include <unknwn.h>\n",
    "ProcessSnapshot.h": "#include <processsnapshot.h>\n",
    # Wine 10 ends a process that calls PssCaptureSnapshot, as os.getppid() does.
    "before_posix.h": "#include <Python.h>\n#include <windows.h>\n#include <processsnapshot.h>\n"
    "#define PssCaptureSnapshot(a,b,c,d) ERROR_CALL_NOT_IMPLEMENTED\n",
    "before_faulthandler.h": "#include <Python.h>\n#undef Py_ARRAY_LENGTH\n"
    "#define Py_ARRAY_LENGTH(a) (sizeof(a)/sizeof((a)[0]))\n",
}

_CORE_LIBRARIES: Final = (
    "version",
    "ws2_32",
    "pathcch",
    "bcrypt",
    "advapi32",
    "shell32",
    "ole32",
    "oleaut32",
    "uuid",
)
_SSL_LIBRARIES: Final = ("ws2_32", "crypt32", "gdi32", "bcrypt", "user32", "advapi32")


@dataclass(frozen=True, slots=True)
class Module:
    """One extension module: its sources below the build folder, its options, its libraries."""

    sources: tuple[str, ...]
    options: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()


def _in(folder: str, names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}.c" for name in names.split())


# How much a Windows program may wait for at once is set when it is compiled; CPython's own build says 512.
_WAIT: Final = "-DFD_SETSIZE=512"


def _modules(build: Path) -> dict[str, Module]:
    modules, decimal = "python/Modules", "python/Modules/_decimal"
    expat = ("-DXML_STATIC", f"-I{build}/{modules}/expat")
    ssl = (f"-L{build}/ssl/lib64", f"-L{build}/ssl/lib")
    return {
        "_asyncio": Module(_in(modules, "_asynciomodule")),
        "_bz2": Module(
            (
                *_in(modules, "_bz2module"),
                *_in("bzip2", "blocksort bzlib compress crctable decompress huffman randtable"),
            ),
            (f"-I{build}/bzip2",),
        ),
        "_ctypes": Module(
            _in(f"{modules}/_ctypes", "_ctypes callbacks callproc cfield malloc_closure stgdict"),
            (
                *("-include", "winsock2.h"),
                *("-DUSING_MALLOC_CLOSURE_DOT_C=1", "-DFFI_STATIC_BUILD", f"-I{build}/ffi/include"),
            ),
            (f"-L{build}/ffi/lib", "-lffi", "-lole32", "-loleaut32", "-luuid"),
        ),
        "_decimal": Module(
            (
                *_in(decimal, "_decimal"),
                *_in(
                    f"{decimal}/libmpdec",
                    "basearith constants context convolute crt difradix2 fnt fourstep io mpalloc mpdecimal"
                    " numbertheory sixstep transpose",
                ),
            ),
            ("-DCONFIG_64", "-DANSI", "-DHAVE_UINT128_T=1", f"-I{build}/{decimal}", f"-I{build}/headers/mpd"),
        ),
        "_elementtree": Module(_in(modules, "_elementtree"), ("-DUSE_PYEXPAT_CAPI", *expat)),
        "_hashlib": Module(
            _in(modules, "_hashopenssl"),
            (f"-I{build}/ssl/include",),
            (*ssl, "-lcrypto", *(f"-l{name}" for name in _SSL_LIBRARIES)),
        ),
        "_multiprocessing": Module(
            _in(f"{modules}/_multiprocessing", "multiprocessing semaphore"), (), ("-lws2_32",)
        ),
        "_overlapped": Module(_in(modules, "overlapped"), (), ("-lws2_32",)),
        "_queue": Module(_in(modules, "_queuemodule")),
        "_socket": Module(_in(modules, "socketmodule"), (_WAIT,), ("-lws2_32", "-liphlpapi", "-lrpcrt4")),
        "_sqlite3": Module(
            (
                *_in(
                    f"{modules}/_sqlite",
                    "connection cursor microprotocols module prepare_protocol row statement util blob",
                ),
                "sqlite3/sqlite3.c",
            ),
            ("-DPY_SQLITE_HAVE_SERIALIZE", "-DSQLITE_ENABLE_FTS5", f"-I{build}/sqlite3"),
        ),
        "_ssl": Module(
            _in(modules, "_ssl"),
            (f"-I{build}/ssl/include",),
            (*ssl, "-lssl", "-lcrypto", *(f"-l{name}" for name in _SSL_LIBRARIES)),
        ),
        "_uuid": Module(_in(modules, "_uuidmodule"), (), ("-lrpcrt4",)),
        "_zoneinfo": Module(_in(modules, "_zoneinfo")),
        "pyexpat": Module(
            (*_in(modules, "pyexpat"), *_in(f"{modules}/expat", "xmlparse xmlrole xmltok")),
            ("-DPYEXPAT_EXPORTS", *expat),
        ),
        "select": Module(_in(modules, "selectmodule"), (_WAIT,), ("-lws2_32",)),
        "unicodedata": Module(_in(modules, "unicodedata")),
        "winsound": Module(("python/PC/winsound.c",), (), ("-lwinmm",)),
    }


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{done.stderr}\nfailed: {' '.join(command)}")


@dataclass(frozen=True, slots=True)
class Builder:
    """Compiles and links, several at a time."""

    build: Path
    target: Path

    @property
    def _python(self) -> Path:
        return self.build / "python"

    def everything(self) -> None:
        """From the sources as they came to a folder with ``python.exe``; SystemExit says what failed."""
        self._edit()
        self._write_headers()
        (self.target / "DLLs").mkdir(parents=True, exist_ok=True)
        self._core()
        self._stable()
        for name, module in _modules(self.build).items():
            objects = self._compile(name, module.sources, module.options)
            self._link(
                self.target / "DLLs" / f"{name}.pyd", "-shared", *objects, *self._against, *module.libraries
            )
        self._programs()

    def _edit(self) -> None:
        for edit in _EDITS:
            file = self._python / edit.file
            text, found = re.subn(edit.pattern, edit.replacement, file.read_text("utf-8"), count=edit.count)
            if not found:
                raise SystemExit(f"{file}: has no {edit.pattern}")
            file.write_text(text, "utf-8")

    def _write_headers(self) -> None:
        headers = self.build / "headers"
        (headers / "mpd").mkdir(parents=True, exist_ok=True)
        said = (self._python / "PC/pyconfig.h.in").read_text("utf-8")
        said = said.replace('#define COMPILER "[gcc]"', _CONFIGURATION)
        (headers / "pyconfig.h").write_text(said.replace("#define Py_CONFIG_H\n", _PID, 1), "utf-8")
        for name, text in _HEADERS.items():
            (headers / name).write_text(text, "utf-8")
        decimal = self._python / "Modules/_decimal/libmpdec/mpdecimal.h"
        (headers / "mpd/mpdecimal.h").write_bytes(decimal.read_bytes())

    @property
    def _options(self) -> tuple[str, ...]:
        python, build = self._python, self.build
        folders = (
            build / "headers",
            python / "Include",
            python / "Include/internal",
            python / "Include/internal/mimalloc",
            python / "PC",
            python / "Modules/_hacl/include",
            python / "Modules/_hacl/internal",
            python / "Python",
            build / "native/Python",
            build / "native",
            build / "zlib",
        )
        names = ("NDEBUG", "WIN32", "_M_X64", "Py_ENABLE_SHARED", "UNICODE", "_UNICODE")
        return (
            *("-O1", "-fwrapv", "-fno-strict-aliasing", "-municode", "-w"),
            *("-Wno-error=incompatible-pointer-types", "-Wno-error=int-conversion"),
            "-Wno-error=implicit-function-declaration",
            *(f"-D{name}" for name in names),
            '-DPY3_DLLNAME=L"python3"',
            *(f"-I{folder}" for folder in folders),
        )

    def _compile(self, name: str, sources: Iterable[str], options: Iterable[str] = ()) -> list[str]:
        """The objects of the sources: those that are older than their sources are made anew."""
        folder = self.build / "objects" / name
        folder.mkdir(parents=True, exist_ok=True)
        own = {
            "getpath.c": (
                *("-DPREFIX=NULL", "-DEXEC_PREFIX=NULL", "-DVERSION=NULL", '-DVPATH=""', '-DPYDEBUGEXT=""'),
                '-DPLATLIBDIR="DLLs"',
            ),
            "sysmodule.c": ('-DVPATH=""',),
            "binascii.c": ("-DUSE_ZLIB_CRC32",),
            "mmapmodule.c": ("-DDONT_USE_SEH",),
            "posixmodule.c": ("-include", str(self.build / "headers/before_posix.h")),
            "pytime.c": ("-include", "winsock2.h"),
            "faulthandler.c": ("-include", str(self.build / "headers/before_faulthandler.h")),
        }

        def one(source: str) -> str:
            made, read = folder / (source.replace("/", "_") + ".o"), self.build / source
            if not made.exists() or made.stat().st_mtime < read.stat().st_mtime:
                more = own.get(read.name, ())
                _run(_COMPILER, *self._options, *options, *more, "-c", str(read), "-o", f"{made}.new")
                Path(f"{made}.new").replace(made)
            return str(made)

        with ThreadPoolExecutor(os.cpu_count()) as workers:
            return list(workers.map(one, sources))

    def _link(self, made: Path, *arguments: str) -> None:
        _run(_COMPILER, *arguments, "-o", str(made), *_STATIC)

    @property
    def _against(self) -> tuple[str]:
        return (str(self.target / "python313.dll"),)

    def _core(self) -> None:
        project = (self._python / "PCbuild/pythoncore.vcxproj").read_text("utf-8")
        sources = [
            name.replace("\\", "/").replace("../", "python/").replace("$(zlibDir)", "zlib")
            for name in re.findall(r'<ClCompile Include="([^"]+)"', project)
        ]
        names = ("_USRDLL", "Py_BUILD_CORE", "Py_BUILD_CORE_BUILTIN", 'MS_DLL_ID="3.13"', "_Py_HAVE_ZLIB")
        objects = self._compile("core", sources, [f"-D{name}" for name in names])
        libraries = [f"-l{name}" for name in _CORE_LIBRARIES]
        self._link(self.target / "python313.dll", "-shared", *objects, *libraries)

    def _stable(self) -> None:
        """python3.dll: hands the stable interface on to python313.dll, for the wheels that ask for it."""
        exports = re.findall(
            r"(?m)^EXPORT_(FUNC|DATA)\((\w+)\)", (self._python / "PC/python3dll.c").read_text("utf-8")
        )
        lines = [f"  {name} = python313.{name}{' DATA' * (kind == 'DATA')}\n" for kind, name in exports]
        definition, entry = self.build / "python3.def", self.build / "entry.c"
        definition.write_text("LIBRARY python3\nEXPORTS\n" + "".join(lines), "utf-8")
        entry.write_text("int __stdcall DllMain(void *a, unsigned b, void *c) { return 1; }\n", "utf-8")
        self._link(self.target / "python3.dll", "-shared", str(entry), str(definition))

    def _programs(self) -> None:
        script, manifest = self.build / "manifest.rc", self.build / "manifest.o"
        script.write_text(f'1 24 "{self._python}/PC/python.manifest"\n', "utf-8")
        _run("x86_64-w64-mingw32ucrt-windres", str(script), str(manifest))
        console, window = str(self._python / "Programs/python.c"), str(self._python / "PC/WinMain.c")
        self._link(self.target / "python.exe", *self._options, console, str(manifest), *self._against)
        self._link(
            self.target / "pythonw.exe", *self._options, "-mwindows", window, str(manifest), *self._against
        )


if __name__ == "__main__":
    Builder(Path(sys.argv[1]), Path(sys.argv[2])).everything()
