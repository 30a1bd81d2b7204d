"""A damaged world with cases that people handled, and what the three candidates did about them."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from understudy.candidates.answer import read_answer
from understudy.candidates.handed import handed_case, inbound
from understudy.candidates.proposing import Done, propose
from understudy.doors.transports import installed
from understudy.model.case import Case
from understudy.model.proposal import Proposal
from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.workflows.plan import CasePlan, plan_cases
from understudy.workflows.record import Recorded, record
from understudy.world.damage import damage
from understudy.world.profile import load_profile
from understudy.world.recipe import load_recipe
from understudy.world.truth import build_truth

CASES = 300
SEED = 7


@dataclass(frozen=True)
class Office:
    """What the candidates are tried on."""

    world: World
    plan: CasePlan
    recorded: Recorded


@pytest.fixture(scope="session")
def office() -> Office:
    truth = build_truth(load_recipe("default", customers=500), SEED)
    plan = plan_cases(truth, CASES, SEED)
    tables = damage(truth, load_profile("mid_market"), SEED).tables
    rows = {name: {row["id"]: row for row in table.rows()} for name, table in tables.items()}
    world = World(rows, now=truth.recipe.epoch)
    return Office(world, plan, record(world, plan, SEED))


def one_proposal(engine: Engine, handle: Callable[..., Any], case: Case) -> Proposal:
    session = engine.open_case(case.case_id, now=case.received_at)
    try:
        answer = handle(handed_case(inbound(case), session), None)
    finally:
        engine.close_case(case.case_id)
    assert not session.gaps
    done = Done(case_id=case.case_id, actions=tuple(session.actions), reads=session.reads)
    return propose(done, read_answer(answer))


@pytest.fixture(scope="session")
def propose_all(office: Office):
    def run(name: str, most: int = CASES) -> dict[str, Proposal]:
        handle = importlib.import_module(f"understudy.candidates.demo.{name}").handle
        engine = Engine(office.world, seed=SEED)
        with installed(engine):
            return {
                case.case_id: one_proposal(engine, handle, case)
                for case in office.recorded.cases[:most]
            }

    return run


@pytest.fixture(scope="session")
def proposals(propose_all) -> dict[str, dict[str, Proposal]]:
    return {name: propose_all(name) for name in ("careful", "hasty", "timid")}
