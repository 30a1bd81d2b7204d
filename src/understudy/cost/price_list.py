"""The price of one error: F1 over the policy's floors, weights, tiers and cap."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Self

from understudy.cost.kinds import default_severity, exposed_share
from understudy.model.action import Action, ActionClass, Effect
from understudy.model.errors import ConfigurationError, nearest
from understudy.model.finding import Kind, Severity
from understudy.model.money import Money, minor_digits
from understudy.model.policy import Policy

__all__ = ["Price", "PriceList", "Stake", "stake_of"]

_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Stake:
    """What an error puts at stake: an amount in minor units, its effect, and whether it undoes."""

    exposure_minor: int = 0
    currency: str | None = None
    effect: Effect = Effect.WRITE
    irreversibility: Decimal = _ONE
    operation: str | None = None
    tier: str = "standard"


@dataclass(frozen=True, slots=True)
class Price:
    """What one error costs, in minor units of the policy's currency, and how that came about."""

    minor: int
    uncapped_minor: int
    severity: Severity
    irreversibility: Decimal
    rule: str


def stake_of(action: Action, tier: str, exposure_minor: int | None = None) -> Stake:
    """The stake of an action; `exposure_minor` replaces its whole amount where less is exposed.

    What names an operation that undoes it counts as reversible with effort (0.5), anything else
    as irreversible (1.0): what is not known is not assumed to be harmless.
    """
    exposed = action.amount_minor if exposure_minor is None else exposure_minor
    return Stake(
        exposure_minor=abs(exposed or 0),
        currency=action.currency,
        effect=action.effect,
        irreversibility=Decimal("0.5") if action.reversible_by else _ONE,
        operation=action.operation,
        tier=tier,
    )


@dataclass(frozen=True, slots=True)
class PriceList:
    """A policy's prices, ready to be asked."""

    policy: Policy

    @classmethod
    def from_policy(cls, policy: Policy) -> Self:
        """The prices of one policy."""
        return cls(policy)

    def price(self, kind: Kind, stake: Stake, severity: Severity | None = None) -> Price:
        """F1: `min(cap, (floor[s] + weight[s] * exposure * irreversibility) * tier)`.

        Severity comes from the policy's kinds, else its operations, else `severity`, else the
        default list. Source: the design's F1. Worked example: an over-refund of 16 EUR that cannot
        be undone, for a premium customer: (20 + 0.25 * 16 * 1) * 1.5 = 36.00 EUR.

        >>> stake = Stake(1600, "EUR", Effect.PAY, tier="premium")
        >>> PriceList(Policy(version=1)).price(Kind.WRONG_VALUE, stake).minor
        3600
        """
        policy = self.policy
        given = policy.kinds.get(kind)
        level = self._severity(kind, stake, severity)
        if level is Severity.NONE:
            return Price(0, 0, level, _ONE, f"{kind}: severity none costs nothing")
        floor = given.floor if given and given.floor is not None else policy.floors.of(level)
        weight = given.weight if given and given.weight is not None else policy.weights.of(level)
        exposure = self._exposure(stake) * exposed_share(kind)
        irreversibility = self._irreversibility(stake)
        tier = self._tier(stake.tier)
        uncapped = self._minor((floor + weight * exposure * irreversibility) * tier)
        minor = min(policy.cap.minor, uncapped)
        rule = (
            f"{kind}, {level}: ({floor:f} + {weight:f} x {exposure:f} x {irreversibility:f}) "
            f"x {tier:f}"
        )
        if minor < uncapped:
            rule += f", capped at {policy.cap}"
        return Price(minor, uncapped, level, irreversibility, rule)

    def handover(self) -> int:
        """H + X: what a case costs that a person takes over, in minor units."""
        handling = self.policy.handling
        return handling.human_cost.minor + handling.escalation_overhead.minor

    def needs_approval(self, action: Action) -> bool:
        """Whether the policy itself lists the operation and asks for an approval at this amount.

        The vendors' default classes say how an operation should be introduced, not that people
        needed a signature for it; so only what the policy lists is held to it.
        """
        listed = self.policy.operations.get(action.operation)
        if listed is None or listed.action_class is not ActionClass.APPROVAL_REQUIRED:
            return False
        if listed.above is None or action.amount_minor is None:
            return True
        stake = stake_of(action, next(iter(self.policy.tiers)))
        return self._exposure(stake) > listed.above.major

    def _severity(self, kind: Kind, stake: Stake, severity: Severity | None) -> Severity:
        given = self.policy.kinds.get(kind)
        if given is not None and given.severity is not None:
            return given.severity
        operation = self.policy.operations.get(stake.operation or "")
        if operation is not None and operation.severity is not None:
            return operation.severity
        return severity or default_severity(kind, stake.effect)

    def _irreversibility(self, stake: Stake) -> Decimal:
        operation = self.policy.operations.get(stake.operation or "")
        if operation is not None and operation.irreversibility is not None:
            return operation.irreversibility
        return stake.irreversibility

    def _tier(self, tier: str) -> Decimal:
        factor = self.policy.tiers.get(tier)
        if factor is None:
            raise ConfigurationError(
                f"the policy has no factor for tier `{tier}`{nearest(tier, self.policy.tiers)}",
                code="U110",
                hint=f"add it to `tiers:`; known: {', '.join(self.policy.tiers)}",
            )
        return factor

    def _exposure(self, stake: Stake) -> Decimal:
        """The exposure in major units of the policy's currency."""
        own = self.policy.currency
        currency = (stake.currency or own).upper()
        amount = Money(stake.exposure_minor, currency).major
        if currency == own or not stake.exposure_minor:
            return amount
        rate = self.policy.rates.of(currency) if self.policy.rates else None
        if rate is None:
            raise ConfigurationError(
                f"the policy has no rate from {currency} to {own}, so {amount} {currency} "
                "cannot be priced",
                code="U109",
                hint=f"add `{currency}: …` to `rates:` with the date it was taken",
            )
        return amount * rate

    def _minor(self, major: Decimal) -> int:
        scaled = major.scaleb(minor_digits(self.policy.currency))
        return int(scaled.to_integral_value(rounding=ROUND_HALF_EVEN))
