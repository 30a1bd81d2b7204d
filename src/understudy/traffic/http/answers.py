"""The bodies of recorded answers without what must not be kept; many are asked for again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from understudy.redact.redactor import Redactor
from understudy.traffic.http.bodies import decoded_body
from understudy.traffic.http.marks import Answer, hints_in
from understudy.traffic.source_file import mend_text

__all__ = ["Answers"]

_LONGEST_KNOWN, _REMEMBERED = 1 << 16, 1 << 21


class Shown(NamedTuple):
    """A body as it is kept, what else it holds, and the kinds of what was taken out of it."""

    body: Any
    answer: Answer | None
    taken: tuple[str, ...] = ()


@dataclass(slots=True)
class Answers:
    """Redacts the bodies of answers; one that is the same as before is not looked at again.

    The last ones are remembered, up to 2 MiB of them.
    """

    redactor: Redactor
    _known: dict[Any, Shown] = field(default_factory=dict)
    _size: int = 0

    def clean(
        self, raw: Any, headers: Mapping[str, str], warnings: list[str]
    ) -> tuple[Any, Answer | None]:
        """The body that may be kept; of JSON also its bytes. Raises `Malformed` for a bomb."""
        key = (raw, headers.get("content-type")) if isinstance(raw, str) else None
        if key is not None and key in self._known:
            return self._again(self._known[key])
        told = len(warnings)
        body = decoded_body(raw, headers, warnings)
        if not isinstance(body, dict | list):
            return self.redactor.redact_value(mend_text(body)), None
        try:
            data = orjson.dumps(body)
        except TypeError:
            return self.redactor.redact_value(mend_text(body)), None
        known = self._known.get(data)
        if known is not None:
            return self._again(known)
        shown = self._shown(body, data)
        if len(warnings) == told:
            self._remember(data if key is None else key, shown)
        return shown.body, shown.answer

    def _again(self, known: Shown) -> tuple[Any, Answer | None]:
        self.redactor.count_again(known.taken)
        return known.body, known.answer

    def _shown(self, body: Any, data: bytes) -> Shown:
        seen = self.redactor.look(data)
        if seen.harmless:
            return Shown(body, Answer(data, seen.watched))
        clean, taken = self.redactor.redact_seen(body)
        try:
            data = orjson.dumps(clean)
        except TypeError:
            # A pseudonym may be a number beyond 64 bits.
            return Shown(clean, None, taken)
        return Shown(clean, Answer(data, hints_in(data)), taken)

    def _remember(self, key: Any, shown: Shown) -> None:
        """The oldest are forgotten first."""
        size = _size_of(key)
        if size > _LONGEST_KNOWN:
            return
        self._size += size
        while self._size > _REMEMBERED:
            oldest = next(iter(self._known))
            self._size -= _size_of(oldest)
            del self._known[oldest]
        self._known[key] = shown


def _size_of(key: Any) -> int:
    """How long the body is by which an answer is known."""
    return len(key if isinstance(key, bytes) else key[0])
