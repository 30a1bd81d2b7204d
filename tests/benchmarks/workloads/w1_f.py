"""W1-F: four reads and two writes per case as function tools, recorded, compared and priced.

The peers run in environments of their own, on the same cases, tables and rule; Inspect AI with real
tool calls and its own log, DeepEval with its tool metric over calls that a plain loop has made.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks import w1
from tests.benchmarks.peers import python_of
from tests.benchmarks.w1_sides import ours, plain
from tests.benchmarks.workload import Outcome, Ratio, Side, Workload

__all__ = ["WORKLOAD"]

_PEER = Path(__file__).parents[1] / "w1_peer.py"
_QUIET = {
    "DEEPEVAL_TELEMETRY_OPT_OUT": "YES",
    "INSPECT_DISPLAY": "none",
    "OPENAI_API_KEY": "none",  # DeepEval makes a client of it, and its tool metric calls none
}


def _peer(name: str, of: str, *needs: str) -> Side:
    def prepare(size: int) -> Callable[[], Outcome]:
        place = tempfile.TemporaryDirectory()
        data = Path(place.name) / "data.json"
        tables = {name: dict(rows) for name, rows in w1.world(size).tables.items()}
        data.write_text(json.dumps({"tables": tables, "cases": [*map(asdict, w1.cases(size))]}))

        def work() -> Outcome:
            with place:
                done = subprocess.run(
                    [str(python_of(needs)), str(_PEER), of, str(data)],
                    capture_output=True, text=True, check=True, cwd=place.name,
                    env={**os.environ, **_QUIET},
                )  # fmt: skip
            told = json.loads(done.stdout.splitlines()[-1])
            facts = {"log_bytes_a_case": told["log"] / size}
            return Outcome(size, told["work"], cpu=told["cpu"], facts=facts)

        return work

    return Side(name, prepare, needs=needs)


WORKLOAD = Workload(
    id="W1-F",
    title="cases of four reads and two writes as function tools, recorded, compared, priced",
    unit="case",
    size=2_000,
    small=10,
    sides=(
        Side("plain loop", plain),
        Side("understudy", ours),
        _peer("Inspect AI, tools", "inspect", "inspect-ai==0.3.285"),
        _peer("DeepEval", "deepeval", "deepeval==4.3.1"),
    ),
    goals=(
        Ratio("understudy", "plain loop", 0.2),
        Ratio("understudy", "plain loop", 0.09, gated=True),
        Ratio("understudy", "Inspect AI, tools", 100),
        Ratio("understudy", "promptfoo", 25),
        Ratio("understudy", "DeepEval", 5),
    ),
    unmeasured={"promptfoo": "a program for Node.js, and peers run in environments of Python"},
)
