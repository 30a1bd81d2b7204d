"""The staff at work."""

from __future__ import annotations

from collections import Counter
from random import Random

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.model.baseline import BaselineSource, Outcome
from understudy.traffic.recording import read_recording, write_recording
from understudy.workflows.plan import plan_cases
from understudy.workflows.recipe import Slips, load_recipes
from understudy.workflows.record import provenance_of, record
from understudy.workflows.staff import decide, facts_as_typed, handlers


@pytest.fixture(scope="module")
def by_case(recorded):
    groups = {}
    for baseline in recorded.baselines:
        groups.setdefault(baseline.case_id, []).append(baseline)
    return groups


def test_every_case_was_handled_and_no_system_refused_anything(recorded, by_case):
    """People never leave a case, and what they do is possible in the systems."""
    assert set(by_case) == {case.case_id for case in recorded.cases}
    assert not [a for b in recorded.baselines for a in b.actions if a.refused]
    assert all(baseline.actions for baseline in recorded.baselines)


def test_people_do_what_the_policy_asks_for(planned, by_case):
    """Nearly every handling has the operations that its situation's policy names."""
    _, plan = planned
    kept = 0
    for case in plan.cases:
        right = {
            Outcome.ESCALATED if any(step.verb == "escalate" for step in way) else Outcome.ACTED
            for way in case.situation.ways
        }
        outcomes = {baseline.outcome for baseline in by_case[case.case_id]}
        kept += outcomes == right
    assert kept >= 0.98 * len(plan.cases)


def test_a_refund_names_the_charge_of_the_sheet(planned, by_case):
    """Money goes back over the right charge, whatever the mail says."""
    _, plan = planned
    refunds = 0
    for case in plan.cases:
        right = {case.facts.get("charge"), case.facts.get("duplicate")}
        for baseline in by_case[case.case_id]:
            for action in baseline.actions:
                if action.operation == "stripe.refunds.create":
                    refunds += 1
                    assert action.target is not None
                    assert action.target.id in right
    assert refunds > 40


def test_a_part_of_the_cases_is_handled_by_two_different_people(recorded, by_case):
    """A quarter has two human baselines, and the two never come from one person."""
    human = {
        case_id: [b.actor for b in found if b.source is BaselineSource.HUMAN]
        for case_id, found in by_case.items()
    }
    twice = [actors for actors in human.values() if len(actors) == 2]
    assert 0.12 < len(twice) / len(recorded.cases) < 0.4
    assert all(len(set(actors)) == 2 for actors in twice)


def test_what_is_as_good_is_kept_as_an_adjudicated_baseline(planned, by_case):
    """Where the policy calls two handlings as good, both are acceptable."""
    _, plan = planned
    either = [
        case
        for case in plan.cases
        if case.recipe.id == "outage-credit" and case.situation.alternatives
    ]
    assert either
    for case in either:
        operations = {a.operation for b in by_case[case.case_id] for a in b.actions}
        assert {"stripe.customer_balance.create", "stripe.credit_notes.create"} <= operations


def test_actions_carry_their_time_and_handlings_their_length(recorded):
    """Each action stands at a time after the ticket came in, and cycle time is a person's."""
    received = {case.case_id: case.received_at for case in recorded.cases}
    for baseline in recorded.baselines:
        times = [action.at for action in baseline.actions]
        assert times == sorted(times)
        assert times[0] > received[baseline.case_id]
        assert baseline.cycle_time_ms > 60_000


def test_interactions_tell_who_did_what_and_hold_no_credentials(recorded):
    """The recording shows every call with actor, case and time, and no secret of any case."""
    assert len(recorded.interactions) > 5 * len(recorded.cases)
    for each in recorded.interactions:
        assert each.actor and each.correlation_id and each.started_at
        headers = {*each.request.headers, *(each.response.headers if each.response else ())}
        assert not {"authorization", "cookie"} & {name.lower() for name in headers}
    assert {each.system for each in recorded.interactions} == {
        "desk", "hubspot", "stripe", "zendesk",
    }  # fmt: skip


def test_one_seed_is_one_recording(planned, world, recorded):
    """Handled again with the same seed, people do the same to the letter."""
    again = record(world, planned[1], 3)
    assert again.baselines == recorded.baselines
    assert again.interactions == recorded.interactions
    assert record(world, planned[1], 4).baselines != recorded.baselines


def test_the_recording_is_written_as_any_other_and_marked_synthetic(recorded, tmp_path):
    """It can be read back whole, and its manifest says that nobody in it exists."""
    write_recording(
        tmp_path / "r", cases=recorded.cases, baselines=recorded.baselines,
        interactions=recorded.interactions, provenance=provenance_of(recorded),
    )  # fmt: skip
    read = read_recording(tmp_path / "r")
    assert read.manifest.synthetic
    assert read.cases == recorded.cases
    assert sum(1 for _ in read.interactions()) == len(recorded.interactions)


def test_the_door_is_shut_when_the_staff_go_home(recorded):
    """After recording, the vendors' hosts are no longer answered in this process."""
    assert not hasattr(httpx.HTTPTransport.handle_request, "__wrapped__")


def test_people_work_on_a_damaged_world_as_well(build_fresh_truth):
    """Merged and deleted records, other e-mail addresses and noise in mails stop nobody."""
    from understudy.model.world import World
    from understudy.world.damage import damage
    from understudy.world.profile import load_profile

    truth = build_fresh_truth(customers=300)
    plan = plan_cases(truth, 120, 8)
    tables = damage(truth, load_profile("mid_market"), 8).tables
    rows = {name: {row["id"]: row for row in table.rows()} for name, table in tables.items()}
    recorded = record(World(rows, now=truth.recipe.epoch), plan, 8)
    refused = [a for b in recorded.baselines for a in b.actions if a.refused]
    assert len(refused) <= 2


@given(seed=st.integers(0, 10**6))
def test_a_handling_has_at_most_one_slip_and_is_never_empty(seed):
    """Whatever goes wrong, somebody did something, and at most one thing is wrong with it."""
    rng = Random(seed)
    situations = [each for recipe in load_recipes().values() for each in recipe.situations]
    situation = rng.choice(situations)
    slips = Slips(forgets=0.25, wrong_tag=0.25, mistypes_amount=0.25, overcautious=0.25)
    handling = decide(situation, slips, rng)
    known = set(situation.steps)
    changed = sum(step not in known for step in handling.steps)
    assert handling.steps
    assert changed <= 1


def test_slips_come_as_often_as_the_recipe_says():
    """Known error rates are what is drawn: one in ten forgets the note here."""
    recipe = load_recipes()["refund-request"]
    rng = Random(1)
    slips = Slips(forgets=0.1, wrong_tag=0, mistypes_amount=0, overcautious=0)
    drawn = Counter(decide(recipe.situation("whole"), slips, rng).slip for _ in range(4000))
    assert 340 < drawn["forgets"] < 460
    assert set(drawn) == {None, "forgets"}


@given(amount=st.integers(1, 10**9))
def test_a_mistyped_amount_is_smaller_or_right_and_never_nothing(amount):
    """Two swapped digits never make a refund larger than what was paid, so it goes through."""
    handling = decide(
        load_recipes()["refund-request"].situation("whole"),
        Slips(forgets=0, wrong_tag=0, mistypes_amount=1, overcautious=0),
        Random(0),
    )
    typed = facts_as_typed({"charge_amount": amount}, handling)["charge_amount"]
    assert 0 < typed <= amount
    assert sorted(str(typed)) == sorted(str(amount))


def test_nobody_works_twice_on_the_same_case():
    """With one person on the staff nothing is handled twice."""
    assert handlers(["Ann"], 1.0, Random(0)) == ["Ann"]
    assert len(set(handlers(["Ann", "Bob"], 1.0, Random(0)))) == 2
