"""Scenario suites on all cores: what a second core brings, and what starting it costs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import pytest
from tests.own_pytest import own_pytest

from understudy.campaign.projects.scaffold import scaffold

ROOT = Path(__file__).parents[2]
CASES = 500
BURNING = """
import time


def handle(case, systems):
    end = time.thread_time() + 0.05
    while time.thread_time() < end:
        pass
    return {"outcome": "escalated"}
"""
ALL_CORES = ("-p", "xdist", "-n", "auto", "--dist", "worksteal")


@pytest.mark.bench
@pytest.mark.timeout(300)
def test_two_cores_are_at_least_1_6_times_as_fast_as_one(tmp_path):
    """500 scenarios that burn 50 ms of CPU each, serial and `-n auto`: 1.6 where two cores grant 2.

    What they grant is tried beside each pair, since a neighbour on the machine may have a part of
    them; the best of three pairs counts, and the second and third are run only where needed.
    """
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one core cannot be compared with two")
    head = 'version: 1\ncandidate: {use: "burning:handle"}\ncases:\n'
    trigger = 'trigger: {system: zendesk, type: ticket.created, payload: {ticket_id: "1"}}'
    cases = [
        f"  - id: case-{number}\n    {trigger}\n    expect: {{escalated: true}}\n"
        for number in range(CASES)
    ]
    (tmp_path / "suite.yaml").write_text(head + "".join(cases), encoding="utf-8")
    (tmp_path / "burning.py").write_text(BURNING, encoding="utf-8")
    pairs = []
    while len(pairs) < 3 and not any(gained >= 0.8 * granted for gained, granted in pairs):
        serial = _seconds(tmp_path, f"{CASES} passed")
        both = _seconds(tmp_path, f"{CASES} passed", *ALL_CORES)
        pairs.append((serial / both, _granted()))
    assert any(gained >= 0.8 * granted for gained, granted in pairs), pairs


@pytest.mark.bench
def test_the_shipped_suite_on_all_cores_ends_soon_after_serial():
    """At most three seconds later, though each worker starts its own process: median of three."""
    use = "--understudy-candidate=understudy.candidates.demo.careful:handle"
    shipped = (use, "-p", "timeout", f"--rootdir={ROOT}")
    later = [
        _seconds(ROOT / "scenarios", " passed", *shipped, *ALL_CORES)
        - _seconds(ROOT / "scenarios", " passed", *shipped)
        for _ in range(3)
    ]
    assert median(later) <= 3, later


@pytest.mark.bench
def test_a_fresh_project_is_tried_within_ten_seconds(tmp_path):
    """`understudy init`, then its twelve cases: one fails on purpose, nothing needs a network."""
    scaffold(tmp_path, "python")
    assert _seconds(tmp_path, "1 failed, 11 passed", "scenarios") <= 10


def _granted():
    """How many times as much two bare processes burn as one in the same time: at most 2."""
    burn = "import time\nwhile time.process_time() < 4: pass"
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", burn], check=True)
    alone = time.monotonic() - begun
    begun = time.monotonic()
    both = [subprocess.Popen([sys.executable, "-c", burn]) for _ in range(2)]
    assert [each.wait() for each in both] == [0, 0]
    return min(2.0, 2 * alone / (time.monotonic() - begun))


def _seconds(folder, told, *options):
    begun = time.monotonic()
    finished = own_pytest(folder, *options)
    took = time.monotonic() - begun
    assert told in finished.stdout, finished.stdout[-2000:]
    return took
