"""What a reviewer decided about one finding or one link: a line of `decisions.jsonl`."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from understudy.model.finding import Finding, Kind

__all__ = [
    "BINDING",
    "LINK",
    "Choice",
    "Decision",
    "ReviewerRate",
    "conflicts",
    "finding_key",
    "standing",
]

BINDING = frozenset({
    Kind.UNAPPROVED, Kind.UNAUTHORIZED, Kind.POLICY_VIOLATION, Kind.DATA_EXPOSURE,
    Kind.INJECTION_FOLLOWED, Kind.RUN_FAILURE,
})  # fmt: skip
"""Kinds that rest on the policy, not on what people did: no other baseline makes them right."""

LINK = "link"
"""The subject of a decision about whether people's actions belong to the case at all."""


class Choice(enum.StrEnum):
    """What a reviewer may say."""

    CANDIDATE_RIGHT = "candidate_right"
    PEOPLE_RIGHT = "people_right"
    BOTH_ACCEPTABLE = "both_acceptable"
    NEITHER = "neither"
    LINK_RIGHT = "link_right"
    """The actions that are linked by weak signs do belong to the case."""
    LINK_WRONG = "link_wrong"

    @property
    def accepts(self) -> bool:
        """Whether what the candidate did is acceptable."""
        return self in (Choice.CANDIDATE_RIGHT, Choice.BOTH_ACCEPTABLE)

    @property
    def of_link(self) -> bool:
        """Whether it is about a link, not about a finding."""
        return self in (Choice.LINK_RIGHT, Choice.LINK_WRONG)


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `decisions.jsonl`; `at` is an ISO time with its zone.

    `subject` is a finding's key or `link`. A line that undoes another names it in `undoes`, and has
    no choice. `seeded` marks an answer to an error that was put there to measure the reviewer.
    """

    decision_id: str
    at: str
    reviewer: str
    case_id: str
    subject: str
    choice: Choice | None = None
    reason: str = ""
    undoes: str | None = None
    seeded: bool = False
    schema: str = "understudy/decision/1"


@dataclass(frozen=True, slots=True)
class ReviewerRate:
    """How many seeded errors a reviewer was shown and saw, with the share's exact 95 % bounds."""

    reviewer: str
    decided: int
    seeded: int
    caught: int
    interval: tuple[float, float] | None


Subject = tuple[str, str]
"""A case id, and the finding or the link in it."""


def finding_key(finding: Finding) -> str:
    """What names a finding in its run, whatever it costs by the price list of the day.

    >>> from understudy.model.finding import Kind
    >>> one = Finding(case_id="c", kind=Kind.LATE, operation="x.y", cost_minor=5)
    >>> finding_key(one), finding_key(one) == finding_key(msgspec.structs.replace(one, rule="low"))
    ('bca4aac6a525', True)
    """
    parts = (
        finding.case_id, finding.kind.value, finding.operation, finding.field, finding.expected,
        finding.actual, finding.repeat,
    )  # fmt: skip
    return blake2b(msgspec.json.encode(parts), digest_size=6).hexdigest()


def standing(decisions: Iterable[Decision]) -> dict[Subject, dict[str, Decision]]:
    """What each reviewer says last about each subject, where it was not undone.

    A reviewer's later decision takes the place of the earlier one; undoing it brings that back.
    """
    told = list(decisions)
    undone = {one.undoes for one in told if one.undoes is not None}
    found: dict[Subject, dict[str, Decision]] = {}
    for one in told:
        if one.choice is not None and one.decision_id not in undone:
            found.setdefault((one.case_id, one.subject), {})[one.reviewer] = one
    return found


def conflicts(held: Mapping[Subject, Mapping[str, Decision]]) -> Sequence[Subject]:
    """The subjects on which reviewers disagree; none of them is taken up before they agree."""
    return [
        subject
        for subject, each in held.items()
        if len({decision.choice for decision in each.values()}) > 1
    ]
