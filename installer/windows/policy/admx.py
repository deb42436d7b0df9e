"""The policies as ADMX, and their texts as ADML, from the same schema as guard.toml. Pure.

Elements and their order: Microsoft's "Group Policy ADMX Syntax Reference Guide" (schema version 1.0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from guard.settings.kinds import Flag, OneOf, OneOrSome, Text, Whole
from guard.settings.schema import KEYS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from enum import StrEnum

    from guard.settings.schema import Key
    from installer.windows.policy.texts import Texts

REGISTRY_KEY: Final = r"Software\Policies\MadoguchiGuard"
"""Below HKEY_LOCAL_MACHINE; `guard.ground.windows.policy` reads it."""
_NAMESPACE: Final = "http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions"
_ROOT: Final = "MadoguchiGuard"
_SUPPORTED: Final = "SUPPORTED_Windows10"
_VERSION: Final = {"revision": "1.0", "schemaVersion": "1.0", "xmlns": _NAMESPACE}
_LONGEST: Final = "2000"
"""Characters of a text; the guard itself says what is too long (`Key.kind`)."""


def admx(keys: Sequence[Key[object]] = KEYS) -> bytes:
    """Return the template: a category a section, a policy a key; TypeError for a kind that has no element."""
    root = Element("policyDefinitions", _VERSION)
    namespaces = SubElement(root, "policyNamespaces")
    SubElement(namespaces, "target", prefix="madoguchi", namespace="MadoguchiGuard.Policies")
    SubElement(root, "resources", minRequiredRevision="1.0")
    definitions = SubElement(SubElement(root, "supportedOn"), "definitions")
    SubElement(definitions, "definition", name=_SUPPORTED, displayName=f"$(string.{_SUPPORTED})")
    categories = SubElement(root, "categories")
    SubElement(categories, "category", name=_ROOT, displayName=f"$(string.{_ROOT})")
    for section in _sections(keys):
        category = SubElement(
            categories, "category", name=_category(section), displayName=f"$(string.{_category(section)})"
        )
        SubElement(category, "parentCategory", ref=_ROOT)
    policies = SubElement(root, "policies")
    for key in keys:
        _policy(policies, key)
    return _file(root)


def adml(texts: Texts, keys: Sequence[Key[object]] = KEYS) -> bytes:
    """Return the texts of the same policies; raises KeyError for one that has none."""
    root = Element("policyDefinitionResources", _VERSION)
    SubElement(root, "displayName").text = texts.title
    SubElement(root, "description").text = texts.description
    resources = SubElement(root, "resources")
    strings = SubElement(resources, "stringTable")
    presentations = SubElement(resources, "presentationTable")
    said = {_SUPPORTED: texts.supported, _ROOT: texts.title}
    said |= {_category(section): texts.sections[section] for section in _sections(keys)}
    for key in keys:
        said[_name(key)] = texts.of(key).title
        said[f"{_name(key)}_help"] = texts.help(key)
        if isinstance(key.kind, OneOf):
            said |= {_item(key, word): texts.of(key).choices[word] for word in _words(key.kind)}
        if not isinstance(key.kind, Flag):
            _presentation(presentations, key, texts.of(key).label)
    for name, text in said.items():
        SubElement(strings, "string", id=name).text = text
    return _file(root)


def _policy(policies: Element, key: Key[object]) -> None:
    name, is_flag = _name(key), isinstance(key.kind, Flag)
    policy = SubElement(
        policies,
        "policy",
        {
            "name": name,
            "class": "Machine",
            "displayName": f"$(string.{name})",
            "explainText": f"$(string.{name}_help)",
            **({} if is_flag else {"presentation": f"$(presentation.{name})"}),
            "key": rf"{REGISTRY_KEY}\{key.section}",
            **({"valueName": key.name} if is_flag else {}),
        },
    )
    SubElement(policy, "parentCategory", ref=_category(key.section))
    SubElement(policy, "supportedOn", ref=_SUPPORTED)
    if is_flag:
        for state, value in (("enabledValue", "1"), ("disabledValue", "0")):
            SubElement(SubElement(policy, state), "decimal", value=value)
    else:
        _element(SubElement(policy, "elements"), key)


def _element(elements: Element, key: Key[object]) -> None:
    named = {"id": key.name, "valueName": key.name}
    match key.kind:
        case Whole(low, high):
            low_high = {"minValue": str(low), "maxValue": str(high)}
            SubElement(elements, "decimal", named, required="true", **low_high)
        case OneOf() as kind:
            enum = SubElement(elements, "enum", named, required="true")
            for word in _words(kind):
                item = SubElement(enum, "item", displayName=f"$(string.{_item(key, word)})")
                SubElement(SubElement(item, "value"), "string").text = word
        case OneOrSome(most=most):
            SubElement(
                elements, "multiText", named, required="true", maxStrings=str(most), maxLength=_LONGEST
            )
        case Text() as kind:
            required = {} if _may_be_empty(kind) else {"required": "true"}
            SubElement(elements, "text", named, maxLength=_LONGEST, **required)
        case kind:
            raise TypeError(f"{key.title}: a {type(kind).__name__} has no element in a policy template")


def _presentation(presentations: Element, key: Key[object], label: str) -> None:
    presentation = SubElement(presentations, "presentation", id=_name(key))
    refers = {"refId": key.name}
    match key.kind:
        case Whole():
            SubElement(presentation, "decimalTextBox", refers, defaultValue=str(key.default)).text = label
        case OneOf() as kind:
            first = str(_words(kind).index(str(key.default)))
            SubElement(presentation, "dropdownList", refers, noSort="true", defaultItem=first).text = label
        case OneOrSome():
            SubElement(presentation, "text").text = label
            SubElement(presentation, "multiTextBox", refers, defaultHeight="6")
        case _:
            SubElement(SubElement(presentation, "textBox", refers), "label").text = label


def _sections(keys: Sequence[Key[object]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key.section for key in keys))


def _category(section: str) -> str:
    return f"{_ROOT}_{section}"


def _name(key: Key[object]) -> str:
    return f"{key.section}_{key.name}"


def _item(key: Key[object], word: str) -> str:
    return f"{_name(key)}_{word.replace('-', '_')}"


def _words(kind: OneOf[StrEnum]) -> tuple[str, ...]:
    return tuple(choice.value for choice in kind.choices)


def _may_be_empty(kind: Text) -> bool:
    try:
        kind.read("")
    except ValueError:
        return False
    return True


def _file(root: Element) -> bytes:
    """Return it as the editors write it: UTF-8 with its declaration, one element a line."""
    indent(root, "  ")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}\n'.encode()
