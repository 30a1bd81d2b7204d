"""Actions and their effects judged together, on the systems that the actions were made for."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.campaign.bench import CALLS, CASE, REPLAY, acted, judged, kinds

from understudy.campaign.judging import judgement
from understudy.campaign.judging.judgement import Evidence, judge
from understudy.campaign.judging.replays import LOG_ALONE, WorldReplay, log_replay
from understudy.campaign.judging.standing import Standing
from understudy.campaign.projects.settings import load_rules
from understudy.model.action import DESK, Action, Effect, Target
from understudy.model.baseline import Baseline, Outcome
from understudy.model.finding import STATE_KINDS
from understudy.model.limits import Stop
from understudy.model.policy import Policy
from understudy.model.proposal import CaseRecord, Proposal
from understudy.model.world import World
from understudy.systems.engine import Engine

SYSTEMS = Path(__file__).parents[2] / "fixtures" / "systems"
SIDES = st.lists(st.sampled_from(CALLS), max_size=5).map(lambda calls: acted(*calls))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SIDES, SIDES)
def test_the_two_views_never_contradict_each_other(done, wanted):
    """No cost of a list means no difference of state; equal states leave no kind about state."""
    told = judged(done, wanted)
    written, meant = (
        [one for one in side if not one.refused and one.system != DESK] for side in (done, wanted)
    )
    effects = REPLAY(CASE, meant, written)
    assert not isinstance(effects, str)
    findings = told.explanation.findings
    if not told.explanation.cost_minor and not told.explanation.left_to_people:
        assert effects.equal, effects.differences
    if effects.equal:
        of_state = [one for one in findings if one.kind in STATE_KINDS and one.system != DESK]
        assert [one for one in of_state if one.operation != "zendesk.tickets.public_reply"] == []
    elif not told.explanation.left_to_people:
        assert any(one.cost_minor > 0 for one in findings)


def test_two_ways_to_one_state_cost_nothing():
    """A full refund without an amount, tags in two steps: differences of actions, none of state."""
    done = acted(
        ("zendesk.tags.add", {"id": "7", "tags": ["vip"]}),
        ("zendesk.tags.add", {"id": "7", "tags": ["refunded"]}),
    )
    wanted = acted(("zendesk.tags.add", {"id": "7", "tags": ["vip", "refunded"]}))
    alone = judged(done, wanted, replay=None)
    both = judged(done, wanted)
    assert alone.explanation.cost_minor > 0
    assert (kinds(both), both.alone) == ([], None)
    assert both.forgiven == len(alone.explanation.findings)


def test_the_automatic_stop_counts_by_both_views():
    """Two ways to one state stop no run; what is left differently does."""
    policy = Policy.model_validate({
        "version": 1,
        "kinds": {kind: {"severity": "critical"} for kind in ("wrong_field", "extra_action")},
    })  # fmt: skip
    wanted = [Baseline(case_id="c", baseline_id="b", actions=acted(CALLS[5]))]
    recording = SimpleNamespace(cases=[CASE], baselines_of=lambda _: wanted)
    rules = replace(load_rules("standard", "standard", Path.cwd()), policy=policy)
    standing = Standing(recording, REPLAY, rules, Stop(on_critical=1), [CASE, CASE])

    def record(*calls):
        return CaseRecord(case_id="c", proposal=Proposal(case_id="c", actions=acted(*calls)))

    assert judged(acted(CALLS[4], CALLS[6]), wanted[0].actions, replay=None).explanation.findings
    assert not standing.add(record(CALLS[4], CALLS[6]))
    assert standing.add(record(CALLS[5], CALLS[0])) == "asked"


def test_what_was_judged_while_it_ran_is_not_judged_again(monkeypatch):
    """A run's end takes what was found in each case, and comes to the same as without it."""
    names = ["c-1", "c-2", "c-3"]
    cases = [msgspec.structs.replace(CASE, case_id=name) for name in names]
    people = {name: [Baseline(case_id=name, baseline_id="b", actions=acted(CALLS[5]))]
              for name in names}  # fmt: skip
    done = [Proposal(case_id=name, actions=acted(*CALLS[place : place + 3]))
            for place, name in enumerate(names)]  # fmt: skip
    recording = SimpleNamespace(cases=cases, baselines_of=people.__getitem__)
    rules = load_rules("standard", "standard", Path.cwd())
    standing = Standing(recording, REPLAY, rules, Stop(), cases)
    for each in done:
        standing.add(CaseRecord(case_id=each.case_id, proposal=each))
    evidence = Evidence(cases, people, done, replay=REPLAY)
    again = judge(evidence, rules.policy)
    monkeypatch.setattr(judgement, "view", lambda *_: pytest.fail("judged twice"))
    once = judge(evidence, rules.policy, standing.seen)
    assert again.findings and (once.findings, once.cost) == (again.findings, again.cost)
    assert (once.alone, once.forgiven, once.strays) == (again.alone, again.forgiven, again.strays)


def test_another_order_of_new_objects_is_no_difference():
    """What is created carries the ids of its order; it is known by what it holds."""
    calls = (CALLS[0], CALLS[2], CALLS[12], CALLS[7])
    assert kinds(judged(acted(*calls), acted(*calls[::-1]))) == []


def test_a_message_is_never_forgiven():
    """The same comments under other amounts: words are no state, and are held to their facts."""
    done = acted(("zendesk.tickets.public_reply", {"id": "7", "body": "You get 80.00 EUR back."}))
    assert kinds(judged(done, acted(CALLS[8]))) == ["wrong_message"]


@pytest.mark.parametrize(
    ("operation", "field", "more"),
    [
        ("zendesk.tickets.internal_note", "body", {"id": "7"}),
        ("hubspot.objects.create", "hs_note_body", {"object_type": "notes"}),
    ],
)
def test_a_note_with_another_amount_is_never_forgiven(operation, field, more):
    """What colleagues read is no state either: 80.00 instead of 30.00 in a note stays charged."""

    def noted(text):
        said = {field: text}
        if operation.startswith("hubspot"):
            said = {"properties": {**said, "hs_timestamp": "2026-10-01"}}
        return acted((operation, {**more, **said}))

    done, wanted = noted("30.00 EUR were paid back"), noted("80.00 EUR were paid back")
    assert kinds(judged(done, wanted, replay=None)) == ["wrong_field"]
    assert kinds(judged(done, wanted)) == ["wrong_field"]
    assert kinds(judged(noted("We paid back 80.00 EUR."), wanted)) == []


@pytest.mark.parametrize("key", ["metadata.order", "stripe.refunds.create:metadata.order"])
def test_what_the_policy_lets_differ_is_no_difference_of_state(key):
    """A field that the policy ignores leaves refunds that differ, and still costs nothing."""
    ignored = {"fields": {key: {"as": "ignored"}}}

    def refunded(order, amount=3000):
        given = {"charge": "ch_1", "amount": amount, "metadata": {"order": order}}
        return acted(("stripe.refunds.create", given))

    assert kinds(judged(refunded("a"), refunded("b"))) == ["wrong_field"]
    assert kinds(judged(refunded("a"), refunded("b"), policy=ignored)) == []
    assert kinds(judged(refunded("a", 3100), refunded("b"), policy=ignored)) == ["wrong_value"]


def test_a_field_that_the_policy_holds_to_the_letter_is_not_forgiven():
    """States are compared without words, so who asks for exact words gets them from actions."""
    exact = {"fields": {"body": {"as": "exact"}}}
    noted = [
        acted(("zendesk.tickets.internal_note", {"id": "7", "body": text}))
        for text in ("paid back", "it is paid back")
    ]
    assert kinds(judged(*noted)) == []
    assert kinds(judged(*noted, policy=exact)) == ["wrong_field"]


def test_what_a_handover_leaves_to_people_is_no_difference():
    """Who escalates leaves the rest to a person; what was broken before stays charged."""
    done = acted(("desk.escalate", {"reason": "limit"}))
    handed = judged(done, acted(CALLS[0]), outcome=Outcome.ESCALATED)
    assert kinds(handed) == ["over_escalation"]
    broken = acted(("zendesk.tickets.update", {"id": "7", "status": "closed"}), CALLS[13])
    assert "extra_action" in kinds(judged(broken, acted(CALLS[0])))


def test_the_baseline_that_is_met_by_its_effects_is_told():
    """Of several acceptable answers the one whose state is reached costs nothing."""
    done = acted(CALLS[4], CALLS[6])
    told = judged(done, acted(CALLS[7]), acted(CALLS[5]))
    assert (told.explanation.baseline_id, kinds(told)) == ("b1", [])


def test_a_second_write_without_effect_is_benign():
    """Whether a doubled write did harm is asked of the system, not read off its arguments."""
    once = acted(CALLS[7])
    again = (*once, msgspec.structs.replace(once[0], after={"status": "x"}))
    assert kinds(judged(again, once)) == ["duplicate_benign"]


@pytest.fixture
def warehouse(monkeypatch):
    """A user's own system, mounted by name in a replay on an empty world."""
    monkeypatch.syspath_prepend(str(SYSTEMS))
    own = Engine(World({}), systems={"warehouse": "warehouse:Warehouse"})
    yield WorldReplay(Path("unused"), _engine=own)
    sys.modules.pop("warehouse", None)


def ship(item="pump", quantity=1, **more):
    return Action(
        system="warehouse", operation="warehouse.shipments.create", effect=Effect.SEND,
        fields={"item": item, "quantity": quantity}, response_status=201,
        target=Target(type="shipment"), **more,
    )  # fmt: skip


def test_a_system_of_ones_own_is_replayed_on_as_well(warehouse):
    """Stock and shipments differ per entity and field, with all three values."""
    effects = warehouse(CASE, [ship(quantity=2)], [ship(quantity=1)])
    stock = next(each for each in effects.differences if each.field == "stock")
    assert (stock.entity, stock.id) == ("warehouse.items", "pump")
    assert [int(value) for value in (stock.initial, stock.baseline, stock.candidate)] == [3, 1, 2]


def test_what_is_refused_on_replay_is_judged_by_actions_alone(warehouse):
    """An accepted shipment that the system here refuses says nothing about its effects."""
    told = judged((ship(quantity=1),), (ship(quantity=99),), replay=warehouse)
    assert told.alone == "the systems here refuse `warehouse.shipments.create`, which was accepted"
    unknown = msgspec.structs.replace(ship(), operation="warehouse.fly")
    told = judged((unknown,), (), replay=warehouse)
    assert told.alone == "no system here serves `warehouse.fly`"


def logged(key="4", after=None, before=None):
    return Action(
        system="jobs", operation="jobs.close", response_status=200,
        target=Target(type="job", id=key), before=before, after=after, fields={"how": key},
    )  # fmt: skip


def test_a_log_that_tells_what_changed_is_a_system_too():
    """Two calls that the log shows to end in one state are no difference; others are priced."""
    one = logged(before={"open": True}, after={"open": False, "by": "x"})
    two = logged(before={"open": True}, after={"open": False})
    three = msgspec.structs.replace(logged(after={"by": "x"}), fields={})
    assert kinds(judged((two, three), (one,), replay=log_replay)) == []
    moved = msgspec.structs.replace(one, after={"open": False, "by": "y"})
    unexplained = judged((moved,), (one,), replay=log_replay)
    assert kinds(unexplained) == ["unexplained_state_change"]


def test_a_change_that_no_action_explains_is_priced():
    """The log shows one more object moved by an equal action: high, by entity and field."""
    one = logged(before={"open": True}, after={"open": False})
    other = msgspec.structs.replace(one, after={"open": False, "owner": "nobody"})
    told = judged((other,), (one,), replay=log_replay)
    [finding] = told.explanation.findings
    assert (finding.kind.value, finding.severity.value) == ("unexplained_state_change", "high")
    assert (finding.field, finding.cost_minor) == ("owner", 15_000)


def test_a_log_that_does_not_tell_is_judged_by_actions():
    """Without `after` there is nothing to replay, and the reason says so."""
    told = judged((logged(),), (), replay=log_replay)
    assert (told.alone, kinds(told)) == (LOG_ALONE, ["extra_action"])
    gone = msgspec.structs.replace(logged(), effect=Effect.DELETE)
    assert judged((gone,), (), replay=log_replay).alone == LOG_ALONE
