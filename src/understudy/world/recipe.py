"""The recipe of a world: how many customers of what sort, and since when."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import pydantic
from pydantic import Field

from understudy.model.canonical import digest
from understudy.model.configuration import Configuration, ShareText, Version
from understudy.model.document import load_document
from understudy.model.errors import nearest
from understudy.model.package import resolve_document
from understudy.world.locales import LOCALES

__all__ = ["Plan", "Recipe", "load_recipe"]


class Plan(Configuration):
    """One plan on sale: its share of customers, list price, seats and the tier it is treated as."""

    share: float = Field(gt=0)
    price: int = Field(gt=0, description="US cents per seat and month")
    seats: int = Field(1, ge=1, le=5000, description="the most seats that a customer has")
    tier: str = "standard"


_PLANS = {
    "starter": Plan(share=46, price=1900, seats=3),
    "team": Plan(share=32, price=4900, seats=12),
    "business": Plan(share=16, price=9900, seats=40, tier="premium"),
    "enterprise": Plan(share=6, price=24900, seats=200, tier="regulated"),
}
_LOCALES = {
    "en_US": 30.0, "en_GB": 12.0, "de_DE": 16.0, "fr_FR": 9.0, "es_MX": 7.0,
    "pl_PL": 6.0, "el_GR": 4.0, "uk_UA": 4.0, "ja_JP": 7.0, "ar_KW": 5.0,
}  # fmt: skip


class Recipe(Configuration):
    """`recipe.yaml`: unknown keys are errors; every key has a default."""

    version: Version = 1
    name: str = "default"
    customers: int = Field(2000, ge=1, le=100_000_000)
    block: int = Field(4096, ge=16, le=65_536, description="customers generated at a time")
    now: datetime = datetime(2026, 11, 2, 9, tzinfo=UTC)
    tenure_months: int = Field(60, ge=1, le=240)
    invoice_months: int = Field(6, ge=1, le=60, description="how far back invoices reach")
    locales: dict[str, float] = Field(default_factory=lambda: dict(_LOCALES), min_length=1)
    plans: dict[str, Plan] = Field(default_factory=lambda: dict(_PLANS), min_length=1)
    leads: ShareText = 0.2
    private: ShareText = 0.25
    foreign_currency: ShareText = 0.05
    yearly: ShareText = 0.15
    cancelled: ShareText = 0.12
    charge_failed: ShareText = 0.04
    refunded: ShareText = 0.03
    disputed: ShareText = 0.006
    credited: ShareText = 0.015
    overdue: ShareText = 0.05
    tickets_per_person: float = Field(0.8, ge=0, le=50)
    staff: int = Field(14, ge=4, le=500)
    owners: int = Field(12, ge=2, le=500)

    @pydantic.field_validator("now")
    @classmethod
    def _aware(cls, now: datetime) -> datetime:
        if now.tzinfo is None:
            raise ValueError("write the time with its zone: `2026-11-02T09:00:00Z`")
        return now

    @pydantic.field_validator("locales")
    @classmethod
    def _somewhere(cls, locales: dict[str, float]) -> dict[str, float]:
        known = f"; known: {', '.join(LOCALES)}"
        wrong = [
            f"unknown locale `{name}`{nearest(name, LOCALES)}{known}"
            for name in locales
            if name not in LOCALES
        ]
        wrong += [
            f"the weight of locale `{name}` is {weight}, below 0"
            for name, weight in locales.items()
            if weight < 0
        ]
        if not wrong and not sum(locales.values()):
            wrong = ["all locales have weight 0, so nobody could live anywhere"]
        if wrong:
            raise ValueError("; ".join(wrong))
        return locales

    @pydantic.model_validator(mode="after")
    def _possible(self) -> Self:
        if self.charge_failed + self.overdue > 1:
            raise ValueError("`charge_failed` and `overdue` make more than all invoices together")
        return self

    @property
    def epoch(self) -> int:
        """The world's present in epoch seconds."""
        return int(self.now.timestamp())

    @property
    def hash(self) -> str:
        """The sha256 of the recipe as it was understood, defaults included."""
        return digest(self.model_dump(mode="json"))

    def blocks(self) -> int:
        """How many blocks of customers the world has."""
        return -(-self.customers // self.block)

    def customers_in(self, block: int) -> int:
        """How many customers a block has; only the last can have fewer than the others."""
        return min(self.block, self.customers - block * self.block)


def load_recipe(name: str | Path = "default", *, customers: int | None = None) -> Recipe:
    """A recipe from a file or a shipped one by name; `customers` overrides its number."""
    recipe = load_document(resolve_document(name, "recipes"), Recipe)
    if customers is None:
        return recipe
    return Recipe.model_validate({**recipe.model_dump(), "customers": customers})
