"""The tables of an MSI database that this package fills, as Microsoft's "Database Tables" defines them."""

from __future__ import annotations

from typing import Final

from installer.windows.package.idt import Column, Table


def _table(name: str, keys: int, columns: str) -> Table:
    """Return a table; ``columns`` are ``name:type`` with spaces between."""
    pairs = (column.split(":") for column in columns.split())
    return Table(name=name, keys=keys, columns=tuple(Column(name=name, kind=kind) for name, kind in pairs))


_SEQUENCE: Final = "Action:s72 Condition:S255 Sequence:I2"

TABLES: Final = {
    table.name: table
    for table in (
        _table("AppSearch", 2, "Property:s72 Signature_:s72"),
        _table(
            "Component",
            1,
            "Component:s72 ComponentId:S38 Directory_:s72 Attributes:i2 Condition:S255 KeyPath:S72",
        ),
        _table("CreateFolder", 2, "Directory_:s72 Component_:s72"),
        _table("CustomAction", 1, "Action:s72 Type:i2 Source:S72 Target:S255"),
        _table("Directory", 1, "Directory:s72 Directory_Parent:S72 DefaultDir:l255"),
        _table("DrLocator", 3, "Signature_:s72 Parent:S72 Path:S255 Depth:I2"),
        _table("Environment", 1, "Environment:s72 Name:l255 Value:L255 Component_:s72"),
        _table(
            "Feature",
            1,
            "Feature:s38 Feature_Parent:S38 Title:L64 Description:L255 Display:I2 Level:i2 Directory_:S72"
            " Attributes:i2",
        ),
        _table("FeatureComponents", 2, "Feature_:s38 Component_:s72"),
        _table(
            "File",
            1,
            "File:s72 Component_:s72 FileName:l255 FileSize:i4 Version:S72 Language:S20 Attributes:I2"
            " Sequence:i2",
        ),
        _table("InstallExecuteSequence", 1, _SEQUENCE),
        _table("InstallUISequence", 1, _SEQUENCE),
        _table("LaunchCondition", 1, "Condition:s255 Description:l255"),
        _table(
            "Media",
            1,
            "DiskId:i2 LastSequence:i4 DiskPrompt:L64 Cabinet:S255 VolumeLabel:S32 Source:S72",
        ),
        _table(
            "MoveFile",
            1,
            "FileKey:s72 Component_:s72 SourceName:L255 DestName:L255 SourceFolder:S72 DestFolder:s72"
            " Options:i2",
        ),
        _table(
            "MsiLockPermissionsEx",
            1,
            "MsiLockPermissionsEx:s72 LockObject:s72 Table:s32 SDDLText:s0 Condition:S255",
        ),
        _table("Property", 1, "Property:s72 Value:l0"),
        _table("RegLocator", 1, "Signature_:s72 Root:i2 Key:s255 Name:S255 Type:I2"),
        _table("Registry", 1, "Registry:s72 Root:i2 Key:l255 Name:L255 Value:L0 Component_:s72"),
        _table("RemoveFile", 1, "FileKey:s72 Component_:s72 FileName:L255 DirProperty:s72 InstallMode:i2"),
        _table(
            "ServiceControl",
            1,
            "ServiceControl:s72 Name:l255 Event:i2 Arguments:S255 Wait:I2 Component_:s72",
        ),
        _table(
            "ServiceInstall",
            1,
            "ServiceInstall:s72 Name:s255 DisplayName:L255 ServiceType:i4 StartType:i4 ErrorControl:i4"
            " LoadOrderGroup:S255 Dependencies:S255 StartName:S255 Password:S255 Arguments:S255"
            " Component_:s72 Description:L255",
        ),
        _table(
            "Shortcut",
            1,
            "Shortcut:s72 Directory_:s72 Name:l128 Component_:s72 Target:s72 Arguments:S255 Description:L255"
            " Hotkey:I2 Icon_:S72 IconIndex:I2 ShowCmd:I2 WkDir:S72",
        ),
        _table(
            "Signature",
            1,
            "Signature:s72 FileName:s255 MinVersion:S20 MaxVersion:S20 MinSize:I4 MaxSize:I4 MinDate:I4"
            " MaxDate:I4 Languages:S255",
        ),
        _table(
            "Upgrade",
            5,
            "UpgradeCode:s38 VersionMin:S20 VersionMax:S20 Language:S255 Attributes:i4 Remove:S255"
            " ActionProperty:s72",
        ),
    )
}
