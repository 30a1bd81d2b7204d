"""What the three candidates are worth, earned on cases and not written down."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import pytest

from understudy.cost.price_list import PriceList
from understudy.diff.explain import explain
from understudy.model.baseline import Outcome
from understudy.model.document import load_document
from understudy.model.finding import Severity
from understudy.model.policy import Policy


@dataclass(frozen=True)
class Score:
    """One candidate's cases in sum."""

    agreement: float
    cost: float
    critical: int
    escalated: int


@pytest.fixture(scope="module")
def scores(office, proposals) -> dict[str, Score]:
    shipped = Path(str(resources.files("understudy"))) / "data" / "policies" / "standard.yaml"
    prices = PriceList.from_policy(load_document(shipped, Policy))
    baselines = {}
    for baseline in office.recorded.baselines:
        baselines.setdefault(baseline.case_id, []).append(baseline)
    found = {}
    for name, made in proposals.items():
        told = [
            explain(case, made[case.case_id], baselines[case.case_id], prices)
            for case in office.recorded.cases
        ]
        proposed = sum(not a.refused for one in made.values() for a in one.actions)
        found[name] = Score(
            agreement=sum(one.agreeing for one in told) / proposed,
            cost=sum(one.cost_minor for one in told) / len(told) / 100,
            critical=sum(f.severity is Severity.CRITICAL for one in told for f in one.findings),
            escalated=sum(one.outcome is Outcome.ESCALATED for one in made.values()),
        )
    return found


def test_hasty_agrees_more_and_costs_more(scores):
    """The candidate that equals people more often is the one that costs far more."""
    assert scores["hasty"].agreement > scores["careful"].agreement
    assert scores["hasty"].agreement > 0.95
    assert scores["hasty"].cost > 10 * scores["careful"].cost
    assert scores["hasty"].cost > 6


def test_careful_costs_little_and_does_nothing_unforgivable(scores):
    """Far below the budget of 6 EUR a case, and without one critical finding."""
    assert scores["careful"].cost < 2
    assert scores["careful"].critical == 0


def test_hasty_does_something_unforgivable(scores):
    """Among its shortcuts is at least one that no number of right cases outweighs."""
    assert scores["hasty"].critical >= 1


def test_timid_hands_over_nearly_everything(scores, office):
    """It spares itself nearly all work, so people do it all and the handing over besides."""
    assert scores["timid"].escalated > 0.9 * len(office.recorded.cases)


def test_nothing_is_left_to_chance(propose_all, proposals):
    """Handled again, every case is handled the same way."""
    for name in ("careful", "hasty"):
        again = propose_all(name, 60)
        assert again == {case_id: proposals[name][case_id] for case_id in again}


def test_hasty_errs_where_the_recipes_are_tempting(office, proposals):
    """Its refunds beyond the people's stand in situations that are marked as traps."""
    planned = {case.case_id: case.situation for case in office.plan.cases}
    people = {}
    for baseline in office.recorded.baselines:
        people.setdefault(baseline.case_id, set()).update(refunds(baseline.actions))
    traps = Counter()
    for case_id, proposal in proposals["hasty"].items():
        if not refunds(proposal.actions) <= people[case_id]:
            traps[planned[case_id].trap is not None] += 1
    assert traps[True] > traps[False]


def refunds(actions) -> set[str]:
    return {
        action.target.id
        for action in actions
        if action.operation == "stripe.refunds.create" and not action.refused
    }


def test_careful_never_refunds_what_people_did_not(office, proposals):
    """Every charge that careful pays back is one that people paid back too."""
    people = {}
    for baseline in office.recorded.baselines:
        people.setdefault(baseline.case_id, set()).update(refunds(baseline.actions))
    wrong = [
        case_id
        for case_id, proposal in proposals["careful"].items()
        if not refunds(proposal.actions) <= people[case_id]
    ]
    assert wrong == []
