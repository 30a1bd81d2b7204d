"""Clauses and tiers that ask for rows of the world: what they see, as of when, what they refuse."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec
import pytest

from understudy.campaign.judging.judgement import Evidence, judge
from understudy.cost.clauses import breaches, is_about, tier_of
from understudy.cost.price_list import PriceList
from understudy.model.action import Action, Effect, Target
from understudy.model.baseline import Baseline
from understudy.model.case import Case, Trigger
from understudy.model.errors import ConfigurationError
from understudy.model.policy import Policy
from understudy.model.proposal import Proposal
from understudy.model.world import World
from understudy.world.versions import TimedWorld, Version

DISPUTED = "world.stripe.charges[action.target.id].disputed"
PLAN = "world.hubspot.contacts.email[case.payload.email].plan"
WORLD = World({
    "stripe.charges": {
        "ch_1": {"id": "ch_1", "disputed": True, "customer": "cus_1"},
        "ch_2": {"id": "ch_2", "disputed": False, "customer": "cus_2"},
    },
    "hubspot.contacts": {"7": {"id": "7", "email": "ada@example.com", "plan": "enterprise"}},
    "warehouse.parcels": {"p1": {"id": "p1", "lost": True}},
})  # fmt: skip


def refund(charge, operation="stripe.refunds.create"):
    return Action(
        system="stripe", operation=operation, effect=Effect.PAY, amount_minor=100, currency="EUR",
        target=Target(type="charge", id=charge), fields={"charge": charge}, response_status=200,
    )  # fmt: skip


def case(email="ada@example.com", **more):
    trigger = Trigger(system="zendesk", type="ticket.created", payload={"email": email})
    return Case(case_id="c", scenario="refund", cluster_id="c", trigger=trigger, **more)


def prices(when=DISPUTED, world=WORLD, **more):
    clause = {"id": "R-9", "text": "Not in a dispute", "when": when}
    return PriceList.from_policy(
        Policy.model_validate({"version": 1, "clauses": [clause], **more}), world
    )


def broken(action, listed, of=None):
    return [one.clause.id for one in breaches(of or case(), [action], listed)]


def test_a_clause_asks_for_the_row_that_an_action_is_about():
    """The same refund breaks the clause where its charge is disputed, and nowhere else."""
    assert broken(refund("ch_1"), prices()) == ["R-9"]
    assert broken(refund("ch_2"), prices()) == []
    assert broken(refund("ch_none"), prices()) == []


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        (f"{PLAN} == 'enterprise'", True),
        ("world.stripe.charges.customer['cus_1'].id == action.target.id", True),
        ("world.stripe.charges.customer['cus_9'].id == action.target.id", False),
        ("world.stripe.charges.customer[['cus_1']] is not None", False),
        ("world.stripe.refunds['re_1'] is None", True),
        ("world.warehouse.parcels['p1'].lost", True),
        ("world.stripe.charges[world.stripe.charges.customer['cus_1'].id].disputed", True),
    ],
)
def test_rows_are_found_by_id_or_by_a_column(when, holds):
    """One row leads to the next, own tables included; what is not there is nothing."""
    assert is_about(when, case(), refund("ch_1"), prices()) is holds


def test_a_tier_can_come_from_the_world():
    """The customer's plan as the CRM has it prices the case; who is not there has the other one."""
    listed = prices(tier=f"'premium' if {PLAN} == 'enterprise' else 'standard'")
    assert (tier_of(case(), listed), tier_of(case("nobody@example.com"), listed)) == (
        "premium", "standard"
    )  # fmt: skip


def test_rows_are_seen_as_they_were_when_the_case_began():
    """What was disputed only later breaks no clause of a case from before."""
    rows = [(1_000_000, False), (9_000_000, True)]
    world = TimedWorld([
        Version(table="stripe.charges", id="ch_1", since=since,
                row=msgspec.Raw(msgspec.json.encode({"id": "ch_1", "disputed": disputed})))
        for since, disputed in rows
    ])  # fmt: skip
    before, after = (datetime.fromtimestamp(second, UTC) for second in (5, 10))
    listed = prices(world=world)
    assert broken(refund("ch_1"), listed, case(received_at=before)) == []
    assert broken(refund("ch_1"), listed, case(received_at=after)) == ["R-9"]


def test_what_is_judged_with_a_world_is_charged_by_its_rows():
    """Candidate and people did the same; the clause finds it, names itself and counts people."""
    done = (refund("ch_1"),)
    evidence = Evidence(
        [case()],
        {"c": [Baseline(case_id="c", baseline_id="b", actions=done)]},
        [Proposal(case_id="c", actions=done)],
        world=WORLD,
    )
    [finding] = judge(evidence, prices().policy).findings
    assert (finding.kind.value, finding.policy_clause) == ("policy_violation", "R-9")
    assert finding.cost_minor > 0


@pytest.mark.parametrize(
    ("when", "world", "told"),
    [
        (DISPUTED, None, "these cases have no world whose `stripe.charges` could be asked for"),
        ("world.stripe.charge['ch_1'].id", WORLD, "did you mean `stripe.charges`"),
        ("world.warehouse.parcel['p1'].id", WORLD, "no table `warehouse.parcel`; did you mean"),
    ],
)
def test_a_row_that_nobody_can_ask_for_is_an_error(when, world, told):
    """Without a world, or with a table that is none, no clause is passed over in silence."""
    with pytest.raises(ConfigurationError, match=re.escape(told)) as error:
        broken(refund("ch_1"), prices(when, world))
    assert error.value.code == "U197"


@pytest.mark.parametrize(
    "when",
    [
        "world",
        "world.stripe.charges.disputed == True",
        "world.stripe['ch_1']",
        "world['stripe']['charges']['ch_1']",
        "world.stripe.charges.customer.name['cus_1']",
        "len(world.stripe.charges) > 3",
    ],
)
def test_many_rows_are_no_value(when):
    """An expression that names no single row is refused when the policy is read."""
    with pytest.raises(ValueError, match="of the world a row is asked for by its id"):
        prices(when)
