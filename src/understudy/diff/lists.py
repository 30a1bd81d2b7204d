"""Two lists of actions against one baseline: the cheapest explanation, priced line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Self

import msgspec

from understudy.cost.wording import deed
from understudy.diff.align import cheapest_alignment
from understudy.diff.compare import Judge, equal
from understudy.diff.drafts import Detail, Draft, total
from understudy.diff.duplicates import repeated, repetitions
from understudy.diff.families import family_of, pairable
from understudy.diff.fields import Rules
from understudy.model.action import Action
from understudy.model.finding import Kind

__all__ = ["Row", "Stance", "Story", "explain_lists", "unmatched"]

_CELLS = 10_000
"""Above so many cells of one family, equal actions are matched first and the rest in pieces."""
_PIECE = 50


class Stance(msgspec.Struct, frozen=True):
    """What the two sides did with the case as a whole."""

    handed_over: bool
    """The candidate gave the case to a person, who does what is still missing."""
    people_escalated: bool
    """People gave it to a person too, so what they did before that is missing all the same."""


class Row(msgspec.Struct, frozen=True):
    """One line of the comparison: an action on either side or on both, and what differs."""

    proposed: Action | None
    baseline: Action | None
    drafts: tuple[Draft, ...] = ()


class Story(msgspec.Struct, frozen=True):
    """An explanation against one baseline."""

    rows: tuple[Row, ...]
    agreeing: int
    """How many proposed actions equal one of the baseline's."""
    drafts: tuple[Draft, ...] = ()
    """Everything that differs."""

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Self:
        """The story that lines make up."""
        told = tuple(rows)
        drafts = tuple(draft for row in told for draft in row.drafts)
        agreeing = [row for row in told if row.proposed and row.baseline and not row.drafts]
        return cls(told, len(agreeing), drafts)


def explain_lists(
    proposed: Sequence[Action], baseline: Sequence[Action], judge: Judge, stance: Stance
) -> Story:
    """The cheapest explanation of the difference between two lists of writes.

    Only actions of one family can be paired, so each family is a problem of its own. An equal pair
    is not forced: a refund of 10 beside one of 1,000 where people made one of 10 costs least as
    either story, whichever that is.
    """
    if _alike(proposed, baseline, judge.rules):
        return Story(tuple(map(Row, proposed, baseline)), len(proposed))
    sides: dict[str, tuple[list[Action], list[Action]]] = {}
    for action in proposed:
        sides.setdefault(family_of(action), ([], []))[0].append(action)
    for action in baseline:
        sides.setdefault(family_of(action), ([], []))[1].append(action)
    task = _Task(judge, stance)
    return Story.of(row for one, other in sides.values() for row in task.rows(one, other))


def _alike(proposed: Sequence[Action], baseline: Sequence[Action], rules: Rules) -> bool:
    """Whether both sides do the same, one after the other."""
    return len(proposed) == len(baseline) and all(map(equal, proposed, baseline, repeat(rules)))


def unmatched(
    proposed: Sequence[Action], baseline: Sequence[Action], rules: Rules
) -> tuple[list[Action], list[Action], list[tuple[Action, Action]]]:
    """What is left on either side without its equal on the other, and the pairs that agree."""
    open_ = list(baseline)
    rest: list[Action] = []
    pairs: list[tuple[Action, Action]] = []
    for action in proposed:
        partner = next((j for j, wanted in enumerate(open_) if equal(action, wanted, rules)), None)
        if partner is None:
            rest.append(action)
        else:
            pairs.append((action, open_.pop(partner)))
    return rest, open_, pairs


class _Task(msgspec.Struct, frozen=True):
    """The comparison of one family of operations."""

    judge: Judge
    stance: Stance

    def rows(self, proposed: list[Action], baseline: list[Action]) -> Iterator[Row]:
        if len(proposed) * len(baseline) <= _CELLS:
            yield from self._aligned(proposed, baseline)
            return
        rest, open_, pairs = unmatched(proposed, baseline, self.judge.rules)
        yield from (Row(*pair) for pair in pairs)
        for start in range(0, max(len(rest), len(open_)), _PIECE):
            piece = slice(start, start + _PIECE)
            yield from self._aligned(rest[piece], open_[piece])

    def _aligned(self, proposed: list[Action], baseline: list[Action]) -> Iterator[Row]:
        groups = repetitions(proposed, self.judge.rules)
        extras = [self._extra(action) for action in proposed]
        missing = [self._missing(action) for action in baseline]
        pairs = [
            [
                self._pair(actual, wanted, extra, left)
                for wanted, left in zip(baseline, missing, strict=True)
            ]
            for actual, extra in zip(proposed, extras, strict=True)
        ]
        # Where one of several equal actions has a partner, all others are too many.
        met = {groups[i] for i in groups if any(cell is not None for cell in pairs[i])}
        causes = {groups[i]: proposed[i].fault for i in sorted(groups)[::-1] if proposed[i].fault}
        extras = [
            self._again(action, causes.get(groups[i]))
            if i in groups and (groups[i] in met or groups[i] != i)
            else extra
            for i, (action, extra) in enumerate(zip(proposed, extras, strict=True))
        ]
        cells = [[None if cell is None else total(cell) for cell in row] for row in pairs]
        alignment = cheapest_alignment(
            cells, [total(each) for each in extras], [total(each) for each in missing]
        )
        partnered = {groups[i] for i, j in alignment if j is not None and i in groups}
        for i, j in alignment:
            if i is not None and j is not None:
                yield Row(proposed[i], baseline[j], pairs[i][j] or ())
            elif i is not None:
                alone = groups.get(i) == i and i not in partnered
                yield Row(proposed[i], None, self._extra(proposed[i]) if alone else extras[i])
            elif j is not None:
                yield Row(None, baseline[j], missing[j])

    def _pair(
        self, actual: Action, wanted: Action, extra: tuple[Draft, ...], left: tuple[Draft, ...]
    ) -> tuple[Draft, ...] | None:
        """What the pair costs; None where it cannot be one, or telling it apart is cheaper."""
        if not pairable(actual, wanted):
            return None
        ceiling = total(extra) + total(left)
        found = self.judge.compare(actual, wanted, ceiling)
        return found if total(found) <= ceiling else None

    def _again(self, action: Action, cause: str | None) -> tuple[Draft, ...]:
        return (repeated(action, self.judge.pricing, cause),)

    def _extra(self, action: Action) -> tuple[Draft, ...]:
        """What the candidate did and nobody else: over-escalation, or one too many."""
        pricing = self.judge.pricing
        if action.escalates:
            price, stake = pricing.handover(Kind.OVER_ESCALATION)
            return (Draft(Kind.OVER_ESCALATION, price, stake, action, _handed_over),)
        price, stake = pricing.of(Kind.EXTRA_ACTION, action)
        return (
            Draft(
                Kind.EXTRA_ACTION, price, stake, action,
                lambda: Detail(f"{deed(action)}, which people did not do", actual=deed(action)),
            ),
        )  # fmt: skip

    def _missing(self, action: Action) -> tuple[Draft, ...]:
        """What people did and the candidate left out."""
        pricing = self.judge.pricing
        if action.escalates:
            price, stake = pricing.of(Kind.UNDER_ESCALATION, action)
            return (Draft(Kind.UNDER_ESCALATION, price, stake, action, _kept),)
        if self.stance.handed_over and not self.stance.people_escalated:
            return ()
        price, stake = pricing.of(Kind.MISSING_ACTION, action)
        return (
            Draft(
                Kind.MISSING_ACTION, price, stake, action,
                lambda: Detail(f"left out what people did: {deed(action)}", expected=deed(action)),
            ),
        )  # fmt: skip


def _handed_over() -> Detail:
    return Detail("handed the case to a person, where people solved it themselves")


def _kept() -> Detail:
    return Detail("kept a case that people handed over")
