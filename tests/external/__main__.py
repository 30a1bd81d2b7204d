"""`python -m tests.external FILE… [--states DIR]`: recorded runs judged by their effects."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.external.check import STATES, check_file, missing_states

from understudy.model.errors import UnderstudyError


def main() -> int:
    """Print each file's table; 1 where a verdict differs from the file's own, 2 on bad input."""
    asked = argparse.ArgumentParser(prog="python -m tests.external", description=__doc__)
    asked.add_argument("files", nargs="+", type=Path, metavar="FILE")
    asked.add_argument("--states", type=Path, default=STATES, help="folder of the initial states")
    given = asked.parse_args()
    missing = missing_states(given.states)
    if missing:
        named = ", ".join(missing)
        sys.stderr.write(f"`{given.states}` lacks {named}; name a folder with --states\n")
        return 2
    agreed = True
    for file in given.files:
        try:
            checked = check_file(file, given.states)
        except UnderstudyError as error:
            sys.stderr.write(f"{error}\n")
            return 2
        sys.stdout.write("\n".join(checked.lines()) + "\n")
        agreed &= all(run.state_agrees is not False for run in checked.runs)
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main())
