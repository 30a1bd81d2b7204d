"""What every gate measures from: costs in their units, the gate file, facts about the run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from understudy.gate.binomial import cases_for_rate, lower_rate, upper_rate
from understudy.gate.cost_evidence import CostEvidence, collect_evidence
from understudy.gate.facts import RunFacts
from understudy.gate.units import Registered, Units, registered_units, weighed_units
from understudy.model.cost import CaseCost, CostSummary
from understudy.model.errors import ConfigurationError
from understudy.model.gates import Gate, Gates
from understudy.model.money import Money, to_minor

__all__ = ["Measured", "amount", "cost_limit"]


@dataclass(frozen=True, slots=True)
class Measured:
    """What every gate measures from."""

    cost: CostSummary
    gates: Gates
    facts: RunFacts
    units: Units
    weighed: Units
    """The same as the cost gate takes them: with their strata, where the gate file has any."""

    @classmethod
    def of(cls, cost: CostSummary, gates: Gates, facts: RunFacts) -> Measured:
        """Group the costs into units; raises `ConfigurationError` where currencies differ."""
        if cost.cases and cost.currency != gates.budget.currency:
            raise ConfigurationError(
                f"costs are in {cost.currency}, but the gates' budget is in "
                f"{gates.budget.currency}",
                code="U112",
                hint=f"write `budget` and `cap` of the gate file in {cost.currency}",
            )
        # What was seen under other limits is no evidence for these.
        seen = () if facts.amended else cost.per_case
        registered = Registered() if facts.amended else facts.registered
        units = registered_units(seen, gates, registered)
        weighed = weighed_units(seen, gates, registered) if gates.strata else units
        return cls(cost, gates, facts, units, weighed)

    def settled(self) -> Sequence[CaseCost]:
        """The costs of the cases of which it is known what was right."""
        contested = self.facts.contested
        costs = self.cost.per_case
        return [case for case in costs if case.case_id not in contested] if contested else costs

    def settled_units(self) -> Units:
        """The units of these cases, with their strata where the gate file weighs any."""
        if not self.facts.contested or self.facts.amended:
            return self.weighed
        return weighed_units(
            self.settled(), self.gates, Registered((), self.facts.registered.strata)
        )

    def mean(self, value: Callable[[CaseCost], float]) -> float | None:
        """The mean over the cases, by production's mix where the gate file has one (F13).

        None where there is no case, or none of a stratum that has a weight.
        """
        strata, groups = self.gates.strata, defaultdict[str, list[float]](list)
        for case in self.cost.per_case:
            name = self.facts.registered.strata.get(case.case_id, "") if strata else ""
            groups[name].append(value(case))
        weights = strata.weights if strata else {"": 1.0}
        counted = {name: part for name, part in weights.items() if part}
        if any(name not in groups for name in counted):
            return None
        means = (part * sum(groups[name]) / len(groups[name]) for name, part in counted.items())
        return sum(means) / sum(counted.values())

    def upper_rate(self, events: int, cases: int, alpha: float) -> float:
        """The highest rate that is left possible, at the planned end or at any look before it."""
        return upper_rate(events, cases, alpha, peeked=self.facts.peeked)

    def lower_rate(self, events: int, cases: int, alpha: float) -> float:
        """The lowest rate that is left possible."""
        return lower_rate(events, cases, alpha, peeked=self.facts.peeked)

    def cases_for_rate(self, rate: float) -> int:
        """How many cases without the event show that it is rarer."""
        return cases_for_rate(rate, self.gates.alpha, peeked=self.facts.peeked)

    def evidence(self, limit_minor: float) -> CostEvidence:
        """The evidence on error cost against one limit."""
        return collect_evidence(self.weighed, limit_minor, self.gates)


def amount(minor: float, currency: str) -> str:
    """Money in a sentence.

    >>> amount(612.4, "EUR")
    '6.12 EUR'
    """
    return str(Money(round(minor), currency))


def cost_limit(gate: Gate, gates: Gates) -> int:
    """The limit of a cost gate in minor units; in the gate file it stands in major units."""
    if gate.limit is None:
        return gates.budget.minor
    limit = to_minor(str(gate.limit), gates.budget.currency)
    if not 0 < limit < gates.cap.minor:
        raise ConfigurationError(
            f"the limit of gate `{gate.id}` is {gate.limit}; it must lie between zero and the cap "
            f"of {gates.cap}",
            code="U112",
        )
    return limit
