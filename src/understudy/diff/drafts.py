"""A difference before it has a place in a report: what it is, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass

from understudy.cost.price_list import Price, PriceList, Stake, stake_of
from understudy.model.action import Action
from understudy.model.finding import Finding, Kind, Severity

__all__ = ["Draft", "Pricing", "total"]


@dataclass(frozen=True, slots=True)
class Draft:
    """One priced difference between two actions, either of which may be absent."""

    kind: Kind
    price: Price
    stake: Stake
    action: Action | None
    expected: str | None
    actual: str | None
    explanation: str
    field: str | None = None
    minor: int = -1
    """What is charged where that is less than the price."""

    @property
    def cost(self) -> int:
        """What is charged, in minor units of the policy's currency."""
        return self.price.minor if self.minor < 0 else self.minor

    def finding(self, case_id: str, baseline_id: str | None, repeat: int) -> Finding:
        """The line of `findings.jsonl`."""
        capped = "" if self.cost == self.price.minor else "; never more than doing both wrong"
        return Finding(
            case_id=case_id,
            kind=self.kind,
            severity=self.price.severity,
            system=self.action.system if self.action else None,
            operation=self.action.operation if self.action else None,
            field=self.field,
            expected=self.expected,
            actual=self.actual,
            exposure_minor=self.stake.exposure_minor,
            currency=self.stake.currency.upper() if self.stake.currency else None,
            irreversibility=float(self.price.irreversibility),
            tier=self.stake.tier,
            cost_minor=self.cost,
            rule=self.price.rule + capped,
            baseline_id=baseline_id,
            explanation=self.explanation,
            repeat=repeat,
        )


def total(drafts: tuple[Draft, ...]) -> int:
    """What several differences cost together."""
    return sum(draft.cost for draft in drafts)


@dataclass(frozen=True, slots=True)
class Pricing:
    """The price list as one case sees it."""

    prices: PriceList
    tier: str

    def of(
        self,
        kind: Kind,
        action: Action,
        exposure: int | None = None,
        *,
        severity: Severity | None = None,
    ) -> tuple[Price, Stake]:
        """The price of a kind of error with an action, and the stake it was taken from."""
        stake = stake_of(action, self.tier, exposure)
        return self.prices.price(kind, stake, severity), stake

    def bare(self, kind: Kind) -> tuple[Price, Stake]:
        """The price of a kind of error that no single action carries."""
        stake = Stake(tier=self.tier)
        return self.prices.price(kind, stake), stake

    def handover(self, kind: Kind) -> tuple[Price, Stake]:
        """The price of a person taking the case over: H + X is what is exposed."""
        currency = self.prices.policy.currency
        stake = Stake(self.prices.handover(), currency, tier=self.tier)
        return self.prices.price(kind, stake), stake
