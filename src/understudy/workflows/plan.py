"""Which cases come in: a customer and a situation each, a ticket, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from understudy.model.case import Trigger
from understudy.model.errors import ConfigurationError
from understudy.workflows.accounts import Account, Lead, Row, Rows, accounts_of, leads_of, staff_of
from understudy.workflows.draft import DAY, Draft
from understudy.workflows.picking import Catalogue, make_payment, pick
from understudy.workflows.plants import plant
from understudy.workflows.recipe import Recipe, Situation, load_recipes
from understudy.workflows.schedule import Slot, schedule
from understudy.workflows.triggers import announce

__all__ = ["CasePlan", "PlannedCase", "plan_cases"]

_DAYS = 10
_TICKETS = 8_000_000


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """One case with its sheet: the facts that a person knows after looking around or phoning."""

    case_id: str
    recipe: Recipe
    situation: Situation
    trigger: Trigger
    received_at: datetime
    facts: Mapping[str, Any]
    cluster_id: str
    tier: str
    segment: Mapping[str, str]
    tags: tuple[str, ...]

    @property
    def ticket(self) -> str:
        """The id of the ticket that the case came in as."""
        return str(self.facts["ticket"])


@dataclass(frozen=True, slots=True)
class CasePlan:
    """All planned cases in the order in which they come in, and who is there to handle them."""

    cases: tuple[PlannedCase, ...]
    staff: tuple[Row, ...]
    seed: int


def plan_cases(
    truth: Any,
    count: int,
    seed: int,
    *,
    recipes: Path | None = None,
    taken: Collection[str] = frozenset(),
) -> CasePlan:
    """Pick customers for `count` cases and add their tickets to the truth, before it is damaged.

    `truth` is a `world.truth.Truth`; of a part of a world, `taken` are the e-mail addresses that
    somebody elsewhere in it has as well, for staff look people up by theirs. Each customer has at
    most one case as long as there are customers enough; where there are not, those come again whose
    first case left no trace.

    Raises `ConfigurationError` where the world has nobody for a workflow.
    """
    rng = Random(f"plan/{seed}")
    planner = _Planner(truth, rng, taken)
    slots = schedule(load_recipes(recipes).values(), count, rng)
    now = int(truth.recipe.epoch)
    drafts: dict[int, Draft] = {}
    for number in sorted(range(count), key=lambda each: (_ease(slots[each]), each)):
        received = now - _DAYS * DAY + (_DAYS * DAY - 60) * number // count
        drafts[number] = planner.draft(number, slots[number], received, seed)
    cases = [_finish(drafts[number]) for number in range(count)]
    for table, rows in _together(drafts[number] for number in range(count)).items():
        truth.add_rows(table, rows)
    return CasePlan(tuple(cases), tuple(staff_of(truth)), seed)


class _Planner:
    """Hands out customers: the unused first, then those whose first case left no trace."""

    def __init__(self, truth: Rows, rng: Random, taken: Collection[str]) -> None:
        accounts = accounts_of(truth, taken)
        rng.shuffle(accounts)
        kept = max(len(accounts) // 20, 1)
        self.others, self.free = accounts[:kept], accounts[kept:]
        self.untouched: list[Account] = []
        self.touched: list[Account] = []
        self.leads = leads_of(truth, taken)
        rng.shuffle(self.leads)
        self.catalogue = Catalogue(truth.rows("stripe.products"), truth.rows("stripe.prices"))

    def draft(self, number: int, slot: Slot, received: int, seed: int) -> Draft:
        """The case for a slot, or for another situation of its workflow where nobody fits."""
        recipe, wanted = slot
        situations = [wanted, *(each for each in recipe.situations if each is not wanted)]
        for situation in situations:
            begin = _Begin(number, recipe, situation, received, seed, self.others)
            draft = self._lead(begin) if situation.picks.what == "lead" else self._account(begin)
            if draft is not None:
                return draft
        raise ConfigurationError(
            f"the world has no customer for workflow `{recipe.id}`",
            code="U117",
            hint="more customers: `--customers 2000`, or `customers:` under `world:`",
        )

    def _lead(self, begin: _Begin) -> Draft | None:
        return begin.draft(self.leads.pop()) if self.leads else None

    def _account(self, begin: _Begin) -> Draft | None:
        found = self._first(begin, lambda draft: pick(draft, self.catalogue))
        if found is None and begin.situation.picks.what == "charge":
            return self._first(begin, make_payment)
        return found

    def _first(self, begin: _Begin, fits: Callable[[Draft], bool]) -> Draft | None:
        pools = [self.free, self.untouched]
        # What another case left behind disturbs only those who look for the latest or for a pair.
        if not begin.situation.plants and begin.situation.picks.what in ("charge", "contact"):
            pools.append(self.touched)
        for pool in pools:
            for place, account in enumerate(pool):
                draft = begin.draft(account)
                if fits(draft):
                    del pool[place]
                    leaves = bool(begin.situation.plants) or bool(draft.rows)
                    (self.touched if leaves else self.untouched).append(account)
                    return draft
        return None


@dataclass(frozen=True, slots=True)
class _Begin:
    """What a draft begins with, whoever it will be about."""

    number: int
    recipe: Recipe
    situation: Situation
    received: int
    seed: int
    others: Sequence[Account]

    def draft(self, who: Account | Lead) -> Draft:
        rng = Random(f"case/{self.seed}/{self.number}")
        draft = Draft(
            self.number, self.recipe, self.situation, who, self.received, rng, self.others
        )
        _introduce(draft)
        return draft


def _ease(slot: Slot) -> int:
    """Situations that few customers fit choose first, then those that leave something behind."""
    picks, plants = slot[1].picks, slot[1].plants
    if picks.digits in ((0, 3), (0,), (3,)) or picks.ending or picks.what == "open_invoice":
        return 0
    if picks.tiers == ("regulated",) or picks.at_least or picks.taxed:
        return 1
    return 2 if plants else 3


def _introduce(draft: Draft) -> None:
    """The facts about the person, and the language of the mail."""
    spoken = {mail.lang for mail in draft.situation.mails}
    draft.language = draft.who.language if draft.who.language in spoken else "en"
    contact = draft.who.contact
    draft.requester = draft.who.user
    draft.facts |= {
        "contact": contact["id"],
        "email": contact["email"],
        "first_name": contact.get("firstname") or "",
        "name": f"{contact.get('firstname') or ''} {contact.get('lastname') or ''}".strip(),
        "company": contact.get("company") or "our firm",
        "ticket": str(_TICKETS + draft.number),
    }
    if isinstance(draft.who, Account):
        draft.facts |= {"customer": draft.who.id, "currency": draft.who.currency}


def _finish(draft: Draft) -> PlannedCase:
    for name in draft.situation.plants:
        plant(draft, name)
    trigger = announce(draft)
    tier = draft.who.tier if isinstance(draft.who, Account) else "standard"
    return PlannedCase(
        case_id=f"case-{draft.number:05d}",
        recipe=draft.recipe,
        situation=draft.situation,
        trigger=trigger,
        received_at=datetime.fromtimestamp(draft.received, UTC),
        facts=draft.facts,
        cluster_id=str(draft.facts.get("customer") or draft.facts["contact"]),
        tier=tier,
        segment={
            "workflow": draft.recipe.id,
            "language": draft.language,
            "currency": str(draft.facts.get("currency") or "none"),
        },
        tags=(f"situation:{draft.situation.id}", *draft.tags),
    )


def _together(drafts: Any) -> dict[str, list[dict[str, Any]]]:
    tables: dict[str, list[dict[str, Any]]] = {}
    for draft in drafts:
        for table, rows in draft.rows.items():
            tables.setdefault(table, []).extend(_without_nulls(rows))
    return tables


def _without_nulls(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if value is not None} for row in rows]
