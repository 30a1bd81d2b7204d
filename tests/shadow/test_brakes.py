"""What ends a case's further actions: the kill switch, and the limits of a case."""

from __future__ import annotations

import os
import threading
import time

import pytest

from understudy.model.limits import CaseLimits
from understudy.shadow.store import read_records
from understudy.shadow.switch import STOP, WRITES, press, pressed_at

WRITER = """
def many(case, systems):
    import httpx
    for number in range(12):
        try:
            refund(case, 1 + number)
        except httpx.HTTPStatusError as error:
            assert error.response.status_code == 403, error.response.text
"""
PRESSED = """

def pressed(case, systems):
    refund(case, 13)
    if case.trigger.payload["number"] == 1:
        open({stop!r}, "a").close()
    many(case, systems)
"""


def test_after_the_kill_switch_no_action_is_accepted(project, run):
    """The switch, pressed in mid-case, refuses and counts every further write; no case begins."""
    project.candidate(WRITER + PRESSED.format(stop=str(project.run_folder / STOP)))
    report, records = run(project.plan(6, use="bot:pressed"))
    assert report.stopped == "kill_switch"
    assert (report.halted, report.halted_cases) == (12, 1)
    assert [len(record.proposal.actions) for record in records] == [13]
    assert (project.run_folder / STOP).is_file()
    assert [record.case_id for record in read_records(project.run_folder)] == ["case-000"]


def test_a_drill_presses_the_switch_after_so_many_writes(project, run):
    """After the seventh write of all processes no running case gets more than one further."""
    project.candidate(WRITER)
    plan = project.plan(6, use="bot:many", press_after=7, workers=2)
    report, records = run(plan)
    assert report.stopped == "kill_switch"
    assert (project.run_folder / WRITES).stat().st_size in (7, 8)
    assert all(halt.accepted <= 1 for halt in report.halts)
    assert 1 <= report.halted_cases <= 2
    assert report.halted + sum(h.accepted for h in report.halts) <= 24
    assert report.halted >= 5
    assert len(records) <= 1


def test_a_switch_made_by_hand_has_the_time_of_its_file(tmp_path):
    """Whoever makes the file presses the switch, and what comes after it counts as after it."""
    stop = tmp_path / STOP
    stop.touch()
    assert pressed_at(stop) == stop.stat().st_mtime_ns
    stop.unlink()
    before = time.time_ns()
    press(stop)
    first = pressed_at(stop)
    press(stop)
    assert before <= pressed_at(stop) == first <= time.time_ns()


def test_a_switch_that_is_being_pressed_is_waited_for(tmp_path):
    """Whoever reads it between its making and its time gets the time, and not the file's."""
    stop = tmp_path / STOP
    stop.touch()
    threading.Timer(0.05, stop.write_bytes, [b"4102444800000000000"]).start()
    assert pressed_at(stop) == 4_102_444_800_000_000_000


def test_a_switch_whose_time_lies_ahead_is_not_waited_for(tmp_path):
    """A clock of another machine may be ahead: the file's time is taken after a moment."""
    stop, ahead = tmp_path / STOP, time.time_ns() + 60_000_000_000
    stop.touch()
    os.utime(stop, ns=(ahead, ahead))
    begun = time.monotonic()
    assert pressed_at(stop) == ahead
    assert time.monotonic() - begun < 10


def test_a_case_that_the_switch_has_cut_short_is_done_again(project, run):
    """What came of a case after the switch is no record; once the file is gone it is done anew."""
    project.candidate(WRITER + PRESSED.format(stop=str(project.run_folder / STOP)))
    run(project.plan(3, use="bot:pressed"))
    (project.run_folder / STOP).unlink()
    report, records = run(project.plan(3, use="bot:many", resume=True))
    assert (report.stopped, report.resumed, report.run) == (None, 1, 2)
    assert [len(record.proposal.actions) for record in records] == [13, 12, 12]


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (CaseLimits(calls=5), "call_limit"),
        (CaseLimits(bytes=2_000), "byte_limit"),
    ],
)
def test_a_case_ends_at_its_limits(project, run, limits, reason):
    """A case that calls too often or moves too many bytes fails, with what it did by then."""
    project.candidate(WRITER)
    report, records = run(project.plan(2, use="bot:many", limits=limits))
    assert dict(report.failures) == {reason: 2}
    assert all(1 <= len(record.proposal.actions) <= 6 for record in records)
    assert "in one case" in records[0].proposal.failure.detail
