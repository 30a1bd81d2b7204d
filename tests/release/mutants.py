"""`python -m tests.release.mutants [--sample N]`: whether a small change of the code is noticed.

mutmut changes diff, cost and gate in one place at a time, and runs the tests that reach the place.
What mypy refuses as the project runs it is noticed too, and is told apart; no test is run for it.
Without `--sample` every change is tried, which takes hours; with it so many are drawn by the seed.
Ends with 1 where fewer are noticed than `--least`.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIED = ("src", "tests", "fixtures", "scenarios", "pyproject.toml", "README.md", "CHANGELOG.md")
SURVIVED, UNTESTED, MISTYPED = 0, 33, 37
PACKAGES = ("cost", "diff", "gate")
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
        mistyped = refused(work / "mutants")
        left = [name for name in names if name not in mistyped]
        _run(work, left, given.workers)
        codes = _codes(work) | dict.fromkeys(mistyped, MISTYPED)
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
    if not list(work.glob("mutants/src/**/*.meta")) or "Traceback" in done.stderr:
        raise SystemExit(f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


def _codes(work: Path) -> dict[str, int | None]:
    """What became of every change, by name; None where it was not tried."""
    found: dict[str, int | None] = {}
    for meta in sorted(work.glob("mutants/src/**/*.meta")):
        found.update(json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"])
    return found


def refused(mutants: Path) -> frozenset[str]:
    """The changes that the type checker refuses, by name."""
    command = [
        sys.executable, "-m", "mypy", "--output", "json", "--no-warn-unused-ignores",
        "--disable-error-code", "ignore-without-code",  # of the lines that mutmut adds
        *(f"src/understudy/{package}" for package in PACKAGES),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=mutants, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"mypy: {done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    lines: dict[str, set[int]] = {}
    for each in map(json.loads, done.stdout.splitlines()):
        if each["severity"] == "error":
            lines.setdefault(each["file"], set()).add(each["line"])
    return frozenset(
        f"{'.'.join(Path(file).with_suffix('').parts[1:])}.{name}"
        for file in lines
        for name in changed_at(mutants / file, lines[file])
    )


def changed_at(file: Path, lines: set[int]) -> Iterator[str]:
    """The changes whose text holds one of these lines of a file that mutmut has written."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.FunctionDef) or "__mutmut_" not in node.name:
            continue
        if not lines.isdisjoint(range(node.lineno, (node.end_lineno or node.lineno) + 1)):
            if node.name.endswith("__mutmut_orig"):
                raise SystemExit(f"mypy refuses what nobody has changed: {file}: {node.name}")
            yield node.name


def drawn(names: Sequence[str], only: str, sample: int | None, seed: int) -> list[str]:
    """The changes to try: all, or so many of them, the same ones for the same seed."""
    wanted = sorted(name for name in names if name.startswith(only))
    if sample is None or sample >= len(wanted):
        return wanted
    return sorted(random.Random(seed).sample(wanted, sample))


def told(codes: Mapping[str, int | None]) -> float:
    """Print the share that was noticed, by package, and what was not; the share of all."""
    tried, missed, typed = Counter[str](), Counter[str](), Counter[str]()
    for name, code in codes.items():
        package = name.split(".")[1]
        tried[package] += 1
        typed[package] += code == MISTYPED
        missed[package] += code in (SURVIVED, UNTESTED, None)
    for name, code in codes.items():
        if code in (SURVIVED, UNTESTED, None):
            say("no test reaches" if code == UNTESTED else "nobody noticed", name)
    for package, count in sorted(tried.items()):
        say(f"{package}: {count - missed[package]:,} of {count:,} noticed")
    share = 1 - missed.total() / tried.total()
    by_tests = tried.total() - typed.total()
    say(f"in all {share:.1%} of {tried.total():,}; {typed.total():,} of them by the type checker")
    say(f"of the other {by_tests:,} the tests notice {1 - missed.total() / max(1, by_tests):.1%}")
    return share


def say(*words: str) -> None:
    """Print a line at once."""
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
