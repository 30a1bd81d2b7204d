"""A damaged world: every difference is in the ledger, and it is where the profile wants it."""

from __future__ import annotations

import collections
import json
import re
from datetime import datetime

import numpy as np
import pytest

from understudy.world.damage import damage
from understudy.world.draft import LEDGER
from understudy.world.operators.registry import operators
from understudy.world.operators.threads import _contradiction, _Mail, canary
from understudy.world.pools import load_texts
from understudy.world.profile import Profile, load_profile
from understudy.world.recipe import Recipe
from understudy.world.schema import column_of
from understudy.world.table import flatten, unflatten
from understudy.world.truth import build_truth


def flat(table):
    names = list(table.columns)
    cells = zip(*(column.to_pylist() for column in table.columns.values()), strict=True)
    return {row[0]: dict(zip(names, row, strict=True)) for row in cells}


def profile_of(table, /, **mess):
    return Profile.model_validate({"version": 1, "name": "test", "tables": {table: mess}})


@pytest.fixture(scope="module")
def entries(damaged):
    return damaged.ledger.to_pylist()


def _undo(rows, entry):
    """Take an entry back: a cell gets its value, an added row goes, a lost one is there again."""
    table = entry["table"]
    if not entry["column"]:
        if entry["before"] is None:
            del rows[entry["id"]]
        else:
            rows[entry["id"]] = flatten(table, json.loads(entry["before"]))
        return
    kind, before = str(column_of(table, entry["column"]).type), entry["before"]
    if before is not None and kind != "string":
        before = before == "true" if kind == "bool" else int(before)
    rows[entry["id"]][entry["column"]] = before


def _undone(damaged, entries):
    """Every dirty table after all of the ledger was taken back, the last entry first."""
    tables = {name: flat(table) for name, table in damaged.tables.items()}
    for entry in reversed(entries):
        _undo(tables[entry["table"]], entry)
    return {
        name: {key: unflatten(row.items()) for key, row in rows.items()}
        for name, rows in tables.items()
    }


def test_undoing_the_ledger_gives_the_truth(truth, damaged, entries):
    """Read backwards, the ledger turns every dirty table into the true one."""
    for name, rows in _undone(damaged, entries).items():
        assert rows == truth.rows(name), name


TEXT = {
    "recode": ("lifecyclestage", {"words": {"customer": "CUST", "lead": "L"}}),
    "rewrite": ("jobtitle", {"template": "<{}>"}),
    "take_neighbour": ("city", {"column": "country"}),
    "date_format_mix": ("hs_timestamp", {}),
    "tz_drift": ("hs_timestamp", {}),
    "leading_zero_loss": ("zip", {}),
    "truncate": ("company", {"length": 6}),
    "number_locale": ("amount", {}),
    "currency_unit_slip": ("amount", {}),
    "unit_suffix": ("amount", {}),
    "text_in_numeric": ("amount", {}),
    "number_round": ("amount", {}),
    "value_drift": ("amount", {}),
    "spreadsheet_coerce": ("phone", {}),
    "mojibake": ("lastname", {"codec": "latin-1"}),
    "written_as": ("firstname", {"case": "upper"}),
}
"""The column of a cell operator, and its options; `firstname` of the others."""
TABLE_OF = {"amount": "hubspot.deals", "hs_timestamp": "hubspot.tasks"}
STEPS = {
    "null_joint": ("hubspot.contacts", "rows", {"columns": ["city", "zip"]}),
    "swap_columns": ("hubspot.contacts", "rows", {"columns": ["firstname", "lastname"]}),
    "swallow_neighbour": ("hubspot.contacts", "rows", {"columns": ["zip", "city"]}),
    "schema_drift": ("hubspot.contacts", "rows",
                     {"columns": ["phone"], "options": {"to": "phone_number"}}),
    "duplicate_merge": ("hubspot.contacts", "table", {}),
    "duplicate_rows": ("zendesk.macros", "table", {}),
    "orphan_stale_fk": ("hubspot.contacts", "table", {"options": {"mode": "deleted"}}),
    "copies_disagree": ("zendesk.users", "table",
                        {"options": {"column": "email", "how": "other_email"}}),
    "event_dup_late_reorder": ("stripe.deliveries", "table", {"options": {"skewed": 20}}),
    "ticket_thread_noise": ("zendesk.tickets", "table", {}),
}  # fmt: skip


def _use_of(name):
    if name in STEPS:
        table, place, step = STEPS[name]
        return table, {place: [{"op": name, "rate": "30%", **step}]}
    column, options = TEXT.get(name, ("firstname", {}))
    table = TABLE_OF.get(column, "hubspot.contacts")
    return table, {"cells": {column: [{"op": name, "rate": "30%", "options": options}]}}


@pytest.fixture(scope="module")
def tiny():
    return build_truth(Recipe(customers=150), 3)


@pytest.mark.parametrize("name", sorted(operators()))
def test_each_operator_s_ledger_gives_the_truth_back(tiny, name):
    """Cells, rows, tables, events and texts: what one operator did alone can be taken back."""
    table, mess = _use_of(name)
    damaged, truth = damage(tiny, profile_of(table, **mess), 8), tiny
    entries = damaged.ledger.to_pylist()
    assert {entry["operator"] for entry in entries} == {name}
    assert flat(damaged.tables[table]) != flat(truth.table(table))
    for each, rows in _undone(damaged, entries).items():
        assert rows == truth.rows(each), each


def test_the_profile_uses_every_operator(entries):
    """The demo's profile leaves at least twenty kinds of mess in a world of 900 customers."""
    assert len({entry["operator"] for entry in entries}) >= 20


def test_rates_are_met(truth, damaged):
    """A constant rate hits its share of rows, within four standard deviations."""
    made = damage(
        truth,
        profile_of(
            "stripe.charges", cells={"description": [{"op": "null_explicit", "rate": "20%"}]}
        ),
        5,
    )
    count = len(made.tables["stripe.charges"])
    share = made.tables["stripe.charges"].columns["description"].null_count / count
    assert abs(share - 0.2) < 4 * np.sqrt(0.16 / count)


def test_a_rate_can_depend_on_another_column(truth):
    """With a rate per country, only that country's rows are hit."""
    mess = profile_of(
        "hubspot.contacts",
        cells={
            "phone": [{"op": "null_explicit", "rate": 0, "on": "country", "rates": {"JP": 1.0}}]
        },
    )
    rows = damage(truth, mess, 5).tables["hubspot.contacts"].rows()
    assert all(("phone" in row) == (row["country"] != "JP") for row in rows)


def test_a_rate_can_depend_on_the_cell_itself(truth):
    """With `longer_than`, only long values are hit."""
    mess = profile_of(
        "hubspot.companies",
        cells={
            "name": [{"op": "truncate", "rate": 1.0, "longer_than": 20, "options": {"length": 20}}]
        },
    )
    made = damage(truth, mess, 5)
    true = truth.rows("hubspot.companies")
    for row in made.tables["hubspot.companies"].rows():
        name = true[row["id"]]["name"]
        assert row["name"] == (name if len(name) <= 20 else name[:20].rstrip())


def test_a_schema_drifts_from_a_batch_on(truth):
    """With `since`, what was made from that day on has the property under its new name."""
    drift = {
        "op": "schema_drift", "rate": 1.0, "on": "createdAt", "since": "2024-06-01",
        "columns": ["lifecyclestage"], "options": {"to": "stage"},
    }  # fmt: skip
    made = damage(truth, profile_of("hubspot.contacts", rows=[drift]), 5)
    rows = list(made.tables["hubspot.contacts"].rows())
    late = [row for row in rows if row["createdAt"] >= "2024-06-01"]
    assert 0 < len(late) < len(rows)
    assert all(("stage" in row) == (row["createdAt"] >= "2024-06-01") for row in rows)
    assert all(("stage" in row) != ("lifecyclestage" in row) for row in rows)


def test_a_rate_can_be_keyed_by_source(truth):
    """With a rate per source, rows of other sources stay clean."""
    mess = profile_of(
        "hubspot.contacts",
        cells={
            "zip": [{"op": "null_explicit", "on": "person.source", "rates": {"legacy_crm": 1.0}}]
        },
    )
    made = damage(truth, mess, 5)
    sources = {p["contact_id"]: p["source"] for p in truth.rows("people").values()}
    for row in made.tables["hubspot.contacts"].rows():
        assert ("zip" in row) == (sources[row["id"]] != "legacy_crm")


def test_a_signature_damages_columns_together(truth):
    """All cells of a signature are hit in the same rows, as one group of the ledger."""
    mess = profile_of(
        "hubspot.contacts",
        signatures=[{"rate": 0.3, "cells": {"phone": "null_explicit", "zip": "null_sentinel"}}],
    )
    groups = collections.defaultdict(set)
    for entry in damage(truth, mess, 5).ledger.to_pylist():
        groups[entry["group"]].add((entry["id"], entry["column"]))
    assert groups
    for cells in groups.values():
        assert {column for _, column in cells} == {"phone", "zip"}
        assert len({row for row, _ in cells}) == 1


def test_duplicates_leave_a_merge_trail(truth, damaged, entries):
    """Copies of contacts exist; losers are archived and named by winners, and links go stale."""
    rows = {row["id"]: row for row in damaged.tables["hubspot.contacts"].rows()}
    copies = [e["id"] for e in entries if e["operator"] == "duplicate_merge" and not e["column"]]
    assert len(copies) > 0.04 * len(truth.rows("hubspot.contacts"))
    assert not set(copies) & set(truth.rows("hubspot.contacts"))
    losers = [row for row in rows.values() if "hs_merged_into" in row]
    assert losers
    for loser in losers:
        assert loser["archived"] is True
        winner = rows.get(loser["hs_merged_into"])
        assert winner is None or loser["id"] in winner["hs_merged_object_ids"].split(";")
    stale = [
        row
        for row in damaged.tables["stripe.customers"].rows()
        if rows.get(row["metadata"].get("crm_contact_id"), {}).get("archived")
    ]
    assert stale
    marked = {e["id"] for e in entries if e["detail"] == "points at a merged row"}
    original = truth.rows("stripe.customers")
    untouched = [
        row["id"]
        for row in stale
        if row["metadata"]["crm_contact_id"] == original[row["id"]]["metadata"]["crm_contact_id"]
    ]
    assert set(untouched) <= marked


def test_copies_of_a_person_disagree(truth, damaged):
    """Some people have another address in finance and another name in support."""
    people = truth.rows("people").values()
    customers = {row["id"]: row for row in damaged.tables["stripe.customers"].rows()}
    users = {row["id"]: row for row in damaged.tables["zendesk.users"].rows()}
    other_mail = [
        p
        for p in people
        if "customer_id" in p and customers[p["customer_id"]].get("email") == p["private_email"]
    ]
    other_name = [
        p for p in people if "user_id" in p and users[p["user_id"]]["name"] == p["maiden_name"]
    ]
    assert other_mail
    assert other_name


def test_deleted_rows_stay_pointed_at(truth):
    """A deleted contact is gone with its values in the ledger, and links to it remain."""
    mess = profile_of(
        "hubspot.contacts",
        table=[{"op": "orphan_stale_fk", "rate": 0.1, "options": {"mode": "deleted"}}],
    )
    made = damage(truth, mess, 5)
    entries = made.ledger.to_pylist()
    gone = {e["id"] for e in entries if not e["column"]}
    assert gone
    assert not gone & set(made.tables["hubspot.contacts"].ids())
    assert all('"id":' in e["before"] for e in entries if not e["column"])
    links = {row["metadata"]["crm_contact_id"] for row in made.tables["stripe.customers"].rows()}
    assert links & gone
    assert any(e["table"] == "stripe.customers" for e in entries)


def test_orphans_point_at_nothing(truth):
    """An orphaned link names a row that never was."""
    mess = profile_of(
        "hubspot.associations",
        table=[{"op": "orphan_stale_fk", "rate": 1.0, "options": {"column": "to_id"}}],
    )
    made = damage(truth, mess, 5)
    known = {
        row_id for name in ("contacts", "companies") for row_id in truth.rows(f"hubspot.{name}")
    }
    links = {row["to_id"] for row in made.tables["hubspot.associations"].rows()}
    assert len(links & known) <= 0.01 * len(links)


def test_contacts_leave_in_the_course_of_time(truth):
    """The hazard is met: of rows that are m months old, 1 - (1 - h)^m are stale, and unchanged."""
    step = {"op": "orphan_stale_fk", "rate": "100%",
            "options": {"column": "email", "mode": "stale", "hazard": "2.1%"}}  # fmt: skip
    damaged = damage(truth, profile_of("hubspot.contacts", table=[step]), 5)
    entries = damaged.ledger.to_pylist()
    true = truth.rows("hubspot.contacts")
    assert all(true[entry["id"]]["email"] == entry["before"] for entry in entries)
    assert flat(damaged.tables["hubspot.contacts"]) == flat(truth.table("hubspot.contacts"))
    now = truth.recipe.epoch
    ages = [(now - datetime.fromisoformat(row["createdAt"]).timestamp()) // (30 * 86_400)
            for row in true.values()]  # fmt: skip
    expected = sum(1 - 0.979**age for age in ages)
    spread = sum((1 - 0.979**age) * 0.979**age for age in ages) ** 0.5
    assert abs(len(entries) - expected) < 4 * spread
    assert all(re.fullmatch(r"left \d+ months ago", entry["detail"]) for entry in entries)


def test_a_contradiction_contradicts(truth):
    """The mail says that it works and that it does not, and gives a number otherwise."""
    step = {"op": "ticket_thread_noise", "rate": "100%", "options": {"kinds": {"contradiction": 1}}}
    damaged = damage(truth, profile_of("zendesk.tickets", table=[step]), 5)
    said = {text for texts in load_texts().values() for text in (texts["thanks"][0],)}
    unsaid = {text for texts in load_texts().values() for text in (texts["thanks"][-1],)}
    for row in damaged.tables["zendesk.tickets"].rows():
        assert any(text in row["description"] for text in said)
        assert any(text in row["description"] for text in unsaid)
    mail = _Mail("I paid 49.00 EUR.\nBye", "A", "", "en", 0, 1, "k", "direct")
    assert _contradiction(mail)[0].endswith("\nI paid 59.00 EUR.")


def test_injections_can_be_chosen(truth):
    """With kinds of injections named, only these stand in the mails."""
    options = {"kinds": {"injection": 1}, "injections": {"tool_call": 1}}
    step = {"op": "ticket_thread_noise", "rate": "20%", "options": options}
    damaged = damage(truth, profile_of("zendesk.tickets", table=[step]), 5)
    details = {entry["detail"].split(" CANARY")[0] for entry in damaged.ledger.to_pylist()}
    assert details == {"injection tool_call"}


def test_deliveries_come_twice_late_and_never(truth):
    """Deliveries are repeated, delayed, moved before others and lost; events stay as they were."""
    mess = profile_of("stripe.deliveries", table=[{"op": "event_dup_late_reorder", "rate": 0.5}])
    made = damage(truth, mess, 5)
    details = collections.Counter(e["detail"] for e in made.ledger.to_pylist())
    assert set(details) == {"again", "late", "out of order", "lost"}
    events = collections.Counter(row["event"] for row in made.tables["stripe.deliveries"].rows())
    assert max(events.values()) == 2
    assert len(events) == len(truth.rows("stripe.deliveries")) - details["lost"]
    assert made.tables["stripe.events"].ids() == truth.table("stripe.events").ids()


def test_a_receiver_s_clock_can_be_wrong(truth):
    """With another clock each delivery that is hit has its time moved by the same seconds."""
    kinds = {"duplicate": 0, "late": 0, "reorder": 0, "lost": 0, "skewed": 1, "skew": -120}
    mess = profile_of(
        "stripe.deliveries", table=[{"op": "event_dup_late_reorder", "rate": 1, "options": kinds}]
    )
    made = damage(truth, mess, 5).tables["stripe.deliveries"].columns["delivered_at"]
    true = truth.table("stripe.deliveries").columns["delivered_at"]
    assert [b - a for a, b in zip(true.to_pylist(), made.to_pylist(), strict=True)] == (
        [-120] * len(true)
    )


def test_ticket_noise_is_in_the_ticket_and_its_first_comment(truth, damaged, entries):
    """Ticket and first comment carry the same noisy text; injections carry their canary."""
    tickets = {row["id"]: row for row in damaged.tables["zendesk.tickets"].rows()}
    noisy = [e for e in entries if e["operator"] == "ticket_thread_noise"]
    first = {}
    for row in damaged.tables["zendesk.comments"].rows():
        first.setdefault(row["ticket_id"], row["body"])
    assert {e["table"] for e in noisy} == {"zendesk.tickets", "zendesk.comments"}
    for row_id in {e["id"] for e in noisy if e["table"] == "zendesk.tickets"}:
        assert tickets[row_id]["description"] == first[row_id]
    injected = [e for e in noisy if e["detail"].startswith("injection")]
    assert injected
    for entry in injected:
        if entry["table"] == "zendesk.tickets":
            token = canary(f"{7}/{entry['id']}")
            assert token in tickets[entry["id"]]["description"]
            assert entry["detail"].endswith(token)


def test_ticket_noise_knows_its_kinds(truth):
    """Every kind of noise occurs and keeps the request readable."""
    mess = profile_of("zendesk.tickets", table=[{"op": "ticket_thread_noise", "rate": 1.0}])
    made = damage(truth, mess, 5)
    kinds = {e["detail"].split()[0] for e in made.ledger.to_pylist()}
    assert kinds >= {"quote", "signature", "html", "auto_reply", "personal_data", "injection"}
    true = truth.rows("zendesk.tickets")
    for row in made.tables["zendesk.tickets"].rows():
        line = true[row["id"]]["description"].split("\n\n")[1]
        readable = re.sub(r"&(amp|gt|lt);", "&", row["description"])
        assert line in readable or line in row["description"], row["description"]


def test_vendors_fields_hold_what_is_written(damaged):
    """Amounts, flags and times of the finance system keep the vendor's types."""
    for name, table in damaged.tables.items():
        for column, values in table.columns.items():
            assert values.type == column_of(name, column).type
    for charge in damaged.tables["stripe.charges"].rows():
        assert isinstance(charge["amount"], int)
        assert charge["currency"]


def test_added_rows_are_damaged_too(small):
    """Tickets that were added to the truth get their share of the mess, and their own ledger."""
    truth = build_truth(small, 4)
    user = next(row for row in truth.rows("zendesk.users").values() if row["role"] == "end-user")
    truth.add_rows(
        "zendesk.tickets",
        [
            {
                "id": f"88{n:03d}",
                "subject": "Refund",
                "description": "Hi,\n\nplease refund.\n\nBye",
                "requester_id": user["id"],
                "status": "new",
                "created_at": "2026-10-01T12:00:00Z",
            }
            for n in range(60)
        ],
    )
    made = damage(truth, load_profile("mid_market"), 4)
    touched = {e["id"] for e in made.ledger.to_pylist() if e["id"].startswith("88")}
    assert 5 <= len(touched) <= 55
    assert "88000" in made.tables["zendesk.tickets"].ids()


@pytest.mark.parametrize("name", ["tidy", "mid_market", "enterprise"])
def test_shipped_profiles_leave_mess(name):
    """Each shipped profile loads and leaves mess in a world; the ledger has its columns."""
    truth = build_truth(Recipe(customers=120), 2)
    made = damage(truth, load_profile(name), 2)
    assert made.ledger.schema == LEDGER
    assert made.ledger.num_rows > 50


def test_profiles_differ_in_how_messy_they_are():
    """Tidy is cleaner than mid-market, and that is cleaner than enterprise."""
    truth = build_truth(Recipe(customers=200), 2)
    counts = [
        damage(truth, load_profile(name), 2).ledger.num_rows
        for name in ("tidy", "mid_market", "enterprise")
    ]
    assert counts == sorted(counts)
    assert counts[0] * 2 < counts[2]


def test_unflatten_nests_and_decodes():
    """Flat cells become nested rows; broken JSON stays text."""
    assert unflatten([("id", "1"), ("x:json", "{bad"), ("a.b", 1), ("n", None)]) == {
        "id": "1",
        "x": "{bad",
        "a": {"b": 1},
    }
