"""The text of a TOML file as tables; what is no TOML is refused with one sentence."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from guard.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping


def tables(data: bytes, where: str) -> Mapping[str, object]:
    """Return the tables of this UTF-8 text; ``where`` is how the sentence of a ConfigError names it.

    A byte order mark, which some editors on Windows put before it, is passed over.
    """
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ConfigError(f"{where}: is not UTF-8 text; save it as UTF-8.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{where}: is not valid TOML: {error}.") from None
    except ValueError:  # the only one left: Python reads no number of more than 4300 digits
        raise ConfigError(f"{where}: is not valid TOML: a number has too many digits.") from None
