"""DIFF: pairs of actions, a tenth of them different, beside DeepDiff on the same pairs."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from tests.benchmarks.diff_pairs import pairs
from tests.benchmarks.peers import python_of
from tests.benchmarks.workload import Limit, Outcome, Ratio, Side, Workload

from understudy.cost.price_list import PriceList
from understudy.diff.compare import Judge
from understudy.diff.drafts import Pricing
from understudy.diff.explain import explain
from understudy.diff.fields import DEFAULT_RULES
from understudy.model.action import Action
from understudy.model.baseline import Baseline
from understudy.model.case import Case, Trigger
from understudy.model.policy import Policy
from understudy.model.proposal import Proposal

__all__ = ["WORKLOAD"]

_DEEPDIFF = ("deepdiff==9.1.0",)
_PEER = Path(__file__).parents[1] / "diff_peer.py"


def _compared(size: int) -> Callable[[], Outcome]:
    """Pair by pair, told and priced; equal and different ones are timed apart as well."""
    converted = [[msgspec.convert(one, Action) for one in pair] for pair in pairs(size)]
    equal = [pair for number, pair in enumerate(converted) if number % 10]
    different = converted[::10]
    judge = Judge(Pricing(PriceList.from_policy(Policy(version=1)), "standard"), DEFAULT_RULES)

    def told(some: list[list[Action]]) -> tuple[int, float]:
        began = time.process_time()
        found = [judge.compare(actual, expected, 10**9) for expected, actual in some]
        differing = sum(sum(draft.cost for draft in each) > 0 for each in found)
        return differing, (time.process_time() - began) / max(1, len(some)) * 1e6

    def work() -> Outcome:
        none, us_equal = told(equal)
        every, us_different = told(different)
        facts = {"us_equal": us_equal, "us_different": us_different}
        return Outcome(size, {"differing": none + every}, facts=facts)

    return work


def _explained(size: int) -> Callable[[], Outcome]:
    """As cases of one action: the cheapest explanation with its findings, conduct and all."""
    prices = PriceList.from_policy(Policy(version=1))
    cases = [
        (
            Case(case_id=f"c{n}", scenario="s", cluster_id="c",
                 trigger=Trigger(system="s", type="t")),
            Proposal(case_id=f"c{n}", actions=(msgspec.convert(actual, Action),)),
            [Baseline(case_id=f"c{n}", baseline_id="b",
                      actions=(msgspec.convert(expected, Action),))],
        )
        for n, (expected, actual) in enumerate(pairs(size))
    ]  # fmt: skip

    def work() -> Outcome:
        found = sum(bool(explain(*each, prices).findings) for each in cases)
        return Outcome(size, {"differing": found})

    return work


def _deep(size: int) -> Callable[[], Outcome]:
    command = [str(python_of(_DEEPDIFF)), str(_PEER), str(size)]

    def work() -> Outcome:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        told = json.loads(done.stdout)
        return Outcome(told["pairs"], {"differing": told["differing"]}, cpu=told["cpu"])

    return work


WORKLOAD = Workload(
    id="DIFF",
    title="pairs of actions, one in ten different",
    unit="pair",
    size=4_000,
    small=40,
    sides=(
        Side("compared and priced", _compared),
        Side("whole cases explained", _explained),
        Side("DeepDiff", _deep, needs=_DEEPDIFF),
    ),
    goals=(
        Ratio("compared and priced", "DeepDiff", 20),
        Ratio("whole cases explained", "DeepDiff", 20),
        Limit("compared and priced", "us_equal", 3),
        Limit("compared and priced", "us_different", 25),
    ),
)
