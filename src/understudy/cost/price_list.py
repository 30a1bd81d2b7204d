"""The price of one error: F1 over the policy's floors, weights, tiers, rates and cap."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Self

import msgspec

from understudy.cost.kinds import default_severity, exposed_share
from understudy.cost.operation_rules import OperationRule, OperationRules
from understudy.model.action import Action, ActionClass, Effect
from understudy.model.errors import ConfigurationError, nearest
from understudy.model.finding import Kind, Severity
from understudy.model.money import Money, minor_digits
from understudy.model.policy import Policy
from understudy.model.world import World

__all__ = ["Price", "PriceList", "Stake", "half_even", "stake_of"]

_IRREVERSIBLE, _WITH_EFFORT, _BY_ITSELF = Decimal(1), Decimal("0.5"), Decimal("0.1")
AUTO = "auto"
"""The `reversible_by` of an action that undoes itself."""
# Kinds that cost nothing, or are never-events, stay so whatever operation they befall.
_FIXED = (Severity.NONE, Severity.CRITICAL)


def half_even(numerator: int, denominator: int) -> int:
    """A fraction rounded to a whole number, a half to the even one.

    >>> half_even(5, 2), half_even(7, 2), half_even(218, 100)
    (2, 4, 2)
    """
    whole, rest = divmod(numerator, denominator)
    twice = 2 * rest
    return whole + (twice > denominator or (twice == denominator and whole % 2))


class Stake(msgspec.Struct, frozen=True):
    """What an error puts at stake: an amount in minor units, its effect, and whether it undoes."""

    exposure_minor: int = 0
    currency: str | None = None
    effect: Effect = Effect.WRITE
    irreversibility: Decimal = _IRREVERSIBLE
    operation: str | None = None
    tier: str = "standard"


class _Line(msgspec.Struct, frozen=True):
    """One line of the price list, reduced to `(base + slope * exposure) / divisor`."""

    severity: Severity
    irreversibility: Decimal
    base: int
    slope: int
    divisor: int
    wording: tuple[str, str]
    currency: str


class Price(msgspec.Struct, frozen=True):
    """What one error costs, in minor units of the policy's currency, and how that came about."""

    minor: int
    uncapped_minor: int
    line: _Line
    exposure_minor: int
    cap: Money

    @property
    def severity(self) -> Severity:
        """How bad the error is by this price list."""
        return self.line.severity

    @property
    def irreversibility(self) -> Decimal:
        """The factor for how hard it is to undo."""
        return self.line.irreversibility

    @property
    def rule(self) -> str:
        """The sum as it was done, so that a reader can do it again."""
        before, after = self.line.wording
        if self.line.severity is Severity.NONE:
            return before
        capped = f", capped at {self.cap}" if self.minor < self.uncapped_minor else ""
        return f"{before}{Money(self.exposure_minor, self.line.currency)}{after}{capped}"


def stake_of(action: Action, tier: str, exposure_minor: int | None = None) -> Stake:
    """The stake of an action; `exposure_minor` replaces its whole amount where less is exposed.

    An action that undoes itself counts 0.1, one that another operation undoes 0.5, anything else
    1.0: what is not known is not assumed to be harmless.
    """
    exposed = action.amount_minor if exposure_minor is None else exposure_minor
    undone_by = action.reversible_by
    reversible = _BY_ITSELF if undone_by == AUTO else _WITH_EFFORT
    return Stake(
        abs(exposed or 0),
        action.currency,
        action.effect,
        reversible if undone_by else _IRREVERSIBLE,
        action.operation,
        tier,
    )


@dataclass(frozen=True, slots=True)
class PriceList:
    """A policy's prices, ready to be asked. All sums are done in whole numbers."""

    policy: Policy
    operations: OperationRules
    world: World | None = field(default=None, compare=False, repr=False)
    """Whose rows the policy's expressions may ask for, where there are any."""
    _lines: dict[tuple[object, ...], _Line] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def from_policy(cls, policy: Policy, world: World | None = None) -> Self:
        """The prices of one policy, for cases that play in `world`."""
        return cls(policy, OperationRules.of_policy(policy), world)

    def price(self, kind: Kind, stake: Stake, severity: Severity | None = None) -> Price:
        """F1: `min(cap, (floor[s] + weight[s] * exposure * irreversibility) * tier)`.

        Severity comes from the policy's kinds, else its operations, else `severity`, else the
        default list. Exposure is converted at the policy's own rates; a currency without one is a
        `ConfigurationError`. Source: the design's F1. Worked example: an over-refund of 16 EUR
        that cannot be undone, for a premium customer: (20 + 0.25 * 16 * 1) * 1.5 = 36.00 EUR.

        >>> stake = Stake(1600, "EUR", Effect.PAY, tier="premium")
        >>> price = PriceList.from_policy(Policy(version=1)).price(Kind.WRONG_VALUE, stake)
        >>> price.minor, price.rule
        (3600, 'wrong_value, medium: (20 + 0.25 x 16.00 EUR x 1) x 1.5')
        """
        line = self._line(kind, stake, severity)
        exposure = abs(stake.exposure_minor)
        uncapped = half_even(line.base + line.slope * exposure, line.divisor)
        cap = self.policy.cap
        return Price(min(cap.minor, uncapped), uncapped, line, exposure, cap)

    def handover(self) -> int:
        """H + X: what a case costs that a person takes over, in minor units."""
        handling = self.policy.handling
        return handling.human_cost.minor + handling.escalation_overhead.minor

    def approval_rule(self, action: Action) -> OperationRule | None:
        """The rule by which the policy itself asks for an approval of this action, or None.

        The vendors' default classes say how an operation should be introduced, not that people
        needed a signature for it; so only what the policy lists is held to it. An unknown amount
        is taken to lie above a limit.
        """
        rule = self.operations.of(action.operation)
        if rule is None or rule.policy.action_class is not ActionClass.APPROVAL_REQUIRED:
            return None
        above = rule.policy.above
        if above is None or action.amount_minor is None:
            return rule
        amount = self._own(abs(action.amount_minor), action.currency)
        return rule if amount > self._own(above.minor, above.currency) else None

    def forbidding_rule(self, action: Action) -> OperationRule | None:
        """The rule by which the policy lets nobody write here at all, or None."""
        rule = self.operations.of(action.operation)
        if rule is None or rule.policy.action_class is not ActionClass.READ_ONLY:
            return None
        return rule if action.effect is not Effect.READ else None

    def _line(self, kind: Kind, stake: Stake, severity: Severity | None) -> _Line:
        key = (
            kind,
            severity,
            stake.operation,
            stake.effect,
            stake.irreversibility,
            stake.tier,
            stake.currency if stake.exposure_minor else None,
        )
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = self._build(kind, stake, severity)
        return line

    def _build(self, kind: Kind, stake: Stake, severity: Severity | None) -> _Line:
        policy, given = self.policy, self.policy.kinds.get(kind)
        level = self._severity(kind, stake, severity)
        irreversibility = self._irreversibility(stake)
        currency = (stake.currency or policy.currency).upper()
        if level is Severity.NONE:
            free = (f"{kind}: severity none costs nothing", "")
            return _Line(level, irreversibility, 0, 0, 1, free, currency)
        floor = given.floor if given and given.floor is not None else policy.floors.of(level)
        weight = given.weight if given and given.weight is not None else policy.weights.of(level)
        tier, share = self._tier(stake.tier), exposed_share(kind)
        rate = self._rate(currency) if stake.exposure_minor else Decimal(1)
        base = Fraction(floor) * Fraction(tier) * 10 ** minor_digits(policy.currency)
        slope = Fraction(weight) * share * Fraction(irreversibility) * Fraction(tier)
        slope *= self._own(1, currency) if stake.exposure_minor else 0
        divisor = base.denominator * slope.denominator
        part = f" x {float(share):g}" if share != 1 else ""
        bought = f" x {rate:f}" if rate != 1 else ""
        wording = (
            f"{kind}, {level}: ({floor:f} + {weight:f} x ",
            f"{bought}{part} x {irreversibility:f}) x {tier:f}",
        )
        return _Line(
            level, irreversibility, int(base * divisor), int(slope * divisor), divisor, wording,
            currency,
        )  # fmt: skip

    def _severity(self, kind: Kind, stake: Stake, severity: Severity | None) -> Severity:
        given = self.policy.kinds.get(kind)
        if given is not None and given.severity is not None:
            return given.severity
        usual = severity or default_severity(kind, stake.effect)
        rule = self.operations.of(stake.operation)
        if rule is None or rule.policy.severity is None or usual in _FIXED:
            return usual
        return rule.policy.severity

    def _irreversibility(self, stake: Stake) -> Decimal:
        rule = self.operations.of(stake.operation)
        given = rule.policy.irreversibility if rule else None
        return stake.irreversibility if given is None else given

    def _tier(self, tier: str) -> Decimal:
        factor = self.policy.tiers.get(tier)
        if factor is None:
            raise ConfigurationError(
                f"the policy has no factor for tier `{tier}`{nearest(tier, self.policy.tiers)}",
                code="U115",
                hint=f"add it to `tiers:`; known: {', '.join(self.policy.tiers)}",
            )
        return factor

    def in_own_minor(self, minor: int, currency: str | None) -> Fraction:
        """An amount in minor units of the policy's currency, exactly."""
        return self._own(minor, currency)

    def in_own_major(self, minor: int, currency: str | None) -> Fraction:
        """An amount in major units of the policy's currency, exactly."""
        return self._own(minor, currency) / Fraction(10 ** minor_digits(self.policy.currency))

    def _own(self, minor: int, currency: str | None) -> Fraction:
        """An amount as minor units of the policy's currency, exactly."""
        own = self.policy.currency
        currency = (currency or own).upper()
        shift = minor_digits(own) - minor_digits(currency)
        return minor * Fraction(self._rate(currency)) * Fraction(10) ** shift

    def _rate(self, currency: str) -> Decimal:
        own = self.policy.currency
        if currency == own:
            return Decimal(1)
        rate = self.policy.rates.of(currency) if self.policy.rates else None
        if rate is None or rate <= 0:
            raise ConfigurationError(
                f"the policy has no rate from {currency} to {own}, so an amount in {currency} "
                "cannot be priced",
                code="U109",
                hint=f"add `{currency}: …` to `rates:` with the date it was taken",
            )
        return rate
