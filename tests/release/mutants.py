"""`python -m tests.release.mutants [--sample N]`: whether a small change of the code is noticed.

mutmut changes diff, cost and gate in one place at a time, and runs the tests that reach the place.
Without `--sample` every change is tried, which takes hours; with it so many are drawn by the seed.
Ends with 1 where fewer are noticed than `--least`.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIED = ("src", "tests", "fixtures", "scenarios", "pyproject.toml", "README.md", "CHANGELOG.md")
SURVIVED, UNTESTED = 0, 33
FIRST = "understudy.gate.binomial.x_upper_rate__mutmut_1"


def main() -> int:
    """Try the changes, print what came of them, and which nobody noticed."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--sample", type=int, help="how many; all without it")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--least", type=float, default=0.85, help="the share to be noticed")
    asked.add_argument("--only", default="", help="only changes whose name begins so")
    asked.add_argument("--workers", type=int, default=2)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="mutants-") as place:
        work = Path(place)
        _copy(work)
        # The first run writes all changes down and learns which test reaches what.
        _run(work, [FIRST], given.workers)
        names = drawn([*_codes(work)], given.only, given.sample, given.seed)
        _run(work, names, given.workers)
        codes = _codes(work)
        share = told({name: codes[name] for name in names})
    return int(share < given.least)


def _copy(work: Path) -> None:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, work / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, work / name)


def _run(work: Path, names: Sequence[str], workers: int) -> None:
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(workers), *names]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
    tried = any(code is not None for code in _codes(work).values())
    if not tried or "Traceback" in done.stderr:
        # Nothing is tried where the tests fail already without any change.
        raise SystemExit(f"{done.stdout[-4000:]}\n{done.stderr[-2000:]}")


def _codes(work: Path) -> dict[str, int | None]:
    """What became of every change, by name; None where it was not tried."""
    found: dict[str, int | None] = {}
    for meta in sorted(work.glob("mutants/src/**/*.meta")):
        found.update(json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"])
    return found


def drawn(names: Sequence[str], only: str, sample: int | None, seed: int) -> list[str]:
    """The changes to try: all, or so many of them, the same ones for the same seed."""
    wanted = sorted(name for name in names if name.startswith(only))
    if sample is None or sample >= len(wanted):
        return wanted
    return sorted(random.Random(seed).sample(wanted, sample))


def told(codes: Mapping[str, int | None]) -> float:
    """Print the share that was noticed, by package, and what was not; the share of all."""
    tried, missed = Counter[str](), Counter[str]()
    for name, code in codes.items():
        package = name.split(".")[1]
        tried[package] += 1
        missed[package] += code in (SURVIVED, UNTESTED, None)
    for name, code in codes.items():
        if code in (SURVIVED, UNTESTED, None):
            say("no test reaches" if code == UNTESTED else "nobody noticed", name)
    for package, count in sorted(tried.items()):
        say(f"{package}: {count - missed[package]:,} of {count:,} noticed")
    share = 1 - missed.total() / tried.total()
    say(f"in all {share:.1%} of {tried.total():,}")
    return share


def say(*words: str) -> None:
    """Print a line at once."""
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
