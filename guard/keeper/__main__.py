"""``python -m guard.keeper service | install | stop | remove``; exit codes as those of ``guard``."""

from __future__ import annotations

import sys

if sys.platform != "win32":
    raise ImportError("this is Windows' part")

from guard.errors import GuardError
from guard.ground import restrict_libraries


def main(arguments: list[str]) -> int:
    """Do what the one argument says."""
    try:
        restrict_libraries()  # before anything of pywin32 is loaded
        match arguments:
            case ["service"]:
                from guard.keeper.service import serve  # noqa: PLC0415 -- see above

                serve()
            case ["install"]:
                from guard.keeper.registration import install  # noqa: PLC0415 -- see above

                install()
            case ["stop"]:
                from guard.keeper.registration import stop  # noqa: PLC0415 -- see above

                stop()
            case ["remove"]:
                from guard.keeper.registration import remove  # noqa: PLC0415 -- see above

                remove()
            case _:
                sys.stderr.write("usage: python -m guard.keeper service|install|stop|remove\n")
                return 2
    except GuardError as error:
        sys.stderr.write(f"{error.sentence}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
