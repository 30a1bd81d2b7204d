"""The CRM's tables: companies, contacts, deals, notes, tasks, tickets and what links them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from understudy.world.catalogue import Catalogue
from understudy.world.columns import constant, filled, gather, iso, join, spread, text
from understudy.world.entropy import chosen
from understudy.world.finance import unit_price
from understudy.world.locales import CURRENCIES
from understudy.world.money_text import major_text
from understudy.world.people import Draws, People
from understudy.world.table import Table

__all__ = ["draw_crm"]

_DAY = 86_400
_INDUSTRIES = (
    "COMPUTER_SOFTWARE", "RETAIL", "CONSTRUCTION", "HOSPITAL_HEALTH_CARE", "ACCOUNTING",
    "LOGISTICS_AND_SUPPLY_CHAIN", "FOOD_PRODUCTION", "EDUCATION_MANAGEMENT", "REAL_ESTATE",
)  # fmt: skip
_STAGES = ("appointmentscheduled", "qualifiedtobuy", "contractsent", "closedwon", "closedlost")
_STAGE_WEIGHTS = (16, 14, 10, 42, 18)
_LEAD_STATES = ("NEW", "OPEN", "IN_PROGRESS", "ATTEMPTED_TO_CONTACT", "CONNECTED", "UNQUALIFIED")
_NOTES = (
    "Called {name}, wants to talk again next quarter.",
    "{name} asked for the price list and a data processing agreement.",
    "Renewal is decided by {name}; send the offer two weeks before.",
    "Invoice goes to accounting, not to {name}.",
    "{name} was unhappy about the last outage, be careful.",
    "Met {name} at the fair. Interested in more seats.",
)
_TASKS = (
    "Follow up with {name}",
    "Send the offer to {name}",
    "Check the address of {name}",
    "Prepare the renewal for {name}",
)


def draw_crm(people: People, catalogue: Catalogue, seed: int) -> dict[str, Table]:
    """The CRM's rows of one block; their ids join with finance and support by person."""
    tables = {
        "hubspot.companies": _companies(people, catalogue, seed),
        "hubspot.contacts": _contacts(people, catalogue, seed),
        "hubspot.deals": _deals(people, catalogue, seed),
        "hubspot.notes": _notes(people, catalogue, seed),
        "hubspot.tasks": _tasks(people, catalogue, seed),
    }
    return {**tables, "hubspot.associations": _associations(people, tables, seed)}


def _stamps(created: np.ndarray, draws: Draws, now: int) -> dict[str, pa.Array]:
    touched = created + draws.below("updatedAt", len(created), np.maximum(now - created, 1))
    return {
        "archived": constant(False, len(created)),
        "createdAt": iso(created),
        "updatedAt": iso(touched),
    }


def _companies(people: People, catalogue: Catalogue, seed: int) -> Table:
    draws, firms = Draws(seed, "hubspot.companies", people.block), people.firms
    count = len(firms)
    of = people.of(firms)
    heads = 1 + draws.below("numberofemployees", count, 30) ** 2 * (1 + people.plan[firms])
    columns = {
        "id": of["company_id"],
        **_stamps(people.created[firms], draws, people.recipe.epoch),
        "name": of["company"],
        "domain": of["domain"],
        "phone": gather(people.columns["phone"], firms),
        **{name: of[name] for name in ("address", "city", "zip", "country")},
        "industry": gather(pa.array(_INDUSTRIES), draws.below("industry", count, 9)),
        "numberofemployees": text(heads),
        "lifecyclestage": _life(people, firms),
        "hubspot_owner_id": gather(
            catalogue.owners, draws.below("owner", count, len(catalogue.owners))
        ),
    }
    return Table(columns, firms)


def _life(people: People, who: np.ndarray) -> pa.Array:
    return pc.if_else(
        pa.array(who < people.customers), pa.scalar("customer"), pa.scalar("marketingqualifiedlead")
    )


def _contacts(people: People, catalogue: Catalogue, seed: int) -> Table:
    draws, count = Draws(seed, "hubspot.contacts", people.block), len(people)
    everyone = np.arange(count, dtype=np.int64)
    states = gather(pa.array(_LEAD_STATES), draws.below("hs_lead_status", count, 6))
    buys = everyone < people.customers
    copied = ("email", "firstname", "lastname", "phone", "address", "city", "zip", "country")
    columns = {
        "id": people.columns["contact_id"],
        **_stamps(people.created, draws, people.recipe.epoch),
        **{name: people.columns[name] for name in copied},
        "company": people.columns["company"],
        "lifecyclestage": _life(people, everyone),
        "hs_lead_status": filled(states, ~buys),
        "hubspot_owner_id": gather(
            catalogue.owners, draws.below("owner", count, len(catalogue.owners))
        ),
        "jobtitle": filled(people.columns["jobtitle"], people.firm >= 0),
        "plan": filled(people.columns["plan"], buys),
        "tier": filled(people.columns["tier"], buys),
    }
    return Table(columns, everyone)


def _deals(people: People, catalogue: Catalogue, seed: int) -> Table:
    draws, recipe = Draws(seed, "hubspot.deals", people.block), people.recipe
    who = people.firms
    count = len(who)
    stage = chosen(draws.words("dealstage", count), _STAGE_WEIGHTS)
    created = np.minimum(people.created[who] + 5 * _DAY, recipe.epoch - _DAY)
    currency = gather(people.columns["currency"], who)
    seats = 1 + draws.below("seats", count, 20)
    minor = unit_price(recipe, people.plan[who], currency) * seats * 12
    closes = created + (10 + draws.below("closedate", count, 90)) * _DAY
    columns = {
        "id": draws.numbered(9_000_000_000, 83, count),
        **_stamps(created, draws, recipe.epoch),
        "dealname": join(
            gather(people.columns["company"], who), gather(people.columns["plan"], who),
            separator=" - ",
        ),
        "amount": major_text(minor, currency, tuple(CURRENCIES)),
        "deal_currency_code": pc.utf8_upper(currency),
        "dealstage": gather(pa.array(_STAGES), stage),
        "pipeline": constant("default", count),
        "closedate": iso(closes),
        "hubspot_owner_id": gather(
            catalogue.owners, draws.below("owner", count, len(catalogue.owners))
        ),
    }  # fmt: skip
    return Table(columns, who)


def _said(people: People, who: np.ndarray, forms: tuple[str, ...], which: np.ndarray) -> pa.Array:
    """Each row's sentence with the person's name in it."""
    before, after = zip(*(form.split("{name}") for form in forms), strict=True)
    return join(
        gather(pa.array(before), which),
        gather(people.columns["name"], who),
        gather(pa.array(after), which),
    )


def _notes(people: People, catalogue: Catalogue, seed: int) -> Table:
    draws = Draws(seed, "hubspot.notes", people.block)
    who = np.flatnonzero(draws.share("person", len(people), 0.35))
    count = len(who)
    created = people.created[who] + draws.below(
        "created", count, np.maximum(people.recipe.epoch - people.created[who], 1)
    )
    said = _said(people, who, _NOTES, draws.below("body", count, len(_NOTES)))
    columns = {
        "id": draws.numbered(30_000_000_000, 79, count),
        **_stamps(created, draws, people.recipe.epoch),
        "hs_note_body": join("<p>", said, "</p>"),
        "hs_timestamp": iso(created),
        "hubspot_owner_id": gather(
            catalogue.owners, draws.below("owner", count, len(catalogue.owners))
        ),
    }
    return Table(columns, who)


def _tasks(people: People, catalogue: Catalogue, seed: int) -> Table:
    draws = Draws(seed, "hubspot.tasks", people.block)
    who = np.flatnonzero(draws.share("person", len(people), 0.15))
    count = len(who)
    created = people.created[who] + draws.below(
        "created", count, np.maximum(people.recipe.epoch - people.created[who], 1)
    )
    subject = _said(people, who, _TASKS, draws.below("subject", count, len(_TASKS)))
    states = ("NOT_STARTED", "IN_PROGRESS", "WAITING", "COMPLETED")
    columns = {
        "id": draws.numbered(40_000_000_000, 73, count),
        **_stamps(created, draws, people.recipe.epoch),
        "hs_task_subject": subject,
        "hs_task_body": join(subject, " (", gather(people.columns["email"], who), ")"),
        "hs_task_status": gather(
            pa.array(states), chosen(draws.words("status", count), (20, 10, 10, 60))
        ),
        "hs_task_priority": gather(
            pa.array(("LOW", "MEDIUM", "HIGH")), draws.below("priority", count, 3)
        ),
        "hs_timestamp": iso(created + 7 * _DAY),
        "hubspot_owner_id": gather(
            catalogue.owners, draws.below("owner", count, len(catalogue.owners))
        ),
    }
    return Table(columns, who)


def _associations(people: People, tables: dict[str, Table], seed: int) -> Table:
    """Contacts of firms, deals of contacts and firms, notes and tasks of contacts."""
    contact, company = people.columns["contact_id"], people.columns["company_id"]
    workers = np.flatnonzero(people.firm >= 0)
    deals, notes, tasks = (tables[f"hubspot.{name}"] for name in ("deals", "notes", "tasks"))
    links = [
        ("contacts", gather(contact, workers), "companies", gather(company, workers), workers),
        ("deals", deals.columns["id"], "contacts", gather(contact, deals.people), deals.people),
        ("deals", deals.columns["id"], "companies", gather(company, deals.people), deals.people),
        ("notes", notes.columns["id"], "contacts", gather(contact, notes.people), notes.people),
        ("tasks", tasks.columns["id"], "contacts", gather(contact, tasks.people), tasks.people),
    ]
    counts = np.array([len(link[4]) for link in links], dtype=np.int64)
    which, _ = spread(np.arange(len(links)), counts)
    draws = Draws(seed, "hubspot.associations", people.block)
    columns = {
        "id": draws.numbered(1, 1, int(counts.sum())),
        "from_type": gather(pa.array([link[0] for link in links]), which),
        "from_id": pa.concat_arrays([link[1] for link in links]),
        "to_type": gather(pa.array([link[2] for link in links]), which),
        "to_id": pa.concat_arrays([link[3] for link in links]),
    }
    return Table(columns, np.concatenate([link[4] for link in links]))
