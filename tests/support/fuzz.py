"""Damage for parsers: seeds from `tests/fuzz/corpus`, bent by hypothesis, and JSON of every kind.

A corpus holds one input a file: what is right, and what once went wrong.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from guard.errors import GuardError

_CORPUS: Final = Path(__file__).parents[1] / "fuzz" / "corpus"
_BITS: Final = tuple(
    bit.encode()
    for bit in (
        *"\0\n\r\t \"'\\[]{}=,.:#-+/*$%_0",
        "\ud7ff\U0010ffff",
        "\\ud800",
        "\\u0000",
        "9" * 400,
        "9" * 4400,
        "0x" + "f" * 4000,
        "1e999",
        "NaN",
        "-Infinity",
        "true",
        "null",
        "[" * 3000,
        '{"a":' * 3000,
        "a." * 500,
        "://",
        "2026-02-30",
        "0001-01-01T00:00:00+23:59",
        "PROXY ",
        "%PDF-",
    )
)
_AGAIN: Final = 4
FUZZED: Final = settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
"""As much of it as belongs into every run of the tests."""


def corpus(name: str) -> list[bytes]:
    """Return the inputs of this corpus, never none."""
    found = [file.read_bytes() for file in sorted((_CORPUS / name).iterdir())]
    if not found:
        raise LookupError(f"the corpus {name} is empty")
    return found


@st.composite
def bent(draw: st.DrawFn, name: str) -> bytes:
    """One input of this corpus with up to four places changed, or nothing that it ever looked like."""
    whole = draw(st.sampled_from(corpus(name)) | st.binary(max_size=64))
    for _ in range(draw(st.integers(0, _AGAIN))):
        start = draw(st.integers(0, len(whole)))
        end = draw(st.integers(start, min(len(whole), start + 40)))
        bit = draw(st.sampled_from(_BITS) | st.binary(max_size=8) | st.just(whole[start:end] * 2))
        whole = whole[:start] + bit + whole[end:]
    return whole


anything: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([-1, 0, 2**31, 2**32, 2**64, 10**400])
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["\ud800", "\0", "a" * 4096, "READY", "hold"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
"""Any value that JSON, as Python reads it, can bring."""


@st.composite
def bent_object(draw: st.DrawFn, whole: Mapping[str, object]) -> dict[str, object]:
    """This object with up to three values, here or deeper, replaced by anything, taken away or added."""
    copy: dict[str, object] = json.loads(json.dumps(whole))
    for _ in range(draw(st.integers(0, 3))):
        inner = copy
        while deeper := [value for value in inner.values() if isinstance(value, dict) and value]:
            if draw(st.booleans()):
                break
            inner = draw(st.sampled_from(deeper))
        name = draw(st.sampled_from([*inner, "other"]))
        if draw(st.booleans()):
            inner[name] = draw(anything)
        else:
            inner.pop(name, None)
    return copy


@contextlib.contextmanager
def or_refused(*errors: type[GuardError]) -> Iterator[None]:
    """Let one of these errors pass if a person can be shown its sentence; nothing else."""
    try:
        yield
    except errors as error:
        if not is_sentence(error.sentence):
            raise


def is_sentence(text: str) -> bool:
    """Tell whether a person can be shown this: one line or several, none of them a page long."""
    return bool(text) and all(0 < len(line) <= 1000 for line in text.split("\n")) and "Traceback" not in text
