"""A full disk, a folder that cannot be written, a run that was moved: clear, and nothing lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

BOT = 'def handle(case, systems):\n    return {"outcome": "escalated", "confidence": 0.4}\n'
LIMITS = """
version: 1
budget: 6 EUR
cap: 500 EUR
gates:
- {id: G2, metric: error_cost_per_case}
"""
SMALL = """
import resource, runpy, signal, sys

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
sys.argv = ["understudy", *sys.argv[1:]]
runpy.run_module("understudy", run_name="__main__")
"""


@pytest.fixture
def campaign(project):
    project.write("bot.py", BOT)
    return str(project.campaign("bot:handle"))


def scripted(project, script, *arguments):
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=project.folder, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip


def recorded(project):
    (store,) = project.folder.glob("reports/pilot/*/cases-0.jsonl")
    return [json.loads(line)["case_id"] for line in store.read_bytes().splitlines()]


@pytest.mark.slow
def test_a_disk_that_is_full_loses_nothing(project, campaign):
    """Where a record does not fit any more the run says what to do, and goes on from there."""
    finished = scripted(project, SMALL.format(size=9_000), "run", campaign, "-q")
    assert finished.returncode == 2
    assert finished.stderr.startswith("error[U431]"), finished.stderr
    assert "then resume the run; no finished case is lost" in finished.stderr
    done = recorded(project)
    assert 1 <= len(done) < 24
    resumed = project.command("run", campaign, "-q", "--resume", "latest")
    assert "VERDICT" in resumed.stdout, resumed.stderr
    assert recorded(project)[: len(done)] == done
    assert len(set(recorded(project))) == 24


def test_a_folder_that_cannot_be_written_is_named(project, campaign):
    """Reports that cannot be written are one error with the place, before any case is run."""
    project.write("reports", "a file where a folder belongs")
    finished = project.command("run", campaign, "-q")
    assert finished.returncode == 2
    assert finished.stderr.startswith("error[U"), finished.stderr
    assert "reports" in finished.stderr
    assert "Traceback" not in finished.stderr


@pytest.mark.slow
def test_a_run_folder_can_be_moved_and_judged(project, campaign, tmp_path_factory):
    """A run that was moved elsewhere goes on and is judged by its new place."""
    project.command("run", campaign, "-q")
    (run,) = project.runs()
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "moved"
    before = json.loads((run / "verdict.json").read_text())
    shutil.move(run, elsewhere)
    judged = project.command("judge", str(elsewhere), "-q", "--json")
    assert json.loads((elsewhere / "verdict.json").read_text()) == before, judged.stderr
    assert project.command("report", str(elsewhere)).returncode == 0


@pytest.mark.slow
def test_a_recording_that_did_not_move_along_is_named(project, campaign, tmp_path_factory):
    """A run moved without its recording is an error that names the recording, never a verdict."""
    world = shutil.copytree(project.world, project.folder / "own-world")
    campaign = str(project.campaign("bot:handle", world=str(world)))
    project.command("run", campaign, "-q")
    (run,) = project.runs()
    shutil.rmtree(world)
    judged = project.command("judge", str(run), "-q")
    assert judged.returncode == 2
    assert str(world) in judged.stderr
    assert "Traceback" not in judged.stderr


@pytest.mark.slow
def test_a_run_on_another_machine_is_told_where_its_recording_lies(project, campaign):
    """The recording elsewhere is taken where it is the same one, and from then on known."""
    world = shutil.copytree(project.world, project.folder / "own-world")
    campaign = str(project.campaign("bot:handle", world=str(world)))
    project.command("run", campaign, "-q")
    (run,) = project.runs()
    before = json.loads((run / "verdict.json").read_text())
    shutil.move(world, project.folder / "elsewhere")
    lost = project.command("judge", str(run), "-q")
    assert lost.stderr.startswith("error[U437]")
    assert "--recording DIR" in lost.stderr
    here = project.folder / "elsewhere" / "recording"
    cases = here / "cases.jsonl"
    whole = cases.read_bytes()
    cases.write_bytes(whole.replace(b"case-00001", b"case-x0001"))
    other = project.command("judge", str(run), "--recording", str(here), "-q")
    assert other.stderr.startswith("error[U4"), other.stderr
    cases.write_bytes(whole)
    judged = project.command("judge", str(run), "--recording", str(here), "-q")
    assert "VERDICT" in judged.stdout, judged.stderr
    assert json.loads((run / "verdict.json").read_text()) == before
    assert project.command("report", str(run)).returncode == 0


JUMPING = """
import runpy, sys, time

real, real_ns, calls = time.time, time.time_ns, [0]


def jumped():
    calls[0] += 1
    return real() + (86_400 if calls[0] % 2 else -86_400)


time.time, time.time_ns = jumped, lambda: int(jumped() * 1e9)
sys.argv = ["understudy", *sys.argv[1:]]
runpy.run_module("understudy", run_name="__main__")
"""
JUMPING_BOT = """
import time

real = time.time


def handle(case, systems):
    number = int(case.id.rpartition("-")[2])
    time.time = lambda: real() + (-1) ** number * 86_400 * number
    return {"outcome": "escalated", "confidence": 0.4}
"""


@pytest.mark.slow
def test_a_clock_that_jumps_changes_nothing(project, campaign):
    """Set days forwards and backwards in mid-run, here and in the candidate's process.

    No case is lost, ends as late, or lasts longer or shorter than it did; the verdict is the same.
    """
    project.command("run", campaign, "-q")
    (run,) = project.runs()
    before = json.loads((run / "verdict.json").read_text())
    project.write("bot.py", JUMPING_BOT)
    finished = scripted(project, JUMPING, "run", campaign, "-q", "--json")
    told = json.loads(finished.stdout)["runs"][0]
    assert (told["verdict"], told["cases"]) == (before["verdict"], before["cases"])
    lines = (project.folder / told["run"] / "cases-0.jsonl").read_bytes().splitlines()
    proposals = [json.loads(line)["proposal"] for line in lines]
    assert len(proposals) == 24
    assert {one["failure"] for one in proposals} == {None}
    assert all(0 <= one["wall_time_ms"] < 60_000 for one in proposals)
    assert all(0 <= one["cycle_time_ms"] < 60_000 for one in proposals)


@pytest.mark.slow
def test_a_run_does_not_go_on_under_amended_limits(project):
    """Other gates than those it began with are refused, and `judge` prints them as an amendment."""
    project.write("bot.py", BOT)
    gates = project.write("gates.yaml", LIMITS)
    campaign = str(project.campaign("bot:handle", gates=gates))
    project.command("run", campaign, "-q", "--limit", "4")
    project.write("gates.yaml", LIMITS.replace("budget: 6", "budget: 40"))
    refused = project.command("run", campaign, "-q", "--limit", "4", "--resume", "latest")
    assert refused.returncode == 2
    assert refused.stderr.startswith("error[U443]"), refused.stderr
    assert "was begun with other gates" in " ".join(refused.stderr.split())
    assert "amended limits need evidence of their own" in " ".join(refused.stderr.split())
    assert len(recorded(project)) == 4
    judged = project.command("judge", "latest")
    told = " ".join(judged.stdout.split())
    assert "amended after 4 cases: the gates file" in told, judged.stdout + judged.stderr
    assert "VERDICT GO" not in told
