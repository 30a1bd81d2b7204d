"""What holds of every explanation, whatever the actions."""

from __future__ import annotations

import itertools
import random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from understudy.cost.price_list import PriceList
from understudy.diff.align import cheapest_alignment
from understudy.diff.explain import explain
from understudy.model.action import DESK, ESCALATION_OPERATION, Action, Effect, Target
from understudy.model.baseline import Baseline
from understudy.model.case import Case, Trigger
from understudy.model.policy import Policy
from understudy.model.proposal import Proposal

PRICES = PriceList.from_policy(Policy(version=1))
OPERATIONS = {
    "stripe.refunds.create": Effect.PAY,
    "stripe.credit_notes.create": Effect.PAY,
    "zendesk.tags.add": Effect.WRITE,
    "zendesk.tickets.public_reply": Effect.SEND,
    "hubspot.objects.create": Effect.DRAFT,
    "hubspot.objects.archive": Effect.DELETE,
}


@st.composite
def writes(draw):
    operation = draw(st.sampled_from(sorted(OPERATIONS)))
    amount = draw(st.sampled_from([None, 500, 8000, 8100, 99_000_000]))
    return Action(
        system=operation.partition(".")[0],
        operation=operation,
        target=Target(type="thing", id=draw(st.sampled_from(["1", "2"]))),
        fields={
            "x": draw(st.sampled_from(["a", "b"])),
            "body": draw(st.sampled_from(["5 EUR", "5.00 EUR", "6 EUR"])),
        },
        amount_minor=amount,
        currency=None if amount is None else "EUR",
        effect=OPERATIONS[operation],
        reversible_by=draw(st.sampled_from([None, "auto", "undo"])),
        response_status=200,
        after={"x": draw(st.booleans())},
    )


ESCALATION = Action(system=DESK, operation=ESCALATION_OPERATION, effect=Effect.SEND)
LISTS = st.lists(writes(), max_size=5)
SIDES = st.lists(writes() | st.just(ESCALATION), max_size=5)
TIERS = st.sampled_from(["standard", "premium", "regulated"])
quickly = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def told(proposed, *baselines, tier="standard"):
    case = Case(
        case_id="c", scenario="s", cluster_id="c", trigger=Trigger(system="s", type="t"), tier=tier
    )
    proposal = Proposal(case_id="c", actions=tuple(proposed))
    return explain(
        case,
        proposal,
        [
            Baseline(case_id="c", baseline_id=str(n), actions=tuple(actions))
            for n, actions in enumerate(baselines)
        ],
        PRICES,
    )


def cost(proposed, *baselines, tier="standard"):
    return told(proposed, *baselines, tier=tier).cost_minor


@quickly
@given(SIDES)
def test_identity_costs_nothing(actions):
    """Whoever does what people did, in any order, agrees in everything."""
    explanation = told(actions, actions[::-1])
    assert (explanation.findings, explanation.agreeing) == ((), explanation.proposed)


@quickly
@given(LISTS, LISTS, TIERS)
def test_costs_are_bounded(proposed, baseline, tier):
    """A difference costs at least nothing and at most doing all in vain and leaving all out."""
    together = cost(proposed, baseline, tier=tier)
    alone = cost(proposed, [], tier=tier) + cost([], baseline, tier=tier)
    assert 0 <= together <= alone


@quickly
@given(SIDES, SIDES, st.randoms(use_true_random=False))
def test_the_order_of_listing_does_not_matter(proposed, baseline, rng):
    """Without declared edges both lists may be shuffled."""
    before = cost(proposed, baseline)
    rng.shuffle(proposed)
    rng.shuffle(baseline)
    assert cost(proposed, baseline) == before


@quickly
@given(SIDES, SIDES, SIDES)
def test_another_acceptable_answer_never_raises_the_cost(proposed, one, other):
    """With more baselines the explanation is at most as dear, whatever their order."""
    both = cost(proposed, one, other)
    assert both == cost(proposed, other, one) == min(cost(proposed, one), cost(proposed, other))


@quickly
@given(LISTS, LISTS)
def test_a_dearer_customer_never_costs_less(proposed, baseline):
    """The whole explanation rises with the tier."""
    costs = [cost(proposed, baseline, tier=tier) for tier in ("standard", "premium", "regulated")]
    assert costs == sorted(costs)


@quickly
@given(writes(), st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_greater_slip_never_costs_less(action, one, other):
    """The further an amount goes beyond the people's, the more it costs."""
    low, high = sorted((one, other))
    wanted = msgspec.structs.replace(action, amount_minor=1000, currency="EUR")
    near, far = (msgspec.structs.replace(wanted, amount_minor=1000 + over) for over in (low, high))
    assert cost([near], [wanted]) <= cost([far], [wanted])


@quickly
@given(SIDES, SIDES)
def test_no_cost_means_no_stray_write(proposed, baseline):
    """An explanation without findings leaves the systems alike on both sides."""
    explanation = told(proposed, baseline)
    if not explanation.findings:
        assert explanation.stray == ()


def brute(pairs, extra, missing):
    """The least that any one-to-one story costs."""
    rows, columns = range(len(extra)), range(len(missing))
    best = None
    for chosen in itertools.product([None, *columns], repeat=len(extra)):
        partners = [j for j in chosen if j is not None]
        if len(set(partners)) != len(partners):
            continue
        cells = [extra[i] if chosen[i] is None else pairs[i][chosen[i]] for i in rows]
        if None in cells:
            continue
        found = sum(cells) + sum(missing[j] for j in columns if j not in partners)
        best = found if best is None else min(best, found)
    return best


def price_of(alignment, pairs, extra, missing):
    """What an alignment costs; every action must be in it once."""
    rows = [i for i, _ in alignment if i is not None]
    columns = [j for _, j in alignment if j is not None]
    assert sorted(rows) == list(range(len(extra)))
    assert sorted(columns) == list(range(len(missing)))
    total = 0
    for i, j in alignment:
        if i is None:
            total += missing[j]
        else:
            total += extra[i] if j is None else pairs[i][j]
    return total


def random_problem(rng, most):
    sizes = rng.randrange(most + 1), rng.randrange(most + 1)
    pairs = [
        [rng.choice([None, 0, rng.randrange(300)]) for _ in range(sizes[1])]
        for _ in range(sizes[0])
    ]
    return (
        pairs,
        [rng.randrange(1, 200) for _ in range(sizes[0])],
        [rng.randrange(200) for _ in range(sizes[1])],
    )


@pytest.mark.parametrize("solver", ["search", "assignment"])
def test_no_story_is_cheaper_than_the_one_told(solver, monkeypatch):
    """On 2,000 seeded random problems the alignment costs what trying everything finds."""
    monkeypatch.setattr("understudy.diff.align._STEPS", 10**6 if solver == "search" else -1)
    rng = random.Random(20261124)
    for _ in range(2_000):
        problem = random_problem(rng, 4)
        assert price_of(cheapest_alignment(*problem), *problem) == brute(*problem)


def test_large_problems_agree_with_the_search(monkeypatch):
    """The solver and the plain search find the same price on larger problems."""
    rng = random.Random(7)
    problems = [random_problem(rng, 9) for _ in range(40)]
    prices = []
    for steps in (10**9, -1):
        monkeypatch.setattr("understudy.diff.align._STEPS", steps)
        prices.append([price_of(cheapest_alignment(*each), *each) for each in problems])
    assert prices[0] == prices[1]


def test_the_pinned_alignment():
    """50 and 80 against 80 and 51 differ by 100 cents, not by 5,900."""
    pairs = [[3000, 0], [100, 2900]]
    alignment = cheapest_alignment(pairs, [9999, 9999], [9999, 9999])
    assert price_of(alignment, pairs, [9999] * 2, [9999] * 2) == 100
