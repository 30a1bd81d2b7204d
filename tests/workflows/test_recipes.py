"""The written workflows."""

from __future__ import annotations

from collections import Counter
from importlib import resources
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.model.errors import ConfigurationError
from understudy.workflows.plants import PLANTED
from understudy.workflows.recipe import (
    EVENTS,
    PLANTS,
    TICKET,
    VERBS,
    load_recipes,
    recipe_named,
)
from understudy.workflows.schedule import schedule
from understudy.workflows.staff import known_rates
from understudy.workflows.steps import KNOWN_VERBS
from understudy.workflows.wording import load_wording

TWELVE = {
    "contact-change", "data-deletion", "dispute-answer", "duplicate-charge", "duplicate-contact",
    "invoice-correction", "lead-qualification", "outage-credit", "overdue-invoice",
    "refund-request", "subscription-cancellation", "vip-escalation",
}  # fmt: skip


def test_twelve_workflows_ship_with_a_written_policy_each():
    """Each of the twelve workflows has a policy, clauses, and cases for its situations."""
    recipes = load_recipes()
    assert set(recipes) == TWELVE
    assert all(len(recipe.policy) > 80 and recipe.situations for recipe in recipes.values())


def test_every_clause_is_put_to_the_test_by_some_situation():
    """No clause of a policy stands there without a case that is about it."""
    for recipe in load_recipes().values():
        used = {situation.clause for situation in recipe.situations}
        assert set(recipe.clauses) - used == set()


def test_every_workflow_has_its_triggers_alternatives_and_rates():
    """What sets cases off, what is as good, and how often people slip is said for all twelve."""
    for recipe in load_recipes().values():
        assert recipe.triggers
        assert any(situation.alternatives for situation in recipe.situations)
        assert 0 < known_rates(recipe).errors < 0.03
        assert known_rates(recipe).disagreements > known_rates(recipe).errors
        assert 0 < recipe.double_handled < 1
    assert {recipe_named("dispute-answer").triggers[-1], recipe_named("overdue-invoice").triggers[1]
            } == {"stripe.charge.dispute.created", "stripe.invoice.payment_failed"}  # fmt: skip
    assert len({recipe.slips for recipe in load_recipes().values()}) > 6


def test_the_page_of_the_workflows_states_the_rates_that_they_have():
    """How often people slip and differ, and how many cases two people handle, is what it says."""
    page = resources.files("understudy").joinpath("data/workflows/README.md").read_text("utf-8")
    for recipe in load_recipes().values():
        rates = known_rates(recipe)
        row = f"| {rates.errors:.2%} | {rates.disagreements:.1%} | {recipe.double_handled:.0%} |"
        events = ", ".join(f"`{name}`" for name in recipe.triggers)
        assert f"| {recipe.id} | {events} | {row[2:].replace('%', ' %')}" in page


def test_every_word_of_the_dialect_has_something_behind_it():
    """Each verb can be performed, each plant planted, and each is used by some recipe."""
    situations = [each for recipe in load_recipes().values() for each in recipe.situations]
    steps = {step.verb for each in situations for step in each.steps}
    plants = {name for each in situations for name in each.plants}
    assert set(VERBS) == set(KNOWN_VERBS) == steps
    assert set(PLANTS) == set(PLANTED) == plants
    assert {each.trigger for each in situations} == {TICKET, *EVENTS}


def test_every_language_of_a_mail_has_its_greetings():
    """A mail can be written in each language that a recipe has wordings for."""
    words = load_wording()
    languages = {
        mail.lang
        for recipe in load_recipes().values()
        for situation in recipe.situations
        for mail in situation.mails
    }
    assert languages <= set(words.greetings) & set(words.closings) & set(words.asides)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"does": "[replly done]"}, "did you mean `reply`"),
        ({"does": "[reply finished]"}, "names no text"),
        ({"clause": "A-2"}, "did you mean `A-1`"),
        ({"plants": "[double_charges]"}, "did you mean `double_charge`"),
        ({"what": "charges"}, "did you mean `charge`"),
        ({"wrong_tag": "100%"}, "the slips are more than 100 %"),
        ({"triggers": "[]"}, "triggers"),
        ({"triggers": "[zendesk.ticket.create]"}, "did you mean `zendesk.ticket.created`"),
        ({"triggers": "[zendesk.ticket.created, hubspot.deal.creation]"}, "no situation has it"),
        ({"trigger": "hubspot.deal.creation"}, "`triggers` does not name it"),
        ({"alternatives": "[{because: it is as good, does: [reply fine]}]"}, "names no text"),
        ({"alternatives": "[{does: [solve]}]"}, "because"),
        (
            {
                "alternatives": "[{because: a, share: 60%, does: [solve]}, "
                "{because: b, share: 60%, does: [waits]}]"
            },
            "more than 100 %",
        ),
    ],
)
def test_a_recipe_that_cannot_be_followed_is_refused_with_its_line(recipe_file, changes, said):
    """A wrong word in a recipe is told with file, line and the nearest word that is right."""
    with pytest.raises(ConfigurationError) as caught:
        load_recipes(recipe_file(**changes))
    assert said in caught.value.describe()
    assert "a-test.yaml:" in caught.value.describe()


def test_a_folder_without_workflows_is_an_error(tmp_path):
    """An empty folder is no silent zero of workflows."""
    with pytest.raises(ConfigurationError, match="holds no workflow"):
        load_recipes(tmp_path)


def test_an_unknown_workflow_is_answered_with_the_nearest():
    """A mistyped name is answered with the name that was probably meant."""
    assert recipe_named("refund-request").id == "refund-request"
    with pytest.raises(ConfigurationError, match="did you mean `refund-request`"):
        recipe_named("refund-reqest")


@given(count=st.integers(1, 900), seed=st.integers(0, 99))
def test_situations_come_as_often_as_their_shares_say(count, seed):
    """Whatever the number of cases, each situation comes as often as its share, to within one."""
    recipes = list(load_recipes().values())
    drawn = Counter(
        (recipe.id, situation.id) for recipe, situation in schedule(recipes, count, Random(seed))
    )
    total = sum(recipe.weight for recipe in recipes)
    for recipe in recipes:
        whole = sum(situation.share for situation in recipe.situations)
        for situation in recipe.situations:
            expected = count * recipe.weight / total * situation.share / whole
            assert abs(drawn[recipe.id, situation.id] - expected) < 1 + 1e-6
    assert sum(drawn.values()) == count
