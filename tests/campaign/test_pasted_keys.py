"""Keys that people paste into their files."""

from __future__ import annotations

import pytest

from understudy.campaign.projects.settings import load_settings
from understudy.campaign.suites.scenarios import load_suite
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


@pytest.mark.parametrize(
    "use",
    [
        '"bot:handle", env: {STRIPE_API_KEY: %s}',
        '{http: {url: "http://127.0.0.1:9000", start: "node server.mjs --secret %s"}}',
    ],
)
@pytest.mark.parametrize("key", ["sk_live_" + "a1B2" * 6, "whsec_" + "a1B2" * 8])
def test_a_key_or_secret_of_a_system_is_told_to_be_left_out(tmp_path, use, key):
    """A run makes its own, so nobody is sent to the settings of models for them."""
    path = tmp_path / "campaign.yaml"
    path.write_text(
        "version: 1\nname: pilot\nworld: {customers: 10, cases: 2}\n"
        f"candidates:\n  - {{name: agent, use: {use % key}}}\n"
    )
    with pytest.raises(ConfigurationError) as raised:
        load_settings(path)
    told = raised.value.describe()
    assert key not in told
    assert f"{path}:5" in told
    assert "understudy systems env campaign.yaml" in told
    assert "OPENAI_API_KEY" not in told


def test_a_suite_holds_no_key_either(tmp_path):
    """The candidate of a suite is said in the same words."""
    path = tmp_path / "suite.yaml"
    path.write_text(SUITE % KEY)
    with pytest.raises(ConfigurationError, match="a key stands in the file") as raised:
        load_suite(path)
    assert KEY not in raised.value.describe()
    path.write_text(SUITE % "$KEY")
    assert load_suite(path).suite.cases[0].id == "a"
