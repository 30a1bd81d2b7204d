"""W2: the report of a campaign, with the details of its cases and without, beside plotly inline."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.peers import python_of
from tests.benchmarks.workload import Limit, Outcome, Ratio, Side, Workload
from tests.report.conftest import make_input

from understudy.report.write import write_report

__all__ = ["WORKLOAD"]

_PLOTLY = ("plotly==7.1.0",)
_PEER = Path(__file__).parents[1] / "report_peer.py"


def _written(*, details: bool) -> Callable[[int], Callable[[], Outcome]]:
    """All files of the report; the page's size is counted."""

    def prepare(size: int) -> Callable[[], Outcome]:
        facts, place = make_input(size, critical=True), TemporaryDirectory()

        def work() -> Outcome:
            page = write_report(Path(place.name), facts, details=details)
            kilobytes = page.stat().st_size / 1000
            place.cleanup()
            return Outcome(size, {"cases": size}, facts={"kilobytes": kilobytes})

        return work

    return prepare


def _plotly(size: int) -> Callable[[], Outcome]:
    """The same kinds of charts of as many cases, and nothing else on the page."""
    costs = [case.error_cost_minor for case in make_input(size, critical=True).cost.per_case]

    def work() -> Outcome:
        done = subprocess.run(
            [str(python_of(_PLOTLY)), str(_PEER)],
            input=json.dumps(costs), capture_output=True, text=True, check=True,
        )  # fmt: skip
        told = json.loads(done.stdout)
        facts = {"kilobytes": told["bytes"] / 1000}
        return Outcome(told["cases"], {"cases": told["cases"]}, cpu=told["cpu"], facts=facts)

    return work


WORKLOAD = Workload(
    id="W2",
    title="the report of a judged campaign, written",
    unit="case",
    size=20_000,
    small=60,
    sides=(
        Side("page without cases", _written(details=False)),
        Side("page with cases", _written(details=True)),
        Side("plotly inline, charts alone", _plotly, needs=_PLOTLY),
    ),
    goals=(
        Limit("page without cases", "kilobytes", 400, gated=True),
        Limit("page with cases", "kilobytes", 10_000, gated=True),
        Limit("page with cases", "wall", 15),
        Ratio("page without cases", "plotly inline, charts alone", 10, fact="kilobytes"),
    ),
)
