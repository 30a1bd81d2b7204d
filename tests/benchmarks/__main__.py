"""The benchmarks: `python -m tests.benchmarks [WORKLOAD …]`, see `--help`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.benchmarks import machine, published, suite, table
from tests.benchmarks.measure import Measured, VoidError, measure


def main() -> int:
    """Measure, print, and say by the exit code whether a gate was missed or a result is void."""
    asked = _arguments()
    load = machine.load()
    _say("; ".join(f"{name} {text}" for name, text in machine.describe().items()))
    _say(f"load {load:.2f}; medians of {asked.repeat} rounds, sides in turns, CPU ratios")
    found: list[Measured] = []
    try:
        for workload in suite.find(asked.workloads):
            found.append(measure(workload, asked.repeat, asked.size, tuple(asked.side)))
            _say("", *table.lines(found[-1]))
    except (LookupError, VoidError) as error:
        _say(f"void: {error}")
        return 2
    if asked.json:
        text = json.dumps(table.document(found, load), indent=1)
        asked.json.write_text(text + "\n", encoding="utf-8")
    if asked.publish:
        published.publish(table.document(found, load))
    missed = [line for each in found for line in table.missed(each)]
    _say(*(f"gate missed: {line}" for line in missed))
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help="ids; all without them")
    parser.add_argument("--repeat", type=int, default=5, help="rounds; 5 by default")
    parser.add_argument("--size", type=int, help="instead of the workload's own")
    parser.add_argument("--side", action="append", default=[], help="only these sides")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    parser.add_argument(
        "--publish", action="store_true", help="into reports/benchmarks.json and the README"
    )
    return parser.parse_args()


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
