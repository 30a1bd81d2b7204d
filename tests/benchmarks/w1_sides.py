"""W1 with function tools, everything recorded, compared and priced; and the plain loop of it.

The plain loop is what anybody would write: dictionaries, a copy through JSON at every boundary, the
expected amount compared, and one line of JSON a case in a log.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from tests.benchmarks import w1
from tests.benchmarks.workload import Outcome

from understudy.candidates.toolbox import Toolbox
from understudy.cost.price_list import PriceList
from understudy.diff.explain import explain
from understudy.model.action import Action, Effect, Target
from understudy.model.baseline import Baseline
from understudy.model.case import Case, Trigger
from understudy.model.policy import Policy
from understudy.model.proposal import CaseRecord, Proposal, Trace
from understudy.shadow.store import CaseStore, Sync
from understudy.systems.engine import Engine

__all__ = ["ours", "plain"]


def outcome(scores: list[float], log: Path, content: int = 0) -> Outcome:
    """What both sides tell: the score, how many cases differ, and how large the log is."""
    work = {"score": sum(scores) / len(scores), "differing": sum(score < 1 for score in scores)}
    size = log.stat().st_size
    facts = {"log_bytes_a_case": size / len(scores)}
    if content:
        facts["log_of_content"] = size / content
    return Outcome(len(scores), work, facts=facts)


def ours(size: int, weighed: bool = False) -> Callable[[], Outcome]:
    """A case of its own on the mocked systems for each, its record stored, its actions priced.

    Where it is `weighed`, the bytes of what happened are counted as well, which takes time.
    """
    engine, cases = Engine(w1.world(size), seed=7), w1.cases(size)
    prices = PriceList.from_policy(Policy(version=1))
    place = tempfile.TemporaryDirectory()
    store = CaseStore(Path(place.name), sync=Sync.NEVER)

    def work() -> Outcome:
        scores, content, differing = [], 0, 0
        for case in cases:
            score, length, costs = _shadowed(case, engine, store, prices, weighed)
            scores.append(score)
            content += length
            differing += costs
        store.close()
        assert differing == sum(score < 1 for score in scores)
        with place:
            return outcome(scores, store.path, content)

    return work


def _shadowed(
    case: w1.Case, engine: Engine, store: CaseStore, prices: PriceList, weighed: bool
) -> tuple[float, int, bool]:
    """One case: its score, the bytes of what happened in it, and whether it costs anything."""
    name = f"case-{case.number}"
    session = engine.open_case(name)
    toolbox, told = Toolbox(engine, session), []

    def call(operation: str, **given: Any) -> Any:
        answer = toolbox.call(operation, **given)
        told.append((operation, given, answer))
        return answer

    score = w1.by_tools(case, call)
    proposal = Proposal(case_id=name, actions=tuple(session.actions), reads=dict(session.reads))
    engine.close_case(name)
    store.append(CaseRecord(case_id=name, proposal=proposal, trace=Trace(outputs=tuple(told))))
    case_of = Case(case_id=name, scenario="refund", cluster_id=name,
                   trigger=Trigger(system="zendesk", type="ticket.created"))  # fmt: skip
    found = explain(case_of, proposal, [_people(name, case)], prices)
    content = [told, [(a.operation, a.fields, a.before, a.after) for a in session.actions]]
    weight = len(orjson.dumps(content)) if weighed else 0
    return score, weight, found.cost_minor > 0


def _people(name: str, case: w1.Case) -> Baseline:
    """What people did: the same, but for another amount in every fifth case."""
    refund = Action(
        system="stripe", operation="stripe.refunds.create", effect=Effect.PAY, currency="eur",
        target=Target(type="charge", id=case.charge), amount_minor=case.expected,
        fields={"charge": case.charge, "amount": case.expected},
    )  # fmt: skip
    solved = Action(
        system="zendesk", operation="zendesk.tickets.update", effect=Effect.WRITE,
        target=Target(type="ticket", id=case.ticket), fields={"status": "solved"},
    )  # fmt: skip
    return Baseline(case_id=name, baseline_id=f"{name}/b", actions=(refund, solved))


def plain(size: int) -> Callable[[], Outcome]:
    """The plain loop with JSON copies and a log.

    Its tools answer with what ours answered, so that as much is copied and written down.
    """
    cases, answers = w1.cases(size), _answers(size)
    place = tempfile.TemporaryDirectory()
    log = Path(place.name) / "log.jsonl"

    def work() -> Outcome:
        scores = []
        number = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        for case in cases:
            told: list[Any] = []
            scores.append(w1.by_tools(case, _tools(answers, told)))
            line = orjson.dumps({"case": case.number, "calls": told, "score": scores[-1]}) + b"\n"
            os.write(number, line)
        os.close(number)
        with place:
            return outcome(scores, log)

    return work


def _answers(size: int) -> dict[tuple[str, str], Any]:
    """What the mocked systems answer to every call of these cases."""
    engine, found = Engine(w1.world(size), seed=7), dict[tuple[str, str], Any]()
    for case in w1.cases(size):
        session = engine.open_case(f"case-{case.number}")
        toolbox = Toolbox(engine, session)

        def call(operation: str, toolbox: Toolbox = toolbox, **given: Any) -> Any:
            answer = found[_key(operation, given)] = toolbox.call(operation, **given)
            return answer

        w1.by_tools(case, call)
        engine.close_case(session.case_id)
    return found


def _key(operation: str, given: dict[str, Any]) -> tuple[str, str]:
    return operation, "".join(map(str, given.values()))


def _tools(answers: dict[tuple[str, str], Any], told: list[Any]) -> Callable[..., Any]:
    """The six tools; what goes in and out is copied through JSON."""

    def call(operation: str, **given: Any) -> Any:
        asked = orjson.loads(orjson.dumps(given))
        answer = orjson.loads(orjson.dumps(answers[_key(operation, asked)]))
        told.append((operation, given, answer))
        return answer

    return call
