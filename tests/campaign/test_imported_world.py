"""A world of a company's own exports is served to vendors' clients and carries a campaign."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import hubspot
import pytest
import stripe
from tests.traffic import exports as x
from typer.testing import CliRunner

from understudy.cli.main import app
from understudy.doors.serving import open_world
from understudy.model.baseline import Baseline
from understudy.model.case import Case, Trigger
from understudy.redact.key import RedactionKey
from understudy.redact.redactor import Redactor
from understudy.traffic.recording import Provenance, read_recording, write_recording
from understudy.world.store import load_world

MAIL = "ann@corp.com"
CHARGE = {
    "id": "ch_1", "object": "charge", "customer": "cus_1", "amount": 1200, "currency": "eur",
    "status": "succeeded", "paid": True, "refunded": False, "captured": True,
    "amount_refunded": 0, "created": 1_782_000_000,
}  # fmt: skip
CONTACT = {"id": "501", "properties": {"email": MAIL, "firstname": "Ann"}, "archived": False,
           "createdAt": "2026-01-02T03:04:05Z", "updatedAt": "2026-01-02T03:04:05Z"}  # fmt: skip
PAGES = {
    "users.json": {"users": x.users()},
    "tickets.json": {"tickets": [x.ticket(status="open", tags=[])]},
    "customers.json": {"object": "list", "data": [x.stripe_customer(id="cus_1")]},
    "charges.json": {"object": "list", "data": [CHARGE]},
    "contacts.json": {"results": [CONTACT]},
}
AGENT = """
import stripe

def handle(case, systems):
    v1 = stripe.StripeClient(case.credentials["stripe"]["api_key"]).v1
    owed = [each for each in v1.charges.list({"customer": "cus_1"}).data if not each.refunded]
    v1.refunds.create({"charge": owed[0].id})
    return {"outcome": "acted", "confidence": 1.0}
"""
CAMPAIGN = """
version: 1
name: own
world: world
policy: standard
gates: standard
candidates: [{name: agent, use: "agent:handle"}]
"""


@pytest.fixture
def world(tmp_path, monkeypatch):
    """The world of five export files, imported with the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name, page in PAGES.items():
        (tmp_path / name).write_text(json.dumps(page))
    done = CliRunner().invoke(app, ["world", "import", *PAGES, "--out", "world"])
    assert done.exit_code == 0, done.output
    return tmp_path / "world"


def _hidden_mail():
    return Redactor(RedactionKey()).redact_text(MAIL)


def _worked(world, work):
    """What somebody did through Stripe's own client, as the one case of the world's recording."""
    with open_world(load_world(world)) as served:
        base = {"api": served.variables["STRIPE_API_BASE"]}
        work(stripe.StripeClient(served.variables["STRIPE_API_KEY"], base_addresses=base).v1)
        done = tuple(served.session.actions)
    case = Case(
        case_id="zendesk-1", scenario="charged-twice", cluster_id="cus_1",
        received_at=datetime(2026, 7, 2, tzinfo=UTC),
        trigger=Trigger(system="zendesk", type="ticket.created", payload={"ticket_id": "1"}),
    )  # fmt: skip
    write_recording(
        world / "recording", provenance=Provenance(format="by hand", records=1, kept=1),
        cases=[case],
        baselines=[Baseline(case_id="zendesk-1", baseline_id="zendesk-1/1", actions=done)],
    )  # fmt: skip


def test_an_imported_world_is_read_by_the_vendors_clients(world):
    """Over loopback, one person is found in all three systems under one pseudonym."""
    mail = _hidden_mail()
    with open_world(load_world(world)) as served:
        told = served.variables
        base = {"api": told["STRIPE_API_BASE"]}
        v1 = stripe.StripeClient(told["STRIPE_API_KEY"], base_addresses=base).v1
        assert [each.id for each in v1.customers.list({"email": mail}).data] == ["cus_1"]
        assert v1.charges.retrieve("ch_1").amount == 1200
        crm = hubspot.Client.create(
            access_token=told["HUBSPOT_ACCESS_TOKEN"], host=told["HUBSPOT_API_BASE"], retry=False
        ).crm.contacts
        assert [each.properties["email"] for each in crm.get_all()] == [mail]


@pytest.mark.slow
def test_a_campaign_runs_on_an_imported_world(world):
    """A candidate finds the charge that staff refunded, and doing the same costs nothing."""
    _worked(world, lambda v1: v1.refunds.create({"charge": "ch_1"}))
    (world.parent / "agent.py").write_text(AGENT)
    (world.parent / "c.yaml").write_text(CAMPAIGN)
    run = CliRunner().invoke(app, ["run", "c.yaml"])
    assert run.exit_code in (0, 6), run.output
    (verdict,) = world.parent.glob("reports/own/*/verdict.json")
    told = json.loads(verdict.read_bytes())
    assert (told["cases"]["judged"], told["error_cost"]["total_minor"]) == (1, 0)
    assert len(read_recording(world / "recording").baselines_of("zendesk-1")[0].actions) == 1


@pytest.mark.parametrize("name", ["customers.csv", "customers.txt"])
def test_a_table_without_a_map_is_told_before_anything_is_read(tmp_path, name):
    """Whatever its name ends in: a world asks which column is which field, and says how."""
    (tmp_path / name).write_text("id,Created (UTC),Email\ncus_1,2026-01-01 10:00,ann@corp.com\n")
    made = CliRunner().invoke(
        app, ["world", "import", str(tmp_path / name), "--out", str(tmp_path / "world")]
    )
    assert "is CSV, and no map says which column is which field" in str(made.exception)
    assert not (tmp_path / "world").exists()
