"""``python3 -m installer.windows.package``: what build-msi runs once everything is fetched."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from installer.windows.package.database import Package
from installer.windows.package.interpreter import unpack
from installer.windows.package.refusal import Refusal
from installer.windows.package.stage import stage_app, stage_messages, stage_packages, stage_policy

_CHECKOUT = Path(__file__).resolve().parents[3]


def main() -> int:
    """Build; return 0, or 1 after one sentence."""
    options = _options()
    try:
        with tempfile.TemporaryDirectory(prefix="build-msi-", dir=options.scratch) as folder:
            root, work = Path(folder) / "root", Path(folder) / "work"
            root.mkdir()
            work.mkdir()
            unpack(options.python, options.sha256, root / "python")
            stage_packages(options.packages, root)
            stage_app(options.checkout, options.version, root)
            stage_messages(options.checkout, root)
            stage_policy(options.checkout, root)
            package = Package(
                version=options.version,
                config=options.checkout / "config" / "guard.toml",
                moment=int(os.environ.get("SOURCE_DATE_EPOCH", "0")),
            )
            package.build(root, work, options.output)
    except Refusal as refusal:
        sys.stderr.write(f"build-msi: {refusal}.\n")
        return 1
    sys.stdout.write(f"{options.output}\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="build-msi", allow_abbrev=False)
    parser.add_argument("--python", type=Path, required=True, metavar="ZIP")
    parser.add_argument("--sha256", required=True, metavar="HEX")
    parser.add_argument("--packages", type=Path, required=True, metavar="FOLDER", help="the installed wheels")
    parser.add_argument("--version", required=True)
    parser.add_argument("--output", type=Path, required=True, metavar="FILE")
    parser.add_argument("--checkout", type=Path, default=_CHECKOUT)
    parser.add_argument("--scratch", type=Path, help="a folder with room for about 2 GB")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
