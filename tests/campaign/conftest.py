from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from understudy.campaign.judging.recorded import JudgeRequest, judge_recorded
from understudy.campaign.recordings.worlds import BuildRequest, build_world
from understudy.campaign.runs.folder import RunFolder
from understudy.model.jsonl import write_lines
from understudy.model.proposal import Proposal
from understudy.traffic.recording import read_recording


@pytest.fixture(scope="session")
def small_world(tmp_path_factory):
    """A world of 80 customers with a recording of 24 cases."""
    out = tmp_path_factory.mktemp("worlds") / "small"
    build_world(BuildRequest(out, "default", "mid_market", 80, 24, 3), lambda *_: None)
    return out


@pytest.fixture
def project(tmp_path, small_world):
    """An empty project folder with a campaign over the small world."""
    return Project(tmp_path, small_world)


@pytest.fixture(scope="session")
def judged(small_world, tmp_path_factory):
    """A judged log of somebody who did as people did but left out each fourth case's actions."""
    folder = tmp_path_factory.mktemp("judged")
    recording = read_recording(small_world / "recording")
    proposals = []
    for number, case in enumerate(recording.cases):
        people = recording.baselines_of(case.case_id)[0]
        actions = people.actions[:-1] if number % 4 == 0 else people.actions
        proposals.append(
            Proposal(case_id=case.case_id, outcome=people.outcome, actions=tuple(actions))
        )
    write_lines(folder / "proposed.jsonl", proposals)
    request = JudgeRequest(
        small_world / "recording", folder / "proposed.jsonl", "demo", "standard",
        folder / "reports" / "pilot" / "one", folder / "reports",
    )  # fmt: skip
    judge_recorded(request, lambda *_: None)
    return folder / "reports"


@pytest.fixture
def reports(judged, tmp_path):
    """The project's reports, to write into."""
    shutil.copytree(judged, tmp_path / "reports")
    return tmp_path / "reports"


@pytest.fixture
def run(reports):
    """The judged run."""
    return RunFolder(reports / "pilot" / "one")


class Project:
    """A user's folder: candidates, campaign files, and the command run in it."""

    def __init__(self, folder: Path, world: Path) -> None:
        self.folder = folder
        self.world = world

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def campaign(self, use: str, **keys: object) -> Path:
        lines = {
            "version": 1,
            "name": "pilot",
            "world": str(self.world),
            "candidates": f'[{{name: agent, use: "{use}", timeout: 2s}}]',
            "policy": "demo",
            **keys,
        }
        return self.write(
            "campaign.yaml", "".join(f"{key}: {value}\n" for key, value in lines.items())
        )

    def command(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "understudy", *arguments],
            cwd=cwd or self.folder,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
            env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1"},
        )

    def runs(self) -> list[Path]:
        return sorted(path.parent for path in self.folder.glob("reports/*/*/verdict.json"))
