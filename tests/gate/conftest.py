"""Costs and facts as the stages before the gate hand them over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from understudy.gate.facts import RunFacts
from understudy.model.cost import BusinessMetrics, CaseCost, CostSummary
from understudy.model.document import load_document
from understudy.model.gates import Gates

POLICIES = Path(__file__).parents[2] / "src" / "understudy" / "data" / "policies"


def _metrics(cases: int) -> BusinessMetrics:
    return BusinessMetrics(cases=cases, acted=cases, escalated=0, abstained=0, failed=0)


@pytest.fixture
def gate_file() -> Callable[[str], Gates]:
    return lambda name: load_document(POLICIES / f"gates-{name}.yaml", Gates)


@pytest.fixture
def gates(gate_file: Callable[[str], Gates]) -> Gates:
    return gate_file("standard")


@pytest.fixture
def summary() -> Callable[..., CostSummary]:
    """A cost summary from error costs in minor units; one cluster for each case unless told."""

    def make(
        costs: Sequence[int],
        *,
        critical: Sequence[int] = (),
        net: int = 250,
        clusters: Sequence[str] = (),
        currency: str = "EUR",
    ) -> CostSummary:
        per_case = tuple(
            CaseCost(
                case_id=f"case-{index}",
                cluster_id=clusters[index] if clusters else f"cluster-{index}",
                error_cost_minor=cost,
                net_value_minor=net,
                critical=critical[index] if critical else 0,
            )
            for index, cost in enumerate(costs)
        )
        return CostSummary(
            currency=currency,
            cases=len(per_case),
            error_cost_minor=sum(costs),
            net_value_minor=net * len(per_case),
            actions_proposed=0,
            actions_agreeing=0,
            per_case=per_case,
            by_kind=(),
            by_severity=(),
            by_operation=(),
            by_mess=(),
            by_action_class=(),
            candidate=_metrics(len(per_case)),
            people=_metrics(len(per_case)),
        )

    return make


@pytest.fixture
def facts() -> Callable[..., RunFacts]:
    """Facts of a run in which everything planned was judged."""

    def make(cases: int, **changes: object) -> RunFacts:
        counts = {"planned": cases, "run": cases, "judged": cases, "prices_owned": True}
        return RunFacts(**(counts | changes))  # type: ignore[arg-type] # keywords are the test's

    return make
