"""A first policy, drafted from what people did."""

from __future__ import annotations

import pytest

from understudy.campaign.recordings.policy_draft import draft_policy, policy_text
from understudy.cost.price_list import PriceList
from understudy.diff.explain import explain
from understudy.model.action import Action, Effect, Target
from understudy.model.baseline import Baseline
from understudy.model.case import Case, Trigger
from understudy.model.document import load_document
from understudy.model.errors import RecordingError
from understudy.model.money import to_minor
from understudy.model.policy import Policy
from understudy.model.proposal import Proposal


class Kept:
    """A recording in memory."""

    def __init__(self, *actions, tier="premium"):
        trigger = Trigger(system="zendesk", type="ticket")
        self.cases = [Case(case_id="c", scenario="s", cluster_id="c", trigger=trigger, tier=tier)]
        self.baseline = Baseline(case_id="c", baseline_id="b", actions=actions)

    def baselines_of(self, case_id):
        return (self.baseline,)


def refund(cents, currency="USD", **more):
    return Action(
        system="stripe", operation="stripe.refunds.create", effect=Effect.PAY,
        target=Target(type="charge", id="ch_1"), amount_minor=cents, currency=currency,
        fields={"amount": cents}, **more,
    )  # fmt: skip


def drafted(tmp_path, recording):
    file = tmp_path / "policy.yaml"
    file.write_text(policy_text(recording), encoding="utf-8")
    return load_document(file, Policy)


def test_the_draft_is_a_policy_that_people_keep(tmp_path):
    """It loads, its limit is what people paid at most, and their own handling costs nothing."""
    people = Kept(refund(1_050), refund(12_301), tier="gold")
    policy = drafted(tmp_path, people)
    assert (policy.currency, policy.owner) == ("USD", None)
    assert policy.operations["stripe.refunds.create"].above.minor == 12_400
    proposal = Proposal(case_id="c", actions=people.baseline.actions)
    prices = PriceList.from_policy(policy)
    assert explain(people.cases[0], proposal, [people.baseline], prices).findings == ()
    larger = Proposal(case_id="c", actions=(*people.baseline.actions, refund(12_500)))
    kinds = {
        one.kind for one in explain(people.cases[0], larger, [people.baseline], prices).findings
    }
    assert "unapproved" in kinds


def test_other_currencies_are_asked_for_and_not_guessed():
    """A rate is nobody's to invent: the draft names the currency in a comment."""
    text = policy_text(Kept(refund(1), refund(2), refund(3, "JPY")))
    assert "currency: USD" in text
    assert "#   JPY: …  # 1 actions" in text


def test_a_recording_without_writes_gives_a_policy_too(tmp_path):
    """Nothing observed is no operation listed, and what a system refused is not observed."""
    assert drafted(tmp_path, Kept(refund(5, response_status=402))).operations == {}


def test_a_file_that_is_there_is_not_written_over(project):
    """The draft never replaces somebody's numbers."""
    project.write("policy.yaml", "mine")
    done = project.command("policy", "init", "nowhere")
    assert done.returncode == 2
    assert "nowhere" in done.stderr
    assert (project.folder / "policy.yaml").read_text() == "mine"


def test_an_existing_file_is_named(tmp_path, monkeypatch):
    """The error says which file, and how to name another."""
    out = tmp_path / "policy.yaml"
    out.write_text("mine")
    monkeypatch.setattr(
        "understudy.campaign.recordings.policy_draft.read_recording", lambda _: Kept()
    )
    with pytest.raises(RecordingError, match="exists already"):
        draft_policy(tmp_path, out)
    assert out.read_text() == "mine"


@pytest.mark.parametrize(
    ("currency", "cap"), [("USD", 500_000), ("JPY", 500_000), ("KWD", 500_000)]
)
def test_the_draft_names_the_whole_price_list(tmp_path, currency, cap):
    """Floors, weights, cap and handling stand there to be changed, in any currency's own digits."""
    policy = drafted(tmp_path, Kept(refund(1_000, currency)))
    usual = Policy(version=1, currency="EUR")
    assert (policy.cap.minor, policy.cap.currency) == (cap, currency)
    assert policy.weights == usual.weights
    for own, default in (
        (policy.review.rework, usual.review.rework),
        (policy.review.cost, usual.review.cost),
        (policy.handling.model_cost, usual.handling.model_cost),
    ):
        assert (own.minor, own.currency) == (default.minor, currency)
    assert to_minor(str(policy.floors.low), currency) == to_minor(str(usual.floors.low), "EUR")
