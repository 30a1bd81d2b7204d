"""Every command that the documents show is run, one after the other, in one prepared folder."""

from __future__ import annotations

import json
import os
import random
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.campaign.test_learning import EXPORTS
from tests.cli.documented_steps import NOT_RUN, STEPS, Step
from tests.project.test_documented_commands import PAGES, shown

AGENTS = Path(__file__).parents[2] / "docs" / "agents.md"
CAMPAIGN = """\
version: 1
name: refund-pilot
recording: recordings/july
candidates: [{name: agent, use: "my_bot.agent:handle", release: 1.4.0, authors: [Ana]}]
seed: 7
"""
SERVICE = """\
version: 1
name: service
world: {customers: 60, cases: 5}
candidates:
  - {name: service, use: {http: {url: "http://127.0.0.1:9/", ports: {stripe: 8101}}}}
"""


def documented() -> set[str]:
    """Every command line of the documents; docs/commands.md holds usages, and no commands."""
    found: set[str] = set()
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        if page.name != "commands.md":
            found.update(shown(text))
        tests = re.findall(r"^(?:cd \w+ && )?pytest .*$", text, re.MULTILINE)
        found.update(each.strip() for each in tests)
    return {line for line in found if line.split("understudy", 1)[-1].strip(" -\\")}


def test_every_documented_command_is_run_or_says_why_not():
    """No document shows a command that is neither among the steps nor among those left out."""
    run = {step.shown for step in STEPS}
    assert sorted(documented() - run - set(NOT_RUN)) == []
    assert sorted((run | set(NOT_RUN)) - documented()) == [], "no document shows these any more"
    assert not run & set(NOT_RUN)


class Folder:
    """A user's folder with everything that the documents speak of."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.said = ""
        agent = re.search(r"```python\n(.*?)```", AGENTS.read_text("utf-8"), re.DOTALL)[1]
        for name, text in {
            "my_bot/__init__.py": "",
            "my_bot/agent.py": agent,
            "campaign.yaml": CAMPAIGN,
            "held.yaml": CAMPAIGN.replace("refund-pilot", "held") + "held_out: 50%\n",
            "service.yaml": SERVICE,
            "schemas.json": json.dumps(EXPORTS["schemas.json"]),
            **_tables(),
        }.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(text, encoding="utf-8")
        (path / "keys").mkdir()
        for line in (
            "understudy world build --out w --customers 60 --cases 20 --seed 3 -q",
            "understudy init scenarios-of-init",
        ):
            assert self.run(Step(line)) == 0, self.said
        (path / "scenarios-of-init" / "scenarios").rename(path / "scenarios")
        proposed = [
            json.dumps({"case_id": json.loads(line)["case_id"], "outcome": "escalated"})
            for line in (path / "w/recording/cases.jsonl").read_text("utf-8").splitlines()
        ]
        (path / "proposed.jsonl").write_text("\n".join(proposed) + "\n", encoding="utf-8")

    def run(self, step: Step) -> int:
        """Run a step as it is; its exit code. What it printed stands in `said`."""
        command = self._command(step)
        outside = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
        process = subprocess.Popen(
            command, cwd=self.path / step.cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, env={**outside, "PYTHONUNBUFFERED": "1", "COLUMNS": "80"},
        )  # fmt: skip
        assert process.stdout is not None
        before = ""
        if step.serves:
            for line in process.stdout:
                before += line
                if step.serves in line:
                    time.sleep(1)  # what serves is told by a person, who is not faster than that
                    process.send_signal(signal.SIGINT)
                    break
        rest, _ = process.communicate(timeout=240)
        self.said = before + rest
        return process.returncode

    def _command(self, step: Step) -> list[str]:
        line = re.sub(r"\{(\w+)\}", lambda found: self._known(found[1]), step.line)
        words = shlex.split(line)
        for at, word in enumerate(words):
            if "*" in word:
                words[at : at + 1] = [str(each) for each in sorted(self.path.glob(word))]
        return [sys.executable, "-m", *words]

    def _known(self, name: str) -> str:
        """What the folder has for a word that the documents leave open."""
        runs = sorted(self.path.glob("reports/refund-pilot/*/verdict.json"))
        whole = [each.parent.name for each in runs if _whole(each.parent)]
        if name in ("run", "first"):
            return whole[-1] if name == "run" else whole[0]
        if name == "case":
            lines = (runs[-1].parent / "findings.jsonl").read_text("utf-8").splitlines()
            return str(json.loads(lines[0])["case_id"])
        if name == "shards":
            places = self.path.glob("reports/refund-pilot/*/manifest.json")
            return " ".join(
                sorted(each.parent.name for each in places if json.loads(each.read_text())["shard"])
            )
        if name == "head":
            return re.findall(r"\b[0-9a-f]{64}\b", self.said)[-1]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return str(free.getsockname()[1])


def _whole(run: Path) -> bool:
    """Whether a run is of all cases, and not of those that cost anything or of a part."""
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    return not manifest["chosen"] and not manifest["shard"] and not manifest["merged"]


def _tables() -> dict[str, str]:
    """A clean table, the same one damaged, and one to lay the damage over."""
    draw = random.Random(3)
    clean, dirty = ["id,source,when,note"], ["id,source,when,note"]
    for number in range(300):
        row = f"{number},{draw.choice(['web', 'feed'])},2026-0{draw.randint(1, 9)}-11"
        clean.append(f"{row},n{number % 7}")
        dirty.append(f"{row},{'N/A' if draw.random() < 0.3 else f'n{number % 7}'}")
    texts = {"orders-clean.csv": clean, "orders-dirty.csv": dirty, "customers.csv": clean}
    return {name: "\n".join(lines) + "\n" for name, lines in texts.items()}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_documented_command_works(tmp_path):
    """Each ends as the documents say, with what the ones before it have made."""
    folder, failed = Folder(tmp_path), []
    for step in STEPS:
        code = folder.run(step)
        if code not in step.codes or "Traceback" in folder.said:
            failed.append(f"{step.line}: exit code {code}\n{folder.said[-600:]}")
    assert failed == [], "\n\n".join(failed)
