"""What docs/policy.md shows is a policy, and acts as the page says."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from understudy.cost.clauses import breaches, tier_of
from understudy.cost.price_list import PriceList
from understudy.model.action import Action, Effect, Target
from understudy.model.case import Case, Trigger
from understudy.model.policy import Policy
from understudy.model.world import World

PAGE = Path(__file__).parents[2] / "docs" / "policy.md"
WORLD = World({
    "stripe.charges": {"ch_1": {"id": "ch_1", "disputed": True}},
    "zendesk.users": {"7": {"id": "7", "email": "ada@example.com"}},
    "hubspot.contacts": {"1": {"id": "1", "email": "ada@example.com", "plan": "enterprise"}},
})  # fmt: skip


def test_the_policy_that_the_page_shows_holds():
    """Its clauses and its tier are read; a disputed charge breaks R-9, and the plan is the tier."""
    shown = re.search(r"```yaml\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]
    policy = Policy.model_validate({"version": 1, **yaml.safe_load(shown)})
    trigger = Trigger(system="zendesk", type="ticket.created", payload={"requester_id": "7"})
    case = Case(case_id="c", scenario="refund", cluster_id="c", trigger=trigger)
    refund = Action(
        system="stripe", operation="stripe.refunds.create", effect=Effect.PAY, amount_minor=100,
        currency="EUR", target=Target(type="charge", id="ch_1"), response_status=200,
    )  # fmt: skip
    prices = PriceList.from_policy(policy, WORLD)
    assert [one.clause.id for one in breaches(case, [refund], prices)] == ["R-9"]
    assert tier_of(case, prices) == "premium"
