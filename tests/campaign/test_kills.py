"""Killed anywhere and gone on with, a campaign ends where it would have ended."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from understudy.model.jsonl import read_lines
from understudy.model.proposal import CaseRecord

BOT = """
import time

def handle(case, systems):
    time.sleep(0.04)
    return {"outcome": "escalated", "confidence": 0.4}
"""
CASES = 24
OWN = ("run_id", "expires", "attempt")
"""What two runs of one campaign differ in."""


def pytest_generate_tests(metafunc):
    if "point" in metafunc.fixturenames:
        metafunc.parametrize("point", range(metafunc.config.getoption("--kills")))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, small_world):
    """The verdict of a run that nobody disturbs, and how long it takes."""
    folder = tmp_path_factory.mktemp("undisturbed")
    begun = time.monotonic()
    running = start(folder, small_world)
    _, told = running.communicate(timeout=110)
    assert told == b""
    return verdict_in(folder), time.monotonic() - begun


def start(folder: Path, world: Path, *more: str) -> subprocess.Popen[bytes]:
    (folder / "bot.py").write_text(BOT, encoding="utf-8")
    (folder / "campaign.yaml").write_text(
        f"version: 1\nname: pilot\nworld: {world}\npolicy: demo\n"
        'candidates: [{name: agent, use: "bot:handle"}]\n',
        encoding="utf-8",
    )
    return subprocess.Popen(
        [sys.executable, "-m", "understudy", "run", "campaign.yaml", "-q", "--workers", "2", *more],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def verdict_in(folder: Path) -> dict[str, object]:
    (path,) = folder.glob("reports/pilot/*/verdict.json")
    verdict = json.loads(path.read_text("utf-8"))
    return {key: value for key, value in verdict.items() if key not in OWN}


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    """The numbers of the candidate's processes that a run has started."""
    try:
        text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii")
        found = {int(each): Path(f"/proc/{each}/cmdline").read_bytes() for each in text.split()}
    except OSError:
        return []
    return [number for number, line in found.items() if b"shadow.child" in line]


@pytest.mark.kills
def test_a_run_that_is_killed_anywhere_ends_as_any_other(point, tmp_path, small_world, undisturbed):
    """`kill -9` of controller or worker, then --resume: no case lost, none twice, one verdict."""
    expected, seconds = undisturbed
    chance = random.Random(point)
    running = start(tmp_path, small_world)
    time.sleep(chance.uniform(0.2, 1.0) * seconds)
    aims = workers_of(running)
    if aims and chance.random() < 0.5:
        os.kill(chance.choice(aims), signal.SIGKILL)
    else:
        running.kill()
    running.communicate(timeout=110)
    if running.returncode < 0:
        begun = list(tmp_path.glob("reports/pilot/*/manifest.json"))
        again = start(tmp_path, small_world, *(["--resume", "latest"] if begun else []))
        _, told = again.communicate(timeout=110)
        assert told == b""
    (store,) = tmp_path.glob("reports/pilot/*/cases-0.jsonl")
    done = [record.case_id for record in read_lines(store, CaseRecord)]
    assert len(done) == len(set(done)) == CASES
    assert verdict_in(tmp_path) == expected
