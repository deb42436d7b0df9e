"""Fields of messages from another process: each is what it must be, or refused. Pure."""

from __future__ import annotations

from guard.browser.port import Geometry


def read_object(value: object) -> dict[str, object]:
    """Return the value if it is an object; raises TypeError otherwise."""
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def read_text(value: object) -> str:
    """Return the value if it is a text; raises TypeError otherwise."""
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def read_number(value: object) -> int:
    """Return the value if it is a whole number (true and false are none); raises TypeError otherwise."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("not a number")
    return value


def read_flag(value: object) -> bool:
    """Return the value if it is true or false; raises TypeError otherwise."""
    if not isinstance(value, bool):
        raise TypeError("not a flag")
    return value


def read_area(value: object) -> Geometry:
    """Return the rectangle; raises TypeError or KeyError when it is none."""
    area = read_object(value)
    x, y, width, height = (read_number(area[key]) for key in ("x", "y", "width", "height"))
    return Geometry(x=x, y=y, width=width, height=height)
