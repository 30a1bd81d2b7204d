"""A suite says what a campaign says: candidate, models, systems, write modes, the reviewer."""

from __future__ import annotations

import pytest
from tests.own_pytest import own_pytest

from understudy.campaign.suites.scenarios import load_suite, try_scenario
from understudy.model.errors import ConfigurationError

HEAD = """\
version: 1
candidate: {use: "bot:handle", models: scripted, timeout: 20s}
models: {script: [{text: suite}]}
policy: own.yaml
systems: {finance: stripe, support: zendesk, shelf: "own_shelf:Shelf"}
cases:
"""
CASE = """\
  - id: %s
    trigger: {system: zendesk, type: ticket.created, payload: {do: %s}}
    world:
      stripe.charges:
        - {id: ch_1, amount: 1000, amount_refunded: 0, currency: eur, status: succeeded,
           paid: true, captured: true, created: 1793000000, refunded: false}
"""
EXPECTED = """\
      actions:
        - {operation: stripe.refunds.create, target: {type: charge, id: ch_1}, amount: 10 EUR}
"""
RESET = "    faults: [{match: {operation: stripe.charges.list}, do: reset}]\n"
POLICY = """\
version: 1
currency: EUR
writes: {stripe.refunds.create: %s}
review: {cost: 1 EUR, catch_rate: 1.0}
"""
BOT = """
import openai


def ask():
    client = openai.OpenAI(max_retries=0)
    return client.chat.completions.create(model="m", messages=[]).choices[0].message.content


def refund(systems):
    systems.call("stripe.refunds.create", charge="ch_1")


def handle(case, systems):
    what = case.trigger.payload["do"]
    if what == "refund":
        refund(systems)
    elif what == "try":
        try:
            refund(systems)
        except Exception as error:
            assert error.status == 403, error
    elif what == "approval":
        action = {"operation": "stripe.refunds.create", "target": "ch_1", "amount": 900}
        asked = systems.call("desk.approvals.create", action=action)
        decided = systems.call("desk.approvals.get", id=asked["id"])
        assert decided["status"] == "modified", decided
        assert decided["approved_action"]["amount"] == 1000, decided
    elif what == "shelf":
        assert systems.call("shelf.items.get", id="1")["id"] == "1"
    elif what == "nothing":
        return {"outcome": "acted"}
    else:
        assert ask() == what
    return {"outcome": "escalated" if what in ("suite", "own", "shelf", "approval") else "acted"}
"""
SHELF = """
from understudy.model.action import ActionClass, Effect
from understudy.systems.operation import Operation, Reply
from understudy.systems.system import System


def _get(call):
    return Reply(200, {"id": call.path["id"]})


class Shelf(System):
    name, host = "shelf", "shelf.example.com"
    operations = (
        Operation(
            name="shelf.items.get", system="shelf", method="GET", template="/items/{id}",
            handler=_get, effect=Effect.READ, action_class=ActionClass.READ_ONLY,
            description="one item", params={"type": "object", "properties": {"id": {}}},
        ),
    )
"""


@pytest.fixture
def written(tmp_path):
    """Write a suite of these scenarios with its candidate, system and policy."""

    def write(*cases, head=HEAD, mode="deny"):
        files = {"bot.py": BOT, "own_shelf.py": SHELF, "own.yaml": POLICY % mode}
        for name, text in {**files, "suite.yaml": head + "".join(cases)}.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / "suite.yaml"

    return write


@pytest.fixture
def tried(written):
    """What becomes of the one scenario of a suite."""

    def attempt(case, **more):
        loaded = load_suite(written(case, **more))
        return try_scenario(loaded, loaded.suite.cases[0], None)

    return attempt


@pytest.fixture
def suite(written, tmp_path):
    """Run a suite of these scenarios with pytest, as a developer does."""

    def run(*cases, head=HEAD):
        written(*cases, head=head)
        return own_pytest(tmp_path, "suite.yaml")

    return run


def _case(name, do, expect):
    return CASE % (name, do) + f"    expect: {expect}\n"


def test_a_suite_has_models_systems_write_modes_and_a_reviewer(suite):
    """Scripted answers, one's own script, an own system, a denied write, a decided approval.

    A scenario that holds though its fault never acted is a warning.
    """
    pytest.importorskip("openai")
    own = _case("own", "own", "{escalated: true}") + "    models: {script: [{text: own}]}\n"
    asked = CASE % ("reviewed", "approval") + "    expect:\n      cost_at_most: 99 EUR\n" + EXPECTED
    finished = suite(
        _case("suite", "suite", "{escalated: true}"), own,
        _case("shelf", "shelf", "{escalated: true}"),
        _case("denied", "try", "{no_writes: true}") + RESET, asked,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout
    assert "5 passed, 1 warning" in finished.stdout
    assert "a planned fault never acted, reset of stripe.charges.list" in finished.stdout


def test_a_write_mode_of_the_policy_decides_what_a_scenario_meets(tried):
    """What the policy lets pass is done; denied, the same scenario fails for its error."""
    case = CASE % ("refunded", "refund") + "    expect:\n      cost_at_most: 9999 EUR\n" + EXPECTED
    assert tried(case, mode="observe").passed
    denied = tried(case)
    assert not denied.passed
    assert "403" in str(denied)


def test_mistakes_of_a_suite_are_told_when_it_is_collected(suite):
    """Faults, scripts, needs and systems, with the suite's lines, before anything is run."""
    faults = "    faults: [{match: {operation: stripe.refunds.craete}, do: reset}]\n"
    own = "    models: {script: [{txet: own}]}\n"
    head = HEAD.replace("timeout: 20s", "needs: [db]").replace(
        "support: zendesk", "support: zendsk"
    )
    finished = suite(_case("wrong", "own", "{escalated: true}") + faults + own, head=head)
    for said in (
        "suite.yaml:2: `needs: db`", "suite.yaml:5: `zendsk` is no known system",
        "suite.yaml:14: a fault is to befall `stripe.refunds.craete`",
        "suite.yaml:15: answer 1 of the script",
    ):  # fmt: skip
        assert said in finished.stdout, finished.stdout


@pytest.mark.slow
def test_answers_are_recorded_by_scenario_and_replayed(tried, tmp_path, provider, monkeypatch):
    """Each scenario adds to one file; replayed, nobody is asked; recorded twice is refused."""
    pytest.importorskip("openai")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-the-users-own")
    base = f'models: {{provider: {{base_url: "{provider.url}"}}}}'
    head = HEAD.replace("models: {script: [{text: suite}]}", base)
    one, two = (_case(name, "suite", "{escalated: true}") for name in ("one", "two"))
    assert tried(one, head=head.replace("scripted", "record")).passed
    assert tried(two, head=head.replace("scripted", "record")).passed
    assert len((tmp_path / "models.jsonl").read_text().splitlines()) == 2
    with pytest.raises(ConfigurationError, match="holds recorded answers of case `one` already"):
        tried(one, head=head.replace("scripted", "record"))
    assert tried(two, head=head.replace("scripted", "replay")).passed
    assert len(provider.seen) == 2


@pytest.fixture
def provider(serving):
    """A provider that always says the same."""

    def answer(path, asked):
        message = {"role": "assistant", "content": "suite"}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        return {"id": "c", "object": "chat.completion", "created": 1, "model": "m",
                "choices": [choice]}  # fmt: skip

    return serving(answer)
