"""The support system's tables: users, organizations, and the everyday tickets with comments."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from understudy.world.catalogue import GROUPS, Catalogue
from understudy.world.columns import (
    constant,
    filled,
    from_iso,
    gather,
    iso,
    join,
    spread,
    when,
)
from understudy.world.entropy import below, chosen
from understudy.world.people import Draws, People
from understudy.world.pools import load_texts
from understudy.world.schema import CRM_NOTE
from understudy.world.table import Table

__all__ = ["draw_support"]

Ints = npt.NDArray[np.int64]
_DAY = 86_400
_STATES = ("new", "open", "pending", "hold", "solved", "closed")
_STATE_WEIGHTS = (3, 7, 6, 1, 33, 50)
_PRIORITIES = ("low", "normal", "high", "urgent")
_CHANNELS = ("email", "web", "api", "chat")


def draw_support(people: People, catalogue: Catalogue, seed: int) -> dict[str, Table]:
    """The support rows of one block."""
    known = np.flatnonzero(np.asarray(pc.is_valid(people.columns["user_id"])))
    tickets = _tickets(people, known, catalogue, seed)
    return {
        "zendesk.users": _users(people, known, seed),
        "zendesk.organizations": _organizations(people),
        "zendesk.tickets": tickets,
        "zendesk.comments": _comments(people, tickets, seed),
    }


def _users(people: People, known: Ints, seed: int) -> Table:
    noted = Draws(seed, "zendesk.users", people.block).share("notes", len(known), 0.3)
    of = people.of(known)
    created = people.created[known] + 4 * 3600
    columns = {
        "id": of["user_id"],
        "name": of["name"],
        "email": of["email"],
        "phone": of["phone"],
        "role": constant("end-user", len(known)),
        "organization_id": of["organization_id"],
        "tags:json": join('["', of["plan"], '"]'),
        "created_at": iso(created),
        "updated_at": iso(created),
        "time_zone": of["time_zone"],
        "locale": pc.replace_substring(of["locale"], "_", "-"),
        "notes": filled(join(CRM_NOTE, of["contact_id"]), noted),
    }
    return Table(columns, known)


def _organizations(people: People) -> Table:
    firms = people.firms
    columns = {
        "id": gather(people.columns["organization_id"], firms),
        "name": gather(people.columns["company"], firms),
        "domain_names:json": join('["', gather(people.columns["domain"], firms), '"]'),
        "created_at": iso(people.created[firms] + 4 * 3600),
    }
    return Table(columns, firms)


def _tickets(people: People, known: Ints, catalogue: Catalogue, seed: int) -> Table:
    draws, recipe = Draws(seed, "zendesk.tickets", people.block), people.recipe
    who, _ = spread(known, _counts(draws, len(known), recipe.tickets_per_person))
    count = len(who)
    subject, body = _worded(people, who, draws)
    age = np.maximum(recipe.epoch - people.created[who] - _DAY, 1)
    created = people.created[who] + 5 * 3600 + draws.below("created", count, age)
    fresh = created > recipe.epoch - 14 * _DAY
    state = chosen(draws.words("status", count), _STATE_WEIGHTS)
    # What is older than a month has been solved or closed, as automations see to.
    state = np.where(~fresh & (state < 4), 4 + state % 2, state)
    updated = np.minimum(created + draws.below("updated", count, 5 * _DAY), recipe.epoch)
    columns = {
        "id": draws.numbered(10_000, 1, count),
        "subject": subject,
        "description": body,
        **_routing(draws, people, who, state, catalogue),
        "created_at": iso(created),
        "updated_at": iso(updated),
    }
    return Table(columns, who)


def _routing(
    draws: Draws, people: People, who: Ints, state: Ints, catalogue: Catalogue
) -> dict[str, pa.Array]:
    """Whose ticket it is, who works on it, and how it is filed."""
    count, of = len(who), people.of(who)
    staff = gather(catalogue.staff, draws.below("assignee", count, len(catalogue.staff)))
    kinds = pa.array(("question", "problem", "incident"))
    return {
        "status": gather(pa.array(_STATES), state),
        "priority": gather(
            pa.array(_PRIORITIES), chosen(draws.words("priority", count), (15, 65, 16, 4))
        ),
        "type": gather(kinds, chosen(draws.words("type", count), (60, 30, 10))),
        "requester_id": of["user_id"],
        "submitter_id": of["user_id"],
        "assignee_id": filled(staff, state > 0),
        "organization_id": of["organization_id"],
        "group_id": gather(pa.array(GROUPS), draws.below("group", count, 3)),
        "tags:json": join('["', of["plan"], '"]'),
        "custom_fields:json": constant("[]", count),
        "via.channel": gather(
            pa.array(_CHANNELS), chosen(draws.words("channel", count), (62, 26, 7, 5))
        ),
    }


def _counts(draws: Draws, count: int, mean: float) -> Ints:
    """Tickets per person: most write seldom, a tenth writes often; the mean is kept.

    One person in ten draws from 0..12 times the mean, the others from 0..k with mean 0.44 of it.
    """
    often = draws.share("often", count, 0.1)
    scaled = np.where(often, mean * 6, mean * 4 / 9) * 1000
    wanted = below(draws.words("many", count), np.maximum(2 * scaled, 1).astype(np.int64))
    rest = below(draws.words("rest", count), 1000)
    return np.asarray(wanted // 1000 + (rest < wanted % 1000), dtype=np.int64)


def _worded(people: People, who: Ints, draws: Draws) -> tuple[pa.Array, pa.Array]:
    """Subject and body in the person's language."""
    texts = load_texts()
    languages = [locale.language for locale in people.locales]
    of = people.locale[who]
    count = len(who)
    sizes = np.array([len(texts[language]["subject"]) for language in languages], dtype=np.int64)
    topic = draws.below("topic", count, sizes[of])
    parts = {
        purpose: _by_language(languages, purpose, of, topic) for purpose in ("subject", "body")
    }
    for purpose in ("greeting", "sign"):
        many = np.array([len(texts[language][purpose]) for language in languages], dtype=np.int64)
        parts[purpose] = _by_language(languages, purpose, of, draws.below(purpose, count, many[of]))
    body = join(
        parts["greeting"], "\n\n", parts["body"], "\n\n", parts["sign"], "\n",
        gather(people.columns["name"], who),
    )  # fmt: skip
    return parts["subject"], body


def _by_language(languages: list[str], purpose: str, of: Ints, which: Ints) -> pa.Array:
    pools = [load_texts()[language][purpose] for language in languages]
    sizes = np.array([len(pool) for pool in pools], dtype=np.int64)
    starts = np.cumsum(sizes) - sizes
    return gather(pa.array([text for pool in pools for text in pool]), starts[of] + which)


def _comments(people: People, tickets: Table, seed: int) -> Table:
    """The ticket's own text, and an answer and a reply for those that were worked on."""
    draws, count = Draws(seed, "zendesk.comments", people.block), len(tickets)
    worked = np.asarray(pc.is_valid(tickets.columns["assignee_id"]))
    more = np.where(worked, draws.below("more", count, 4), 0)
    which, place = spread(np.arange(count, dtype=np.int64), 1 + more)
    who = tickets.people[which]
    staff = place % 2 == 1
    languages = [locale.language for locale in people.locales]
    of = people.locale[who]
    said = {}
    for purpose in ("reply", "thanks"):
        many = np.array(
            [len(load_texts()[language][purpose]) for language in languages], dtype=np.int64
        )
        picked = draws.below(purpose, len(which), many[of])
        said[purpose] = _by_language(languages, purpose, of, picked)
    body = when(staff, said["reply"], said["thanks"])
    body = when(place == 0, gather(tickets.columns["description"], which), body)
    opened = from_iso(tickets.columns["created_at"])[which]
    created = opened + place * (3600 + draws.below("created", len(which), 8 * 3600))
    columns = {
        "id": draws.numbered(20_000_000, 11, len(which)),
        "ticket_id": gather(tickets.columns["id"], which),
        "author_id": when(
            staff,
            gather(tickets.columns["assignee_id"], which),
            gather(tickets.columns["requester_id"], which),
        ),
        "body": body,
        "html_body": _html(body),
        "public": pa.array(~staff | ~draws.share("internal", len(which), 0.15)),
        "created_at": iso(np.minimum(created, people.recipe.epoch)),
    }
    return Table(columns, who)


def _html(body: pa.Array) -> pa.Array:
    escaped = pc.replace_substring(body, "&", "&amp;")
    for plain, written in (("<", "&lt;"), (">", "&gt;"), ("\n", "<br>")):
        escaped = pc.replace_substring(escaped, plain, written)
    return join('<div class="zd-comment">', escaped, "</div>")
