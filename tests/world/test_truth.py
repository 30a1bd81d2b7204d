"""The clean world: it joins, it adds up, and nothing in it belongs to anybody."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

import phonenumbers
import pytest

from understudy.world.locales import LOCALES
from understudy.world.recipe import Recipe
from understudy.world.schema import TABLES
from understudy.world.truth import build_truth

REFERENCES = [
    ("stripe.customers", ("metadata", "crm_contact_id"), "hubspot.contacts"),
    ("stripe.subscriptions", ("customer",), "stripe.customers"),
    ("stripe.subscriptions", ("price",), "stripe.prices"),
    ("stripe.prices", ("product",), "stripe.products"),
    ("stripe.invoices", ("customer",), "stripe.customers"),
    ("stripe.invoices", ("subscription",), "stripe.subscriptions"),
    ("stripe.invoices", ("charge",), "stripe.charges"),
    ("stripe.invoices", ("payment_intent",), "stripe.payment_intents"),
    ("stripe.payment_intents", ("latest_charge",), "stripe.charges"),
    ("stripe.charges", ("invoice",), "stripe.invoices"),
    ("stripe.charges", ("payment_intent",), "stripe.payment_intents"),
    ("stripe.refunds", ("charge",), "stripe.charges"),
    ("stripe.disputes", ("charge",), "stripe.charges"),
    ("stripe.credit_notes", ("invoice",), "stripe.invoices"),
    ("stripe.deliveries", ("event",), "stripe.events"),
    ("hubspot.contacts", ("hubspot_owner_id",), "hubspot.owners"),
    ("hubspot.deals", ("hubspot_owner_id",), "hubspot.owners"),
    ("zendesk.users", ("organization_id",), "zendesk.organizations"),
    ("zendesk.tickets", ("requester_id",), "zendesk.users"),
    ("zendesk.tickets", ("assignee_id",), "zendesk.users"),
    ("zendesk.comments", ("ticket_id",), "zendesk.tickets"),
    ("zendesk.comments", ("author_id",), "zendesk.users"),
]


def _cell(row, path):
    for part in path:
        row = row.get(part) if row else None
    return row


@pytest.mark.parametrize(("table", "path", "target"), REFERENCES, ids=str)
def test_every_reference_leads_to_a_row(truth, table, path, target):
    """In the truth no link is broken, and each link is used."""
    held = [value for row in truth.rows(table).values() if (value := _cell(row, path))]
    assert held
    assert set(held) <= set(truth.rows(target))


def test_associations_join_rows_of_the_named_types(truth):
    """A CRM association names two rows that are there, of the types it says."""
    for link in truth.rows("hubspot.associations").values():
        assert link["from_id"] in truth.rows(f"hubspot.{link['from_type']}")
        assert link["to_id"] in truth.rows(f"hubspot.{link['to_type']}")


def test_ids_stand_once_in_each_table(truth):
    """No table has two rows of one id."""
    for name in truth.names():
        ids = truth.table(name).ids()
        assert len(ids) == len(set(ids)), name


def test_one_person_is_the_same_in_all_systems(truth):
    """The hidden people name the rows of all three systems, and the copies agree."""
    for person in truth.rows("people").values():
        contact = truth.get("hubspot.contacts", person["contact_id"])
        assert contact["email"] == person["email"]
        if "customer_id" in person:
            customer = truth.get("stripe.customers", person["customer_id"])
            assert customer["email"] == person["email"]
            assert customer["metadata"]["crm_contact_id"] == person["contact_id"]
        if "user_id" in person:
            assert truth.get("zendesk.users", person["user_id"])["name"] == person["name"]


def test_money_adds_up(truth):
    """Invoices, charges, refunds and the balance agree to the minor unit."""
    for invoice in truth.rows("stripe.invoices").values():
        assert invoice["subtotal"] + invoice["tax"] == invoice["total"] == invoice["amount_due"]
        assert invoice["amount_paid"] + invoice["amount_remaining"] == invoice["total"]
        assert sum(line["amount"] for line in invoice["lines"]) == invoice["subtotal"]
        if "charge" in invoice:
            assert truth.get("stripe.charges", invoice["charge"])["amount"] == invoice["total"]
    refunded: dict[str, int] = {}
    for refund in truth.rows("stripe.refunds").values():
        refunded[refund["charge"]] = refunded.get(refund["charge"], 0) + refund["amount"]
    for charge in truth.rows("stripe.charges").values():
        assert charge["amount_refunded"] == refunded.get(charge["id"], 0) <= charge["amount"]
        assert charge["refunded"] == (charge["amount_refunded"] == charge["amount"])
    for entry in truth.rows("stripe.balance_transactions").values():
        assert entry["amount"] - entry["fee"] == entry["net"]


def test_the_mix_of_places_and_money(truth):
    """At least six locales, four scripts, and currencies with 0, 2 and 3 minor digits."""
    people = truth.rows("people").values()
    assert len({person["locale"] for person in people}) >= 6
    scripts = {unicodedata.name(person["lastname"][0]).split()[0] for person in people}
    assert scripts >= {"LATIN", "GREEK", "CYRILLIC", "CJK", "ARABIC"}
    currencies = {row["currency"] for row in truth.rows("stripe.charges").values()}
    assert currencies >= {"eur", "usd", "gbp", "jpy", "kwd"}


def test_deal_amounts_have_their_currencies_digits(truth):
    """A deal in yen has no decimals, one in dinars three, all others two."""
    for deal in truth.rows("hubspot.deals").values():
        digits = {"JPY": 0, "KWD": 3}.get(deal["deal_currency_code"], 2)
        assert re.fullmatch(r"\d+" + (rf"\.\d{{{digits}}}" if digits else ""), deal["amount"])


def test_nothing_belongs_to_anybody(truth):
    """Mail goes to example domains only, and every telephone number lies in its country's mask."""
    for table, column in (
        ("hubspot.contacts", "email"),
        ("stripe.customers", "email"),
        ("stripe.charges", "receipt_email"),
        ("zendesk.users", "email"),
        ("hubspot.owners", "email"),
    ):
        for row in truth.rows(table).values():
            assert re.search(r"[@.]example\.(com|net|org)$", row[column]), row[column]
    masks = [re.escape(each.phone).replace(r"\#", r"\d") for each in LOCALES.values()]
    for row in truth.rows("hubspot.contacts").values():
        assert re.fullmatch("|".join(masks), row["phone"]), row["phone"]


KEPT_FOR_FICTION = {
    "US": r"\d{3}55501\d\d",  # nanpa.com: line numbers 0100 to 0199 of 555 in every area
    "GB": r"2079460\d{3}",  # Ofcom, "Numbers for use in TV and radio drama": London
    "DE": r"3023125\d{3}",  # Bundesnetzagentur, Mitteilung 148/2021: Berlin
    "FR": r"19900\d{4}",  # ARCEP's numbering plan: 01 99 00 is for audio-visual works
}
"""National numbers that a regulator keeps for works of fiction."""


@pytest.mark.parametrize("name", LOCALES)
def test_no_telephone_number_reaches_anyone(name):
    """Kept for fiction by the regulator, or nothing that the country's numbering plan assigns."""
    locale = LOCALES[name]
    for digit in "0123456789":
        number = phonenumbers.parse(locale.phone.replace("#", digit))
        kept = KEPT_FOR_FICTION.get(locale.country)
        national = str(number.national_number)
        if kept:
            assert re.fullmatch(kept, national) or locale.phone[3:6] == "###", national
        else:
            assert not phonenumbers.is_valid_number(number), national


def test_times_lie_between_the_beginning_and_the_present(truth, recipe):
    """Nothing happens after the world's present, and times are what the vendors write."""
    now = recipe.epoch
    for name in truth.names():
        for row in truth.rows(name).values():
            created = row.get("created") or row.get("created_at") or row.get("createdAt")
            if isinstance(created, str):
                created = datetime.fromisoformat(created).timestamp()
            assert created is None or created <= now, (name, row)


def test_every_table_has_the_schemas_columns(truth):
    """Each table has exactly the columns of the contract, so systems can rely on them."""
    for name in truth.names():
        if name in TABLES:
            assert set(truth.table(name).columns) == set(TABLES[name])


def test_rows_can_be_added(small):
    """Added rows join the world as nested dicts and are found like its own."""
    world = build_truth(small, 1)
    user = next(row for row in world.rows("zendesk.users").values() if row["role"] == "end-user")
    ticket = {
        "id": "77001",
        "subject": "Refund",
        "requester_id": user["id"],
        "tags": ["refund"],
        "via": {"channel": "email"},
    }
    assert world.add_rows("zendesk.tickets", [ticket]) == ["77001"]
    assert world.get("zendesk.tickets", "77001") == ticket
    assert list(world.table("zendesk.tickets").rows())[-1] == ticket
    extra = list(world.all_blocks())[-1].tables
    people = extra["people"].columns["user_id"].to_pylist()
    assert people[extra["zendesk.tickets"].people[0]] == user["id"]


@pytest.mark.parametrize(
    ("table", "row", "said"),
    [
        ("zendesk.ticket", {"id": "1"}, "no table"),
        ("zendesk.tickets", {"subject": "x"}, "needs a text `id`"),
        ("zendesk.macros", {"id": "360000010001"}, "already"),
    ],
)
def test_rows_that_do_not_fit_are_refused(small, table, row, said):
    """An unknown table, a row without id and an id that is there are refused by name."""
    with pytest.raises(ValueError, match=said):
        build_truth(small, 1).add_rows(table, [row])


def test_the_smallest_world_builds():
    """One customer, nobody private, no tickets: every table is there, if empty."""
    world = build_truth(Recipe(customers=1, leads=0.0, private=0.0, tickets_per_person=0), 3)
    assert len(world.rows("stripe.customers")) == 1
    assert len(world.rows("zendesk.tickets")) == 0
