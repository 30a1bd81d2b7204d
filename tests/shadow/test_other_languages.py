"""Candidates that are a process or a service of their own."""

from __future__ import annotations

import json
import sys
from datetime import timedelta

import pytest

from understudy.model.errors import CandidateError, EvidenceError

PROCESS = """
import json, os, sys, time, urllib.parse, urllib.request

for line in sys.stdin:
    case = json.loads(line)
    number = case["trigger"]["payload"]["number"]
    if number == 1:
        print("no json", flush=True)
        continue
    if number == 2:
        sys.stderr.write("bye\\n")
        sys.exit(3)
    if number == 3:
        time.sleep(60)
    body = urllib.parse.urlencode({"charge": "ch_1", "amount": 100 + number}).encode()
    headers = {"Authorization": "Bearer " + case["credentials"]["stripe"]["api_key"]}
    request = urllib.request.Request(case["base_urls"]["stripe"] + "/v1/refunds", body, headers)
    refund = json.load(urllib.request.urlopen(request))
    print(json.dumps({"outcome": "acted", "rationale": refund["id"]}), flush=True)
"""


def amounts(records):
    return [[action.amount_minor for action in record.proposal.actions] for record in records]


def reasons(records):
    return [record.proposal.failure and record.proposal.failure.reason for record in records]


@pytest.fixture
def process(project):
    project.write("bot_process.py", PROCESS)
    return f"exec: {sys.executable} bot_process.py"


def test_a_process_handles_cases(project, run, process):
    """A process reads cases line by line and works on the systems over loopback."""
    report, records = run(project.plan(1, use=process, repeats=2))
    assert amounts(records) == [[100], [100]]
    assert records[0].trace.rationale.startswith("re_")
    assert report.level in ("witness", "none")


def test_a_process_has_a_network_of_its_own_where_that_is_permitted(project, run, process):
    """In a namespace the process reaches the systems and nothing else."""
    report, records = run(project.plan(1, use=process, namespace=True))
    assert amounts(records) == [[100]]
    assert report.level in ("netns+witness", "netns", "witness", "none")


@pytest.mark.slow
def test_trouble_of_a_process_costs_its_case(project, run, process):
    """Nonsense, an exit and a hang of the process each cost one case; it is started again."""
    report, records = run(project.plan(5, use=process, timeout=timedelta(seconds=1)))
    assert reasons(records) == [None, "malformed_answer", "crashed", "timeout", None]
    assert amounts(records) == [[100], [], [], [], [104]]
    assert "exit code 3" in records[2].proposal.failure.detail
    assert records[2].trace.printed == "bye\n"
    assert report.complete


TALKING = """
import json, sys
for line in sys.stdin:
    case = json.loads(line)
    number = case["trigger"]["payload"]["number"]
    if number == 1:
        print("working on it", flush=True)
    print(json.dumps({"rationale": case["id"]}), flush=True)
    if number == 3:
        print(json.dumps({"rationale": "once more"}), flush=True)
"""


def test_what_a_process_prints_besides_is_no_answer_to_the_next_case(project, run):
    """Words before an answer cost their case, and what comes after one stays with the next."""
    project.write("talking.py", TALKING)
    _, records = run(project.plan(6, use=f"exec: {sys.executable} talking.py"))
    assert reasons(records) == [None, "malformed_answer", None, None, None, None]
    detail = records[1].proposal.failure.detail
    assert "begins `working on it`" in detail
    assert "print to standard error" in detail
    told = [record.trace.rationale for record in records if record.proposal.failure is None]
    assert told == [f"case-00{number}" for number in (0, 2, 3, 4, 5)]


BREAK = """
from understudy.systems.{module} import {name}
def broken(self, *args):
    raise {error}
{name}.{method} = broken
"""


@pytest.fixture
def broken_world(project):
    def write(module, name, method, error):
        text = (project.folder / "tiny_world.py").read_text()
        names = {"module": module, "name": name, "method": method, "error": error}
        project.write("tiny_world.py", text + BREAK.format(**names))

    return write


def test_our_own_mistake_over_a_socket_is_not_the_candidates(project, run, process, broken_world):
    """A mocked system that breaks is a bare 500 for a process; its case is not judged."""
    broken_world("overlay", "Overlay", "get", "KeyError('x')")
    failure = run(project.plan(1, use=process))[1][0].proposal.failure
    assert (failure.cause, failure.reason) == ("infrastructure", "harness")
    assert failure.detail.startswith("KeyError")


def test_systems_that_contradict_themselves_over_a_socket_end_the_run(
    project, run, process, broken_world
):
    """A read that changed state ends the run of a process, too."""
    error = "__import__('understudy.model.errors').model.errors.EvidenceError('changed state')"
    broken_world("engine", "Engine", "handle", error)
    with pytest.raises(EvidenceError, match="changed state"):
        run(project.plan(1, use=process))


def test_a_command_that_is_not_there_is_an_error(project, run):
    """A command that cannot be started is named before the first case."""
    with pytest.raises(CandidateError, match="`no-such-bot` cannot be started: there is no such"):
        run(project.plan(1, use="exec: no-such-bot --fast"))


SAID = [(200, {"outcome": "escalated"}), (204, ""), (500, "database down"), (200, "<html>")]


def test_a_service_handles_cases(project, run, serving):
    """A service gets the case by POST; its answer, its error and its nonsense are told apart."""
    service = serving(lambda path, case: SAID[case["trigger"]["payload"]["number"]])
    report, records = run(project.plan(4, use=f"{service.url}/case"))
    assert reasons(records) == [None, None, "raised", "malformed_answer"]
    assert [record.proposal.outcome.value for record in records[:2]] == ["escalated", "abstained"]
    assert "HTTP 500: database down" in records[2].proposal.failure.detail
    assert report.level == "none"
    headers, _, case = service.seen[0]
    assert case["base_urls"]["stripe"].startswith("http://127.0.0.1:")
    assert case["received_at"] == "2026-11-01T00:00:00+00:00"
    text = (json.dumps(case) + json.dumps(dict(headers))).lower()
    assert not any(word in text for word in ("understudy", "shadow", "secret-scenario"))


def test_a_service_that_does_not_answer_is_an_error(project, run):
    """Where nothing listens, the address is named before the first case."""
    with pytest.raises(CandidateError, match=r"nothing answers at `http://127\.0\.0\.1:9/`"):
        run(project.plan(1, use="http://127.0.0.1:9/"))


PYTHON_WITH_TOOLS = """
import json, sys

from understudy.candidates.remote_case import working_on
from understudy.candidates.tool_door import shadow_tools

def escalate(reason: str) -> dict:
    raise AssertionError("the real one was called")

def wipe(customer: str) -> dict:
    raise AssertionError("the real one was called")

hand_over, wipe = shadow_tools([escalate, wipe], {"escalate": "desk.escalate"})

for line in sys.stdin:
    case = json.loads(line)
    with working_on(case) as systems:
        hand_over(reason=case["id"])
        try:
            wipe("cus_1")
        except PermissionError as error:
            said = str(error)
    print(json.dumps({"rationale": said}), flush=True)
"""


@pytest.mark.slow
def test_a_programs_tools_act_on_the_systems(project, run):
    """By the case that it says it is at; one that is mapped to nothing is a gap of that case."""
    project.write("tools.py", PYTHON_WITH_TOOLS)
    _, records = run(project.plan(3, use=f"exec: {sys.executable} tools.py"))
    for record in records:
        (action,) = record.proposal.actions
        assert (action.operation, action.fields["reason"]) == ("desk.escalate", record.case_id)
        assert [(gap.system, gap.path) for gap in record.gaps] == [("tools", "wipe")]
        assert record.trace.rationale == "the tool `wipe` is not available"
