"""The fixture `mocked_systems`, as a developer's own tests use it."""

from __future__ import annotations

import httpx
import httpx2
import pytest
from tests.own_pytest import own_pytest

from understudy.doors.in_tests import mocked_systems

ROWS = {
    "stripe.charges": [
        {"id": "ch_1", "amount": 5000, "amount_refunded": 0, "currency": "eur",
         "status": "succeeded", "paid": True, "captured": True, "created": 1},
    ]
}  # fmt: skip
TESTS = f"""
import httpx, httpx2, pytest

@pytest.fixture(scope="session")
def understudy_world():
    return {ROWS!r}

@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_refund(mocked_systems, library):
    key = mocked_systems.credentials["stripe"]["api_key"]
    url = mocked_systems.base_urls["stripe"] + "/v1/refunds"
    told = {{"authorization": "Bearer " + key}}
    assert library.post(url, headers=told, data={{"charge": "ch_1"}}).status_code == 200
    (action,) = mocked_systems.actions
    assert (action.operation, action.amount_minor) == ("stripe.refunds.create", 5000)

def test_what_nobody_serves(mocked_systems):
    with pytest.raises(Exception, match="not mocked"):
        httpx.get("https://elsewhere.example/")
"""


def test_a_test_of_one_s_own_has_the_systems(tmp_path):
    """A fresh case for each test, for both libraries; other hosts are an error, as in respx."""
    (tmp_path / "test_mine.py").write_text(TESTS, encoding="utf-8")
    finished = own_pytest(tmp_path)
    assert "3 passed" in finished.stdout, finished.stdout


def test_the_world_may_stand_in_the_configuration(tmp_path):
    """`understudy_world` names a folder; one that is no world is an error that says so."""
    (tmp_path / "test_mine.py").write_text(
        "def test_it(mocked_systems):\n    assert mocked_systems.actions == []\n", encoding="utf-8"
    )
    assert "1 passed" in own_pytest(tmp_path).stdout
    (tmp_path / "pytest.ini").write_text("[pytest]\nunderstudy_world = nowhere\n")
    finished = own_pytest(tmp_path)
    assert finished.returncode == 1
    assert "nowhere" in finished.stdout


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_the_context_manager(library):
    """The same for a block; the effect on state is told, and routes beside it work."""
    with mocked_systems(ROWS) as systems:
        systems.router.get("https://own.example/").respond(json={"own": True})
        assert library.get("https://own.example/").json() == {"own": True}
        told = {"authorization": f"Bearer {systems.credentials['stripe']['api_key']}"}
        url = f"{systems.base_urls['stripe']}/v1/charges/ch_1"
        library.post(url, headers=told, data={"description": "Late"})
        assert systems.effect()["stripe.charges", "ch_1"]["description"][1] == "Late"
