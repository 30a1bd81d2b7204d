"""The judge judged: baselines with one thing spoilt, each of which must be found and named."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from understudy.campaign.judging.replays import open_once
from understudy.campaign.projects.settings import load_rules
from understudy.campaign.runs.source import world_folder
from understudy.cost.price_list import PriceList
from understudy.cost.wording import deed
from understudy.diff.explain import explain
from understudy.diff.fields import DEFAULT_RULES, Sort
from understudy.diff.process import writes
from understudy.model.action import DESK, Action, Effect
from understudy.model.baseline import Baseline
from understudy.model.case import Case
from understudy.model.finding import Kind
from understudy.model.printable import printable
from understudy.model.proposal import Proposal
from understudy.traffic.recording import Recording, read_recording

__all__ = ["Mutation", "SelfTest", "self_test", "spoil_and_judge"]

_SHOWN = 5


class Mutation(enum.StrEnum):
    """What is spoilt in a baseline."""

    DROP = "one write dropped"
    ALTER = "one argument altered"
    DOUBLE = "one write doubled"
    SWAP = "two targets swapped"


_WRONG = {Kind.WRONG_VALUE, Kind.WRONG_FIELD, Kind.WRONG_TARGET, Kind.WRONG_MESSAGE}
# Where a pair of actions is dearer than two strangers, the cheapest story is that of strangers.
_STRANGERS = {Kind.MISSING_ACTION, Kind.EXTRA_ACTION}
_NAMES = {
    Mutation.DROP: {Kind.MISSING_ACTION, Kind.UNDER_ESCALATION},
    Mutation.ALTER: _WRONG | _STRANGERS,
    Mutation.DOUBLE: {Kind.DUPLICATE_HARMFUL, Kind.DUPLICATE_BENIGN, Kind.EXTRA_ACTION},
    Mutation.SWAP: _WRONG | _STRANGERS,
}


@dataclass(frozen=True, slots=True)
class SelfTest:
    """How many mutants were made and found, per mutation, and which were not."""

    made: Counter[Mutation]
    found: Counter[Mutation]
    missed: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every mutant was flagged by the right kind; without mutants nothing is shown."""
        return bool(self.made) and not self.missed

    def __str__(self) -> str:
        lines = ["SELF-TEST: baselines with one thing spoilt"]
        for mutation in Mutation:
            made, found = self.made[mutation], self.found[mutation]
            told = f"{found:,} of {made:,} found by the right kind" if made else "none can be made"
            lines.append(f"  {mutation.value + ':':22} {told}")
        lines += [f"  missed: {printable(one)}" for one in self.missed[:_SHOWN]]
        if len(self.missed) > _SHOWN:
            lines.append(f"  and {len(self.missed) - _SHOWN:,} more")
        return "\n".join(lines)


def self_test(recording: Recording, prices: PriceList) -> SelfTest:
    """Spoil every baseline of a recording in every way and judge each result against it."""
    made: Counter[Mutation] = Counter()
    found: Counter[Mutation] = Counter()
    missed: list[str] = []
    for case in recording.cases:
        for baseline in recording.baselines_of(case.case_id):
            known = _kinds(case, baseline, baseline.actions, prices)
            for mutation, what, actions in _mutants(case, baseline):
                made[mutation] += 1
                new = _kinds(case, baseline, actions, prices) - known
                if any(kind in _NAMES[mutation] for kind in new):
                    found[mutation] += 1
                else:
                    missed.append(f"{case.case_id}, {mutation.value}: {what}")
    return SelfTest(made, found, tuple(missed))


def spoil_and_judge(recording: Path, policy: str, gates: str) -> SelfTest:
    """The self-test of the judge on one recording, by a policy's own prices."""
    rules = load_rules(policy, gates, Path.cwd())
    folder = world_folder(recording)
    world = None if folder is None else open_once(folder)
    return self_test(read_recording(recording), PriceList.from_policy(rules.policy, world))


def _kinds(
    case: Case, baseline: Baseline, actions: Sequence[Action], prices: PriceList
) -> Counter[Kind]:
    proposal = Proposal(
        case_id=case.case_id,
        outcome=baseline.outcome,
        actions=tuple(actions),
        replies=baseline.reply_facts,
    )
    return Counter(one.kind for one in explain(case, proposal, [baseline], prices).findings)


def _mutants(case: Case, baseline: Baseline) -> Iterator[tuple[Mutation, str, tuple[Action, ...]]]:
    """Each spoilt list of actions; only what is compared at all is spoilt."""
    actions = baseline.actions
    seen = {*case.observed_systems}
    spoilt = [
        (place, action)
        for place, action in enumerate(actions)
        if action in writes([action])
        and not action.doubtful
        and action.system != DESK
        and (not seen or action.system in seen)
    ]
    for place, action in spoilt:
        before, after = actions[:place], actions[place + 1 :]
        yield Mutation.DROP, deed(action), (*before, *after)
        yield Mutation.DOUBLE, deed(action), (*before, action, action, *after)
        for name, changed in _altered(action):
            yield Mutation.ALTER, f"{name} of {deed(action)}", (*before, changed, *after)
    yield from _swapped(actions, spoilt)


def _altered(action: Action) -> Iterator[tuple[str, Action]]:
    """Each argument in turn, but for times of writing and the words of a draft.

    By the rules of the comparison no two values of these differ, so that nothing is spoilt.
    """
    for name, value in action.fields.items():
        if isinstance(value, bool) or not isinstance(value, int | float | str) or value == "":
            continue
        sort = DEFAULT_RULES.of(action.operation, name).sort
        if sort is Sort.IGNORED or (sort is Sort.TEXT and action.effect is Effect.DRAFT):
            continue
        other = _other(value)
        changed = msgspec.structs.replace(action, fields={**action.fields, name: other})
        if action.after and name in action.after:
            changed = msgspec.structs.replace(changed, after={**action.after, name: other})
        if action.target is not None and action.target.id == str(value):
            target = msgspec.structs.replace(action.target, id=str(other))
            changed = msgspec.structs.replace(changed, target=target)
        if sort is Sort.AMOUNT and action.amount_minor is not None:
            changed = msgspec.structs.replace(changed, amount_minor=action.amount_minor * 2 + 100)
        yield name, changed


def _other(value: Any) -> Any:
    """Another value of the same type; a text says one fact more."""
    if isinstance(value, str):
        return f"{value} 98765.43 EUR" if " " in value.strip() else f"{value}9"
    return value * 2 + 100


def _swapped(
    actions: tuple[Action, ...], spoilt: Sequence[tuple[int, Action]]
) -> Iterator[tuple[Mutation, str, tuple[Action, ...]]]:
    """The first two writes of one operation on two objects with their targets exchanged.

    With equal fields the two are the same two writes again, so nothing is spoilt.
    """
    for number, (here, one) in enumerate(spoilt):
        for there, other in spoilt[number + 1 :]:
            if one.operation != other.operation or one.target is None or other.target is None:
                continue
            aimed, back = _aimed(one, other), _aimed(other, one)
            if one.target == other.target or aimed.fields == other.fields:
                continue
            mixed = list(actions)
            mixed[here], mixed[there] = aimed, back
            yield Mutation.SWAP, f"{deed(one)} and {deed(other)}", tuple(mixed)
            return


def _aimed(action: Action, other: Action) -> Action:
    """An action at another's target, in its fields as well."""
    if action.target is None or other.target is None:
        return action
    old, new = action.target.id, other.target.id
    fields = {key: new if value == old else value for key, value in action.fields.items()}
    return msgspec.structs.replace(action, target=other.target, fields=fields)
