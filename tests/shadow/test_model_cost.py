"""What a case's models cost is counted at the gateway, or is not known."""

import pytest

from understudy.candidates.answer import read_answer
from understudy.candidates.handed import Inbound
from understudy.candidates.proposing import Done, propose
from understudy.doors.gateway_meter import Meter, ModelBudget, TokenPrice
from understudy.doors.gateway_script import Script
from understudy.model.case import Trigger
from understudy.model.proposal import CaseRecord
from understudy.shadow.models import ModelService


@pytest.mark.parametrize(("other_ways", "cost"), [(False, 0.0), (True, None)])
def test_a_case_without_a_call_has_cost_nothing_only_where_there_is_no_other_way(other_ways, cost):
    """Who may reach a model past the gateway pays what the policy states."""
    meter = Meter(ModelBudget(prices={"m": TokenPrice(25, 200)}, currency="EUR"))
    models = ModelService(Script([]), meter=meter, other_ways=other_ways)
    key = models.new_key()
    trigger = Trigger(system="zendesk", type="ticket.created", payload={})
    models.begin(key, Inbound(case_id="c", trigger=trigger))
    record = CaseRecord(case_id="c", proposal=propose(Done("c"), read_answer(None)))
    assert models.finish(key, record).proposal.usage.get("model_cost_minor") == cost


def test_a_candidate_does_not_say_what_its_models_cost():
    """Such keys of its usage are left out, whatever they say; the others are kept."""
    said = {"model_cost_minor": 0, "model_cost_currency": "EUR", "tokens": 5}
    assert propose(Done("c"), read_answer({"usage": said})).usage == {"tokens": 5}
