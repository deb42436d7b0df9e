"""What the product is called, what it replaces, and the order in which Windows Installer works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from installer.windows.package.names import UPGRADE_CODE, ShortNames
from installer.windows.package.tree import FEATURE, INSTALLDIR

if TYPE_CHECKING:
    from installer.windows.package.rows import Rows

NAME: Final = "Madoguchi Guard"
MAKER: Final = "Madoguchi Guard"
KEY: Final = r"SOFTWARE\MadoguchiGuard"
KEPT: Final = {"SITE": "Site", "UILANG": "Language", "BROWSER": "Browser", "ACCOUNT": "Account"}
"""Properties of the command line and their values under `KEY`; an upgrade keeps what it is not given."""
SECURE: Final = (
    *KEPT,
    *(f"{name}_BEFORE" for name in KEPT),
    "CONFIG",
    "REMOVEDATA",
    "GIVENCONFIG",
    "KEPTCONFIG",
    "OLDERFOUND",
    "NEWERFOUND",
)
"""Properties that reach the elevated half of the installation ("SecureCustomProperties")."""
_MIGRATE, _ONLY_DETECT, _MIN_INCLUSIVE, _MAX_INCLUSIVE = 1, 2, 256, 512  # msidbUpgradeAttributes
_RAW, _SIXTY_FOUR = 2, 16  # msidbLocatorType
_HKLM = 2  # msidbRegistryRoot
_SET_PROPERTY = 51  # a custom action that sets the property Source to the formatted text Target

_FIRST: Final = {
    "FindRelatedProducts": 25,
    "AppSearch": 50,
    "LaunchConditions": 100,
    "CostInitialize": 800,
    "FileCost": 900,
    "CostFinalize": 1000,
}
_EXECUTE: Final = {
    "ValidateProductID": 700,
    "MigrateFeatureStates": 1200,
    "InstallValidate": 1400,
    "InstallInitialize": 1500,
    # Within the transaction: if the new version cannot be installed, the old one comes back.
    "RemoveExistingProducts": 1510,
    "ProcessComponents": 1600,
    "UnpublishFeatures": 1800,
    "StopServices": 1900,
    "DeleteServices": 2000,
    "RemoveRegistryValues": 2600,
    "RemoveShortcuts": 3200,
    "RemoveEnvironmentStrings": 3300,
    "RemoveFiles": 3500,
    "RemoveFolders": 3600,
    "CreateFolders": 3700,
    "MoveFiles": 3800,
    "InstallFiles": 4000,
    "CreateShortcuts": 4500,
    "WriteRegistryValues": 5000,
    "WriteEnvironmentStrings": 5200,
    "InstallServices": 5800,
    "RegisterUser": 6000,
    "RegisterProduct": 6100,
    "PublishFeatures": 6300,
    "PublishProduct": 6400,
    "InstallFinalize": 6600,
}


def add_product(rows: Rows, *, version: str, code: str) -> None:
    """Add the properties, what this version replaces, and the sequences; ``code`` is the ProductCode."""
    for name, value in (
        ("ProductName", NAME),
        ("ProductVersion", version),
        ("ProductCode", code),
        ("ProductLanguage", "1041"),
        ("Manufacturer", MAKER),
        ("UpgradeCode", UPGRADE_CODE),
        ("ALLUSERS", "1"),
        ("ARPNOMODIFY", "1"),
        ("SecureCustomProperties", ";".join(sorted(SECURE))),
        # The old version's files go before the new ones come, but what is to come is settled before: without
        # this, a file that is "not newer" would be left out, and then removed.
        ("REINSTALLMODE", "amus"),
    ):
        rows.add("Property", name, value)
    names = ShortNames()
    rows.add("Directory", "TARGETDIR", None, "SourceDir")
    rows.add("Directory", "ProgramFiles64Folder", "TARGETDIR", ".")
    rows.add("Directory", INSTALLDIR, "ProgramFiles64Folder", names.filename("MadoguchiGuard"))
    rows.add("Feature", FEATURE, None, NAME, None, 1, 1, INSTALLDIR, 0)
    _add_upgrade(rows, version)
    _add_memory(rows)
    for action, sequence in (_FIRST | _EXECUTE).items():
        rows.add("InstallExecuteSequence", action, None, sequence)
    for action, sequence in (_FIRST | {"ExecuteAction": 1300}).items():
        rows.add("InstallUISequence", action, None, sequence)


def _add_upgrade(rows: Rows, version: str) -> None:
    older = _MIGRATE | _MIN_INCLUSIVE | _MAX_INCLUSIVE
    rows.add("Upgrade", UPGRADE_CODE, "0.0.0", version, None, older, None, "OLDERFOUND")
    rows.add("Upgrade", UPGRADE_CODE, version, None, None, _ONLY_DETECT, None, "NEWERFOUND")
    rows.add(
        "LaunchCondition",
        "Installed OR NOT NEWERFOUND",
        "A newer version of Madoguchi Guard is installed; remove it first. / "
        "新しい版の窓口ガードが入っています。先に取り除いてください。",
    )


def _add_memory(rows: Rows) -> None:
    """Have an upgrade take over the values the command line does not give."""
    for number, (name, value) in enumerate(KEPT.items()):
        rows.add("RegLocator", f"{name}_BEFORE", _HKLM, KEY, value, _RAW | _SIXTY_FOUR)
        rows.add("AppSearch", f"{name}_BEFORE", f"{name}_BEFORE")
        rows.add("CustomAction", f"Keep{name}", _SET_PROPERTY, name, f"[{name}_BEFORE]")
        for sequence in ("InstallExecuteSequence", "InstallUISequence"):
            rows.add(sequence, f"Keep{name}", f"{name}_BEFORE AND NOT {name}", 60 + number)
