"""Errors put among a run's findings, to measure how many of them each reviewer sees."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

import msgspec

from understudy.campaign.judging.replays import world_of
from understudy.campaign.judging.two_views import view
from understudy.cost.price_list import PriceList
from understudy.model.action import DESK, Action, Target
from understudy.model.decision import finding_key
from understudy.model.finding import Finding
from understudy.model.proposal import Proposal
from understudy.report.input import ReportInput

__all__ = ["Seeded", "seed_errors"]


@dataclass(frozen=True, slots=True)
class Seeded:
    """What reviewers are shown, and the keys of what was put there by (case id, finding)."""

    facts: ReportInput
    keys: frozenset[tuple[str, str]]


def seed_errors(facts: ReportInput, share: float, decided: Container[str] = ()) -> Seeded:
    """The run with errors in `share` as many further cases as have findings, at least in one.

    An error is an amount ten times as high or another object, put into a case in which the
    candidate did as people did, and explained and priced as if the candidate had made it. A case
    of which a real difference was `decided` gets none: its errors could bear the same name. Which
    cases get one depends on the run alone, so that all reviewers are shown the same.
    """
    flawed = {finding.case_id for finding in facts.findings}
    if share <= 0 or not flawed:
        return Seeded(facts, frozenset())
    wanted = max(1, round(share * len(flawed)))
    sound = (
        case.case_id
        for case in facts.cost.per_case
        if case.case_id not in flawed and case.case_id not in decided
    )
    order = sorted(sound, key=lambda case_id: _drawn(facts.manifest.run_id, case_id))
    made: dict[str, tuple[Proposal, Sequence[Finding]]] = {}
    for case_id, proposal, findings in _spoilt(facts, order):
        made[case_id] = (proposal, findings)
        if len(made) == wanted:
            break
    return _shown(facts, made)


def _spoilt(
    facts: ReportInput, order: Sequence[str]
) -> Iterator[tuple[str, Proposal, Sequence[Finding]]]:
    prices = PriceList.from_policy(facts.policy, world_of(facts.manifest))
    for case_id in order:
        proposals = facts.proposals.get(case_id, ())
        if case_id not in facts.cases or not proposals:
            continue
        wrong = _with_error(proposals[0])
        if wrong is None:
            continue
        told = view(facts.cases[case_id], wrong, facts.baselines.get(case_id, ()), prices, None)
        findings = [one for one in told.explanation.findings if one.cost_minor]
        if findings:
            yield case_id, wrong, findings


def _with_error(proposal: Proposal) -> Proposal | None:
    """The proposal with one error; None where it has no action that one can be put into."""
    actions = list(proposal.actions)
    for place, action in enumerate(actions):
        if action.system != DESK and not action.refused and (wrong := _wrong(action)):
            actions[place] = wrong
            return msgspec.structs.replace(proposal, actions=tuple(actions))
    return None


def _wrong(action: Action) -> Action | None:
    if action.amount_minor:
        fields = {
            name: value * 10 if value == action.amount_minor else value
            for name, value in action.fields.items()
        }
        return msgspec.structs.replace(action, amount_minor=action.amount_minor * 10, fields=fields)
    if action.target is not None and action.target.id:
        digits = action.target.id
        other = digits[:-1] + ("1" if digits[-1] != "1" else "2")
        return msgspec.structs.replace(action, target=Target(type=action.target.type, id=other))
    return None


def _shown(facts: ReportInput, made: Mapping[str, tuple[Proposal, Sequence[Finding]]]) -> Seeded:
    per_case = tuple(
        msgspec.structs.replace(
            case, error_cost_minor=sum(one.cost_minor for one in made[case.case_id][1])
        )
        if case.case_id in made
        else case
        for case in facts.cost.per_case
    )
    proposals = {
        case.case_id: (made[case.case_id][0],)
        if case.case_id in made
        else facts.proposals.get(case.case_id, ())
        for case in facts.cost.per_case
    }
    added = [finding for _, findings in made.values() for finding in findings]
    shown = replace(
        facts,
        cost=msgspec.structs.replace(facts.cost, per_case=per_case),
        findings=(*facts.findings, *added),
        proposals=proposals,
    )
    return Seeded(shown, frozenset((one.case_id, finding_key(one)) for one in added))


def _drawn(run_id: str, case_id: str) -> bytes:
    return blake2b(f"seeded\x1f{run_id}\x1f{case_id}".encode(), digest_size=8).digest()
