"""What a case's models cost is counted at the gateway, or is not known."""

from pathlib import Path

import pytest

from understudy.campaign.models import ModelPlan, model_service
from understudy.candidates.answer import read_answer
from understudy.candidates.handed import Inbound
from understudy.candidates.proposing import Done, propose
from understudy.model.campaign import CandidateSpec, ModelSettings
from understudy.model.case import Trigger
from understudy.model.proposal import CaseRecord


@pytest.mark.parametrize(
    ("more", "cost"),
    [({}, 0.0), ({"needs": ["127.0.0.1:11434"]}, None), ({"use": "http://127.0.0.1:8000/x"}, None)],
)
def test_a_case_without_a_call_has_cost_nothing_only_where_there_is_no_other_way(more, cost):
    """Who may reach a model past the gateway pays what the policy states."""
    given = {"name": "a", "use": "bot:handle", "models": "live", **more}
    settings = {"prices": {"m": {"input": "0.25 EUR", "output": "2 EUR"}}}
    plan = ModelPlan(
        CandidateSpec.model_validate(given), ModelSettings.model_validate(settings), Path()
    )
    models = model_service(plan, environment={"OPENAI_API_KEY": "k"})
    assert models is not None
    key = models.new_key()
    trigger = Trigger(system="zendesk", type="ticket.created", payload={})
    models.begin(key, Inbound(case_id="c", trigger=trigger))
    record = CaseRecord(case_id="c", proposal=propose(Done("c"), read_answer(None)))
    assert models.finish(key, record).proposal.usage.get("model_cost_minor") == cost


def test_a_candidate_does_not_say_what_its_models_cost():
    """Such keys of its usage are left out, whatever they say; the others are kept."""
    said = {"model_cost_minor": 0, "model_cost_currency": "EUR", "tokens": 5}
    assert propose(Done("c"), read_answer({"usage": said})).usage == {"tokens": 5}
