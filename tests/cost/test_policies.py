"""The policies that come with understudy."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from understudy.cost.price_list import PriceList, Stake
from understudy.model.document import load_document
from understudy.model.finding import Kind
from understudy.model.policy import Policy

FOLDER = Path(str(resources.files("understudy"))) / "data" / "policies"


@pytest.fixture(params=["standard", "demo"])
def shipped(request):
    return request.param, load_document(FOLDER / f"{request.param}.yaml", Policy)


def test_only_the_demo_has_an_owner(shipped):
    """The standard prices belong to nobody, so that nobody takes them for their own."""
    name, policy = shipped
    assert (policy.owner is not None) == (name == "demo")


def test_the_shipped_prices_are_the_default_ones(shipped):
    """Both files state the default price list in full."""
    policy, default = shipped[1], Policy(version=1)
    for part in ("floors", "weights", "cap", "tiers"):
        assert getattr(policy, part) == getattr(default, part)
    assert PriceList.from_policy(policy).price(Kind.EXTRA_ACTION, Stake(0, "EUR")).minor == 2000


def test_nothing_shipped_asks_for_approvals(shipped):
    """No operation is held to an approval or closed before somebody decides so."""
    assert all(each.action_class is None for each in shipped[1].operations.values())
