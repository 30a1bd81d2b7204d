"""Programs that try to get out: counted to their cases, as a callable's attempts are."""

from __future__ import annotations

import shutil
import sys
from datetime import timedelta

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")

PYTHON = """
import json, sys, urllib.request
for line in sys.stdin:
    case = json.loads(line)
    if case["trigger"]["payload"]["number"]:
        for host in ("telemetry.example.net", "telemetry.example.net.evil.example", "10.0.0.1"):
            try:
                urllib.request.urlopen(f"http://{host}/v1")
            except OSError:
                pass
    print(json.dumps({"outcome": "escalated"}), flush=True)
"""
LEAVING = """
import atexit, json, sys, urllib.request
def flush():
    for host in ("telemetry.example.net", "10.0.0.1"):
        try:
            urllib.request.urlopen(f"http://{host}/v1")
        except OSError:
            pass
atexit.register(flush)
for line in sys.stdin:
    print(json.dumps({"outcome": "escalated"}), flush=True)
"""
ENDING = """
import json, os, pathlib, signal, socket, sys
starter = os.getppid()
for line in sys.stdin:
    if json.loads(line)["trigger"]["payload"]["number"] == 1:
        for thread in pathlib.Path(f"/proc/{starter}/task").iterdir():
            for pid in (thread / "children").read_text().split():
                if int(pid) != os.getpid():
                    os.kill(int(pid), signal.SIGKILL)
        try:
            socket.create_connection(("10.0.0.1", 443))
        except OSError:
            pass
    print(json.dumps({"outcome": "escalated"}), flush=True)
"""
NODE = """
const http = require('http');
http.createServer(async (request, response) => {
  for (const host of ['telemetry.example.net', '10.0.0.1']) {
    await fetch(`http://${host}/v1`).catch(() => null);
  }
  response.end(JSON.stringify({outcome: 'escalated'}));
}).listen(8791, '127.0.0.1');
"""
FLOOD = """
import json, socket, subprocess, sys, time
for line in sys.stdin:
    for _ in range(5):
        try:
            socket.create_connection(("10.0.0.1", 443))
        except OSError:
            pass
    time.sleep(1)
    crowd = [subprocess.Popen(["sleep", "30"]) for _ in range(20)]
    time.sleep(30)
"""


@pytest.fixture
def held(project, run):
    """A plan with a network of the program's own, run where there can be one."""

    def run_held(count, **changes):
        report, records = run(project.plan(count, namespace=True, **changes))
        if report.level in ("none", "witness"):
            pytest.skip("no network namespace is permitted here")
        assert report.level == "netns+witness"
        return report, records

    return run_held


def test_a_programs_attempts_are_its_cases(project, held):
    """By place, expected hosts apart; a case that tries nothing has none."""
    project.write("trying.py", PYTHON)
    use = f"exec: {sys.executable} trying.py"
    report, records = held(3, use=use, expect_blocked=["telemetry.example.net"])
    counted = [(record.wall.network, record.wall.expected) for record in records]
    assert counted == [(0, 0), (2, 1), (2, 1)]
    places = ("resolve telemetry.example.net.evil.example", "connect 10.0.0.1:80")
    assert records[1].wall.places == places
    evidence = report.evidence()
    assert (evidence.attempts, evidence.blocked, evidence.expected) == (4, 4, 2)
    assert report.failures == {}


@pytest.mark.slow
@pytest.mark.parametrize("needs", [(), ("192.0.2.1:6379",)], ids=["here", "beyond"])
def test_a_program_without_a_network_of_its_own_is_held_by_the_kernels_questions(
    project, run, needs
):
    """The same attempts, refused and counted: in the machine's network, and with needs beyond."""
    project.write("trying.py", PYTHON)
    use = f"exec: {sys.executable} trying.py"
    options = {"expect_blocked": ["telemetry.example.net"], "needs": needs}
    report, records = run(project.plan(3, use=use, namespace=bool(needs), **options))
    if report.level == "none":
        pytest.skip("the kernel cannot ask here")
    assert report.level == "witness"
    counted = [(record.wall.network, record.wall.expected) for record in records]
    assert counted == [(0, 0), (2, 1), (2, 1)]
    places = ("resolve telemetry.example.net.evil.example", "connect 10.0.0.1:80")
    assert records[1].wall.places == places


@pytest.mark.slow
def test_a_need_by_its_name_leaves_a_program_unheld(project, run):
    """Names are told by servers of names, which could be told anything: nothing is counted."""
    project.write("trying.py", PYTHON)
    use = f"exec: {sys.executable} trying.py"
    report, _ = run(project.plan(1, use=use, namespace=True, needs=("cache.invalid:6379",)))
    assert report.level == "none"


def test_what_a_program_tries_after_its_last_case_is_counted(project, held):
    """As it ends, by each process: no case's own, but the run's."""
    project.write("leaving.py", LEAVING)
    use = f"exec: {sys.executable} leaving.py"
    options = {"expect_blocked": ["telemetry.example.net"], "most_blocked": 5}
    report, records = held(3, use=use, workers=1, **options)
    assert [(record.wall.network, record.wall.expected) for record in records] == [(0, 0)] * 3
    evidence = report.evidence()
    assert (evidence.attempts, evidence.expected) == (1, 1)
    assert (report.places, report.stopped) == (("connect 10.0.0.1:80",), None)


def test_ending_the_one_who_counts_is_an_attempt(project, held):
    """Nothing can be counted of the program from then on, and whoever reads the report knows it."""
    project.write("ending.py", ENDING)
    use = f"exec: {sys.executable} ending.py"
    report, records = held(3, use=use, workers=1)
    assert (report.process_attempts, sum(each.wall.process for each in records[:1])) == (1, 0)
    assert report.places == ("the one who counts was ended",)


def test_a_programs_attempts_stop_the_run(project, held):
    """As many as the campaign allows; the case that passes it is the last one."""
    project.write("trying.py", PYTHON)
    report, records = held(20, use=f"exec: {sys.executable} trying.py", most_blocked=3)
    assert (report.stopped, report.network_attempts, len(records)) == ("egress", 3, 2)


def test_a_started_service_is_counted_alike(project, held):
    """Node serves the cases; the connections to it and to the systems are no attempts."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node here")
    project.write("server.js", NODE)
    http = {"url": "http://127.0.0.1:8791/", "start": f"{node} server.js"}
    options = {"expect_blocked": ["telemetry.example.net"]}
    report, records = held(2, use={"http": http}, **options)
    assert [record.proposal.outcome.value for record in records] == ["escalated"] * 2
    assert [(record.wall.network, record.wall.expected) for record in records] == [(1, 1)] * 2
    assert report.places == ("connect 10.0.0.1:80",)


@pytest.mark.slow
def test_attempts_of_a_case_that_is_ended_from_outside_are_counted(project, held, monkeypatch):
    """They are told as they come, so that none is lost with the process that counted them."""
    monkeypatch.setattr("understudy.shadow.crew.MOST_PROCESSES", 10)
    project.write("flood.py", FLOOD)
    use = f"exec: {sys.executable} flood.py"
    report, records = held(1, use=use, timeout=timedelta(seconds=20))
    assert records[0].proposal.failure.reason == "too_many_processes"
    assert records[0].wall.network == report.network_attempts == 5
