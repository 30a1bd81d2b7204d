"""The fixtures `world`, `systems`, `respx_systems` and `shadow_case`, as developers use them."""

from __future__ import annotations

import re

import httpx
import httpx2
import pytest
from tests.own_pytest import own_pytest

from understudy.candidates.in_tests import open_systems, respx_systems
from understudy.model.errors import ConfigurationError

ROWS = {
    "stripe.charges": [
        {"id": "ch_1", "amount": 5000, "amount_refunded": 0, "currency": "eur",
         "status": "succeeded", "paid": True, "captured": True, "created": 1},
    ]
}  # fmt: skip
TESTS = f"""
import httpx, httpx2, pytest

@pytest.fixture(scope="session")
def world():
    return {ROWS!r}

def test_by_name(systems):
    systems.call("stripe.refunds.create", charge="ch_1")
    (action,) = systems.actions
    assert (action.operation, action.amount_minor) == ("stripe.refunds.create", 5000)

@pytest.mark.parametrize("library", [httpx, httpx2])
def test_over_http(respx_systems, systems, library):
    key = respx_systems.credentials["stripe"]["api_key"]
    url = respx_systems.base_urls["stripe"] + "/v1/refunds"
    told = {{"authorization": "Bearer " + key}}
    assert library.post(url, headers=told, data={{"charge": "ch_1"}}).status_code == 200
    assert systems.actions == respx_systems.actions
    (action,) = systems.actions
    assert (action.operation, action.amount_minor) == ("stripe.refunds.create", 5000)

def test_what_nobody_serves(respx_systems):
    with pytest.raises(Exception, match="not mocked"):
        httpx.get("https://elsewhere.example/")

TRIGGER = {{"system": "stripe", "type": "charge.succeeded", "payload": {{"charge": "ch_1"}}}}
REFUND = {{"operation": "stripe.refunds.create", "target": {{"type": "charge", "id": "ch_1"}},
          "amount": "50 EUR"}}

def test_a_case_in_the_sealed_process(shadow_case):
    tried = shadow_case(trigger=TRIGGER, expect={{"actions": [REFUND]}})
    assert tried.passed, str(tried)
    assert tried.proposals[0].actions[0].amount_minor == 5000

def test_what_does_not_hold_is_shown(shadow_case):
    tried = shadow_case(trigger=TRIGGER, expect={{"no_writes": True}})
    assert not tried.passed
    assert "refunded 50.00 EUR" in str(tried), tried

def test_what_is_wrong_with_it_is_told(shadow_case):
    with pytest.raises(Exception, match="did you mean `expect`"):
        shadow_case(trigger=TRIGGER, expetc={{}})
"""
CANDIDATE = "def handle(case, systems):\n    systems.call('stripe.refunds.create', charge='ch_1')\n"


def test_a_test_of_one_s_own_has_the_systems(tmp_path):
    """A fresh case for each test, by name, over HTTP, or as a case of the sealed candidate."""
    (tmp_path / "test_mine.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "bot.py").write_text(CANDIDATE, encoding="utf-8")
    finished = own_pytest(tmp_path, "--understudy-candidate=bot:handle")
    assert "7 passed" in finished.stdout, finished.stdout


def test_the_world_may_stand_in_the_configuration(tmp_path):
    """`understudy_world` names a folder; one that is no world is an error that says so."""
    (tmp_path / "test_mine.py").write_text(
        "def test_it(systems):\n    assert systems.actions == []\n", encoding="utf-8"
    )
    assert "1 passed" in own_pytest(tmp_path).stdout
    (tmp_path / "pytest.ini").write_text("[pytest]\nunderstudy_world = nowhere\n")
    finished = own_pytest(tmp_path)
    assert finished.returncode == 1
    assert "nowhere" in finished.stdout


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_the_context_manager(library):
    """The same for a block; the effect on state is told, and routes beside it work."""
    with respx_systems(open_systems(ROWS)) as systems:
        systems.router.get("https://own.example/").respond(json={"own": True})
        assert library.get("https://own.example/").json() == {"own": True}
        told = {"authorization": f"Bearer {systems.credentials['stripe']['api_key']}"}
        url = f"{systems.base_urls['stripe']}/v1/charges/ch_1"
        library.post(url, headers=told, data={"description": "Late"})
        assert systems.effect()["stripe.charges", "ch_1"]["description"][1] == "Late"


def test_rows_that_nothing_could_find_are_refused():
    """Unknown tables, missing ids and ids that are numbers, all in one error."""
    rows = {
        "stripe.charge": [{"id": "ch_1"}], "zendesk.users": [{"id": 7}, {"name": "Ada"}],
        "warehouse.parcels": [{"id": "p-1"}],
    }  # fmt: skip
    with pytest.raises(ConfigurationError) as refused:
        open_systems(rows)
    told = refused.value.describe()
    for words in (
        "did you mean `stripe.charges`?", 'must be text: "7"',
        "a row of `zendesk.users` has no `id`: {'name': 'Ada'}",
    ):  # fmt: skip
        assert words in told
    assert "warehouse" not in told


@pytest.mark.parametrize(("table", "row", "words"), [
    ("stripe.charges", {"amount": "5000"}, "`amount` is '5000', and must be a whole number"),
    ("stripe.charges", {"currency": "EUR"}, "`currency` is 'EUR'"),
    ("stripe.charges", {"status": "succeded"}, "did you mean `succeeded`?"),
    ("stripe.charges", {"paid": "yes"}, "must be true or false"),
    ("zendesk.tickets", {"status": "opened"}, "did you mean `open`?"),
    ("zendesk.tickets", {"requester_id": 7}, 'must be text: "7"'),
    ("hubspot.deals", {"properties": {"amount": "1"}}, "is to stand beside `id`"),
])  # fmt: skip
def test_values_that_no_object_holds_are_warned_of(table, row, words):
    """The row is served as it stands, and the test says what is odd about it."""
    with pytest.warns(UserWarning, match=re.escape(words)):
        open_systems({table: [{"id": "1", **row}]})


@pytest.mark.slow
def test_a_suite_tells_of_its_rows(tmp_path):
    """With file and line where nothing could find a row, as a warning where a value is odd."""
    (tmp_path / "bot.py").write_text("def handle(case, systems): return None\n", encoding="utf-8")
    case = (
        "version: 1\ncases:\n  - id: one\n"
        "    trigger: {system: stripe, type: charge.succeeded, payload: {}}\n"
        "    expect: {no_writes: true}\n    world:\n      stripe.charges:\n        - {id: %s,"
        " amount: '5000', currency: eur}\n"
    )
    suite = tmp_path / "suite.yaml"
    suite.write_text(case % "ch_1", encoding="utf-8")
    finished = own_pytest(tmp_path, "--understudy-candidate=bot:handle", "suite.yaml")
    assert "1 passed, 1 warning" in finished.stdout, finished.stdout
    assert "`amount` is '5000', and must be a whole number" in finished.stdout
    suite.write_text(case % "7", encoding="utf-8")
    finished = own_pytest(tmp_path, "--understudy-candidate=bot:handle", "suite.yaml")
    assert 'suite.yaml:7: the id of a row of `stripe.charges` is 7, and must be text: "7"' in (
        finished.stdout
    )


def test_an_environment_that_leads_elsewhere_is_told(monkeypatch):
    """Clients that read addresses from a sourced shell would talk to another world, unseen."""
    monkeypatch.setenv("ZENPY_FORCE_NETLOC", "127.0.0.1:4003")
    monkeypatch.setenv("STRIPE_API_BASE", "http://127.0.0.1:4002")
    monkeypatch.setenv("HUBSPOT_API_BASE", "https://api.hubapi.com")
    with pytest.warns(UserWarning, match="unset STRIPE_API_BASE ZENPY_FORCE_NETLOC"):
        open_systems(ROWS)
