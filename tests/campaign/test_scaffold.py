"""`understudy init`: a project of every form, as somebody would start with it."""

from __future__ import annotations

import importlib.util
import json
import re

import pytest
from tests.own_pytest import own_pytest

from understudy.campaign.projects.proofreading import proofread_models
from understudy.campaign.projects.scaffold import FORMS, scaffold
from understudy.campaign.projects.settings import load_settings

NEEDS = {"mcp": "mcp", "openai": "openai"}
MENDED = """
        owner = client.get(f"{base_urls['stripe']}/v1/customers/{charge['customer']}", headers=key)
        user_url = f"{base_urls['zendesk']}/api/v2/users/{ticket['requester_id']}.json"
        writer = client.get(user_url, auth=login).json()["user"]
        if owner.json()["email"] != writer["email"]:
            return {"outcome": "escalated", "rationale": "it is somebody else's charge"}
"""


def _commands(printed):
    return [line.strip() for line in printed.splitlines() if re.match(r"  \S", line)]


@pytest.mark.slow
def test_the_default_project_fails_in_one_place_until_it_is_mended(project):
    """Three commands are printed, and no more; where the code says so it is mended."""
    finished = project.command("init", "first try")
    folder = project.folder / "first try"
    commands = _commands(finished.stdout)
    assert [each.partition(" && ")[2] for each in commands] == [
        "pytest scenarios", "pytest scenarios --last-failed", "understudy run campaign.yaml",
    ]  # fmt: skip
    assert all(each.startswith("cd 'first try' && ") for each in commands)
    before = own_pytest(folder, "scenarios")
    assert "1 failed, 11 passed" in before.stdout, before.stdout + before.stderr
    assert "scenario somebody-elses-charge" in before.stdout
    code = folder / "refunds.py"
    text = code.read_text("utf-8")
    place = text.index("        refunded = client.post(")
    code.write_text(text[:place] + MENDED.lstrip("\n") + text[place:], "utf-8")
    after = own_pytest(folder, "scenarios", "-k", "somebody")
    assert "1 passed" in after.stdout, after.stdout


@pytest.mark.slow
def test_each_form_is_a_project_that_works(project):
    """The one mistake is made and seen, whichever way the candidate is reached."""
    forms = [form for form in FORMS if form != "python" and _is_there(NEEDS.get(form))]
    for form in forms:
        scaffold(project.folder / form, form)
        settings = load_settings(project.folder / form / "campaign.yaml")
        proofread_models(settings.campaign, settings.document, resumed=False)
    places = [f"{form}/scenarios" for form in forms]
    finished = own_pytest(project.folder, *places, "-k", "somebody")
    assert f"{len(forms)} failed, " in finished.stdout, finished.stdout
    for wrote in ("refunded 25.00 EUR (charge", "answered the customer (ticket"):
        row = f"{'no writes':<29} | {wrote}"
        assert finished.stdout.count(row) == len(forms), finished.stdout


def _is_there(name):
    return name is None or importlib.util.find_spec(name) is not None


@pytest.mark.slow
def test_its_campaign_runs(project):
    """From the folder itself, without anything but what was written."""
    printed = project.command("init").stdout
    assert _commands(printed)[2] == "understudy run campaign.yaml"
    finished = project.command("run", "campaign.yaml", "-q", "--json", "--limit", "8")
    (run,) = json.loads(finished.stdout)["runs"]
    assert run["cases"]["failed"] == 0, finished.stderr


def test_nothing_is_written_over(project):
    """What is there already is named, and stays as it is; an unknown form is told."""
    project.write("agent.py", "mine = True\n")
    finished = project.command("init")
    assert finished.returncode == 2
    assert "has `agent.py` already" in finished.stderr
    assert [path.name for path in project.folder.iterdir()] == ["agent.py"]
    finished = project.command("init", "--candidate", "pyhton")
    assert "there is no form of candidate `pyhton`; did you mean `python`?" in finished.stderr
