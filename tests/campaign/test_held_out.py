"""A part of a recording that a candidate may see once, and when its GO rests on it."""

from __future__ import annotations

import json

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
BOT = 'def handle(case, systems):\n    return {"outcome": "escalated"}\n'


def test_the_held_out_part_is_opened_once_for_each_candidate(project):
    """Open and held-out part share no case; a second opening is refused until the code changes."""
    project.write("bot.py", BOT)
    campaign = str(project.campaign("bot:handle", held_out="40%"))
    open_part = project.command("run", campaign, "-q", "--json")
    shut = project.command("run", campaign, "--held-out", "-q", "--json")
    first, second = (json.loads(done.stdout)["runs"][0] for done in (open_part, shut))
    seen = [
        {json.loads(line)["case_id"] for line in (project.folder / run["run"]).glob("cases-*.jsonl")
         .__next__().read_text().splitlines()}
        for run in (first, second)
    ]  # fmt: skip
    assert not seen[0] & seen[1] and len(seen[0] | seen[1]) == 24
    assert any("the held-out part" in reason for reason in second["reasons"])
    assert (first["attempt"], second["attempt"]) == (1, 2)
    again = project.command("run", campaign, "--held-out", "-q")
    assert again.returncode == 3 and "was opened for this very candidate before" in again.stderr
    project.write("bot.py", BOT + "# another release\n")
    assert project.command("run", campaign, "--held-out", "-q").returncode in (0, 1, 6)


def test_nothing_held_out_is_told(project):
    """`--held-out` of a campaign that holds nothing out is an error with the key to write."""
    project.write("bot.py", BOT)
    done = project.command("run", str(project.campaign("bot:handle")), "--held-out", "-q")
    assert done.returncode == 2 and "held_out: 20% in the campaign file" in done.stderr
