"""A small world with planned and handled cases, built once for the folder."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest
import yaml

from understudy.model.world import World
from understudy.workflows.plan import CasePlan, plan_cases
from understudy.workflows.recipe import TICKET, load_recipes
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


@pytest.fixture(scope="session")
def forked(tmp_path_factory) -> tuple[World, CasePlan, Recorded]:
    """Only situations with alternatives or without a ticket: a case or more of each, handled."""
    folder = tmp_path_factory.mktemp("workflows")
    for path in sorted(resources.files("understudy").joinpath("data/workflows").glob("*.yaml")):
        recipe = yaml.safe_load(path.read_text("utf-8"))
        kept = [one for one in recipe["situations"] if "trigger" in one or "alternatives" in one]
        triggers = sorted({one.get("trigger", TICKET) for one in kept})
        kept = [one | {"share": 1} for one in kept]
        recipe |= {"situations": kept, "triggers": triggers, "weight": len(kept)}
        (folder / path.name).write_text(yaml.safe_dump(recipe), encoding="utf-8")
    truth = fresh_truth(seed=4)
    situations = sum(len(recipe.situations) for recipe in load_recipes(folder).values())
    plan = plan_cases(truth, 2 * situations, 4, recipes=folder)
    world = as_world(truth)
    return world, plan, record(world, plan, 4)


@pytest.fixture
def recipe_file(tmp_path: Path):
    """Writes a recipe that is whole but for what the test changes."""

    def write(**changes: str) -> Path:
        parts = {
            "clause": "A-1",
            "does": "[reply done, solve]",
            "plants": "[]",
            "what": "contact",
            "triggers": "[zendesk.ticket.created]",
            "trigger": "zendesk.ticket.created",
            "alternatives": "[]",
            "wrong_tag": "1%",
        } | changes
        text = "\n".join([
            "version: 1", "id: a-test", "title: A test", "weight: 1", "policy: Do it.",
            f"triggers: {parts['triggers']}", "double_handled: 25%",
            f"slips: {{forgets: 1%, wrong_tag: {parts['wrong_tag']}, "
            "mistypes_amount: 0%, overcautious: 0%}",
            "clauses: {A-1: It is done.}", "texts: {done: Done.}", "situations:",
            f"  - {{id: plain, share: 1, clause: {parts['clause']},",
            f"     trigger: {parts['trigger']},",
            "     mails: [{subject: Hello, body: please do it}],",
            f"     picks: {{what: {parts['what']}}}, plants: {parts['plants']},",
            f"     alternatives: {parts['alternatives']},",
            f"     does: {parts['does']}}}",
        ])  # fmt: skip
        (tmp_path / "a-test.yaml").write_text(text + "\n", encoding="utf-8")
        return tmp_path

    return write
