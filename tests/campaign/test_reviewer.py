"""The simulated reviewer decides from what people did."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from understudy.campaign.judging.oversight import oversight_of
from understudy.campaign.reviewer import DeskReviewer
from understudy.model.action import Action, Target
from understudy.model.baseline import Baseline
from understudy.model.policy import Review
from understudy.model.proposal import CaseRecord, Proposal

REFUND = Action(
    system="stripe", operation="stripe.refunds.create",
    target=Target(type="charge", id="ch_1"), amount_minor=500,
)  # fmt: skip
HANDED_OVER = Action(system="desk", operation="desk.escalate")


def _decided(actions, asked, catch_rate=1.0, number=1):
    baseline = Baseline(case_id="c", baseline_id="b", actions=tuple(actions))
    recording = SimpleNamespace(baselines_of=lambda case_id: [baseline])
    review = Review(catch_rate=catch_rate, delay=timedelta(minutes=5))
    return DeskReviewer(recording, review, 7)("c", 0, number, {"action": asked})


@pytest.mark.parametrize(
    ("actions", "asked", "status"),
    [
        ([REFUND], "stripe.refunds.create", "approved"),
        ([REFUND], {"operation": "stripe.refunds.create", "amount": 500}, "approved"),
        ([REFUND], {"operation": "stripe.refunds.create", "target": {"id": "ch_1"}}, "approved"),
        ([REFUND], {"operation": "stripe.refunds.create", "amount": 900}, "modified"),
        ([REFUND], {"operation": "stripe.refunds.create", "target": "ch_2"}, "rejected"),
        ([HANDED_OVER], {"operation": "stripe.refunds.create"}, "escalated"),
        ([], {"whatever": 1}, "rejected"),
        ([REFUND], {"asked": "may I go on?"}, "approved"),
        ([HANDED_OVER], {"asked": "may I go on?"}, "escalated"),
        ([], {"operation": "look", "effect": "read"}, "approved"),
    ],
)
def test_a_reviewer_compares_with_what_people_did(actions, asked, status):
    """The same is approved, and reading; another amount modified, the rest rejected, escalated."""
    decided = _decided(actions, asked)
    assert decided["status"] == status
    assert decided["after_seconds"] == 300
    if status == "modified":
        assert decided["approved_action"]["amount"] == 500


def test_a_reviewer_sees_the_configured_share():
    """Over a thousand wrong requests the share that is caught is the catch rate's."""
    seen = [_decided([], "stripe.refunds.create", 0.7, number)["status"] for number in range(1000)]
    assert 650 <= seen.count("rejected") <= 750
    assert _decided([], "x", 0.7, 3) == _decided([], "x", 0.7, 3)


def test_seeded_errors_say_how_much_is_seen():
    """Shown beside what is asked, and never to the candidate; the bounds hold the true rate."""
    baseline = Baseline(case_id="c", baseline_id="b", actions=(REFUND,))
    recording = SimpleNamespace(baselines_of=lambda case_id: [baseline])
    review = Review(catch_rate=0.6, delay=timedelta(minutes=5), seeded=0.5)
    reviewer = DeskReviewer(recording, review, 7)
    asked = {"action": {"operation": "stripe.refunds.create", "target": "ch_1", "amount": 500}}
    records = []
    for number in range(400):
        decision = reviewer(f"c-{number}", 0, 1, asked)
        assert decision == {"status": "approved", "after_seconds": 300}
        looked = reviewer.reviews(f"c-{number}", 0)
        proposal = Proposal(case_id=f"c-{number}")
        records.append(CaseRecord(case_id=f"c-{number}", proposal=proposal, reviews=looked))
    seen = oversight_of(records)
    assert (seen.asked, seen.wrong, seen.caught, seen.mean_seconds) == (400, 0, 0, 300)
    assert 170 <= seen.seeded <= 230
    low, high = seen.interval
    assert low < 0.6 < high
    assert seen.catch_rate == seen.seeded_caught / seen.seeded
    assert reviewer.reviews("c-1", 0) == ()
    assert oversight_of([]) is None


@pytest.mark.parametrize(
    "harmless",
    [{"operation": "look", "effect": "read", "amount": 5}, {"asked": "go on?", "amount": 5}],
)
def test_an_error_that_is_put_into_what_is_harmless_is_an_error(harmless):
    """In a call that reads or a question, also with an amount: what is shown as wrong is wrong."""
    baseline = Baseline(case_id="c", baseline_id="b", actions=(REFUND,))
    recording = SimpleNamespace(baselines_of=lambda case_id: [baseline])
    reviewer = DeskReviewer(recording, Review(catch_rate=1.0, seeded=1.0), 7)
    assert reviewer("c", 0, 1, {"action": harmless})["status"] == "approved"
    plain, seeded = reviewer.reviews("c", 0)
    assert (plain.wrong, plain.approved) == (False, True)
    assert (seeded.seeded, seeded.wrong, seeded.approved) == (True, True, False)


def test_a_case_that_is_done_again_is_looked_at_anew():
    """What was decided for a process that was killed counts once."""
    reviewer = DeskReviewer(SimpleNamespace(baselines_of=lambda case_id: []), Review(), 7)
    for _ in range(2):
        reviewer("c", 0, 1, {"action": "x"})
        reviewer("c", 0, 2, {"action": "x"})
    assert len(reviewer.reviews("c", 0)) == 2
