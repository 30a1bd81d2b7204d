"""What the tests of prices share: the default price list, and stakes in euros."""

from __future__ import annotations

from decimal import Decimal

import pytest

from understudy.cost.price_list import PriceList, Stake
from understudy.model.action import Effect
from understudy.model.policy import Policy


@pytest.fixture
def policy():
    def build(**changes):
        return Policy.model_validate({"version": 1, **changes})

    return build


@pytest.fixture
def prices(policy):
    return PriceList.from_policy(policy())


@pytest.fixture
def stake():
    def build(euros=0, irreversibility="1", tier="standard", effect=Effect.PAY, **more):
        return Stake(
            exposure_minor=euros * 100,
            currency="EUR",
            effect=effect,
            irreversibility=Decimal(irreversibility),
            tier=tier,
            **more,
        )

    return build
