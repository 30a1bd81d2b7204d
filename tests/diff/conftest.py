"""What the tests of differences share: actions as they are captured, and one case to judge."""

from __future__ import annotations

import pytest

from understudy.cost.price_list import PriceList
from understudy.diff.explain import explain
from understudy.model.action import DESK, ESCALATION_OPERATION, Action, Effect, Target
from understudy.model.baseline import Baseline
from understudy.model.case import Case, Trigger
from understudy.model.policy import Policy
from understudy.model.proposal import Proposal


@pytest.fixture
def refund():
    def build(cents, charge="ch_1", **more):
        return Action(
            system="stripe",
            operation="stripe.refunds.create",
            target=Target(type="charge", id=charge),
            fields={"charge": charge, "amount": cents},
            amount_minor=cents,
            currency=more.pop("currency", "EUR"),
            effect=Effect.PAY,
            response_status=more.pop("response_status", 200),
            after={"amount_refunded": cents},
            **more,
        )

    return build


@pytest.fixture
def tag():
    def build(word="vip", ticket="7", changed=True, **more):
        return Action(
            system="zendesk",
            operation="zendesk.tags.add",
            target=Target(type="ticket", id=ticket),
            fields={"tags": [word]},
            effect=Effect.WRITE,
            response_status=200,
            before={"tags": [], "updated_at": "1"} if changed else {"updated_at": "1"},
            after={"tags": [word], "updated_at": "2"} if changed else {"updated_at": "2"},
            reversible_by="zendesk.tags.remove",
            **more,
        )

    return build


@pytest.fixture
def reply():
    def build(body, ticket="7", operation="public_reply", effect=Effect.SEND):
        return Action(
            system="zendesk",
            operation=f"zendesk.tickets.{operation}",
            target=Target(type="ticket", id=ticket),
            fields={"body": body, "public": operation == "public_reply"},
            effect=effect,
            response_status=200,
        )

    return build


@pytest.fixture
def escalate():
    def build(reason="over_limit"):
        return Action(
            system=DESK,
            operation=ESCALATION_OPERATION,
            fields={"reason": reason},
            effect=Effect.SEND,
            target=Target(type="case"),
        )

    return build


@pytest.fixture
def judge():
    """Explain `proposed` against one baseline, or several where lists of actions are nested."""

    def run(
        proposed, baseline, *, policy=None, rules=None, tier="standard", seen=(), payload=None,
        turns=(), tags=(), known=None, **more
    ):  # fmt: skip
        case = Case(
            case_id="c",
            scenario="s",
            cluster_id="c",
            trigger=Trigger(system="s", type="t", payload=payload or {}),
            tier=tier,
            observed_systems=seen,
            turns=turns,
            tags=tags,
        )
        several = baseline if baseline and isinstance(baseline[0], list | Baseline) else [baseline]
        baselines = [
            each
            if isinstance(each, Baseline)
            else Baseline(case_id="c", baseline_id=f"b{number}", actions=tuple(each))
            for number, each in enumerate(several)
        ]
        prices = PriceList.from_policy(Policy.model_validate({"version": 1, **(policy or {})}))
        proposal = Proposal(case_id="c", actions=tuple(proposed), **more)
        extra = () if rules is None else (rules,)
        return explain(case, proposal, baselines, prices, *extra, known=known)

    return run


@pytest.fixture
def told():
    """What the findings say to people: kind, sentence, field, expected, actual."""

    def of(explanation):
        return [
            (each.kind.value, each.explanation, each.field, each.expected, each.actual)
            for each in explanation.findings
        ]

    return of


@pytest.fixture
def kinds():
    def of(explanation):
        return [(each.kind.value, each.severity.value) for each in explanation.findings]

    return of
