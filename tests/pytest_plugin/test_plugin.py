"""Scenario suites under pytest, as a developer runs them."""

from __future__ import annotations

import shlex

import pytest
from tests.own_pytest import own_pytest

from understudy.campaign.pilot.log import pilot_file
from understudy.campaign.pilot.suites import suites_in
from understudy.campaign.runs.identity import candidate_hash
from understudy.model.canonical import digest_file
from understudy.model.chain import read_chain

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
    """A failure is a table of both sides with kind, severity and cost; no line is too long.

    Its last line is a command that can be pasted, and shows the whole case.
    """
    finished = run("suite.yaml::tags-the-ticket", "--understudy-candidate=asks:handle")
    assert finished.returncode == 1
    shown = finished.stdout
    assert "PEOPLE                        | CANDIDATE                     |           COST" in shown
    assert "-                             | handed the case to a person   |       2.18 EUR" in shown
    assert "over_escalation (low): handed the case" in shown
    assert "Traceback" not in shown
    command = next(line for line in shown.splitlines() if line.startswith("  pytest "))
    assert all(len(line) <= 80 for line in shown.splitlines() if line != command)
    again = run(*shlex.split(command)[1:])
    assert "tagged a ticket (ticket 1)    | -" in again.stdout
    assert "trigger: ticket.created in zendesk" in again.stdout


def test_what_a_candidate_says_cannot_steer_a_terminal(run, tmp_path):
    """Control characters in what it wrote or raised are written out, and lines stay short."""
    (tmp_path / "steers.py").write_text(
        "def handle(case, systems):\n"
        "    systems.call('zendesk.tags.add', id='1', tags=['\\x1b[31mred'])\n"
        "    raise ValueError('\\x1b]0;' + 'long ' * 60)\n",
        encoding="utf-8",
    )
    finished = run("suite.yaml::tags-the-ticket", "--understudy-candidate=steers:handle")
    assert finished.returncode == 1
    assert "\x1b" not in finished.stdout
    assert "raised: ValueError: \\x1b]0;long" in finished.stdout
    long = [line for line in finished.stdout.splitlines() if len(line) > 80]
    assert all(line.startswith("  pytest ") for line in long), long


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


@pytest.mark.slow
def test_a_whole_suite_enters_the_pilot_s_history_with_its_candidate(run, tmp_path):
    """Also over several processes; a suite that was run in part is not entered, and says so."""
    asks = ["suite.yaml", "--understudy-candidate=asks:handle", "--understudy-pilot=reports"]
    part = run(*asks, "-m", "refund")
    assert "not entered in" in part.stdout and "1 of 2 scenarios of suite.yaml" in part.stdout
    assert not (tmp_path / "reports").exists()
    spread = run(*asks, "-n", "2", beside_others=True)
    assert "pilot.jsonl: 1 of 2 scenarios held (suite.yaml)" in spread.stdout
    chain = pilot_file(tmp_path / "reports")
    [entered] = suites_in(read_chain(chain)).results
    assert entered.candidate_hash == candidate_hash("asks:handle", tmp_path)
    assert (entered.scenarios, entered.held, entered.green) == (2, 1, False)
    assert entered.digest == digest_file(tmp_path / "suite.yaml")
