"""What a candidate starts ends with its case, wherever it goes."""

from __future__ import annotations

import os
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from understudy.shadow import crew

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").is_dir(), reason="processes are counted in /proc"
)
FLEEING = """
import os, subprocess, sys, time

SLEEPER = [sys.executable, "-S", "-c", "import time; time.sleep(300)", sys.argv[1]]
for line in sys.stdin:
    for number in range(int(sys.argv[2])):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execve(sys.executable, SLEEPER, {"HOME": "/"})
            os._exit(0)
        os.wait()
    if sys.argv[3] == "wait":
        time.sleep(300)
    print("{}", flush=True)
"""


@pytest.fixture
def fleeing(project, run):
    """Run one case of a candidate whose processes leave; its failure, and what lives on."""

    def flee(count, then):
        project.write("fleeing.py", FLEEING)
        mark = f"mark-{os.getpid()}-{time.time_ns()}"
        use = f"exec: {sys.executable} fleeing.py {mark} {count} {then}"
        (record,) = run(project.plan(1, use=use, timeout=timedelta(seconds=2)))[1]
        left = [path for path in Path("/proc").glob("[0-9]*/cmdline") if _tells(path, mark)]
        return record.proposal.failure, left

    return flee


def _tells(path, mark):
    try:
        return mark.encode() in path.read_bytes()
    except OSError:
        return False


@pytest.mark.parametrize(("then", "reason"), [("answer", None), ("wait", "timeout")])
def test_processes_of_another_session_and_home_end_with_the_run(fleeing, then, reason):
    """Orphans with an environment of their own, after an answer as after a time-out."""
    failure, left = fleeing(3, then)
    assert (failure and failure.reason) == reason
    assert left == []


def test_a_crowd_of_processes_costs_the_case(fleeing, monkeypatch):
    """More than a candidate may have, root or not: they are ended, and the case has failed."""
    monkeypatch.setattr(crew, "MOST_PROCESSES", 10)
    failure, left = fleeing(20, "wait")
    assert (failure.reason, left) == ("too_many_processes", [])
    assert "more than 10 processes" in failure.detail
