"""Large files are read by several processes side by side, and nobody can tell from the result."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.release.recorded_traffic import desk_exchange, har_entry
from tests.traffic.test_http_cases import read_it, refund_it, solve_it

from understudy.model.errors import RecordingError
from understudy.redact.key import RedactionKey
from understudy.traffic.claims import Turn
from understudy.traffic.forks import Beside, side_by_side, striped
from understudy.traffic.http import importing as http_import
from understudy.traffic.http.importing import HAR, JSONL, HttpOptions, import_http

KEY = RedactionKey(material=b"k" * 32)
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere one process reads")


@pytest.fixture
def imported(tmp_path, monkeypatch):
    """What a file of any size becomes by so many processes: its report and its files' bytes."""

    def work(format, path, processes):
        monkeypatch.setattr(http_import, "_WORTH_PROCESSES", 0)
        monkeypatch.setattr(http_import, "_MANY", 0)
        monkeypatch.setattr(http_import, "processors", lambda: processes)
        out = tmp_path / f"out-{processes}"
        report = import_http(format, [path], out, HttpOptions(key=KEY))
        files = {file.relative_to(out): file.read_bytes() for file in out.rglob("*.json*")}
        return report, files

    return work


def exchanges(count):
    """A desk's calls, some of them written, and cases that come to an end."""
    calls = [desk_exchange(number) for number in range(count)]
    for number in range(20):
        calls += [{**one, "correlation_id": f"c-{number}"} for one in OWN]
    return calls


OWN = [*read_it(), refund_it(), solve_it()]


def test_lines_become_the_same_bytes_by_any_number_of_processes(tmp_path, imported):
    """Order, counts, cases, baselines, the world and what is quarantined do not depend on it."""
    path = tmp_path / "calls.jsonl"
    lines = [json.dumps(one) for one in exchanges(700)]
    for place in range(5, len(lines), 90):
        lines[place] = "{" if place % 2 else '{"request": {"method": "GET"}}'
    path.write_text("\n".join(lines))
    alone, expected = imported(JSONL, path, 1)
    assert alone.manifest.quarantined > 5 < alone.manifest.cases
    for processes in (2, 3):
        report, files = imported(JSONL, path, processes)
        assert files == expected
        assert list(report.quarantined) == list(alone.quarantined)
        assert report.notes == alone.notes


def test_har_entries_become_the_same_bytes_by_any_number_of_processes(tmp_path, imported):
    """The same of a HAR, in which the place of an entry is its number."""
    path = tmp_path / "calls.har"
    entries = [har_entry(desk_exchange(number)) for number in range(400)]
    entries[70] = entries[200] = {"request": None}
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))
    alone, expected = imported(HAR, path, 1)
    assert alone.manifest.quarantined == 2
    report, files = imported(HAR, path, 2)
    assert files == expected and list(report.quarantined) == list(alone.quarantined)


def test_what_one_process_raises_is_raised():
    """An error in any stripe ends the work with that error."""

    def work(number):
        if number == 1:
            raise RecordingError("it breaks here", code="U420", where="file:7")
        return number

    with pytest.raises(RecordingError, match="it breaks here") as raised:
        side_by_side(2, work)
    assert (raised.value.code, raised.value.where) == ("U420", "file:7")


def test_a_process_that_is_killed_is_one_clear_error():
    """Where memory runs out the system ends a process; its part is not left out silently."""
    with pytest.raises(RecordingError, match="was ended") as raised:
        side_by_side(2, lambda number: number and os.kill(os.getpid(), signal.SIGKILL))
    assert raised.value.code == "U424"


def test_nobody_works_on_for_a_process_that_was_killed(tmp_path):
    """Killed or interrupted, an import leaves no other process behind."""
    told = tmp_path / "pid"
    script = (
        "import os, sys, time; from pathlib import Path\n"
        "from understudy.traffic.forks import side_by_side\n"
        "def work(number):\n"
        "    if number: Path(sys.argv[1]).write_text(str(os.getpid()))\n"
        "    time.sleep(100)\n"
        "side_by_side(2, work)"
    )
    with subprocess.Popen([sys.executable, "-c", script, told]) as begun:
        wait_until(lambda: told.exists() and told.read_text())
        begun.kill()
    other = Path("/proc") / told.read_text()
    wait_until(lambda: not other.exists() or ") Z " in (other / "stat").read_text())


def wait_until(reached):
    for _ in range(600):
        if reached():
            return
        time.sleep(0.05)
    raise TimeoutError


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_a_result_comes_back_in_the_order_of_the_records(tmp_path, processes):
    """Whichever process made it, each stands at its record's place; other work is done beside."""
    beside = Beside(lambda: "written")

    def squares(turn: Turn):
        for n in range(1000):
            if turn.takes(n):
                time.sleep(0.002 if turn.number and n % 300 == 0 else 0)
                yield n * n

    assert list(striped(tmp_path, processes, squares, beside)) == [n * n for n in range(1000)]
    assert beside.made == "written"
    assert list(tmp_path.iterdir()) == []


def test_whoever_is_free_takes_the_next_records(tmp_path):
    """While one process is busy with something else, the other does not wait for it."""

    def workers(turn: Turn):
        return (turn.number for n in range(640) if turn.takes(n))

    found = list(striped(tmp_path, 2, workers, Beside(lambda: time.sleep(1))))
    assert found.count(1) > 320


def test_an_error_in_what_is_done_beside_ends_the_work(tmp_path):
    """It comes back as itself, and nothing lies about."""

    def broken():
        raise RecordingError("the disk is full", code="U424")

    for processes in (1, 2):
        with pytest.raises(RecordingError, match="the disk is full"):
            list(striped(tmp_path, processes, lambda _: iter(()), Beside(broken)))
    assert list(tmp_path.iterdir()) == []
