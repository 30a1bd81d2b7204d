"""A full disk, a folder that cannot be written, a run that was moved: clear, and nothing lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

BOT = 'def handle(case, systems):\n    return {"outcome": "escalated", "confidence": 0.4}\n'
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
