"""START: how long it takes until the command, or pytest with the plugin, can begin.

Each unit is a process of its own. Plugin: what the plugin's module adds to a pytest that is loaded.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from resource import RUSAGE_CHILDREN, getrusage

from tests.benchmarks.peers import python_of
from tests.benchmarks.workload import Limit, Outcome, Ratio, Side, Workload

__all__ = ["WORKLOAD"]

_HEAVY = ("pandas", "scipy", "pyarrow", "numpy", "httpx", "respx", "great_expectations")
_INSPECT = ("inspect-ai==0.3.285",)
_HELP = (
    "import sys\nsys.argv = ['understudy', '--help']\nfrom understudy.cli.main import main\n"
    "try:\n    main()\nexcept SystemExit:\n    pass\n"
    f"print(sum(name in sys.modules for name in {_HEAVY!r}))"
)
_PLUGIN = (
    "import sys, time, pytest\nbegan = time.process_time()\nimport understudy.pytest_plugin\n"
    "print(time.process_time() - began)\n"
    f"print(sum(name in sys.modules for name in {_HEAVY!r}))"
)


def _ran(python: str, *arguments: str) -> tuple[float, list[str]]:
    """CPU seconds of a process, and the lines that it printed."""
    before = getrusage(RUSAGE_CHILDREN)
    done = subprocess.run([python, *arguments], capture_output=True, text=True, check=True)
    after = getrusage(RUSAGE_CHILDREN)
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return spent, done.stdout.splitlines()


def _process(*arguments: str, counts: bool = False) -> Callable[[int], Callable[[], Outcome]]:
    """A side that starts Python with these arguments; `counts` heavy modules as the last line."""

    def prepare(size: int) -> Callable[[], Outcome]:
        def work() -> Outcome:
            runs = [_ran(sys.executable, *arguments) for _ in range(size)]
            facts = {"heavy": float(runs[-1][1][-1])} if counts else {}
            return Outcome(size, {"started": size}, sum(cpu for cpu, _ in runs), facts)

        return work

    return prepare


def _plugin(size: int) -> Callable[[], Outcome]:
    def work() -> Outcome:
        runs = [_ran(sys.executable, "-c", _PLUGIN)[1] for _ in range(size)]
        spent = sum(float(lines[-2]) for lines in runs)
        return Outcome(size, {"started": size}, spent, {"heavy": float(runs[-1][-1])})

    return work


def _inspect(size: int) -> Callable[[], Outcome]:
    def work() -> Outcome:
        python = str(python_of(_INSPECT))
        runs = [_ran(python, "-c", "import inspect_ai") for _ in range(size)]
        return Outcome(size, {"started": size}, sum(cpu for cpu, _ in runs))

    return work


WORKLOAD = Workload(
    id="START",
    title="processes until they can begin",
    unit="start",
    size=3,
    small=1,
    sides=(
        Side("understudy --help", _process("-c", _HELP, counts=True)),
        Side("import typer", _process("-c", "import typer")),
        Side("plugin module", _plugin),
        Side("import inspect_ai", _inspect, needs=_INSPECT),
    ),
    goals=(
        Ratio("understudy --help", "import typer", 0.5, gated=True),
        Ratio("understudy --help", "import inspect_ai", 10),
        Limit("plugin module", "us_per_unit", 30_000),
        Limit("understudy --help", "heavy", 0, gated=True),
        Limit("plugin module", "heavy", 0, gated=True),
    ),
)
