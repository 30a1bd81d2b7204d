"""One campaign on several machines: shards, and the run that they are merged to."""

from __future__ import annotations

import json
import shutil

import pytest

from understudy.campaign.runs.shard import parse_shard, shard_of_environment
from understudy.model.errors import ConfigurationError

BOT = """
def handle(case, systems):
    outcome = "escalated" if int(case.id[-1]) % 2 else "acted"
    return {"outcome": outcome, "confidence": 0.4}
"""

TAGGING = """
def handle(case, systems):
    systems.call("zendesk.tags.add", id=case.trigger.payload["ticket_id"], tags=["seen"])
"""


@pytest.fixture
def campaign(project):
    project.write("bot.py", BOT)
    return str(project.campaign("bot:handle", repeats=2))


def shard(project, campaign, text, *more):
    finished = project.command("run", campaign, "-q", "--json", "--shard", text, *more)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)["shards"][0]["run"]


def verdict_of(text):
    (verdict,) = json.loads(text)["runs"]
    own = ("attempt", "expires", "report", "run", "run_id")
    return {key: value for key, value in verdict.items() if key not in own}


@pytest.mark.slow
def test_shards_merge_to_the_verdict_of_one_run(project, campaign):
    """Three shards, one of them given twice, make the verdict of one run but for ids and times."""
    runs = [shard(project, campaign, f"{number}/3") for number in (1, 2, 3)]
    merged = project.command("merge", *runs, runs[1], "--json")
    alone = project.command("run", campaign, "-q", "--json")
    assert merged.returncode == alone.returncode, merged.stderr
    assert verdict_of(merged.stdout) == verdict_of(alone.stdout)
    run = json.loads(merged.stdout)["runs"][0]
    assert run["attempt"] == 1
    manifest = json.loads((project.folder / run["run"] / "manifest.json").read_text())
    assert len(manifest["merged"]) == 3
    lines = (project.folder / run["run"] / "cases-0.jsonl").read_bytes().count(b"\n")
    assert lines == 48


@pytest.mark.slow
def test_the_drills_of_a_sharded_campaign_are_taken_over(project):
    """The first shard rehearses for all of them, the merged run tells of it and undoes all."""
    project.write("bot.py", TAGGING)
    drills = "{rollback: true, kill_switch: 1, cases: 3}"
    campaign = str(project.campaign("bot:handle", drills=drills))
    runs = [project.folder / shard(project, campaign, f"{number}/2") for number in (1, 2)]
    rehearsed = json.loads((runs[0] / "drills.json").read_text())
    assert rehearsed["kill_switch"]["writes"] >= 1
    assert not (runs[1] / "drills.json").exists()
    merged = project.command("merge", *map(str, reversed(runs)), "--json")
    run = project.folder / json.loads(merged.stdout)["runs"][0]["run"]
    drills = json.loads((run / "drills.json").read_text())
    assert drills["kill_switch"] == rehearsed["kill_switch"]
    assert drills["rollback"]["cases"] == 24
    assert "Kill-switch drill" in (run / "report.md").read_text()
    assert "Rollback drill" in (run / "report.md").read_text()


@pytest.mark.slow
def test_a_shard_alone_gives_no_verdict(project, campaign):
    """A shard exits with 0, writes no verdict, cannot be judged; a merge names what is missing."""
    run = shard(project, campaign, "2/3")
    assert not list(project.folder.glob("reports/*/*/verdict.json"))
    judged = project.command("judge", run, "-q")
    assert judged.returncode == 3
    assert "shard 2/3 of a run, and a shard gives no verdict" in judged.stderr
    merged = project.command("merge", run)
    assert merged.returncode == 2
    assert "2 of 3 shards are missing: 1, 3" in merged.stderr
    partial = project.command("merge", run, "--partial", "--json")
    assert "only 8 of the 24 planned cases were run" in partial.stdout


@pytest.mark.slow
def test_manifests_that_do_not_belong_together_are_refused(project, campaign):
    """Another recipe of shards, another seed, a whole run, a damaged manifest: each is named."""
    first = shard(project, campaign, "1/2")
    other = shard(project, str(project.campaign("bot:handle", repeats=2, seed=9)), "2/2")
    thirds = shard(project, campaign := str(project.campaign("bot:handle", repeats=2)), "2/3")
    for run, told in ((other, "they differ in seed"), (thirds, "the number of shards")):
        merged = project.command("merge", first, run)
        assert (merged.returncode, told in merged.stderr) == (2, True), merged.stderr
    project.command("run", campaign, "-q", "--limit", "2")
    (whole,) = project.runs()
    assert "is a whole run and no shard" in project.command("merge", first, str(whole)).stderr
    broken = project.folder / "broken"
    shutil.copytree(project.folder / first, broken)
    (broken / "manifest.json").write_text("{")
    damaged = project.command("merge", first, "broken")
    assert damaged.returncode == 2
    assert "broken/manifest.json: this line cannot be read" in damaged.stderr
    assert "hint: restore the file" in damaged.stderr


@pytest.mark.parametrize("text", ["0/2", "3/2", "-1/2", "1/0", "half", "1/2/3", ""])
def test_a_shard_out_of_range_is_an_error(text):
    """What is no shard is named with the form that is expected."""
    with pytest.raises(ConfigurationError, match=r"is no shard; write I/N with I from 1 to N"):
        parse_shard(text)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"UNDERSTUDY_SHARD": "2/4"}, "2/4"),
        ({"UNDERSTUDY_SHARD_INDEX": "1", "UNDERSTUDY_SHARD_TOTAL": "4"}, "1/4"),
        ({"SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_TASK_COUNT": "3"}, "1/3"),
        (
            {
                "SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_COUNT": "4",
                "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_STEP": "2",
            },
            "4/4",
        ),
        ({"JOB_COMPLETION_INDEX": "0"}, None),
        ({"JOB_COMPLETION_INDEX": "3", "UNDERSTUDY_SHARD_TOTAL": "4"}, "4/4"),
    ],
)  # fmt: skip
def test_schedulers_say_which_shard_it_is(environment, expected):
    """SLURM arrays, Kubernetes indexed jobs and our own variables are understood."""
    found = shard_of_environment(environment)
    assert (found and str(found[0])) == expected


@pytest.mark.slow
def test_a_pod_that_cannot_know_its_shard_says_so(project, campaign, monkeypatch):
    """An indexed job's pod says that it runs all cases where nobody tells how many there are."""
    monkeypatch.setenv("JOB_COMPLETION_INDEX", "1")
    done = project.command("run", campaign, "-q", "--limit", "2")
    assert "all cases: an indexed job's pod" in done.stderr
    monkeypatch.setenv("UNDERSTUDY_SHARD_TOTAL", "12")
    done = project.command("run", campaign, "-q")
    assert "shard 2/12, as JOB_COMPLETION_INDEX" in done.stderr


def test_a_scheduler_that_says_nonsense_is_named():
    """A task outside of its own array is an error, never a part of the cases run twice."""
    with pytest.raises(ConfigurationError, match="`5/3` is no shard") as caught:
        shard_of_environment({"SLURM_ARRAY_TASK_ID": "4", "SLURM_ARRAY_TASK_COUNT": "3"})
    assert caught.value.where == "SLURM_ARRAY_TASK_ID of SLURM_ARRAY_TASK_COUNT"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--engine", "dask", "--shard", "1/2"), "`--engine dask` makes its own shards"),
        (("--scheduler", "tcp://127.0.0.1:9"), "need no scheduler"),
        (("--results", "file:///tmp/shards"), "no place for results"),
    ],
)
def test_options_that_do_not_go_together_are_an_error(project, arguments, expected):
    """None is passed over in silence; nothing is run."""
    finished = project.command("run", "campaign.yaml", *arguments)
    assert finished.returncode == 2
    assert expected in finished.stderr


@pytest.mark.slow
def test_the_last_failed_cases_are_run_again(project):
    """`--last-failed` runs what cost anything, says so, and is never evidence for a GO."""
    project.write("bot.py", BOT)
    campaign = str(project.campaign("bot:handle"))
    assert "has been judged yet" in project.command("run", campaign, "--last-failed").stderr
    project.command("run", campaign, "-q", "--limit", "5")
    (run,) = project.runs()
    lines = (run / "findings.jsonl").read_text().splitlines()
    failed = {each["case_id"] for each in map(json.loads, lines) if each["cost_minor"]}
    again = project.command("run", campaign, "-q", "--json", "--last-failed")
    (verdict,) = json.loads(again.stdout)["runs"]
    assert verdict["cases"]["planned"] == len(failed) < 24
    assert verdict["verdict"] != "GO"
    assert any(f"cost anything in run {run.name}" in each for each in verdict["reasons"])


@pytest.mark.slow
def test_a_budget_on_the_command_line_goes_before_the_campaign_s(project):
    """`--budget` is held to what a budget needs, and what is no money is named."""
    project.write("bot.py", BOT)
    campaign = str(project.campaign("bot:handle"))
    wrong = project.command("run", campaign, "--budget", "lots")
    assert (wrong.returncode, "--budget" in wrong.stderr) == (2, True)
    told = project.command("run", campaign, "-q", "--limit", "2", "--budget", "1 EUR", "--json")
    assert "`stop.budget`: the campaign serves no models" in told.stdout
