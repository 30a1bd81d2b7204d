"""Small synthetic logs of both tau schemas, recordings, and the shared data where it is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from understudy.model.action import Action
from understudy.model.baseline import Baseline
from understudy.model.case import Case, Trigger
from understudy.redact.key import RedactionKey
from understudy.traffic.recording import Provenance

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture
def shared():
    """Gives the path of a shared data file; skips where it is not there."""

    def find(name):
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"{path} is not there; the synthetic logs cover the same ways")
        return path

    return find


@pytest.fixture(autouse=True)
def _key_of_nobody(tmp_path_factory, monkeypatch):
    """No test reads or makes the redaction key of the person who runs it."""
    place = tmp_path_factory.mktemp("key") / "redaction.key"
    monkeypatch.setenv("UNDERSTUDY_REDACTION_KEY", str(place))


@pytest.fixture
def key():
    return RedactionKey(material=bytes(range(32)))


@pytest.fixture
def cases():
    trigger = Trigger(system="zendesk", type="ticket.created", payload={"id": 1})
    return [
        Case(case_id=name, scenario="refund", cluster_id=name, trigger=trigger)
        for name in ("c1", "c2")
    ]


@pytest.fixture
def baselines():
    action = Action(system="stripe", operation="stripe.refunds.create", fields={"amount": 500})
    return [
        Baseline(case_id="c2", baseline_id="b1", actions=(action,)),
        Baseline(case_id="c1", baseline_id="b1"),
        Baseline(case_id="c1", baseline_id="b2", weight=0.5),
    ]


@pytest.fixture
def provenance():
    return Provenance(format="made", records=2, kept=2)


def call1(name, arguments, number=1):
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": f"call_{number}", "function": function, "type": "function"}],
    }


def answer1(text, number=1):
    return {"role": "tool", "tool_call_id": f"call_{number}", "name": "x", "content": text}


def run1(task_id=0, trial=0, *, messages=(), actions=(), outputs=(), scored=True):
    reward_info = {"reward": 1.0, "info": {"r_actions": 1.0, "gt_data_hash": "x"}}
    return {
        "task_id": task_id,
        "trial": trial,
        "reward": 1.0 if scored else 0.0,
        "info": {
            "task": {"user_id": "u1", "actions": list(actions), "outputs": list(outputs)},
            "reward_info": reward_info if scored else None,
        },
        "traj": [
            {"role": "system", "content": "the policy"},
            {"role": "user", "content": "Please cancel my flight."},
            *messages,
            {"role": "user", "content": "Thanks! ###STOP###"},
        ],
    }


def call2(name, arguments, number=1, requestor="assistant"):
    role = "user" if requestor == "user" else "assistant"
    call = {"id": f"c{number}", "name": name, "arguments": arguments, "requestor": requestor}
    return {"role": role, "content": None, "tool_calls": [call]}


def answer2(text, number=1, *, error=False, requestor="assistant"):
    return {"role": "tool", "id": f"c{number}", "content": text, "error": error,
            "requestor": requestor}  # fmt: skip


def task2(task_id, actions=(), facts=()):
    return {
        "id": task_id,
        "evaluation_criteria": {"actions": list(actions), "communicate_info": list(facts)},
    }


def reference2(name, arguments, task_id="5", number=0, requestor="assistant"):
    return {
        "action_id": f"{task_id}_{number}",
        "name": name,
        "arguments": arguments,
        "requestor": requestor,
    }


def run2(task_id="5", trial=0, *, messages=(), termination="user_stop", match=True, **more):
    return {
        "id": f"sim-{task_id}-{trial}",
        "task_id": task_id,
        "trial": trial,
        "duration": 12.5,
        "termination_reason": termination,
        "agent_cost": 0.0125,
        "reward_info": {"reward": float(match), "db_check": {"db_match": match}},
        "messages": [
            {"role": "assistant", "content": "Hi!", "usage": None},
            {"role": "user", "content": "I want to return my lamp."},
            *messages,
            {
                "role": "assistant",
                "content": "Done.",
                "usage": {"prompt_tokens": 100, "completion_tokens": 7},
            },
        ],
        **more,
    }


class Logs:
    """What the tests build logs from."""

    call1, answer1, run1 = staticmethod(call1), staticmethod(answer1), staticmethod(run1)
    call2, answer2, run2 = staticmethod(call2), staticmethod(answer2), staticmethod(run2)
    task2, reference2 = staticmethod(task2), staticmethod(reference2)

    def __init__(self, folder):
        self.folder = folder

    def write(self, content, name="log.json"):
        path = self.folder / name
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_text(text, encoding="utf-8")
        return path

    def tau2(self, simulations, tasks=(), domain="retail"):
        info = {"environment_info": {"domain_name": domain}}
        return self.write({"info": info, "tasks": list(tasks), "simulations": list(simulations)})


@pytest.fixture
def logs(tmp_path):
    return Logs(tmp_path)
