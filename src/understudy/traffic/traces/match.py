"""Which recorded case an agent's conversation was about, and how surely."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from understudy.model.case import Case, LinkConfidence
from understudy.traffic.exports.grouping import DEFAULT_GAP
from understudy.traffic.exports.naming import tickets_in
from understudy.traffic.recording import Recording
from understudy.traffic.traces.said import said_in
from understudy.traffic.traces.spans import Span

__all__ = ["AMBIGUOUS", "UNKNOWN", "CaseFinder", "Match"]

UNKNOWN = "names no case of the recording"
AMBIGUOUS = "fits several cases of the recording"
_OF_TRIGGER = ("ticket_id", "object_id", "event_id")
_OBJECT = re.compile(
    r"\b(?:ch|py|pi|in|sub|re|cus|dp|du|cn)_\w{6,64}|(?<![\w.#-])\d{6,20}(?![\w.])"
)
_TICKET = ("ticket_id", "ticketid", "ticket")
_SLACK = timedelta(minutes=1)
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Match:
    """The case that a conversation was about and what says so, or why there is none."""

    case: Case | None
    link: LinkConfidence | None = None
    reason: str = ""


@dataclass(slots=True)
class CaseFinder:
    """Knows a recording's cases by their ids, by what triggered them, by words and by objects.

    An id beats the customer's own words, and those beat an object that only one case is about.
    Nothing is ever matched by time alone: time only tells apart the cases of one ticket.
    """

    recording: Recording
    gap: timedelta = DEFAULT_GAP
    _by_id: dict[str, list[Case]] = field(default_factory=lambda: defaultdict(list))
    _by_words: dict[str, list[Case]] = field(default_factory=lambda: defaultdict(list))
    _by_object: dict[str, list[Case]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for case in self.recording.cases:
            payload = case.trigger.payload
            told = {str(payload[name]) for name in _OF_TRIGGER if payload.get(name) is not None}
            for name in {case.case_id, *told}:
                self._by_id[name].append(case)
            for turn in case.turns:
                if turn.role == "customer" and (words := _plain(turn.text)):
                    self._by_words[words].append(case)
            for name in self._objects(case) - told:
                self._by_object[name].append(case)

    def _objects(self, case: Case) -> set[str]:
        """The objects that the case's message and people's answers to it name."""
        requester = case.trigger.payload.get("requester_id")
        found = set(_OBJECT.findall(" ".join(turn.text for turn in case.turns)))
        for baseline in self.recording.baselines_of(case.case_id):
            found |= {a.target.id for a in baseline.actions if a.target and a.target.id}
        return found | ({str(requester)} if requester else set())

    def find(self, name: str, spans: Sequence[Span]) -> Match:
        """The case of a conversation, by its own name and everything that its steps hold."""
        at = min((span.started_at for span in spans if span.started_at), default=None)
        for link, known, names in (
            (LinkConfidence.EXPLICIT_ID, self._by_id, [name, *_ids_in(spans)]),
            (LinkConfidence.METADATA, self._by_words, _words_in(spans)),
            (LinkConfidence.CUSTOMER_AND_AMOUNT, self._by_object, _objects_in(spans)),
        ):
            for each in dict.fromkeys(names):
                found = self._open(known.get(each, ()), at)
                if len(found) == 1:
                    return Match(found[0], link)
                if found and link is LinkConfidence.EXPLICIT_ID:
                    return Match(None, reason=AMBIGUOUS)
        return Match(None, reason=UNKNOWN)

    def _open(self, cases: Iterable[Case], at: datetime | None) -> list[Case]:
        """Those that had come in and were not long over; of one conversation the latest."""
        found = {case.case_id: case for case in cases}
        if at is None:
            return list(found.values())
        open_then = [
            case for case in found.values()
            if case.received_at is None or -_SLACK <= at - case.received_at <= self.gap
        ]  # fmt: skip
        timed = [case for case in open_then if case.received_at is not None]
        subjects = {case.trigger.payload.get("ticket_id", case.case_id) for case in timed}
        if len(timed) == len(open_then) and len(subjects) == 1:
            return [max(timed, key=lambda case: case.received_at or at)]
        return open_then


def _ids_in(spans: Sequence[Span]) -> Iterator[str]:
    """What the steps name as the ticket or the case, in fields first and then in words."""
    for span in spans:
        yield from _named(span.input, "zendesk" in span.name.lower(), 0)
    for text in _texts(spans):
        yield from sorted(tickets_in(text))


def _named(value: Any, ticket: bool, depth: int) -> Iterator[str]:
    """Ids under the names of tickets and triggers; `ticket` where a bare `id` is one too."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            yield from _named(item, ticket, depth + 1)
    if not isinstance(value, Mapping):
        return
    for key, inner in value.items():
        plain = str(key).lower()
        known = plain in (*_OF_TRIGGER, *_TICKET, "case_id") or (plain == "id" and ticket)
        if known and isinstance(inner, str | int) and not isinstance(inner, bool):
            yield str(inner)
        else:
            yield from _named(inner, ticket or plain in _TICKET, depth + 1)


def _texts(spans: Sequence[Span]) -> Iterator[str]:
    for span in spans:
        yield from (said.text for said in said_in(span.input) if said.role == "user")
        if isinstance(span.input, str):
            yield span.input


def _words_in(spans: Sequence[Span]) -> list[str]:
    return [words for text in _texts(spans) if (words := _plain(text))]


def _objects_in(spans: Sequence[Span]) -> list[str]:
    """Objects that the agent was told of or worked on, the most frequent first."""
    counts: Counter[str] = Counter()
    for span in spans:
        counts.update(_OBJECT.findall(str(span.input)))
    return [name for name, _ in counts.most_common()]


def _plain(text: str) -> str:
    """Words without what transport does to them: space and case.

    >>> _plain("  I was  Charged twice ")
    'i was charged twice'
    """
    return " ".join(text.lower().split())
