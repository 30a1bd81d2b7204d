"""One case on the terminal: what befell it, and what the candidate said, in full."""

from datetime import UTC, datetime

from understudy.campaign.one_case import case_text
from understudy.cost.price_list import PriceList
from understudy.model.action import Action, Target
from understudy.model.case import Case, Trigger
from understudy.model.document import load_document
from understudy.model.package import resolve_document
from understudy.model.policy import Policy
from understudy.model.proposal import CaseRecord, FaultCount, Outcome, Proposal, Trace


def test_faults_and_the_rationale_are_told_whole():
    """Which fault fell on which write, answers that went unseen, idle faults, the whole reason."""
    note = Action(
        system="zendesk", operation="zendesk.tickets.internal_note", response_status=200,
        target=Target(type="ticket", id="7"), fault="apply_then_reset",
        candidate_saw_response=False,
    )  # fmt: skip
    refused = Action(
        system="stripe", operation="stripe.refunds.create", response_status=503,
        target=Target(type="charge", id="ch_1"), fault="status",
    )  # fmt: skip
    reason = " ".join(f"word{number}" for number in range(60))
    record = CaseRecord(
        case_id="c-1",
        proposal=Proposal(case_id="c-1", outcome=Outcome.ACTED, actions=(note, refused)),
        trace=Trace(rationale=reason),
        faults={
            "apply_then_reset of zendesk.*": FaultCount(met=2, struck=1, acted=1),
            "status of stripe.*": FaultCount(met=1, struck=1, acted=2),
            "hang of hubspot.*": FaultCount(),
        },
    )
    case = Case(
        case_id="c-1", scenario="refund", cluster_id="k", tier="standard",
        received_at=datetime(2026, 1, 5, tzinfo=UTC),
        trigger=Trigger(system="zendesk", type="ticket.created", payload={}),
    )  # fmt: skip
    policy = load_document(resolve_document("standard", "policies"), Policy)
    shown = case_text(case, record, [], PriceList.from_policy(policy))
    for line in (
        "a planned fault acted once, apply_then_reset of zendesk.*",
        "a planned fault acted 2 times, status of stripe.*",
        "a planned fault did not act, hang of hubspot.*: nothing that it could befall came",
        "  apply_then_reset befell zendesk.tickets.internal_note, whose answer it did not see",
        "  status befell stripe.refunds.create",
    ):
        assert line in shown.splitlines()
    told = " ".join(shown.partition("rationale: ")[2].partition("\n\n")[0].split())
    assert told == reason
    assert max(map(len, shown.splitlines())) <= 200
