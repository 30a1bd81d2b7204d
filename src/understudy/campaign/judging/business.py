"""The business case of a judged run, with what only the whole campaign knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from understudy.campaign.judging.human_noise import AUDIT_SAMPLE, broken_by_people, human_noise
from understudy.campaign.judging.judgement import Judgement
from understudy.campaign.judging.redecided import decided_anew
from understudy.campaign.runs.files import RunFiles
from understudy.cost.business import Outlook, business_case
from understudy.cost.price_list import PriceList
from understudy.cost.summary import summarise
from understudy.gate.facts import RunFacts
from understudy.model.business import Business, HumanNoise, Repair
from understudy.model.campaign import Economics
from understudy.model.finding import Finding
from understudy.model.money import Money
from understudy.model.policy import Policy

__all__ = ["estimated", "informed", "outlook_of", "verdicts_after_repair", "with_business"]

_REPAIRED = 3


def with_business(judgement: Judgement, end: RunFiles) -> Judgement:
    """The judgement with its business case; an audit sample that is large enough sets `E_h`."""
    policy = end.rules.policy
    noise = human_noise(end.evidence, policy, judgement.alone)
    policy = estimated(policy, noise)
    cost = judgement.cost if policy is end.rules.policy else summarise(judgement.judged, policy)
    prices = PriceList.from_policy(policy)
    made = business_case(judgement.judged, cost, prices, outlook_of(end))
    clauses = broken_by_people(end.evidence, policy)
    made = msgspec.structs.replace(made, human=noise, clauses=clauses)
    return replace(judgement, cost=msgspec.structs.replace(cost, business=made))


def estimated(policy: Policy, noise: HumanNoise) -> Policy:
    """The policy with people's own error cost as the audit sample shows it, where it names none."""
    known = policy.handling.human_error_cost is not None
    if known or noise.human_minor is None or noise.double_handled < AUDIT_SAMPLE:
        return policy
    shown = Money(round(noise.human_minor), policy.currency)
    handling = policy.handling.model_copy(update={"human_error_cost": shown})
    return policy.model_copy(update={"handling": handling})


def informed(end: RunFiles, judgement: Judgement) -> RunFiles:
    """The run with the policy that its costs were summed up by: `E_h` may come from its people."""
    business = judgement.cost.business
    noise = None if business is None else business.human
    if noise is None:
        return end
    return replace(end, rules=replace(end.rules, policy=estimated(end.rules.policy, noise)))


def verdicts_after_repair(judgement: Judgement, end: RunFiles, facts: RunFacts) -> Judgement:
    """What the verdict would be without each of the dearest kinds."""
    cost = judgement.cost
    if cost.business is None:
        return judgement
    repairs = tuple(
        _decided(repair, judgement, end, facts) if place < _REPAIRED else repair
        for place, repair in enumerate(cost.business.repairs)
    )
    business: Business = msgspec.structs.replace(cost.business, repairs=repairs)
    return replace(judgement, cost=msgspec.structs.replace(cost, business=business))


def _decided(repair: Repair, judgement: Judgement, end: RunFiles, facts: RunFacts) -> Repair:
    def repaired(findings: Sequence[Finding]) -> list[Finding]:
        return [one for one in findings if one.kind != repair.kind]

    decision = decided_anew(judgement, repaired, end.rules.policy, end.rules.gates, facts)
    return msgspec.structs.replace(repair, verdict=decision.verdict.value)


def outlook_of(end: RunFiles) -> Outlook:
    """What the campaign expects of the months to come."""
    economics = Economics.model_validate(end.manifest.economics)
    cost, hourly = economics.integration_cost, economics.hourly_cost
    return Outlook(
        monthly_cases=economics.monthly_cases,
        integration_cost_minor=cost.minor if cost else None,
        hourly_cost_minor=hourly.minor if hourly else None,
        budget_minor=end.rules.gates.budget.minor,
    )
