"""Every prompt and answer of a case, kept until the case is done."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from understudy.doors.gateway_meter import Tokens, tokens_of
from understudy.doors.gateway_wire import ModelAnswer, ModelRefusal, ModelRequest, Source

__all__ = ["ModelCalls", "Traced"]

_NONE = Tokens(0, 0)


@dataclass(slots=True)
class ModelCalls:
    """What one case asked of models, what it was answered, and what that took."""

    prompts: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    times: list[tuple[float, float]] = field(default_factory=list)
    """When each was asked and when it was answered, by the gateway's clock in seconds."""
    tokens: dict[str, Tokens] = field(default_factory=dict)
    """By the model that was asked for."""
    refused: list[str] = field(default_factory=list)
    """The codes of calls that the gateway itself refused, as `no_recorded_answer`."""
    unanswered: list[tuple[str, str, str]] = field(default_factory=list)
    """Code and path of each call without an answer, and why, for whoever runs the campaign."""


class Traced:
    """Hands calls on and keeps them by case; answers are kept as far as they went."""

    def __init__(self, source: Source, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._clock = clock
        self._calls: dict[str, ModelCalls] = defaultdict(ModelCalls)
        self._lock = threading.Lock()

    def take(self, scope: str) -> ModelCalls:
        """A case's calls; they are forgotten here."""
        with self._lock:
            return self._calls.pop(scope, ModelCalls())

    async def answer(self, request: ModelRequest) -> ModelAnswer:
        """The answer, noted on its way."""
        place = self._begun(request)
        try:
            answer = await self._source.answer(request)
        except ModelRefusal as refusal:
            self._noted(request, place, {"error": {"code": refusal.code, "message": str(refusal)}})
            with self._lock:
                calls = self._calls[request.scope]
                calls.refused.append(refusal.code)
                if refusal.aside:
                    calls.unanswered.append((refusal.code, request.path, refusal.aside))
            raise
        # A door may let the silence of an answer pass in its case's time, and none here.
        asked = self._asked_at(request, place)
        return replace(answer, blocks=self._passed(request, place, answer, asked + answer.silence))

    def _begun(self, request: ModelRequest) -> int:
        with self._lock:
            calls = self._calls[request.scope]
            calls.prompts.append({"path": request.path, **request.fields})
            calls.outputs.append(None)
            now = self._clock()
            calls.times.append((now, now))
            return len(calls.outputs) - 1

    def _asked_at(self, request: ModelRequest, place: int) -> float:
        with self._lock:
            times = self._calls[request.scope].times
            return times[place][0] if place < len(times) else self._clock()

    async def _passed(
        self, request: ModelRequest, place: int, answer: ModelAnswer, earliest: float
    ) -> AsyncIterator[bytes]:
        kept = bytearray()
        try:
            async for block in answer.blocks:
                kept += block
                yield block
        finally:
            tokens = tokens_of(request, bytes(kept)) if answer.status < 400 else _NONE
            self._noted(request, place, _read(bytes(kept)), tokens, earliest)

    def _noted(
        self,
        request: ModelRequest,
        place: int,
        output: Any,
        tokens: Tokens = _NONE,
        earliest: float = 0.0,
    ) -> None:
        with self._lock:
            calls = self._calls[request.scope]
            if place < len(calls.outputs):
                calls.outputs[place] = output
                calls.times[place] = (calls.times[place][0], max(self._clock(), earliest))
            if tokens != _NONE:
                calls.tokens[request.model] = calls.tokens.get(request.model, _NONE) + tokens


def _read(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")
