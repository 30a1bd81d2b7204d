"""A campaign whose systems have the company's own fields and objects."""

from __future__ import annotations

import json

import pytest

SETTINGS = """
    version: 1
    hubspot:
      objects:
        - {type_id: 2-777, name: machine, required: [serial], properties: [{name: serial}]}
      properties:
        contacts:
          - {name: plan_level, type: enumeration, options: [{value: gold}]}
    zendesk:
      ticket_fields:
        - {id: 31, title: Product, type: tagger, options: [{value: pump}]}
"""
CANDIDATE = """
    def handle(case, systems):
        made = systems.call("hubspot.objects.create", object_type="machine",
                            properties={"serial": "A-1"})
        try:
            systems.call("hubspot.objects.create", object_type="contacts",
                         properties={"plan_level": "lead"})
            refused = "nothing"
        except Exception as error:
            refused = str(error.status)
        ticket = systems.call("zendesk.tickets.get", id=case.trigger["payload"]["ticket_id"])
        fields = [each["id"] for each in ticket["ticket"]["custom_fields"]]
        return {"outcome": "acted", "rationale": f"{made['id'].isdecimal()} {refused} {fields}"}
"""


def _campaign(project):
    return project.campaign(
        "bot:handle",
        systems="{crm: {use: hubspot, settings: own.yaml}, support: zendesk, finance: stripe}",
    )


@pytest.mark.slow
def test_the_candidate_meets_what_the_company_has_defined(project):
    """Custom objects can be made, own options are enforced, and tickets show their own fields."""
    project.write("own.yaml", SETTINGS)
    project.write("bot.py", CANDIDATE)
    done = project.command("run", str(_campaign(project)), "--limit", "1")
    assert done.returncode in (0, 1, 6), done.stderr + done.stdout
    (run,) = project.runs()
    record = next(run.glob("cases-*.jsonl")).read_text()
    assert "True 400 [31]" in record
    world = json.loads((project.world / "manifest.json").read_text())["content_digest"]
    assert json.loads((run / "verdict.json").read_text())["hashes"]["world"] not in (None, world)


def test_a_mistake_in_the_settings_is_told_before_the_run(project):
    """The line and the nearest key; no run begins."""
    project.write("own.yaml", SETTINGS.replace("ticket_fields", "ticket_feilds"))
    project.write("bot.py", CANDIDATE)
    done = project.command("run", str(_campaign(project)))
    assert done.returncode == 2
    assert "own.yaml:10" in done.stderr
    assert "did you mean `ticket_fields`?" in done.stderr
    assert not project.runs()


def test_settings_that_are_not_there_are_told(project):
    """The file is named."""
    project.write("bot.py", CANDIDATE)
    done = project.command("run", str(_campaign(project)))
    assert done.returncode == 2
    assert "own.yaml" in done.stderr
