"""Recorded answers of models, given again to the same requests and to no others."""

from __future__ import annotations

import difflib
import json
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from understudy.doors.gateway_wire import (
    Exchange,
    ModelAnswer,
    ModelRefusal,
    ModelRequest,
    blocks_of,
)
from understudy.model.jsonl import read_lines
from understudy.model.printable import printable

__all__ = ["Miss", "Replay"]

_MOST_COMPARED = 50
_MOST_LINES = 60
_EVENT = "\n\n"


@dataclass(frozen=True, slots=True)
class Miss:
    """A request that was never recorded, and how it differs from the one most like it."""

    scope: str
    key: str
    difference: str


class Replay:
    """Answers a request with what was recorded for it in the same scope, in recorded order.

    The n-th equal request gets the n-th answer. What was not recorded is refused, and listed in
    `misses`.
    """

    def __init__(self, recording: Path) -> None:
        self.misses: list[Miss] = []
        self._answers: dict[tuple[str, str], list[Exchange]] = defaultdict(list)
        for exchange in read_lines(recording, Exchange):
            self._answers[exchange.scope, exchange.key].append(exchange)
        self._given: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    async def answer(self, request: ModelRequest) -> ModelAnswer:
        """The recorded answer; `ModelRefusal` where there is none."""
        place = request.scope, request.key
        with self._lock:
            number = self._given[place]
            recorded = self._answers.get(place, [])
            if number >= len(recorded):
                miss = self._miss(request, len(recorded))
                self.misses.append(miss)
                message = "No answer is recorded for this."
                raise ModelRefusal(400, "no_recorded_answer", message, miss.difference)
            self._given[place] += 1
        found = recorded[number]
        events = found.answer.split(_EVENT)
        blocks = [f"{event}{_EVENT}".encode() for event in events[:-1]] + [events[-1].encode()]
        return ModelAnswer(found.status, found.content_type, blocks_of(filter(None, blocks)))

    def _miss(self, request: ModelRequest, known: int) -> Miss:
        if known:
            difference = (
                f"the same call was recorded {known} times in this case and is asked once more; "
                "record again where the candidate may ask so often"
            )
        else:
            difference = _difference(request, self._alike(request))
        return Miss(request.scope, request.key, printable(difference))

    def _alike(self, request: ModelRequest) -> Exchange | None:
        recorded = [each for answers in self._answers.values() for each in answers[:1]]
        same = [each for each in recorded if each.path == request.path]
        same.sort(key=lambda each: each.scope != request.scope)
        text = _text(request.fields)
        return max(
            same[:_MOST_COMPARED],
            key=lambda each: _likeness(text, _text(each.request)),
            default=None,
        )


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(
        None, one.splitlines(), other.splitlines(), autojunk=False
    ).quick_ratio()


def _difference(request: ModelRequest, alike: Exchange | None) -> str:
    if alike is None:
        return "no call of this kind is recorded: record again, with `models: record`"
    lines: Iterable[str] = difflib.unified_diff(
        _text(alike.request).splitlines(),
        _text(request.fields).splitlines(),
        "recorded",
        "asked",
        lineterm="",
    )
    shown = list(lines)
    more = [f"… {len(shown) - _MOST_LINES} lines more"] if len(shown) > _MOST_LINES else []
    if not shown:
        return f"the same call is recorded for `{alike.scope}` only, and not for `{request.scope}`"
    return "\n".join([*shown[:_MOST_LINES], *more])


def _text(fields: Mapping[str, Any]) -> str:
    # Texts are cut at their own lines, so that one changed line of a long prompt is one line here.
    whole = json.dumps(fields, indent=1, sort_keys=True, ensure_ascii=False)
    return whole.replace("\\n", "\\n\n")
