"""Killed at any point, a run goes on where it was: no case lost, none twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from understudy.model.errors import RecordingError
from understudy.shadow.store import read_records, stored_cases

CONTROLLER = """
import sys
sys.path[:0] = [{tests!r}, {project!r}]
import conftest
from understudy.doors.self_test import SelfTest
from understudy.shadow import runner
from pathlib import Path

runner.self_test = lambda **options: SelfTest("hook", {{"all": "blocked"}})
made = object.__new__(conftest.Project)
made.folder, made.run_folder = Path({project!r}), Path({run!r})
plan = made.plan({count}, use="bot:slow", workers=2, resume=True)
print("go", flush=True)
report = runner.run_shadow(plan, lambda record: None)
print(report.run, report.resumed, report.interrupted, flush=True)
"""

SLOW = """
import os, pathlib, time

def slow(case, systems):
    folder = pathlib.Path(__file__).parent / "pids"
    folder.mkdir(exist_ok=True)
    (folder / str(os.getpid())).touch()
    time.sleep(0.02)
    return handle(case, systems)
"""
COUNT = 16


@pytest.fixture
def controller(project):
    """Start the same run in a process of its own; resumes what is there."""
    project.candidate(SLOW)
    script = CONTROLLER.format(
        tests=str(Path(__file__).parent),
        project=str(project.folder),
        run=str(project.run_folder),
        count=COUNT,
    )

    def start():
        return subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    return start


def living(project):
    """The candidate's processes that are still there."""
    found = []
    for path in (project.folder / "pids").glob("*"):
        try:
            state = Path("/proc", path.name, "stat").read_text(encoding="ascii")
        except OSError:
            continue
        if state.rpartition(")")[2].split()[0] != "Z":
            found.append(path.name)
    return found


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def recorded(project):
    if not project.run_folder.exists():
        return 0
    return len(stored_cases(project.run_folder))


@pytest.mark.parametrize("seed", range(2))
def test_a_killed_controller_loses_nothing(seed, project, controller):
    """Killed at a random point, then resume: every case has one record, no process is left."""
    at = random.Random(seed).randrange(1, COUNT)
    first = controller()
    assert wait_until(lambda: recorded(project) >= at)
    first.kill()
    first.communicate()
    before = recorded(project)
    assert wait_until(lambda: living(project) == [])
    second = controller()
    said = second.communicate(timeout=60)[0].decode().splitlines()[-1].split()
    assert (int(said[0]) + int(said[1]), int(said[1])) == (COUNT, before)
    lines = b"".join(path.read_bytes() for path in project.run_folder.glob("cases-*.jsonl"))
    assert lines.count(b"\n") == COUNT
    assert sorted(each.case_id for each in read_records(project.run_folder)) == [
        f"case-{number:03d}" for number in range(COUNT)
    ]


def test_a_killed_worker_costs_no_case(project, controller):
    """A case whose process is killed from outside is done by another one, and says so."""
    run = controller()
    assert wait_until(lambda: recorded(project) >= 4 and living(project))
    os.kill(int(living(project)[0]), signal.SIGKILL)
    assert run.wait(timeout=60) == 0
    run.communicate()
    records = list(read_records(project.run_folder))
    assert len(records) == COUNT
    assert [each.proposal.failure for each in records] == [None] * COUNT
    assert sum(each.killed for each in records) in (0, 1)


def test_a_case_that_kills_every_process_is_a_failure(project, run):
    """Two further processes are tried; the case that kills them all fails alone."""
    project.candidate(
        "import os, signal\n\ndef handle_all(case, systems):\n"
        "    if case.trigger.payload['number'] == 1:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n    return handle(case, systems)\n"
    )
    report, records = run(project.plan(4, use="bot:handle_all", workers=2))
    assert [each.killed for each in records] == [0, 2, 0, 0]
    assert dict(report.failures) == {"crashed": 1}
    assert "SIGKILL" in records[1].proposal.failure.detail


def test_ctrl_c_keeps_what_is_done(project, controller):
    """An interrupt ends the run in order: the store is whole and no process is left."""
    run = controller()
    assert wait_until(lambda: recorded(project) >= 3)
    run.send_signal(signal.SIGINT)
    said, complaints = run.communicate(timeout=20)
    assert complaints == b""
    assert said.decode().split()[-1] == "True"
    assert living(project) == []
    assert 3 <= recorded(project) < COUNT


def test_a_resumed_run_hands_over_every_record(project, run):
    """The callback sees stored and new cases alike, in the plan's order, and nothing runs twice."""
    run(project.plan(3))
    report, records = run(project.plan(6, resume=True))
    assert (report.run, report.resumed) == (3, 3)
    assert [record.case_id for record in records] == [f"case-{n:03d}" for n in range(6)]
    report, records = run(project.plan(6, resume=True))
    assert (report.run, report.resumed, len(records)) == (0, 6, 6)


def test_a_run_folder_with_cases_is_not_overwritten(project, run):
    """Without `resume` a folder that holds finished cases is refused, with the way to go on."""
    run(project.plan(1))
    with pytest.raises(RecordingError, match="holds 1 finished cases already") as caught:
        run(project.plan(2))
    assert "--resume" in caught.value.hint
