"""What the README and the page for those with an agent show works as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
AGENTS, PEERS = README.parent / "docs" / "agents.md", README.parent / "docs" / "peers.md"


def block(language):
    return re.search(rf"```{language}\n(.*?)```", AGENTS.read_text("utf-8"), re.DOTALL)[1]


def test_the_documented_agent_and_campaign_run(tmp_path):
    """Agent and campaign of docs/agents.md, pasted into an empty folder, end in a verdict."""
    (tmp_path / "my_bot").mkdir()
    (tmp_path / "my_bot" / "agent.py").write_text(block("python"), encoding="utf-8")
    smaller = block("yaml").replace("customers: 600, cases: 400", "customers: 100, cases: 20")
    (tmp_path / "campaign.yaml").write_text(smaller, encoding="utf-8")
    finished = subprocess.run(
        [sys.executable, "-m", "understudy", "run", "campaign.yaml", "-q"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "VERDICT" in finished.stdout, finished.stderr
    assert finished.returncode in (0, 1, 6)


def test_the_exit_codes_of_the_readme_are_those_of_the_command():
    """The exit codes of the README are those that `--help` prints."""
    told = subprocess.run(
        [sys.executable, "-m", "understudy", "--help"], capture_output=True, text=True, check=True
    ).stdout
    codes = re.findall(r"(\d+) (GO|NO-GO|usage|INVALID|INCONCLUSIVE|interrupted)", told)
    readme = README.read_text("utf-8")
    assert len(codes) == 6
    assert all(f"{number} {word}" in readme for number, word in codes)


def test_the_readme_compares_as_the_page_on_peers_does():
    """The table of the README is the first one of docs/peers.md."""
    tables = [
        re.findall(r"(?m)^\| \| understudy \|.*\n(?:\|.*\n)+", each.read_text("utf-8"))
        for each in (README, PEERS)
    ]
    assert len(tables[0]) == 1
    assert tables[0][0] == tables[1][0]
