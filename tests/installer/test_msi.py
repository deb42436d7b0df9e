"""The MSI as it is built here, on Linux: what it holds, what it promises to Windows, what is refused."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import hashlib
import re
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from installer.windows.package import remove_data

if TYPE_CHECKING:
    from collections.abc import Mapping

_CHECKOUT = Path(__file__).parents[2]
_BUILD = _CHECKOUT / "installer" / "windows" / "build-msi"
_FILES = {
    "python.exe": b"MZ console",
    "pythonw.exe": b"MZ window",
    "python313.dll": b"MZ interpreter",
    "python313.zip": b"PK standard library",
    "python313._pth": b"python313.zip\r\n.\r\nimport site\r\n",
    "vcruntime140.dll": b"MZ runtime",
}


@dataclass(frozen=True, slots=True)
class Inputs:
    archive: Path
    sha256: str
    packages: Path


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """Return a stand-in for the embeddable CPython, and wheels as they lie once installed."""
    folder = tmp_path_factory.mktemp("inputs")
    archive = folder / "python.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for name, content in _FILES.items():
            made.writestr(name, content)
    packages = folder / "packages"
    for name in (
        "smartcard/__init__.py",
        "smartcard/__pycache__/__init__.cpython-311.pyc",
        "pywin32_system32/pywintypes313.dll",
        "win32/win32evtlog.pyd",
        "bin/tool.exe",
        "PySide6/QtCore.pyi",
        "PySide6/designer.exe",
        "PySide6/QtWebEngineProcess.exe",
    ):
        path = packages / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n", encoding="utf-8")
    return Inputs(archive, hashlib.sha256(archive.read_bytes()).hexdigest(), packages)


def build(
    inputs: Inputs, output: Path, *more: str, sha256: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            str(_BUILD),
            *("--python", str(inputs.archive), "--sha256", sha256 or inputs.sha256),
            *("--packages", str(inputs.packages), "--output", str(output), *more),
        ],
        env={"PATH": "/usr/bin:/bin", "SOURCE_DATE_EPOCH": "1700000000"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def msi(inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("msi") / "guard.msi"
    done = build(inputs, output, "--version", "1.2.3")
    assert done.returncode == 0, done.stderr
    return output


def rows(msi: Path, table: str) -> list[dict[str, str]]:
    text = subprocess.run(
        ["msiinfo", "export", msi, table], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    names = text[0].split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in text[3:]]


def named(msi: Path, table: str) -> Mapping[str, dict[str, str]]:
    return {next(iter(row.values())): row for row in rows(msi, table)}


def paths(msi: Path) -> Mapping[str, Path]:
    """Return where Windows Installer puts each file, by its key, below its well-known folders."""
    folders = named(msi, "Directory")
    components = named(msi, "Component")

    def folder(name: str) -> Path:
        row = folders[name]
        long = row["DefaultDir"].split("|")[-1]
        if not row["Directory_Parent"]:
            return Path()
        return folder(row["Directory_Parent"]) / (name if long == "." else long)

    return {
        row["File"]: folder(components[row["Component_"]]["Directory_"]) / row["FileName"].split("|")[-1]
        for row in rows(msi, "File")
    }


def installed(msi: Path) -> set[str]:
    home = Path("ProgramFiles64Folder/MadoguchiGuard")
    return {str(path.relative_to(home)) for path in paths(msi).values() if path.is_relative_to(home)}


def test_the_same_input_makes_the_same_bytes(inputs: Inputs, msi: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.msi"
    assert build(inputs, again, "--version", "1.2.3").returncode == 0
    assert again.read_bytes() == msi.read_bytes()


def test_it_holds_the_interpreter_the_wheels_and_the_guard(msi: Path) -> None:
    assert installed(msi) >= {
        "python/python.exe",
        "python/python313._pth",
        "python/pywintypes313.dll",
        "packages/smartcard/__init__.py",
        "packages/PySide6/QtWebEngineProcess.exe",
        "app/guard/__main__.py",
        "app/guard/words.json",
        "app/config/guard.toml",
        "app/config/sites/mynaportal.toml",
        "app/madoguchi_guard-1.2.3.dist-info/METADATA",
        "guard.cmd",
        "events.dll",
        "policy/MadoguchiGuard.admx",
        "policy/ja-JP/MadoguchiGuard.adml",
        "LICENSE.txt",
    }


def test_what_only_developers_need_is_left_out(msi: Path) -> None:
    assert not [
        name
        for name in installed(msi)
        if name.endswith((".pyc", ".pyi", "designer.exe", "tool.exe")) or "__pycache__" in name
    ]


def test_the_cabinet_holds_every_file_under_its_key(msi: Path, tmp_path: Path) -> None:
    subprocess.run(["msiextract", "-C", tmp_path, msi], capture_output=True, check=True)
    found = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert found["python.exe"] == _FILES["python.exe"]
    assert found["guard.cmd"] == b'@"%~dp0python\\python.exe" -I -B -m guard %*\r\n'
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == len(rows(msi, "File"))


def test_the_interpreter_is_closed_to_everything_around_it(msi: Path, tmp_path: Path) -> None:
    subprocess.run(["msiextract", "-C", tmp_path, msi], capture_output=True, check=True)
    (found,) = tmp_path.rglob("python313._pth")
    assert found.read_text(encoding="ascii").splitlines() == [
        "python313.zip",
        ".",
        r"..\app",
        r"..\packages",
        r"..\packages\win32",
        r"..\packages\win32\lib",
    ]


def test_the_command_line_reaches_the_elevated_half(msi: Path) -> None:
    properties = {row["Property"]: row["Value"] for row in rows(msi, "Property")}
    assert set(properties["SecureCustomProperties"].split(";")) >= {
        *("SITE", "UILANG", "ACCOUNT", "CONFIG", "REMOVEDATA", "OLDERFOUND", "NEWERFOUND"),
    }
    assert properties["ALLUSERS"] == "1"
    assert properties["ProductVersion"] == "1.2.3"


def test_site_language_browser_and_account_are_written_where_given_and_kept_by_an_upgrade(msi: Path) -> None:
    components, registry = named(msi, "Component"), named(msi, "Registry")
    search, actions = named(msi, "RegLocator"), named(msi, "CustomAction")
    sequence = named(msi, "InstallExecuteSequence")
    for name, value in {
        "SITE": "Site",
        "UILANG": "Language",
        "BROWSER": "Browser",
        "ACCOUNT": "Account",
    }.items():
        row = registry[f"Value{value}"]
        assert (row["Root"], row["Key"], row["Name"]) == ("2", r"SOFTWARE\MadoguchiGuard", value)
        assert row["Value"] == f"[{name}]"
        assert components[f"Value{value}"]["Condition"] == name
        assert search[f"{name}_BEFORE"]["Name"] == value
        assert actions[f"Keep{name}"]["Target"] == f"[{name}_BEFORE]"
        assert sequence[f"Keep{name}"]["Condition"] == f"{name}_BEFORE AND NOT {name}"


def test_the_settings_are_permanent_and_never_overwritten(msi: Path) -> None:
    components = named(msi, "Component")
    permanent, never_overwrite = 16, 128
    assert int(components["ShippedConfig"]["Attributes"]) & (permanent | never_overwrite) == 144
    assert int(components["GivenConfig"]["Attributes"]) & permanent
    assert components["ShippedConfig"]["Condition"] == "NOT GIVENCONFIG OR KEPTCONFIG"
    assert components["GivenConfig"]["Condition"] == "GIVENCONFIG AND NOT KEPTCONFIG"
    assert str(paths(msi)["guard.toml"]) == "CommonAppDataFolder/MadoguchiGuard/guard.toml"


def test_nobody_but_administrators_may_write_beside_the_settings(msi: Path) -> None:
    (row,) = rows(msi, "MsiLockPermissionsEx")
    assert (row["LockObject"], row["Table"]) == ("CONFIGDIR", "CreateFolder")
    assert row["SDDLText"] == "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)"


def test_a_config_folder_without_settings_and_an_older_version_are_refused(msi: Path) -> None:
    conditions = named(msi, "LaunchCondition")
    assert set(conditions) == {"Installed OR NOT CONFIG OR GIVENCONFIG", "Installed OR NOT NEWERFOUND"}
    assert all(row["Description"] for row in conditions.values())


def test_an_upgrade_takes_the_old_version_away_within_its_own_transaction(msi: Path) -> None:
    upgrades = {row["ActionProperty"]: row for row in rows(msi, "Upgrade")}
    assert upgrades["OLDERFOUND"]["VersionMax"] == "1.2.3"
    assert upgrades["NEWERFOUND"]["VersionMin"] == "1.2.3"
    order = {row["Action"]: int(row["Sequence"]) for row in rows(msi, "InstallExecuteSequence")}
    assert order["InstallInitialize"] < order["RemoveExistingProducts"] < order["InstallFiles"]


def test_data_goes_only_where_it_is_asked_for_and_before_the_interpreter(msi: Path) -> None:
    sequence = named(msi, "InstallExecuteSequence")
    removal = sequence["RemoveData"]
    assert removal["Condition"] == 'REMOVE="ALL" AND REMOVEDATA="1" AND NOT UPGRADINGPRODUCTCODE'
    assert int(removal["Sequence"]) < int(sequence["RemoveFiles"]["Sequence"])


def test_the_keeper_is_a_service_that_starts_with_windows(msi: Path) -> None:
    service = named(msi, "ServiceInstall")["MadoguchiGuardKeeper"]
    assert service["Arguments"] == "-I -B -m guard.keeper service"
    assert service["StartType"] == "2"
    key = named(msi, "Component")[service["Component_"]]["KeyPath"]
    assert str(paths(msi)[key]).endswith("MadoguchiGuard/python/python.exe")


def test_a_service_that_does_not_start_undoes_no_installation(msi: Path) -> None:
    start, whatever_it_returns = 1, 64
    assert not [row for row in rows(msi, "ServiceControl") if int(row["Event"]) & start]
    action = named(msi, "CustomAction")["KeeperStarts"]
    assert int(action["Type"]) & whatever_it_returns
    assert action["Target"].endswith("start MadoguchiGuardKeeper")


def test_the_guard_has_ended_before_its_service_counts_as_stopped_and_its_files_go(msi: Path) -> None:
    action = named(msi, "CustomAction")["KeeperEnds"]
    assert action["Target"].endswith("-m guard.keeper stop")
    sequence = named(msi, "InstallExecuteSequence")
    assert sequence["KeeperEnds"]["Condition"] == "Installed"
    order = [int(sequence[name]["Sequence"]) for name in ("KeeperEnds", "StopServices", "RemoveFiles")]
    assert order == sorted(order)


def test_python_compiles_all_at_the_installation_and_nothing_later(msi: Path) -> None:
    actions = named(msi, "CustomAction")
    assert actions["Compile"]["Target"].endswith(
        'compileall -q --invalidation-mode checked-hash "[INSTALLDIR]."'
    )
    started = [row["Target"] for row in actions.values() if "python.exe" in row["Target"]]
    started.append(named(msi, "ServiceInstall")["MadoguchiGuardKeeper"]["Arguments"])
    assert [one for one in started if " -B " not in f" {one}"] == []


def test_the_event_source_has_message_texts_that_are_installed(msi: Path) -> None:
    row = named(msi, "Registry")["EventMessages"]
    assert row["Key"] == r"SYSTEM\CurrentControlSet\Services\EventLog\Application\MadoguchiGuard"
    file = row["Value"].removeprefix("#%[INSTALLDIR]").replace("\\", "/")
    assert file in installed(msi)


def test_the_start_menu_opens_doctor_and_practice_in_a_console_that_stays(msi: Path) -> None:
    found = {row["Arguments"] for row in rows(msi, "Shortcut")}
    practice = r'run --config "[INSTALLDIR]app\config\guard.toml"'
    assert found == {f'/d /k ""[INSTALLDIR]guard.cmd" {name}"' for name in ("doctor", practice)}
    assert "app/config/guard.toml" in installed(msi)


def test_what_python_compiles_beside_a_module_is_removed(msi: Path) -> None:
    folders = named(msi, "Directory")
    removed = {
        row["FileName"].split("|")[-1]
        for row in rows(msi, "RemoveFile")
        if folders[row["DirProperty"]]["DefaultDir"].endswith("__pycache__") and row["FileName"]
    }
    modules = {Path(name).stem for name in installed(msi) if name.endswith(".py")}
    assert removed == {f"{name}.cpython-313.pyc" for name in modules}


def test_ids_of_components_stay_the_same_from_version_to_version(
    inputs: Inputs, msi: Path, tmp_path: Path
) -> None:
    newer = tmp_path / "newer.msi"
    assert build(inputs, newer, "--version", "1.2.4").returncode == 0

    def ids(path: Path) -> Mapping[str, str]:
        return {row["Component"]: row["ComponentId"] for row in rows(path, "Component")}

    changed = set(ids(msi).items()) ^ set(ids(newer).items())
    folders = {**named(msi, "Directory"), **named(newer, "Directory")}
    names = {folders[name.removeprefix("c_")]["DefaultDir"].split("|")[-1] for name, _ in changed}
    assert names == {"madoguchi_guard-1.2.3.dist-info", "madoguchi_guard-1.2.4.dist-info"}
    codes = [named(path, "Property")["ProductCode"]["Value"] for path in (msi, newer)]
    assert codes[0] != codes[1]


def test_another_interpreter_than_the_one_pinned_is_refused_in_one_sentence(
    inputs: Inputs, tmp_path: Path
) -> None:
    output = tmp_path / "guard.msi"
    done = build(inputs, output, sha256="0" * 64)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"build-msi: {inputs.archive} has SHA-256 {inputs.sha256}, but {'0' * 64} was asked for."
    )
    assert not output.exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"readme.txt": b""}, "holds no Python for Windows"),
        ({**_FILES, "../evil.dll": b""}, "holds a path that leads out of it: ../evil.dll"),
    ],
)
def test_an_archive_that_is_no_interpreter_is_refused(
    inputs: Inputs, tmp_path: Path, content: Mapping[str, bytes], sentence: str
) -> None:
    archive = tmp_path / "other.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for name, data in content.items():
            made.writestr(name, data)
    other = Inputs(archive, hashlib.sha256(archive.read_bytes()).hexdigest(), inputs.packages)
    done = build(other, tmp_path / "guard.msi")
    assert done.returncode == 1
    assert sentence in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("version", ["1.2", "256.0.0.0", "1.2.3rc1"])
def test_a_version_windows_installer_would_not_compare_is_refused(
    inputs: Inputs, tmp_path: Path, version: str
) -> None:
    done = build(inputs, tmp_path / "guard.msi", "--version", version)
    assert done.returncode == 1
    assert f"{version} is no version of Windows Installer" in done.stderr


def test_every_requirement_is_pinned_by_hash_and_all_that_the_project_needs_is_among_them() -> None:
    text = (_CHECKOUT / "installer" / "windows" / "requirements.txt").read_text(encoding="utf-8")
    pinned = [block for block in text.replace("\\\n", " ").splitlines() if "==" in block]
    assert all("--hash=sha256:" in block for block in pinned)
    names = {block.split("==")[0].strip() for block in pinned}
    assert names >= {
        *(
            "argon2-cffi",
            "keyring",
            "pillow",
            "psutil",
            "pyscard",
            "pyside6-essentials",
            "pywebview",
            "pywin32",
        ),
    }


def test_the_default_interpreter_is_pinned_by_hash() -> None:
    text = (_CHECKOUT / "installer" / "windows" / "python.txt").read_text(encoding="utf-8")
    pinned = dict(line.split("=", 1) for line in text.splitlines() if not line.startswith("#"))
    version = r"3\.13\.\d+"
    assert re.fullmatch(
        rf"https://www\.python\.org/ftp/python/{version}/python-{version}-embed-amd64\.zip", pinned["url"]
    )
    assert re.fullmatch(r"[0-9a-f]{64}", pinned["sha256"])


def test_data_is_removed_of_every_account_and_behind_no_link(tmp_path: Path) -> None:
    program_data, profiles = tmp_path / "ProgramData", [tmp_path / name for name in ("a", "b", "c", "d")]
    for home in (program_data, *(profile / "AppData" / "Local" for profile in profiles[:2])):
        (home / "MadoguchiGuard" / "state").mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "MadoguchiGuard").mkdir(parents=True)
    (profiles[2] / "AppData").mkdir(parents=True)
    (profiles[2] / "AppData" / "Local").symlink_to(elsewhere)
    found = remove_data.folders(program_data, profiles)
    assert remove_data.remove(found)
    assert not list(tmp_path.glob("[!e]*/**/MadoguchiGuard"))
    assert (elsewhere / "MadoguchiGuard").is_dir()
