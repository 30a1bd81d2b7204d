"""An import that is interrupted, killed, or out of room: nothing that looks whole, nothing lost."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from subprocess import DEVNULL, PIPE

import pytest
from tests.traffic import exports as x
from tests.traffic.test_http_cases import read_it, refund_it, solve_it

from understudy.model.errors import RecordingError
from understudy.redact.key import RedactionKey
from understudy.traffic.detect import import_traffic
from understudy.traffic.exports.importing import ExportOptions, import_exports
from understudy.traffic.exports.vendors import VENDORS
from understudy.traffic.http.importing import JSONL, HttpOptions, import_http
from understudy.traffic.recording import read_recording

KEY = RedactionKey(material=b"k" * 32)
CALLS = [*read_it(), refund_it(), solve_it()]
KILLS = [pytest.param(1, id="once"), pytest.param(40, id="many", marks=pytest.mark.fuzz)]
WORK = """
import sys
from pathlib import Path
from understudy.redact.key import RedactionKey
from understudy.traffic.http.importing import JSONL, HttpOptions, import_http
print("ready", flush=True)
import_http(JSONL, [Path(sys.argv[1])], Path(sys.argv[2]),
            HttpOptions(key=RedactionKey(material=b"k" * 32)))
print("done", flush=True)
"""


def lines(path, copies):
    """The same conversation again and again, each a case of its own."""
    calls = [{**one, "correlation_id": f"c-{n}"} for n in range(copies) for one in CALLS]
    path.write_text("".join(f"{json.dumps(one)}\n" for one in calls))
    return path


@contextmanager
def started(path, out):
    """An import in a process of its own, as soon as it begins to read."""
    command = [sys.executable, "-c", WORK, path, out]
    with subprocess.Popen(command, stdout=PIPE, stderr=DEVNULL, text=True) as work:
        assert work.stdout.readline() == "ready\n"
        yield work


@pytest.mark.parametrize("kills", KILLS)
@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_a_killed_import_leaves_the_earlier_recording_or_none(tmp_path, way, kills):
    """At any moment there is the whole recording of before, or of now; and no scrap of another."""
    path, out = lines(tmp_path / "calls.jsonl", 150), tmp_path / "recording"
    with started(path, out) as work:
        began = time.monotonic()
        assert work.wait() == 0
    took, chance = time.monotonic() - began, random.Random(7)
    whole = read_recording(out).digest
    for _ in range(kills):
        with started(path, out) as work:
            time.sleep(chance.random() * took)
            work.send_signal(way)
        assert read_recording(out).digest == whole
    import_http(JSONL, [path], out, HttpOptions(key=KEY))
    assert read_recording(out).digest == whole
    assert sorted(each.name for each in tmp_path.iterdir()) == ["calls.jsonl", "recording"]


def test_a_first_import_that_is_killed_leaves_nothing_that_is_a_recording(tmp_path):
    """Half of a recording is never where a whole one is looked for."""
    path, out = lines(tmp_path / "calls.jsonl", 150), tmp_path / "recording"
    with started(path, out) as work:
        time.sleep(0.02)
        work.kill()
    with pytest.raises(RecordingError, match="not a recording"):
        read_recording(out)


@pytest.mark.parametrize("room", [1_000, 30_000, 60_000])
@pytest.mark.parametrize("format", ["jsonl", "zendesk"])
def test_a_disk_without_room_is_one_clear_error(tmp_path, room, format):
    """Whichever file no longer grows: the error says so, and no recording and no scrap is left."""
    out = tmp_path / "there" / "recording"
    if format == "jsonl":
        path = lines(tmp_path / "calls.jsonl", 60)
    else:
        path = tmp_path / "zendesk.json"
        people = [{**x.users()[0], "id": 10_000 + n, "notes": "x" * 500} for n in range(300)]
        path.write_text(json.dumps({"users": [*x.users(), *people], "tickets": [x.ticket()]}))
    child = os.fork()
    if child == 0:
        os._exit(_fails_clearly(path, out, room, format))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not out.exists()
    assert [each.name for each in out.parent.iterdir()] == []


def _fails_clearly(path, out, room, format):
    """Runs in a child, whose files may have `room` bytes; 0 where the error is the one expected."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    try:
        if format == "jsonl":
            import_http(JSONL, [path], out, HttpOptions(key=KEY))
        else:
            import_exports([(VENDORS[format], path)], out, ExportOptions(key=KEY))
    except RecordingError as error:
        return 0 if error.code == "U413" and "cannot be written" in str(error) else 2
    return 3


def test_what_would_be_lost_is_refused_before_anything_is_read(tmp_path):
    """A folder that holds something else is told at once, not after an hour of reading."""
    out, told = tmp_path / "mine", []
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    path = lines(tmp_path / "calls.jsonl", 2)
    options = HttpOptions(key=KEY, progress=lambda *seen: told.append(seen))
    with pytest.raises(RecordingError, match="would be lost"):
        import_http(JSONL, [path], out, options)
    assert told == []
    with pytest.raises(RecordingError, match="would be lost"):
        import_traffic("zendesk", [path], out)
    assert (out / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("name", ["jsonl", "zendesk"])
def test_progress_is_told_of_reading_and_of_making_cases(tmp_path, name):
    """Both stages count up to what there is, for recorded HTTP and for exports alike."""
    told = []
    if name == "jsonl":
        path = lines(tmp_path / "calls.jsonl", 3)
        options = HttpOptions(key=KEY, progress=lambda *seen: told.append(seen))
        report = import_http(JSONL, [path], tmp_path / name, options)
    else:
        path = tmp_path / "zendesk.json"
        records = {"users": x.users(), "tickets": [x.ticket()], "audits": x.audits()}
        path.write_text(json.dumps(records))
        options = ExportOptions(key=x.KEY, progress=lambda *seen: told.append(seen))
        report = import_exports([(VENDORS[name], path)], tmp_path / name, options)
    read = [done for stage, done, _ in told if stage == f"import {path.name}"]
    assert read == sorted(read)
    assert read[-1] == report.manifest.records
    assert [stage for stage, done, total in told if done == total][-1] == "cases"
