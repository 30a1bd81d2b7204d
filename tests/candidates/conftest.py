"""Systems with a desk that decides as a test tells it to."""

from types import SimpleNamespace

import pytest

from understudy.candidates.tool_door import serving_tools
from understudy.candidates.toolbox import Toolbox
from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.sleeping import virtual_time

CHARGE = {
    "id": "ch_1", "customer": "cus_1", "amount": 1000, "amount_refunded": 0, "currency": "eur",
    "status": "succeeded", "paid": True, "refunded": False, "captured": True,
    "created": 1_790_000_000,
}  # fmt: skip


@pytest.fixture
def desk():
    """Systems whose desk decides as it is told, after five minutes; with what it was asked."""
    engine = Engine(World({"stripe.charges": {"ch_1": CHARGE}}, now=1_800_000_000), seed=1)
    session = engine.open_case("c-1")
    asked = []

    def decide(**decision):
        session.reviewer = lambda _, row: asked.append(row) or {"after_seconds": 300, **decision}

    with serving_tools(engine), virtual_time(engine):
        yield SimpleNamespace(
            decide=decide,
            asked=asked,
            engine=engine,
            session=session,
            systems=Toolbox(engine, session),
        )
