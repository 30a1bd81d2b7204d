"""Scenario suites on all cores: what a second core brings, and what starting it costs."""

from __future__ import annotations

import os
import time
from pathlib import Path
from statistics import median

import pytest
from tests.own_pytest import own_pytest

from understudy.campaign.scaffold import scaffold

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
def test_two_cores_are_at_least_1_6_times_as_fast_as_one(tmp_path):
    """500 scenarios that burn 50 ms of CPU each: `-n auto` beside serial, on two cores."""
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
    serial = _seconds(tmp_path, f"{CASES} passed")
    both = _seconds(tmp_path, f"{CASES} passed", *ALL_CORES)
    assert serial / both >= 1.6, (serial, both)


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


def _seconds(folder, told, *options):
    begun = time.monotonic()
    finished = own_pytest(folder, *options)
    took = time.monotonic() - begun
    assert told in finished.stdout, finished.stdout[-2000:]
    return took
