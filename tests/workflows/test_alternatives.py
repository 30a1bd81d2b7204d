"""Triggers of every kind, alternatives that are free, and people's rates as they are known."""

from __future__ import annotations

import dataclasses
import itertools
import math
from random import Random

import pytest

from understudy.campaign.judging.two_views import view
from understudy.campaign.projects.settings import load_rules
from understudy.cost.price_list import PriceList
from understudy.model.baseline import BaselineSource
from understudy.model.proposal import Proposal
from understudy.workflows.plan import CasePlan
from understudy.workflows.recipe import EVENTS, TICKET, Slips, load_recipes
from understudy.workflows.record import record
from understudy.workflows.staff import decide, known_rates


@pytest.fixture(scope="module")
def prices(tmp_path_factory):
    return PriceList.from_policy(
        load_rules("demo", "standard", tmp_path_factory.mktemp("p")).policy
    )


def grouped(baselines):
    groups = {}
    for baseline in baselines:
        groups.setdefault(baseline.case_id, []).append(baseline)
    return groups


def with_slips(plan, **slips):
    """The same cases, handled by people who slip as often as is said."""
    changed = {"forgets": 0, "wrong_tag": 0, "mistypes_amount": 0, "overcautious": 0} | slips
    cases = [
        dataclasses.replace(case, recipe=case.recipe.model_copy(update={"slips": Slips(**changed)}))
        for case in plan.cases
    ]
    return CasePlan(tuple(cases), plan.staff, plan.seed)


def done(baseline):
    """What somebody did, but for the words of the answer."""
    return tuple(
        (
            each.operation,
            str(each.target),
            str({k: v for k, v in each.fields.items() if k != "body"}),
        )
        if each.operation != "zendesk.tickets.public_reply"
        else (each.operation, "", "")
        for each in baseline.actions
    )


@pytest.mark.parametrize("workflow", sorted(load_recipes()))
def test_whoever_takes_an_alternative_is_charged_nothing(forked, prices, workflow):
    """In each workflow each way that the policy calls as good is free, and is so by being known."""
    world, plan, _ = forked
    own = [
        case for case in plan.cases if case.recipe.id == workflow and case.situation.alternatives
    ]
    assert own
    right = record(world, with_slips(CasePlan(tuple(own), plan.staff, plan.seed)), 9)
    cases = {case.case_id: case for case in right.cases}
    for case_id, ways in grouped(right.baselines).items():
        different = {done(way): way for way in ways}
        assert len(different) > 1
        for way in different.values():
            proposal = Proposal(
                case_id=case_id, outcome=way.outcome, actions=way.actions,
                cycle_time_ms=way.cycle_time_ms, replies=way.reply_facts,
            )  # fmt: skip
            others = [one for one in ways if done(one) != done(way)]
            assert view(cases[case_id], proposal, ways, prices, None).explanation.cost_minor == 0
            assert view(cases[case_id], proposal, others, prices, None).explanation.cost_minor > 0


def test_each_trigger_is_the_vendors_event_about_an_object_that_is_there(forked):
    """A case names what happened, as the vendor's webhook does, and its object can be read."""
    world, plan, recorded = forked
    seen = set()
    for planned, case in zip(plan.cases, recorded.cases, strict=True):
        trigger = case.trigger
        name = f"{trigger.system}.{trigger.type}"
        assert name == planned.situation.trigger
        assert name in planned.recipe.triggers
        seen.add(name)
        payload = trigger.payload
        if trigger.system == "stripe":
            assert world.get("stripe.events", payload["event_id"])["type"] == trigger.type
            assert world.get(f"stripe.{payload['object']}s", payload["object_id"])
        elif trigger.system == "hubspot":
            kind = payload["subscriptionType"].partition(".")[0]
            assert world.get(f"hubspot.{kind}s", str(payload["objectId"]))
        assert world.get("zendesk.tickets", payload["ticket_id"])
        assert case.turns[0].role == ("customer" if trigger.system == "zendesk" else "system")
    assert seen == {TICKET, *EVENTS}


def test_cases_of_an_event_are_worked_on_over_http_like_all_others(forked):
    """Staff open the object of the event before they write, and no system refuses anything."""
    _, plan, recorded = forked
    events = {c.case_id: c for c in plan.cases if c.situation.trigger != TICKET}
    assert len({case.situation.trigger for case in events.values()}) == len(EVENTS)
    for case_id, planned in events.items():
        mine = [each for each in recorded.interactions if each.correlation_id == case_id]
        object_id = str(planned.facts[EVENTS[planned.situation.trigger]])
        first = next(n for n, each in enumerate(mine) if object_id in each.request.url)
        assert all(each.request.method == "GET" for each in mine[:first])
    assert not [a for b in recorded.baselines for a in b.actions if a.refused]


def test_people_slip_and_differ_as_often_as_is_known_of_them():
    """Over many handlings of each workflow the shares are those that are stated, to 3 sigma."""
    for recipe in load_recipes().values():
        rates, rng = known_rates(recipe), Random(recipe.id)
        shares = [situation.share for situation in recipe.situations]
        count = 4000
        drawn = [
            [decide(situation, recipe.slips, rng) for _ in range(2)]
            for situation in rng.choices(recipe.situations, shares, k=count)
        ]
        slips = sum(handling.slip is not None for handling, _ in drawn) / count
        differ = sum(one != other for one, other in drawn) / count
        assert abs(slips - rates.errors) < sigma3(rates.errors, count)
        assert abs(differ - rates.disagreements) < sigma3(rates.disagreements, count)


def test_a_recording_holds_as_many_slips_and_differences_as_is_known(planned, world, recorded):
    """Counted in what people did in 240 cases against all that the policy calls right.

    Once with the rates as they are, and once with fifteen times as many slips.
    """
    _, plan = planned
    right = grouped(record(world, with_slips(plan), 3).baselines)
    often = tuple(
        dataclasses.replace(case, recipe=case.recipe.model_copy(update={"slips": more(case)}))
        for case in plan.cases
    )
    careless = record(world, CasePlan(often, plan.staff, plan.seed), 5)
    for cases, made in ((plan.cases, recorded), (often, careless)):
        slips, differ = counted(cases, grouped(made.baselines), right)
        assert abs(slips[0] - slips[1]) < 3 * math.sqrt(slips[1]) + 1
        assert abs(differ[0] - differ[1]) < 3 * math.sqrt(differ[1]) + 1
    assert slips[0] > 20


def counted(cases, made, right):
    """Slips and differences between two people, as counted and as expected."""
    slips = differ = 0
    known_slips = known_differ = 0.0
    for case in cases:
        rates = known_rates(case.recipe.model_copy(update={"situations": (case.situation,)}))
        known = {done(way) for way in right[case.case_id]}
        people = [each for each in made[case.case_id] if each.source is BaselineSource.HUMAN]
        slips += sum(done(one) not in known for one in people)
        known_slips += rates.errors * len(people)
        for one, other in itertools.combinations(people, 2):
            differ += done(one) != done(other)
            known_differ += rates.disagreements
    return (slips, known_slips), (differ, known_differ)


def more(case):
    slips = case.recipe.slips.model_dump()
    return Slips(**{name: 15 * rate for name, rate in slips.items()})


def sigma3(rate, count):
    return 3 * math.sqrt(rate * (1 - rate) / count) + 1e-9
