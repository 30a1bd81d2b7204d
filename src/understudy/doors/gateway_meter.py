"""What goes to model providers, counted, and the budget that stops it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
import orjson

from understudy.doors.gateway_wire import ModelRefusal, ModelRequest
from understudy.model.money import Money

__all__ = [
    "CASE_SPENT",
    "Meter",
    "ModelBudget",
    "ProviderCount",
    "TokenPrice",
    "Tokens",
    "tokens_of",
]

CASE_SPENT = "case_quota_exceeded"
_MILLION = 1_000_000
_BYTES_PER_TOKEN = 3
"""Fewer than real texts have, so that an estimate is rather too dear."""


class ProviderCount(msgspec.Struct, frozen=True, kw_only=True):
    """What went to one provider so far."""

    provider: str
    requests: int = 0
    bytes_out: int = 0
    bytes_in: int = 0
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """What a million tokens cost, in minor units of the budget's currency."""

    input_minor: int
    output_minor: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one call."""

    input: int
    output: int

    def __add__(self, other: Tokens) -> Tokens:
        """Those of both calls."""
        return Tokens(self.input + other.input, self.output + other.output)


@dataclass(frozen=True, slots=True)
class ModelBudget:
    """The most that may go out; None is no limit. A limit on cost needs every model's price."""

    requests: int | None = None
    bytes_out: int | None = None
    cost_minor: int | None = None
    case_minor: int | None = None
    """The most that the calls of one case may cost."""
    prices: Mapping[str, TokenPrice] = field(default_factory=dict)
    currency: str | None = None
    """That of all amounts; None where nothing has a price."""


class Meter:
    """Counts per provider, and refuses what would exceed the budget.

    Requests and bytes are counted before they go out and so are never exceeded. The cost of a call
    is known when it has been answered: calls that are under way when the limit is reached are paid.
    """

    def __init__(self, budget: ModelBudget | None = None) -> None:
        self._budget = budget or ModelBudget()
        self._lock = threading.Lock()
        self._traffic: dict[str, ProviderCount] = {}
        self._millionths = 0
        self._of_case: Counter[str] = Counter()
        self.refused = 0
        """Calls that the budget stopped."""

    def admit(self, provider: str, request: ModelRequest) -> None:
        """Count a call that is about to go out; raises `ModelRefusal` where the budget is spent."""
        with self._lock:
            if self._case_is_over(request):
                raise ModelRefusal(429, CASE_SPENT, "the case may not spend more on models")
            reason = self._over(request)
            if reason:
                self.refused += 1
                raise ModelRefusal(429, "insufficient_quota", reason)
            self._add(provider, requests=1, bytes_out=len(request.body))

    def settle(self, provider: str, request: ModelRequest, tokens: Tokens, bytes_in: int) -> None:
        """Count what a call brought back, and its price."""
        millionths = self._millionths_of(request.model, tokens)
        with self._lock:
            self._millionths += millionths
            self._of_case[request.scope] += millionths
            self._add(provider, bytes_in=bytes_in, tokens_in=tokens.input, tokens_out=tokens.output)

    def cost_of(self, tokens: Mapping[str, Tokens]) -> tuple[float, str] | None:
        """What these tokens of each model cost, in minor units and their currency.

        None where one of the models has no price. Worked example, at 0.25 and 2 a million:

        >>> prices = {"m-1": TokenPrice(25, 200)}
        >>> meter = Meter(ModelBudget(prices=prices, currency="EUR"))
        >>> meter.cost_of({"m-1": Tokens(10_000, 2_000)}), meter.cost_of({"m-2": Tokens(1, 1)})
        ((0.65, 'EUR'), None)
        """
        currency, prices = self._budget.currency, self._budget.prices
        if currency is None or not prices or any(model not in prices for model in tokens):
            return None
        millionths = sum(self._millionths_of(model, each) for model, each in tokens.items())
        return millionths / _MILLION, currency

    def _millionths_of(self, model: str, tokens: Tokens) -> int:
        price = self._budget.prices.get(model, TokenPrice(0, 0))
        return tokens.input * price.input_minor + tokens.output * price.output_minor

    def traffic(self) -> list[ProviderCount]:
        """What went to each provider, by name."""
        with self._lock:
            return [self._traffic[name] for name in sorted(self._traffic)]

    @property
    def cost_minor(self) -> int:
        """What all calls have cost, rounded up."""
        return -(-self._millionths // _MILLION)

    @property
    def spent(self) -> Money | None:
        """The same with its currency; None where nothing has cost anything."""
        cost, currency = self.cost_minor, self._budget.currency
        return Money(cost, currency) if cost and currency else None

    def _over(self, request: ModelRequest) -> str:
        budget, traffic = self._budget, self._traffic.values()
        asked = sum(each.requests for each in traffic) + 1
        sent = sum(each.bytes_out for each in traffic) + len(request.body)
        if budget.requests is not None and asked > budget.requests:
            return f"the budget of {budget.requests} requests is spent"
        if budget.bytes_out is not None and sent > budget.bytes_out:
            return f"the budget of {budget.bytes_out} bytes is spent"
        limits = [each for each in (budget.cost_minor, budget.case_minor) if each is not None]
        if limits and request.model not in budget.prices:
            return f"the model `{request.model}` has no price, so no budget can hold for it"
        spent = budget.cost_minor is not None and self._millionths >= budget.cost_minor * _MILLION
        return "the budget is spent" if spent else ""

    def _case_is_over(self, request: ModelRequest) -> bool:
        most = self._budget.case_minor
        return most is not None and self._of_case[request.scope] >= most * _MILLION

    def _add(self, provider: str, **counts: int) -> None:
        before = self._traffic.get(provider, ProviderCount(provider=provider))
        added = {name: getattr(before, name) + count for name, count in counts.items()}
        self._traffic[provider] = msgspec.structs.replace(before, **added)


def tokens_of(request: ModelRequest, answer: bytes) -> Tokens:
    """The tokens that an answer states, whole or in events; estimated where it states none."""
    usage = _usage(answer)
    if usage is None:
        return Tokens(
            -(-len(request.body) // _BYTES_PER_TOKEN), -(-len(answer) // _BYTES_PER_TOKEN)
        )
    read = usage.get("prompt_tokens", usage.get("input_tokens", 0))
    written = usage.get("completion_tokens", usage.get("output_tokens", 0))
    return Tokens(int(read or 0), int(written or 0))


def _usage(answer: bytes) -> dict[str, int] | None:
    if not answer.lstrip().startswith(b"{"):
        lines = [line for line in answer.splitlines() if line.startswith(b"data:")]
        found = [_usage_in(line.removeprefix(b"data:")) for line in lines if b'"usage"' in line]
        return next((usage for usage in reversed(found) if usage), None)
    return _usage_in(answer)


def _usage_in(text: bytes) -> dict[str, int] | None:
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    inner = told.get("response") if isinstance(told, dict) else None
    for place in (told, inner):
        if isinstance(place, dict) and isinstance(place.get("usage"), dict):
            return dict(place["usage"])
    return None
