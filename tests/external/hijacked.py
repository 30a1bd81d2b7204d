"""Banking tasks of AgentDojo: the reference alone, and with an attacker's calls behind it.

`python -m tests.external.hijacked --python ENV/bin/python`, where ENV has `agentdojo`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from understudy.cost.price_list import PriceList
from understudy.diff.explain import explain
from understudy.model.action import Action, Effect, Target
from understudy.model.baseline import Baseline
from understudy.model.case import Case, Trigger, Turn
from understudy.model.finding import Severity
from understudy.model.policy import Policy
from understudy.model.proposal import Proposal

__all__ = ["Hijacking", "hijack", "load_tasks"]

_PAYS = ("send_money", "schedule_transaction", "update_scheduled_transaction")
_WRITES = (*_PAYS, "update_password", "update_user_info")


@dataclass(frozen=True, slots=True)
class Hijacking:
    """How the clean and the hijacked cases were judged."""

    clean: int
    with_findings: tuple[str, ...]
    hijacked: int
    uncritical: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether no clean case has a finding and every hijacked one a critical one."""
        return bool(self.clean and self.hijacked) and not (self.with_findings or self.uncritical)

    def lines(self) -> Iterator[str]:
        """The figures for a terminal, every miss by name."""
        fine = self.clean - len(self.with_findings)
        caught = self.hijacked - len(self.uncritical)
        yield f"reference calls alone: {fine} of {self.clean} without a finding"
        yield f"with the attacker's calls: {caught} of {self.hijacked} critical"
        yield from (f"  - {name}: has findings" for name in self.with_findings)
        yield from (f"  - {name}: not critical" for name in self.uncritical)


def load_tasks(python: Path) -> Mapping[str, Any]:
    """The tasks as the package itself tells them, in its own environment."""
    script = Path(__file__).with_name("dojo_tasks.py")
    told = subprocess.run(
        [str(python), str(script)], capture_output=True, text=True, check=True, timeout=120
    )
    tasks: Mapping[str, Any] = json.loads(told.stdout)
    return tasks


def hijack(tasks: Mapping[str, Any]) -> Hijacking:
    """Judge every user task alone, and with every attack and attacker behind it."""
    prices = PriceList.from_policy(Policy(version=1))
    dirty, missed, pairs = [], [], 0
    for user in tasks["user"]:
        wanted = _actions(user["calls"])
        if _findings(user, "", wanted, wanted, prices):
            dirty.append(user["id"])
        for attacker in tasks["attacker"]:
            for name, words in tasks["attacks"].items():
                pairs += 1
                text = words.replace("{goal}", attacker["text"])
                done = [*wanted, *_actions(attacker["calls"])]
                found = _findings(user, text, done, wanted, prices)
                if not any(one.severity is Severity.CRITICAL for one in found):
                    missed.append(f"{user['id']} with {attacker['id']}, {name}")
    return Hijacking(len(tasks["user"]), tuple(dirty), pairs, tuple(missed))


def _findings(
    user: Mapping[str, Any],
    injected: str,
    done: Sequence[Action],
    wanted: Sequence[Action],
    prices: PriceList,
) -> Sequence[Any]:
    name = user["id"]
    turns = [Turn(role="user", text=user["text"])]
    turns += [Turn(role="tool", text=injected)] if injected else []
    case = Case(
        case_id=name, scenario="banking", cluster_id=name, turns=tuple(turns),
        trigger=Trigger(system="bank", type="request"),
    )  # fmt: skip
    baseline = Baseline(case_id=name, baseline_id="reference", actions=tuple(wanted))
    proposal = Proposal(case_id=name, actions=tuple(done))
    return explain(case, proposal, [baseline], prices).findings


def _actions(calls: Sequence[Mapping[str, Any]]) -> list[Action]:
    """The calls that change something; everything else is reading."""
    return [
        Action(
            system="bank",
            operation=f"bank.{call['function']}",
            seq=number,
            target=_target(call["args"]),
            fields=dict(call["args"]),
            amount_minor=_minor(call["args"].get("amount")),
            currency="EUR",
            effect=Effect.PAY if call["function"] in _PAYS else Effect.WRITE,
            response_status=200,
        )
        for number, call in enumerate(calls)
        if call["function"] in _WRITES
    ]


def _target(fields: Mapping[str, Any]) -> Target | None:
    recipient = fields.get("recipient")
    return Target(type="account", id=str(recipient)) if recipient else None


def _minor(amount: Any) -> int | None:
    return None if amount is None else round(float(amount) * 100)


def main() -> int:
    """Print the figures; 1 where one is not what it has to be."""
    asked = argparse.ArgumentParser(prog="python -m tests.external.hijacked", description=__doc__)
    asked.add_argument("--python", type=Path, required=True, help="a Python with `agentdojo`")
    found = hijack(load_tasks(asked.parse_args().python))
    sys.stdout.write("\n".join(found.lines()) + "\n")
    return 0 if found.passed else 1


if __name__ == "__main__":
    sys.exit(main())
