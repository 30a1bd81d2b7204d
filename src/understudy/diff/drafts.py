"""A difference before it has a place in a report: what it is, and what it costs."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from understudy.cost.price_list import Price, PriceList, Stake, stake_of
from understudy.model.action import Action
from understudy.model.finding import Finding, Kind, Severity

__all__ = ["Detail", "Draft", "Pricing", "total"]


class Detail(msgspec.Struct, frozen=True):
    """What a difference lies in, for people: the sentence, the field, both values, the clause."""

    explanation: str
    field: str | None = None
    expected: str | None = None
    actual: str | None = None
    clause: str | None = None


class Draft(msgspec.Struct, frozen=True):
    """One priced difference between two actions, either of which may be absent.

    `detail` is asked only once the difference is told: most drafts are cells of an assignment
    that nobody reads.
    """

    kind: Kind
    price: Price
    stake: Stake
    action: Action | None
    detail: Callable[[], Detail]
    ceiling: int | None = None
    """At most so much is charged, where another reading of the same difference costs less."""
    cause: str | None = None
    """The fault that brought it about, where that befell another action than its own."""

    @property
    def cost(self) -> int:
        """What is charged, in minor units of the policy's currency."""
        price = self.price.minor
        return price if self.ceiling is None else min(price, self.ceiling)

    def finding(self, case_id: str, baseline_id: str | None, repeat: int) -> Finding:
        """The line of `findings.jsonl`."""
        action, detail, cost = self.action, self.detail(), self.cost
        lowered = "" if cost == self.price.minor else ", at most what extra and missing cost"
        return Finding(
            case_id=case_id,
            kind=self.kind,
            severity=self.price.severity,
            system=action.system if action else None,
            operation=action.operation if action else None,
            field=detail.field,
            expected=detail.expected,
            actual=detail.actual,
            exposure_minor=self.stake.exposure_minor,
            currency=self.stake.currency.upper() if self.stake.currency else None,
            irreversibility=float(self.price.irreversibility),
            tier=self.stake.tier,
            cost_minor=cost,
            rule=self.price.rule + lowered,
            policy_clause=detail.clause,
            baseline_id=baseline_id,
            fault=(action.fault if action else None) or self.cause,
            explanation=detail.explanation,
            repeat=repeat,
        )


def total(drafts: tuple[Draft, ...]) -> int:
    """What several differences cost together."""
    return sum([draft.cost for draft in drafts]) if drafts else 0


class Pricing(msgspec.Struct, frozen=True):
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

    def beside(
        self, kind: Kind, exposure_minor: int, severity: Severity | None = None
    ) -> tuple[Price, Stake]:
        """The price of a kind of error that exposes an amount of the policy's own currency."""
        stake = Stake(exposure_minor, self.prices.policy.currency, tier=self.tier)
        return self.prices.price(kind, stake, severity), stake

    def handover(self, kind: Kind) -> tuple[Price, Stake]:
        """The price of a person taking the case over: H + X is what is exposed."""
        return self.beside(kind, self.prices.handover())
