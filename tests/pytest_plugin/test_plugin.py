"""Scenario suites under pytest, as a developer runs them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.own_pytest import own_pytest

ROOT = Path(__file__).parents[2]
SUITE = """\
version: 1
cases:
  - id: asks-when-unsure
    tags: [refund]
    trigger: {system: zendesk, type: ticket.created, payload: {ticket_id: "1"}}
    expect: {escalated: true, no_writes: true}
  - id: tags-the-ticket
    trigger: {system: zendesk, type: ticket.created, payload: {ticket_id: "1"}}
    world:
      zendesk.users: [{id: "9", name: Ann, email: ann@example.com, role: end-user}]
      zendesk.tickets: [{id: "1", subject: Hi, status: open, requester_id: "9", tags: []}]
    expect:
      actions:
        - {operation: zendesk.tags.add, target: {type: ticket, id: "1"}, fields: {tags: [seen]}}
"""


@pytest.fixture
def run(tmp_path):
    """Run pytest in a user's folder, with the plugin as installed."""

    def command(*arguments, **more):
        return own_pytest(tmp_path, *arguments, **more)

    (tmp_path / "suite.yaml").write_text(SUITE, encoding="utf-8")
    (tmp_path / "asks.py").write_text(
        "def handle(case, systems):\n    return {'outcome': 'escalated'}\n", encoding="utf-8"
    )
    (tmp_path / "tags.py").write_text(
        "def handle(case, systems):\n    systems.call('zendesk.tags.add', id='1', tags=['seen'])\n",
        encoding="utf-8",
    )
    return command


def test_scenarios_are_tests_with_ids_tags_and_lines(run):
    """Each scenario is an item that can be pasted back and selected by its tag."""
    listed = run("suite.yaml", "--collect-only", beside_others=True)
    assert "suite.yaml::asks-when-unsure" in listed.stdout
    selected = run("suite.yaml", "-m", "refund", "--understudy-candidate=asks:handle")
    assert "1 passed, 1 deselected" in selected.stdout


def test_a_broken_expectation_is_a_few_lines_with_its_price(run):
    """A failure names kind, severity, cost and what was left out; no traceback."""
    finished = run("suite.yaml::tags-the-ticket", "--understudy-candidate=asks:handle")
    assert finished.returncode == 1
    assert "over_escalation (low)" in finished.stdout
    assert "Traceback" not in finished.stdout


def test_a_candidate_that_does_as_expected_passes(run):
    """The same case passes with a candidate that does what is expected."""
    finished = run("suite.yaml::tags-the-ticket", "--understudy-candidate=tags:handle")
    assert finished.returncode == 0, finished.stdout


def test_without_a_candidate_it_says_how_to_name_one(run):
    """Running scenarios without a candidate tells the option to give."""
    finished = run("suite.yaml")
    assert "--understudy-candidate" in finished.stdout + finished.stderr
    assert finished.returncode != 0


def test_a_suite_that_cannot_be_read_is_told_with_its_line(run, tmp_path):
    """An unknown key is a collection error with file, line and the nearest known key."""
    (tmp_path / "suite.yaml").write_text(SUITE.replace("expect:", "expetc:", 1), encoding="utf-8")
    finished = run("suite.yaml", "--understudy-candidate=asks:handle")
    assert "suite.yaml:6: unknown key `expetc`; did you mean `expect`?" in finished.stdout


def test_the_shipped_scenarios_hold_for_the_careful_candidate(run):
    """The scenarios that come with the project pass with the demo's careful candidate."""
    finished = run(
        str(ROOT / "scenarios"),
        "--understudy-candidate=understudy.candidates.demo.careful:handle",
        "-p",
        "timeout",
        f"--rootdir={ROOT}",  # as the project's own settings ask
    )
    assert finished.returncode == 0, finished.stdout
    assert " passed" in finished.stdout


@pytest.mark.parametrize("more", ["mess: [typo]", "faults: [{match: {}, do: latency}]"])
def test_what_a_scenario_asks_for_is_done_or_refused(run, tmp_path, more):
    """Faults befall the candidate; mess, which nothing lays over a scenario yet, is an error."""
    suite = SUITE.replace("    tags: [refund]", f"    tags: [refund]\n    {more}", 1)
    (tmp_path / "suite.yaml").write_text(suite, encoding="utf-8")
    finished = run("suite.yaml::asks-when-unsure", "--understudy-candidate=asks:handle")
    if "mess" in more:
        assert finished.returncode == 1
        assert "`mess` of case `asks-when-unsure` is not acted on yet" in finished.stdout
    else:
        assert finished.returncode == 0, finished.stdout
