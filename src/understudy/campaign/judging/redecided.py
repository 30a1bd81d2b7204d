"""The verdict of a run whose findings were other ones: fewer, or at other prices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

import msgspec

from understudy.campaign.judging.judgement import Judgement
from understudy.cost.attribution import attribute
from understudy.cost.net_value import CaseEconomics
from understudy.cost.price_list import PriceList, half_even
from understudy.cost.summary import case_cost, uncapped_minor
from understudy.gate.decide import Decision, decide
from understudy.gate.facts import RunFacts
from understudy.model.case_costs import CaseCosts
from understudy.model.finding import Finding
from understudy.model.gates import Gates, Metric
from understudy.model.money import Money, to_minor
from understudy.model.policy import Policy
from understudy.model.verdict import Sensitivity, VerdictWord

__all__ = ["decided_anew", "depends_on_prices", "sensitivity_of"]

Change = Callable[[Sequence[Finding]], Sequence[Finding]]
_PRICES = (
    ("half the severities", Decimal("0.5"), Decimal(1)),
    ("double the severities", Decimal(2), Decimal(1)),
    ("half the caps", Decimal(1), Decimal("0.5")),
    ("double the caps", Decimal(1), Decimal(2)),
)


def decided_anew(
    judgement: Judgement, change: Change, policy: Policy, gates: Gates, facts: RunFacts
) -> Decision:
    """The verdict after `change` of each case's findings; cases without any stay as they are."""
    economics = CaseEconomics.of(policy)
    per_case = CaseCosts()
    findings: list[Finding] = []
    for place, before in enumerate(judgement.cost.per_case):
        if before.agrees:
            per_case.append(before)
            continue
        judged = judgement.judged[place]
        changed = replace(judged, findings=change(judged.findings))
        per_case.append(case_cost(changed, economics))
        findings += changed.averaged()
    cost = msgspec.structs.replace(
        judgement.cost,
        per_case=per_case,
        error_cost_minor=sum(case.error_cost_minor for case in per_case),
        by_kind=attribute(findings, lambda finding: [finding.kind.value]),
    )
    return decide(cost, gates, facts)


def sensitivity_of(
    judgement: Judgement, policy: Policy, gates: Gates, facts: RunFacts
) -> tuple[Sensitivity, ...]:
    """The verdict under half and double severities and caps, the explanations being the same.

    Severities stand for floors and weights together; caps for the policy's on a finding and the
    gates' on a case. A cap that would not lie above the limits is left out.
    """
    return tuple(_sensitivities(judgement, policy, gates, facts))


def depends_on_prices(verdict: VerdictWord, sensitivity: Sequence[Sensitivity]) -> str | None:
    """The sentence for a verdict that flips with the price list; None where it stands.

    >>> half = Sensitivity(prices="half the severities", verdict="GO", error_cost_per_case=1.0)
    >>> depends_on_prices(VerdictWord.NO_GO, [half])
    'the verdict depends on the price list: at half the severities it would be GO'
    """
    other = [each for each in sensitivity if each.verdict != verdict]
    if verdict is VerdictWord.INVALID or not other:
        return None
    told = ", ".join(f"at {each.prices} it would be {each.verdict}" for each in other)
    return f"the verdict depends on the price list: {told}"


def _sensitivities(
    judgement: Judgement, policy: Policy, gates: Gates, facts: RunFacts
) -> Iterator[Sensitivity]:
    prices = PriceList.from_policy(policy)
    for name, scale, cap_scale in _PRICES:
        changed = _with_cap(gates, cap_scale)
        if changed is None:
            continue
        cap = int(policy.cap.minor * cap_scale)

        def repriced(
            findings: Sequence[Finding], scale: Decimal = scale, cap: int = cap
        ) -> list[Finding]:
            return [_repriced(finding, prices, scale, cap) for finding in findings]

        decision = decided_anew(judgement, repriced, policy, changed, facts)
        yield Sensitivity(
            prices=name,
            verdict=decision.verdict.value,
            error_cost_per_case=decision.error_cost.per_case,
        )


def _repriced(finding: Finding, prices: PriceList, scale: Decimal, cap: int) -> Finding:
    """One finding at other prices; what the cap has cut off is worked out again."""
    numerator, denominator = scale.as_integer_ratio()
    whole = uncapped_minor(finding, prices)
    return msgspec.structs.replace(
        finding, cost_minor=min(cap, half_even(whole * numerator, denominator))
    )


def _with_cap(gates: Gates, scale: Decimal) -> Gates | None:
    """The gates with another cap; None where a limit would not lie below it."""
    if scale == 1:
        return gates
    cap = Money(int(gates.cap.minor * scale), gates.cap.currency)
    costs = (Metric.ERROR_COST_PER_CASE, Metric.SEGMENT_ERROR_COST)
    limits = [
        to_minor(str(gate.limit), cap.currency)
        for gate in gates.gates
        if gate.metric in costs and gate.limit is not None
    ]
    if max([gates.budget.minor, *limits]) >= cap.minor:
        return None
    return gates.model_copy(update={"cap": cap})
