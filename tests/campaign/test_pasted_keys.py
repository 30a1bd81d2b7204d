"""Keys that people paste into their files."""

from __future__ import annotations

import pytest

from understudy.campaign.scenarios import load_suite
from understudy.campaign.settings import load_settings
from understudy.model.errors import ConfigurationError

KEY = "sk-proj-" + "a1B2c3D4e5F6" * 4
CAMPAIGN = """version: 1
name: pilot
world: {customers: 10, cases: 2}
candidates:
  - name: agent
    use: "exec: node bot.js --key %s"
models:
  provider: {key: %s}
"""
SUITE = """version: 1
candidate:
  use: "exec: node bot.js --key %s"
cases:
  - id: a
    trigger: {system: zendesk, type: ticket.created}
    expect: {escalated: true}
"""


def test_a_pasted_key_is_refused_and_not_repeated(tmp_path):
    """Every place is told by its line, with what to write instead."""
    path = tmp_path / "campaign.yaml"
    path.write_text(CAMPAIGN % (KEY, KEY))
    with pytest.raises(ConfigurationError) as raised:
        load_settings(path)
    told = raised.value.describe()
    assert KEY not in told
    assert f"{path}:6" in told
    assert f"{path}:8" in told
    assert "models: {provider: {key: OPENAI_API_KEY}}" in told


def test_a_suite_holds_no_key_either(tmp_path):
    """The candidate of a suite is said in the same words."""
    path = tmp_path / "suite.yaml"
    path.write_text(SUITE % KEY)
    with pytest.raises(ConfigurationError, match="a key stands in the file") as raised:
        load_suite(path)
    assert KEY not in raised.value.describe()
    path.write_text(SUITE % "$KEY")
    assert load_suite(path).suite.cases[0].id == "a"
