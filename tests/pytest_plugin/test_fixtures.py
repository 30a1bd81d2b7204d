"""The fixtures `world`, `systems`, `respx_systems` and `shadow_case`, as developers use them."""

from __future__ import annotations

import httpx
import httpx2
import pytest
from tests.own_pytest import own_pytest

from understudy.candidates.in_tests import open_systems, respx_systems

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
