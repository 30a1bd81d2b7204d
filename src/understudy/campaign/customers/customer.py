"""The customer of a case, who answers what the candidate asks.

What was recorded goes first: the words with which the real one answered a question like it. Where
there are none, a scripted customer says what stands in the case, or a model plays them that is told
nothing else; both are simulated, and their turns say so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from understudy.campaign.customers.topics import Topic, alike, topics_of, words_of
from understudy.model.case import CUSTOMERS, Case, Turn
from understudy.shadow.protocol import Question

__all__ = ["Customers", "Play", "facts_of"]

Play = Callable[[Question, Mapping[str, str]], str | None]
"""Has a customer played: takes the question and the facts, gives the words or None."""

_ROLE = "customer"
_LIKE = 0.6
"""The share of common words from which on two questions are the same one."""
_FEWEST = 2
_TECHNICAL = frozenset(
    ("channel", "event_id", "object", "object_id", "requester_id", "ticket_id", "via")
)
_OWN_WORDS = "what the customer has written"


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A question of the recorded agent, and what the customer answered."""

    question: str
    reply: Turn

    def fits(self, asked: str) -> float:
        """How well the reply answers what is asked now; 0 where it does not."""
        wanted = topics_of(asked)
        shared = [topic for topic in wanted if topic in topics_of(self.question)]
        told = [topic for topic in wanted if topic.told_in(self.reply.text)]
        words = words_of(asked), words_of(self.question)
        likeness = alike(*words) if min(map(len, words)) >= _FEWEST else 0.0
        found = 2.0 * len(shared) + 2.0 * len(told) + likeness
        return found if shared or told or likeness >= _LIKE else 0.0


@dataclass(slots=True)
class Customers:
    """Answers questions about the `cases` of a run; each recorded reply is given once.

    `history` is every case that the recording has: where a conversation went on in a later case
    of it, its replies are found there.
    """

    cases: Mapping[str, Case]
    history: Sequence[Case]
    most_turns: int
    play: Play | None = None
    record: Callable[[Case], Mapping[str, str]] = lambda _case: {}
    """What else the customer of a case knows: who they are."""
    _given: dict[tuple[str, int], set[int]] = field(default_factory=lambda: defaultdict(set))
    _threads: dict[str, list[Case]] | None = None

    def __call__(self, question: Question) -> Turn | None:
        """What the customer says, or None where nobody knows."""
        case = self.cases[question.case_id]
        if question.number > self.most_turns:
            return None
        given = self._given[question.case_id, question.repeat]
        if question.number == 1:
            given.clear()
        recorded = list(_exchanges(self._turns(case)))
        fitting = [(each.fits(question.text), -n) for n, each in enumerate(recorded)]
        open_ones = [each for each in fitting if each[0] > 0 and -each[1] not in given]
        if open_ones:
            number = -max(open_ones)[1]
            given.add(number)
            reply = recorded[number].reply
            return Turn(role=_ROLE, text=reply.text, simulated=reply.simulated)
        text = self._simulated(question, case)
        return None if text is None else Turn(role=_ROLE, text=text, simulated=True)

    def _turns(self, case: Case) -> list[Turn]:
        """What was said after the event, in this case and in those that went on with it."""
        turns = list(case.later)
        entity = _entity(case)
        for other in self._thread(entity) if entity else ():
            if other.case_id != case.case_id and _follows(other, case):
                known = {(turn.role, turn.text) for turn in (*case.turns, *turns)}
                turns += [turn for turn in other.turns if (turn.role, turn.text) not in known]
        return turns

    def _thread(self, entity: str) -> Sequence[Case]:
        if self._threads is None:
            self._threads = defaultdict(list)
            for case in self.history:
                self._threads[_entity(case) or ""].append(case)
        return self._threads.get(entity, ())

    def _simulated(self, question: Question, case: Case) -> str | None:
        facts = {**self.record(case), **facts_of(case)}
        known = _scripted(question.text, facts)
        if known is not None or self.play is None:
            return known
        played = self.play(question, facts)
        return None if played is None or _invents(played, question.text, facts) else played


def facts_of(case: Case) -> dict[str, str]:
    """What the customer of a case knows: what its event says, and what they wrote themselves."""
    facts = {
        name: str(value)
        for name, value in _leaves(case.trigger.payload)
        if name.rpartition(".")[2] not in _TECHNICAL and str(value).strip()
    }
    words = "\n".join(turn.text for turn in case.opening if turn.role in CUSTOMERS)
    return {**facts, _OWN_WORDS: words} if words else facts


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _leaves(each, f"{name}.{key}" if name else str(key))
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield name, value


def _scripted(asked: str, facts: Mapping[str, str]) -> str | None:
    """What the facts say about the question, each as it stands there."""
    found = [_known(topic, facts) for topic in topics_of(asked)]
    named = [
        text
        for name, text in facts.items()
        if name != _OWN_WORDS and words_of(name.replace("_", " ")) & words_of(asked)
    ]
    told = list(dict.fromkeys([*named, *(text for texts in found for text in texts)]))
    return f"It is {', '.join(told)}." if told else None


def _known(topic: Topic, facts: Mapping[str, str]) -> list[str]:
    named = [
        text
        for name, text in facts.items()
        if name != _OWN_WORDS and words_of(name.replace("_", " ")) & topic.words
    ]
    return named or topic.told_in(facts.get(_OWN_WORDS, ""))


def _invents(said: str, asked: str, facts: Mapping[str, str]) -> bool:
    """Whether somebody tells a number, an id or an address that is not among the facts."""
    known = "\n".join([asked, *facts.values()]).lower()
    pieces = (piece.strip(".,;:!?()\"'").lower() for piece in said.split())
    return any(
        piece not in known
        for piece in pieces
        if "@" in piece or any(sign.isdigit() for sign in piece)
    )


def _exchanges(turns: Sequence[Turn]) -> Iterator[_Recorded]:
    """Each question with what followed it; several messages in a row are one."""
    asked: list[str] = []
    replies: list[Turn] = []
    for turn in (*turns, Turn(role="", text="")):
        if turn.role in CUSTOMERS:
            replies.append(turn)
            continue
        if replies:
            text = "\n".join(each.text for each in replies)
            simulated = any(each.simulated for each in replies)
            yield _Recorded("\n".join(asked), Turn(role=_ROLE, text=text, simulated=simulated))
            asked, replies = [], []
        asked.append(turn.text)


def _entity(case: Case) -> str | None:
    """The conversation that a case is part of."""
    number = case.trigger.payload.get("ticket_id")
    return None if number is None else f"{case.trigger.system}/{number}"


def _follows(other: Case, case: Case) -> bool:
    return (
        other.received_at is not None
        and case.received_at is not None
        and other.received_at > case.received_at
    )
