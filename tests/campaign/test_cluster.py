"""A campaign on a real Dask cluster ends as on one machine, whoever dies meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from understudy.campaign.runs.cluster import Cluster, ShardTask

BOT = """
import time

def handle(case, systems):
    time.sleep(0.05)
    return {"outcome": "escalated", "confidence": 0.4}
"""
OWN = ("attempt", "expires", "report", "run", "run_id")


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and two workers, each a process of its own; the address and the workers."""
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "dask",
                *arguments,
                "--scheduler-file",
                str(tmp_path / "at.json"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        started.append(process)
        return process

    start("scheduler", "--port", "0", "--no-dashboard", "--host", "127.0.0.1")
    workers = [start("worker", "--no-nanny", "--nthreads", "1", "--no-dashboard") for _ in range(2)]
    deadline = time.monotonic() + 60
    while not (tmp_path / "at.json").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    yield json.loads((tmp_path / "at.json").read_text())["address"], workers
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def verdict_of(text):
    (verdict,) = json.loads(text)["runs"]
    return {key: value for key, value in verdict.items() if key not in OWN}


@pytest.mark.slow
def test_a_worker_killed_in_mid_shard_loses_nothing(project, cluster, tmp_path):
    """One of two workers is killed at its shard; the merged verdict is that of one machine."""
    address, workers = cluster
    project.write("bot.py", BOT)
    campaign = str(project.campaign("bot:handle"))
    running = subprocess.Popen(
        [
            sys.executable, "-m", "understudy", "run", campaign, "-q", "--json",
            "--engine", "dask", "--scheduler", address, "--workers", "4",
            "--results", f"file://{tmp_path}/results",
        ],
        cwd=project.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not list(project.folder.glob("reports/pilot/*/cases-0.jsonl")):
        assert time.monotonic() < deadline, running.communicate()
        time.sleep(0.02)
    os.killpg(workers[0].pid, signal.SIGKILL)
    said, told = running.communicate(timeout=100)
    alone = project.command("run", campaign, "-q", "--json")
    assert running.returncode == alone.returncode, told
    assert verdict_of(said) == verdict_of(alone.stdout)
    assert len(list(tmp_path.glob("results/*/*/DONE"))) == 4


@pytest.mark.slow
def test_a_scheduler_that_is_not_there_is_named(project):
    """A dead scheduler is one clear error with the way to start one; nothing is run."""
    project.write("bot.py", BOT)
    finished = project.command(
        "run", str(project.campaign("bot:handle")), "-q", "--engine", "dask",
        "--scheduler", "tcp://127.0.0.1:9", "--limit", "2",
    )  # fmt: skip
    assert finished.returncode == 2
    assert "no Dask scheduler answers at `tcp://127.0.0.1:9`" in finished.stderr
    assert "dask scheduler --port" in finished.stderr
    assert not list(project.folder.glob("reports/*/*/cases-0.jsonl"))


def test_a_shard_whose_fetch_was_cut_off_is_fetched_whole(tmp_path, monkeypatch):
    """What came of the first attempt is not taken for the shard's records."""
    from fsspec.implementations.local import LocalFileSystem

    there = tmp_path / "results" / "1-of-1"
    there.mkdir(parents=True)
    (there / "manifest.json").write_text('{"campaign": "c", "run_id": "r"}')
    (there / "cases-0.jsonl").write_text("one\ntwo\n")
    task, cluster = ShardTask((), str(tmp_path), str(there)), Cluster(None, 1, str(there.parent))

    def cut_off(self, theirs, ours, **options):
        Path(ours).write_text("one\n")
        raise ConnectionError("gone")

    with monkeypatch.context() as broken, pytest.raises(ConnectionError):
        broken.setattr(LocalFileSystem, "get_file", cut_off)
        cluster.fetch(task, tmp_path / "reports")
    fetched = cluster.fetch(task, tmp_path / "reports").path
    assert (fetched / "cases-0.jsonl").read_text() == "one\ntwo\n"
    assert (fetched / "manifest.json").read_text() == (there / "manifest.json").read_text()
    assert sorted(each.name for each in fetched.iterdir()) == ["cases-0.jsonl", "manifest.json"]
