"""Every prompt and answer of a case, kept until the case is done."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import AsyncIterator
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
    tokens_in: int = 0
    tokens_out: int = 0
    refused: list[str] = field(default_factory=list)
    """The codes of calls that the gateway itself refused, as `no_recorded_answer`."""
    differences: list[tuple[str, str]] = field(default_factory=list)
    """Path of each call that was not recorded, and how it differs from the one most like it."""


class Traced:
    """Hands calls on and keeps them by case; answers are kept as far as they went."""

    def __init__(self, source: Source) -> None:
        self._source = source
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
                    calls.differences.append((request.path, refusal.aside))
            raise
        return replace(answer, blocks=self._passed(request, place, answer))

    def _begun(self, request: ModelRequest) -> int:
        with self._lock:
            calls = self._calls[request.scope]
            calls.prompts.append({"path": request.path, **request.fields})
            calls.outputs.append(None)
            return len(calls.outputs) - 1

    async def _passed(
        self, request: ModelRequest, place: int, answer: ModelAnswer
    ) -> AsyncIterator[bytes]:
        kept = bytearray()
        try:
            async for block in answer.blocks:
                kept += block
                yield block
        finally:
            tokens = tokens_of(request, bytes(kept)) if answer.status < 400 else _NONE
            self._noted(request, place, _read(bytes(kept)), tokens)

    def _noted(
        self, request: ModelRequest, place: int, output: Any, tokens: Tokens = _NONE
    ) -> None:
        with self._lock:
            calls = self._calls[request.scope]
            if place < len(calls.outputs):
                calls.outputs[place] = output
            calls.tokens_in += tokens.input
            calls.tokens_out += tokens.output


def _read(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")
