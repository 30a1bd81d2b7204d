"""The models of a run: one gateway for all of its processes, and what goes through it."""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import orjson

from understudy.candidates.handed import Inbound
from understudy.doors.gateway import Gateway
from understudy.doors.gateway_faults import FaultyModels
from understudy.doors.gateway_meter import CASE_SPENT, Meter, Tokens
from understudy.doors.gateway_trace import ModelCalls, Traced
from understudy.doors.gateway_wire import CHAT, ModelRefusal, ModelRequest, Source
from understudy.doors.loopback import Receive, Send
from understudy.model.baseline import Outcome
from understudy.model.campaign import Fault
from understudy.model.errors import EvidenceError
from understudy.model.proposal import (
    MODEL_COST,
    MODEL_CURRENCY,
    CaseRecord,
    CoverageGap,
    Failure,
    FailureCause,
    Trace,
)
from understudy.model.verdict import ModelTraffic

__all__ = ["ModelService", "scope_of"]

_MISSING = ("no_recorded_answer", "no_scripted_answer")


class ModelService:
    """Answers the model calls of every process of a run, and knows whose they are.

    A process has one key of its own, for clients that are made while the candidate is imported;
    each case has another. Both belong to the case at hand, and to nobody between two cases.
    """

    def __init__(
        self,
        source: Source,
        *,
        meter: Meter | None = None,
        faults: Sequence[Fault] = (),
        seed: int = 0,
        other_ways: bool = False,
    ) -> None:
        """`other_ways` says that the candidate may reach models past this gateway as well.

        Then a case without a call has no known cost: what its policy states for models counts.
        Without them such a case has cost nothing.
        """
        self.meter = meter or Meter()
        self.missing = 0
        """Calls for which no answer was recorded or scripted."""
        self.starved: set[tuple[str, int]] = set()
        """Cases and repeats of which the budget has stopped a call."""
        self._source, self._other_ways = source, other_ways
        self._faulty = FaultyModels(source, faults, seed)
        self._traced = Traced(self._faulty if faults else source)
        self._gateway = Gateway(self._traced, seed=seed, open_to_all=False)
        self._numbers = itertools.count(1)
        self._begun: dict[str, float] = {}

    def new_key(self) -> str:
        """The key of a process that is about to start."""
        key = self._gateway.open(f"process {next(self._numbers)}")
        self._gateway.close(key)
        return key

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request, as an ASGI application."""
        await self._gateway(scope, receive, send)

    def begin(self, key: str, order: Inbound) -> Inbound:
        """The case as it is handed to the process of that key, with a key of its own."""
        scope = scope_of(order.case_id, order.repeat)
        own = self._gateway.open(scope)
        self._gateway.assign(key, scope)
        self._begun[scope] = time.monotonic()
        return msgspec.structs.replace(order, model_key=own)

    def finish(self, key: str, record: CaseRecord) -> CaseRecord:
        """The record with the case's prompts, answers and tokens; its keys are worth nothing now.

        Raises `EvidenceError` where the gateway itself failed.
        """
        scope = scope_of(record.case_id, record.proposal.repeat)
        self._gateway.close(self._gateway.open(scope))
        self._gateway.close(key)
        if self._gateway.troubles:
            raise EvidenceError(f"the model gateway failed: {self._gateway.troubles[0]}")
        calls = self._traced.take(scope)
        record = msgspec.structs.replace(
            record,
            gaps=(*record.gaps, *self._unserved(), *map(_not_answered, calls.unanswered)),
            faults={**record.faults, **self._faulty.told(scope)},
        )
        self.missing += sum(code in _MISSING for code in calls.refused)
        if "insufficient_quota" in calls.refused:
            self.starved.add((record.case_id, record.proposal.repeat))
        if CASE_SPENT in calls.refused:
            record = _overspent(record)
        begun = self._begun.pop(scope, 0.0)
        if not calls.prompts and self._other_ways:
            return record
        record = _with_calls(record, calls, begun) if calls.prompts else record
        return _with_cost(record, self.meter.cost_of(calls.tokens))

    def ask(self, case_id: str, repeat: int, fields: dict[str, Any]) -> str | None:
        """What a model says to the customer's part of a case; None where it is refused.

        Such calls are counted and recorded as all are, apart from those of the candidate.
        """
        body = orjson.dumps(fields)
        scope = f"{scope_of(case_id, repeat)} customer"
        try:
            return asyncio.run(_text_of(self._source, ModelRequest(CHAT, body, fields, scope)))
        except ModelRefusal as refusal:
            self.missing += refusal.code in _MISSING
            return None

    def idle(self, key: str) -> float | None:
        """Seconds since the case of this process has called a model; None where it never did."""
        seconds = self._gateway.idle(key)
        return None if seconds == math.inf else seconds

    def abandon(self, key: str, order: Inbound) -> None:
        """Forget what a process has asked for a case that another one will do again."""
        scope = scope_of(order.case_id, order.repeat)
        self._gateway.close(self._gateway.open(scope))
        self._gateway.close(key)
        self._traced.take(scope)
        self._begun.pop(scope, None)

    def _unserved(self) -> list[CoverageGap]:
        found, self._gateway.unserved = self._gateway.unserved, []
        calls = [each.partition(" ") for each in found]
        return [CoverageGap(system="models", method=verb, path=path) for verb, _, path in calls]

    def traffic(self) -> tuple[ModelTraffic, ...]:
        """What went to providers."""
        return tuple(
            ModelTraffic(provider=each.provider, requests=each.requests, bytes_out=each.bytes_out)
            for each in self.meter.traffic()
        )


def scope_of(case_id: str, repeat: int) -> str:
    """How a case's calls are recorded: its id, and the number of a repeat.

    >>> scope_of("c-1", 0), scope_of("c-1", 2)
    ('c-1', 'c-1#2')
    """
    return f"{case_id}#{repeat}" if repeat else case_id


def _not_answered(call: tuple[str, str, str]) -> CoverageGap:
    code, path, why = call
    method = "REPLAY" if code in _MISSING else "ASK"
    return CoverageGap(system="models", method=method, path=path, detail=why)


async def _text_of(source: Source, request: ModelRequest) -> str | None:
    answer = await source.answer(request)
    body = b"".join([block async for block in answer.blocks])
    try:
        said = orjson.loads(body)["choices"][0]["message"]["content"]
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return None
    return said if isinstance(said, str) and answer.status < 400 else None


def _overspent(record: CaseRecord) -> CaseRecord:
    """The record of a case that wanted to spend more on models than a case may."""
    detail = "its model calls have cost as much as one case may spend"
    failure = Failure(cause=FailureCause.CANDIDATE, reason="spend_limit", detail=detail)
    proposal = msgspec.structs.replace(record.proposal, outcome=Outcome.FAILED, failure=failure)
    return msgspec.structs.replace(record, proposal=proposal)


def _with_calls(record: CaseRecord, calls: ModelCalls, begun: float) -> CaseRecord:
    trace, proposal = record.trace, record.proposal
    tokens = sum(calls.tokens.values(), Tokens(0, 0))
    counted: dict[str, Any] = {
        "model_calls": len(calls.prompts),
        "model_tokens_in": tokens.input,
        "model_tokens_out": tokens.output,
    }
    return msgspec.structs.replace(
        record,
        trace=_joined(trace, calls, begun),
        proposal=msgspec.structs.replace(proposal, usage={**counted, **proposal.usage}),
    )


def _with_cost(record: CaseRecord, cost: tuple[float, str] | None) -> CaseRecord:
    """The record with what its model calls cost, where every model has a price."""
    if cost is None:
        return record
    told = dict(zip((MODEL_COST, MODEL_CURRENCY), cost, strict=True))
    proposal = record.proposal
    proposal = msgspec.structs.replace(proposal, usage={**proposal.usage, **told})
    return msgspec.structs.replace(record, proposal=proposal)


def _joined(trace: Trace, calls: ModelCalls, begun: float) -> Trace:
    unknown = (None,) * (len(trace.prompts) - len(trace.times))
    times = [tuple(round((each - begun) * 1000) for each in pair) for pair in calls.times]
    return msgspec.structs.replace(
        trace,
        prompts=(*trace.prompts, *calls.prompts),
        outputs=(*trace.outputs, *calls.outputs),
        times=(*trace.times, *unknown, *times),
    )
