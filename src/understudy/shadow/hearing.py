"""What a candidate's own spans add to its answers, at once and afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from understudy.candidates.answer import Answer
from understudy.candidates.spans import Listener, Scope, SpanTale
from understudy.shadow.late_traces import LateTrace, late_of
from understudy.systems.timeline import real_now

__all__ = ["Hearing"]

_REMEMBERED = 5_000
"""Of so many cases, the latest, it is known what they said by themselves."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What an answer tells by itself: spans do not tell it once more."""

    calls: bool
    context: bool
    usage: frozenset[str]

    def besides(self, told: SpanTale) -> SpanTale:
        """What the spans tell besides."""
        usage = {} if self.calls else told.usage
        return SpanTale(
            prompts=() if self.calls else told.prompts,
            outputs=() if self.calls else told.outputs,
            context=() if self.context else told.context,
            usage={key: each for key, each in usage.items() if key not in self.usage},
        )


class Hearing:
    """Answers with what spans tell of them; `models` says that model calls are known already."""

    def __init__(self, spans: Listener, *, models: bool) -> None:
        self._spans, self._models = spans, models
        self._said: dict[Scope, _Said] = {}

    def settled(self) -> float:
        """Wait for spans that are on their way; gives the seconds, which are not the case's."""
        answered = real_now()
        self._spans.settle()
        return real_now() - answered

    def completed(self, scope: Scope, answer: Answer) -> Answer:
        """The answer of a case with what its spans tell besides."""
        said = _Said(
            calls=self._models or bool(answer.prompts),
            context=bool(answer.context),
            usage=frozenset(answer.usage),
        )
        self._said[scope] = said
        if len(self._said) > _REMEMBERED:
            del self._said[next(iter(self._said))]
        told = said.besides(self._spans.take())
        usage: dict[str, Any] = {**told.usage, **answer.usage}
        return replace(
            answer,
            prompts=answer.prompts or told.prompts,
            outputs=answer.outputs or told.outputs,
            context=answer.context or told.context,
            usage=usage,
        )

    def late(self) -> Iterator[LateTrace]:
        """What has come since the last call of cases that have ended."""
        for scope, told in self._spans.late():
            said = self._said.get(scope)
            besides = said.besides(told) if said else told
            if besides != SpanTale():
                yield late_of(scope, besides)
