"""What this PC lacks, each with its mend."""

import sys

from guard.doctor.finding import Finding, LackError, State, finding

if sys.platform == "win32":
    from guard.doctor.windows import Doctor
else:
    from guard.doctor.linux import Doctor

__all__ = ["Doctor", "Finding", "LackError", "State", "finding"]
