"""A small world with planned and handled cases, built once for the folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from understudy.model.world import World
from understudy.workflows.plan import CasePlan, plan_cases
from understudy.workflows.record import Recorded, record
from understudy.world.recipe import load_recipe
from understudy.world.truth import Truth, build_truth

CASES = 240


def fresh_truth(customers: int = 500, seed: int = 3) -> Truth:
    return build_truth(load_recipe("default", customers=customers), seed)


def as_world(truth: Truth) -> World:
    tables = {name: truth.rows(name) for name in truth.names() if name != "people"}
    return World(tables, now=truth.recipe.epoch)


@pytest.fixture(scope="session")
def planned() -> tuple[Truth, CasePlan]:
    truth = fresh_truth()
    return truth, plan_cases(truth, CASES, 3)


@pytest.fixture(scope="session")
def world(planned: tuple[Truth, CasePlan]) -> World:
    return as_world(planned[0])


@pytest.fixture(scope="session")
def recorded(planned: tuple[Truth, CasePlan], world: World) -> Recorded:
    return record(world, planned[1], 3)


@pytest.fixture
def build_fresh_truth():
    return fresh_truth


@pytest.fixture
def see_as_world():
    return as_world


@pytest.fixture
def recipe_file(tmp_path: Path):
    """Writes a recipe that is whole but for what the test changes."""

    def write(**changes: str) -> Path:
        parts = {
            "clause": "A-1",
            "does": "[reply done, solve]",
            "plants": "[]",
            "what": "contact",
        } | changes
        text = "\n".join([
            "version: 1", "id: a-test", "title: A test", "weight: 1", "policy: Do it.",
            "clauses: {A-1: It is done.}", "texts: {done: Done.}", "situations:",
            f"  - {{id: plain, share: 1, clause: {parts['clause']},",
            f"     picks: {{what: {parts['what']}}}, plants: {parts['plants']},",
            "     mails: [{subject: Hello, body: please do it}],",
            f"     does: {parts['does']}}}",
        ])  # fmt: skip
        (tmp_path / "a-test.yaml").write_text(text + "\n", encoding="utf-8")
        return tmp_path

    return write
