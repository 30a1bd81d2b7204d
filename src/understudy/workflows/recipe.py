"""A workflow as written down: its policy, its situations, and what people do in each of them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Self

import pydantic
from pydantic import Field

from understudy.model.configuration import Configuration, MoneyText, ShareText, Version
from understudy.model.document import load_document
from understudy.model.errors import ConfigurationError, nearest

__all__ = [
    "EVENTS",
    "PICKS",
    "PLANTS",
    "TICKET",
    "VERBS",
    "Alternative",
    "Mail",
    "Picks",
    "Recipe",
    "Situation",
    "Slips",
    "Step",
    "load_recipes",
    "recipe_named",
]

PICKS = ("charge", "contact", "lead", "open_invoice", "paid_invoice", "subscription")
PLANTS = (
    "disputed_charge", "double_charge", "earlier_refund", "few_seats", "fewer_seats", "injection",
    "many_seats", "mistyped_number", "new_address", "new_deal", "new_email", "new_phone",
    "old_charge", "other_invoice", "outage_tag", "partial_amount", "private_address",
    "refunded_double", "second_contact", "second_subscription", "slip_of_amount", "stolen_card",
    "stranger", "twin_charge", "vat_number", "wanted_share", "wrong_currency",
)  # fmt: skip
TICKET = "zendesk.ticket.created"
EVENTS: Mapping[str, str] = {
    "hubspot.contact.creation": "second_contact",
    "hubspot.deal.creation": "deal",
    "stripe.charge.dispute.created": "dispute",
    "stripe.invoice.overdue": "invoice",
    "stripe.invoice.payment_failed": "invoice",
}
"""The triggers beside the ticket, each with the fact that names the object it is about."""
VERBS = (
    "address", "cancel", "credit_balance", "credit_note", "crm_note", "crm_task",
    "dispute_evidence", "email", "escalate", "lifecycle", "merge_contacts", "phone", "priority",
    "refund", "reply", "seats", "send_invoice", "solve", "tag", "waits",
)  # fmt: skip
_TEXT_VERBS = ("crm_note", "crm_task", "dispute_evidence", "reply")
_FACT = re.compile(r"\{([a-z_]+)\}")


class Mail(Configuration):
    """One wording of what a ticket says; `lang` is the language of it."""

    lang: str = "en"
    subject: str = Field(min_length=1)
    body: str = Field(min_length=1)

    @property
    def facts(self) -> frozenset[str]:
        """The names of the facts that the wording uses."""
        return frozenset(_FACT.findall(self.subject + self.body))


class Picks(Configuration):
    """Which object of the world a case is about, and within which bounds."""

    what: str
    at_least: MoneyText | None = None
    at_most: MoneyText | None = None
    digits: tuple[int, ...] = ()
    """The numbers of decimals that the currency may have; any where empty."""
    tiers: tuple[str, ...] = ()
    """The tiers that the customer may have; any where empty."""
    seats: int = Field(1, ge=1)
    """How many seats a subscription has at least."""
    ending: bool = False
    """Whether the subscription is set to end already."""
    taxed: bool = False
    """Whether the invoice carries tax."""

    @pydantic.field_validator("what")
    @classmethod
    def _known(cls, value: str) -> str:
        return _one_of(value, PICKS, "thing to pick")


class Step(Configuration):
    """One thing that people do: a verb, and the text or code that it is done with."""

    verb: str
    argument: str = ""

    @pydantic.model_validator(mode="before")
    @classmethod
    def _parse(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        verb, _, argument = value.strip().partition(" ")
        return {"verb": verb, "argument": argument.strip()}

    @pydantic.field_validator("verb")
    @classmethod
    def _known(cls, value: str) -> str:
        return _one_of(value, VERBS, "step")


class Alternative(Configuration):
    """Another handling that the policy calls as good; `share` is how often people choose it."""

    because: str = Field(min_length=1)
    share: ShareText = 0.2
    does: tuple[Step, ...] = Field(min_length=1)


class Situation(Configuration):
    """One way in which a workflow's cases come in, and what people rightly do about it.

    `share` is how often it comes among the workflow's cases, relative to the others. `does` is
    what the policy asks for; each of the `alternatives` is as good. `mails` are what customers
    write, or what is filed as the ticket of an event.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    share: float = Field(gt=0)
    clause: str
    trigger: str = TICKET
    picks: Picks
    plants: tuple[str, ...] = ()
    mails: tuple[Mail, ...] = Field(min_length=1)
    does: tuple[Step, ...] = Field(min_length=1)
    alternatives: tuple[Alternative, ...] = ()
    reply_facts: tuple[str, ...] = ()
    trap: str | None = None
    """What makes the situation tempting, in a few words, where it is."""

    @pydantic.field_validator("plants")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_one_of(name, PLANTS, "plant") for name in value)

    @pydantic.model_validator(mode="after")
    def _leaves_some(self) -> Self:
        if sum(way.share for way in self.alternatives) > 1:
            raise ValueError("the shares of the alternatives are more than 100 % in all")
        return self

    @property
    def mailed(self) -> bool:
        """Whether a person writes the ticket, or else a system reports something by itself."""
        return self.trigger == TICKET

    @property
    def ways(self) -> tuple[tuple[Step, ...], ...]:
        """All handlings that are right: what the policy asks for, then what is as good."""
        return (self.does, *(way.does for way in self.alternatives))

    @property
    def steps(self) -> Iterator[Step]:
        """Every step of every way."""
        return (step for way in self.ways for step in way)


class Slips(Configuration):
    """How often people do otherwise than the policy says; drawn in this order."""

    overcautious: ShareText
    mistypes_amount: ShareText
    forgets: ShareText
    """A note, a task, a tag or a priority is left out: nothing that the customer would see."""
    wrong_tag: ShareText

    @pydantic.model_validator(mode="after")
    def _leaves_some(self) -> Self:
        if sum(rate for _, rate in self) > 1:
            raise ValueError("the slips are more than 100 % of the handlings in all")
        return self


class Recipe(Configuration):
    """One workflow."""

    version: Version
    id: str = Field(pattern=r"^[a-z][a-z-]*$")
    title: str = Field(min_length=1)
    weight: float = Field(gt=0)
    triggers: tuple[str, ...] = Field(min_length=1)
    """The events that set its cases off."""
    double_handled: ShareText
    """How many cases are handled by two people who know nothing of each other."""
    slips: Slips
    policy: str = Field(min_length=1)
    clauses: dict[str, str] = Field(min_length=1)
    texts: dict[str, str] = Field(default_factory=dict)
    situations: tuple[Situation, ...] = Field(min_length=1)

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        for situation in self.situations:
            if situation.clause not in self.clauses:
                known = nearest(situation.clause, self.clauses)
                raise ValueError(
                    f"situation `{situation.id}` names clause `{situation.clause}`, "
                    f"which the policy does not have{known}"
                )
            for step in situation.steps:
                if step.verb in _TEXT_VERBS and step.argument not in self.texts:
                    known = nearest(step.argument, self.texts)
                    raise ValueError(
                        f"situation `{situation.id}`: `{step.verb} {step.argument}` "
                        f"names no text{known}"
                    )
        return self

    @pydantic.model_validator(mode="after")
    def _set_off(self) -> Self:
        used = {situation.trigger for situation in self.situations}
        for name in sorted({*self.triggers, *used}):
            _one_of(name, (*EVENTS, TICKET), "trigger")
        if used != set(self.triggers):
            odd = min(used ^ set(self.triggers))
            told = "no situation has it" if odd in self.triggers else "`triggers` does not name it"
            raise ValueError(f"trigger `{odd}`: {told}")
        return self

    def situation(self, name: str) -> Situation:
        """One situation by its id."""
        return next(each for each in self.situations if each.id == name)


def load_recipes(folder: Path | None = None) -> Mapping[str, Recipe]:
    """The workflows of a folder by id; those that ship with understudy by default.

    Raises `ConfigurationError` with file and line for each thing that is wrong.
    """
    return _shipped() if folder is None else _read(folder)


def recipe_named(name: str) -> Recipe:
    """One shipped workflow; raises `ConfigurationError` with the nearest match."""
    known = load_recipes()
    if name not in known:
        raise ConfigurationError(
            f"`{name}` is not a workflow{nearest(name, known)}",
            code="U116",
            hint=f"workflows: {', '.join(known)}",
        )
    return known[name]


@functools.cache
def _shipped() -> Mapping[str, Recipe]:
    return _read(Path(str(resources.files("understudy"))) / "data" / "workflows")


def _read(folder: Path) -> dict[str, Recipe]:
    found: dict[str, Recipe] = {}
    for path in sorted(folder.glob("*.yaml")):
        recipe = load_document(path, Recipe)
        if recipe.id in found:
            raise ConfigurationError(
                f"two workflows have the id `{recipe.id}`", code="U116", where=str(path)
            )
        found[recipe.id] = recipe
    if not found:
        raise ConfigurationError(f"`{folder}` holds no workflow", code="U116")
    return found


def _one_of(value: str, known: tuple[str, ...], kind: str) -> str:
    if value not in known:
        raise ValueError(f"`{value}` is no {kind}{nearest(value, known)}")
    return value
