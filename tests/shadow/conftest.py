"""A project with one candidate module, a world of a few rows, and a plan to run them."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from understudy.doors.self_test import SelfTest
from understudy.model.campaign import CandidateSpec
from understudy.model.case import Case, Trigger
from understudy.shadow import runner
from understudy.shadow.plan import ShadowPlan

WORLD = """
from understudy.model.world import World


def load(path):
    customer = {"id": "cus_1", "created": 1790000000, "email": "a@example.com", "name": "A",
                "currency": "eur"}
    charge = {"id": "ch_1", "customer": "cus_1", "amount": 1000, "amount_refunded": 0,
              "currency": "eur", "status": "succeeded", "paid": True, "refunded": False,
              "captured": True, "created": 1790000000}
    return World({"stripe.customers": {"cus_1": customer}, "stripe.charges": {"ch_1": charge}},
                 now=1800000000)
"""

REFUND = """
import httpx


def refund(case, amount):
    headers = {"Authorization": f"Bearer {case.credentials.stripe.api_key}"}
    answer = httpx.post("https://api.stripe.com/v1/refunds", headers=headers,
                        data={"charge": "ch_1", "amount": amount})
    answer.raise_for_status()
    return answer.json()


def handle(case, systems):
    refund(case, 100 + case.trigger.payload["number"])
    return {"confidence": 0.9}
"""


class Project:
    """A folder with a candidate in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.run_folder = folder / "run"
        self.folder.mkdir()
        self.write("tiny_world.py", WORLD)
        self.write("bot.py", REFUND)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def candidate(self, body: str) -> None:
        """Add a `handle` to the refunding one."""
        self.write("bot.py", f"{REFUND}\n\n{body}")

    def plan(self, count: int = 4, **changes) -> ShadowPlan:
        spec = {"name": "bot", "use": changes.pop("use", "bot:handle")}
        for name in (
            "timeout",
            "virtual_timeout",
            "needs",
            "isolation",
            "expect_blocked",
            "memory",
            "limits",
        ):
            if name in changes:
                spec[name] = changes.pop(name)
        spec.setdefault("timeout", timedelta(seconds=10))
        settings = {
            "world": self.folder,
            "cases": [make_case(number) for number in range(count)],
            "candidate": CandidateSpec(**spec),
            "systems": {"finance": "stripe", "support": "zendesk"},
            "run_folder": self.run_folder,
            "project": self.folder,
            "namespace": False,
            "world_loader": "tiny_world:load",
        }
        return ShadowPlan(**{**settings, **changes})


def make_case(number: int) -> Case:
    return Case(
        case_id=f"case-{number:03d}",
        scenario="secret-scenario",
        cluster_id=str(number),
        trigger=Trigger(system="zendesk", type="ticket.created", payload={"number": number}),
        received_at=datetime(2026, 11, 1, tzinfo=UTC),
    )


@pytest.fixture
def project(tmp_path, monkeypatch) -> Project:
    made = Project(tmp_path)
    paths = [str(made.folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    return made


@pytest.fixture
def port() -> int:
    """One that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture
def quick(monkeypatch) -> None:
    """Skip the wall's self-test, which has tests of its own."""
    passed = SelfTest("hook", {"all": "blocked"})
    monkeypatch.setattr(runner, "self_test", lambda **options: passed)


@pytest.fixture
def run(quick):
    """Run a plan; its report and its records in the order in which they were handed over."""

    def run_plan(plan):
        records = []
        report = runner.run_shadow(plan, records.append)
        return report, records

    return run_plan


@pytest.fixture
def timeless():
    """A record without what differs between two equal runs."""

    def strip(record):
        proposal = msgspec.structs.replace(record.proposal, cycle_time_ms=None, wall_time_ms=None)
        trace = msgspec.structs.replace(record.trace, times=())
        return msgspec.structs.replace(record, proposal=proposal, trace=trace, finished_at=None)

    return strip
