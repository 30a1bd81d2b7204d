"""A case of several turns: what the candidate asks, who answers, and when it is asked again.

Every kind of candidate asks in the same two ways: by the `ask` of its answer, or as in production
by a public reply with a question on a ticket that waits for its requester. With the customer's
answer the case comes to it once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from understudy.candidates.answer import Answer
from understudy.candidates.handed import Inbound
from understudy.model.baseline import Outcome
from understudy.model.case import Trigger, Turn
from understudy.shadow.protocol import Question
from understudy.systems.session import CaseSession
from understudy.systems.zendesk.replying import asked_on_ticket, reply_on_ticket

__all__ = ["Conversation"]

_AGENT = "agent"
_UNANSWERED = "nobody can answer: "
"""Stands in the reason of the hand-over, ahead of the question."""


class Conversation:
    """The deliveries of one event, each with what was said since; to be iterated over.

    `heard` takes the answer to each. A question that nobody answers ends the case as escalated.
    """

    def __init__(
        self,
        order: Inbound,
        session: CaseSession,
        told: list[Turn],
        ask: Callable[[Question], Mapping[str, Any]],
    ) -> None:
        """What is said is added to `told`; `ask` asks the supervisor."""
        self._next: Inbound | None = order
        self._order, self._session, self._told, self._ask = order, session, told, ask
        self._seen, self._asked = len(session.actions), 0

    def __iter__(self) -> Iterator[Inbound]:
        """The case as it comes to the candidate, until nothing is left to be said."""
        while self._next is not None:
            self._order, self._next = self._next, None
            yield self._order

    def heard(self, answer: Answer) -> Answer:
        """What the answer to the last delivery comes to; a question is put to the customer."""
        new, self._seen = self._session.actions[self._seen :], len(self._session.actions)
        ticket = self._ticket()
        written = asked_on_ticket(self._session, ticket, new) if ticket else None
        asked = answer.ask or written
        if asked is None:
            return answer
        self._told.append(Turn(role=_AGENT, text=asked, at=self._session.now))
        reply = self._answered(asked)
        if reply is None:
            return _given_up(answer, asked)
        self._told.append(reply)
        if ticket and answer.ask is None:
            reply_on_ticket(self._session, ticket, reply.text)
        self._next = self._going_on(by_ticket=answer.ask is None)
        return replace(answer, ask=asked)

    def _answered(self, text: str) -> Turn | None:
        order = self._order
        self._asked += 1
        question = Question(
            case_id=order.case_id, repeat=order.repeat, number=self._asked, text=text
        )
        found = self._ask(question).get("turn")
        if found is None:
            return None
        return msgspec.structs.replace(msgspec.convert(found, Turn), at=self._session.now)

    def _going_on(self, *, by_ticket: bool) -> Inbound:
        """The case with what was said; a comment on its ticket is an event of its own."""
        order = self._order
        trigger = order.trigger
        if by_ticket:
            trigger = Trigger(system=trigger.system, type="ticket.comment", payload=trigger.payload)
        return msgspec.structs.replace(
            order, trigger=trigger, turns=(*order.turns, *self._told[-2:])
        )

    def _ticket(self) -> str | None:
        trigger = self._order.trigger
        number = trigger.payload.get("ticket_id") if trigger.system == "zendesk" else None
        return None if number is None else str(number)


def _given_up(answer: Answer, asked: str) -> Answer:
    """The case goes to a person, because nobody could answer what its candidate asked."""
    said = f"{answer.rationale}; " if answer.rationale else ""
    reason = f"{said}{_UNANSWERED}{asked}"
    return replace(answer, ask=None, outcome=Outcome.ESCALATED, rationale=reason, unanswered=True)
