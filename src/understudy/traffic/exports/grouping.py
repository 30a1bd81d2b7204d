"""From messages and deeds to cases: what came in, who answered, and what is left over and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import merge
from itertools import groupby
from typing import NamedTuple

import msgspec

from understudy.model.case import LinkConfidence, Turn
from understudy.traffic.exports.history import Deed, Maker, Message
from understudy.traffic.exports.naming import documents_in

__all__ = ["APART", "DEFAULT_GAP", "Act", "Draft", "Grouping", "drafts_of", "handlings"]

DEFAULT_GAP = timedelta(days=7)
"""After so long without anything, what follows is no part of a case any more."""
_AT_ONCE = timedelta(seconds=2)
Keep = Callable[[Sequence[Turn]], int]
APART = (Maker.AUTOMATION, Maker.INTEGRATION, Maker.CUSTOMER)
"""Whose deeds are never a baseline."""


class Act(NamedTuple):
    """One deed by its key: when, by whom, whether it ends a case, and how it is linked to it."""

    at: datetime
    key: str
    actor: str | None
    concludes: bool
    link: LinkConfidence | None = None
    documents: tuple[str, ...] = ()
    """The invoices and the like that it speaks of."""


@dataclass(slots=True)
class Draft:
    """A case in the making: the message that began it, the conversation up to then, the acts.

    What was said is kept elsewhere: the message has no text, and `talk` is the number of the turns.
    """

    message: Message
    number: int
    received_at: datetime
    talk: int = -1
    named: set[str] = field(default_factory=set)
    acts: list[Act] = field(default_factory=list)
    next_at: datetime | None = None
    """When the next case of the same conversation begins."""

    @property
    def case_id(self) -> str:
        """The system and the id of what the case is about; a later one has its number."""
        table, _, row_id = self.message.entity.partition("/")
        kind = "" if table == "zendesk.tickets" else f"{table.partition('.')[2]}-"
        name = f"{self.message.system}-{kind}{row_id}"
        return name if self.number == 1 else f"{name}-{self.number}"

    @property
    def last(self) -> datetime:
        """The time of the last act, or of the message."""
        return max((act.at for act in self.acts), default=self.received_at)


@dataclass(slots=True)
class Grouping:
    """The cases, and how often something was left over, by reason."""

    drafts: list[Draft] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)
    apart: Counter[str] = field(default_factory=Counter)
    """Deeds of automations, integrations and customers, which are never a baseline."""


def drafts_of(
    messages: Iterable[Message],
    deeds: Iterable[Deed],
    staff: Callable[[str], bool],
    gap: timedelta,
    keep: Keep,
) -> Grouping:
    """Cases by conversation and gap: a customer's message after an answer begins a new one.

    `messages` come by entity and time, `deeds` in time. Only deeds on a message's own entity are
    given to cases here; those in other systems are linked afterwards. `keep` takes the turns of a
    case and gives their number.
    """
    grouping = Grouping()
    acts = _acts(deeds, staff, grouping)
    for entity, group in groupby(messages, key=lambda message: message.entity):
        _converse(list(group), acts.pop(entity, []), staff, gap, grouping, keep)
    rest = sum(map(len, acts.values()))
    if rest:
        grouping.left["deeds of people on what no message is known of"] += rest
    return grouping


def _acts(
    deeds: Iterable[Deed], staff: Callable[[str], bool], grouping: Grouping
) -> dict[str, list[Act]]:
    """People's deeds on conversations, by entity; the others are counted."""
    found: dict[str, list[Act]] = {}
    for deed in deeds:
        if deed.maker in APART:
            grouping.apart[f"{deed.maker.value}: {deed.operation}"] += 1
        elif deed.entity.startswith("zendesk.tickets/"):
            if deed.actor is not None and not staff(deed.actor):
                grouping.apart[f"{Maker.CUSTOMER.value}: {deed.operation}"] += 1
                continue
            named = tuple(sorted(documents_in(str(deed.params.get("body") or ""))))
            act = Act(deed.at, deed.key, deed.actor, deed.concludes, documents=named)
            found.setdefault(deed.entity, []).append(act)
    return found


def _converse(
    messages: Sequence[Message],
    acts: Sequence[Act],
    staff: Callable[[str], bool],
    gap: timedelta,
    grouping: Grouping,
    keep: Keep,
) -> None:
    """The cases of one conversation."""
    talk: list[Turn] = []
    ends: list[tuple[Draft, int]] = []
    draft: Draft | None = None
    number = 0
    events: Iterator[Message | Act] = merge(_once(messages), acts, key=lambda each: each.at)
    for one in events:
        if isinstance(one, Act):
            _answer(draft, one, gap, grouping)
        elif staff(one.author):
            talk.append(Turn(role="agent", text=one.text, at=one.at))
        else:
            talk.append(Turn(role="customer", text=one.text, at=one.at))
            if draft is None or draft.acts:
                number += 1
                following = Draft(msgspec.structs.replace(one, text=""), number, one.at)
                ends.append((following, 0))
                if draft is not None:
                    draft.next_at = one.at
                grouping.drafts.append(following)
                draft = following
            draft.received_at = one.at
            ends[-1] = (draft, len(talk))
            draft.named.update(one.named)
    for draft, end in ends:
        draft.talk = keep([turn for turn in talk[:end] if turn.text])


def _once(messages: Sequence[Message]) -> Iterator[Message]:
    """A ticket and its first comment tell of the same message; the fuller telling stands."""
    first = next((each for each in messages if each.type == "ticket.created"), messages[0])
    yield first
    for message in messages:
        again = message.author == first.author and message.text == first.text
        if message is not first and not (again and abs(message.at - first.at) <= _AT_ONCE):
            yield message


def _answer(draft: Draft | None, act: Act, gap: timedelta, grouping: Grouping) -> None:
    if draft is None:
        grouping.left["deeds before any message"] += 1
    elif act.at - draft.last > gap:
        grouping.left[f"deeds more than {gap.days} days after the last one of their case"] += 1
    else:
        draft.acts.append(act)


def handlings(draft: Draft) -> list[list[Act]]:
    """The acts of each handling: where somebody else goes on after an end, it is another one.

    People who work on a case together are one handling. Where a case was ended and somebody else
    then ended it anew, without the customer having written, there are two answers to one trigger.
    """
    found: list[list[Act]] = [[]]
    ended_by: str | None = None
    for act in sorted(draft.acts, key=lambda each: each.at):
        if ended_by is not None and act.actor is not None and act.actor != ended_by:
            found.append([])
            ended_by = None
        found[-1].append(act)
        if act.concludes:
            ended_by = act.actor
    whole = [acts for acts in found if any(act.concludes for act in acts)]
    if len(whole) < 2:
        return [[act for acts in found for act in acts]] if draft.acts else []
    loose = [act for acts in found if acts not in whole for act in acts]
    whole[-1].extend(loose)
    return whole
