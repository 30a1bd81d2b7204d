"""Vendors' CSV: dashboards, reports, Sigma, index pages and property histories."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from tests.traffic import exports as x

from understudy.model.case import LinkConfidence
from understudy.traffic.detect import detect_format
from understudy.traffic.exports.importing import ExportOptions, import_exports
from understudy.traffic.exports.vendors import VENDORS
from understudy.traffic.recording import read_recording
from understudy.world.store import load_world

PAYMENTS = """id;Created date (UTC);Amount;Amount Refunded;Currency;Status;Customer ID;\
Refunded date (UTC);order (metadata)
ch_1aaaaaaaaaaa;2026-06-20 00:00;1.012,00;1.012,00;eur;Refunded;cus_1aaaaaaa;2026-07-01 10:35;A-1
"""
SIGMA = """id,amount,charge_id,created,currency,status,reason,balance_transaction_id
re_1aaaaaaaaaaa,1200,ch_1aaaaaaaaaaa,2026-07-01 10:35:00,eur,succeeded,duplicate,txn_1
"""
BALANCE = """balance_transaction_id,created_utc,created,currency,gross,fee,net,reporting_category,\
source_id,charge_id
txn_1aaaaaaaaaa,2026-07-01 10:35:00,2026-07-01 12:35:00,eur,-12.00,0.00,-12.00,refund,\
re_1aaaaaaaaaaa,ch_1aaaaaaaaaaa
"""
HISTORY = """Contact ID\tProperty\tValue\tTimestamp\tSource\tUpdatedByUserId
9001\tphone\t+1 555 0100\t01.01.2026 10:00\tImport\t
9001\tphone\t+1 555 0199\t01.07.2026 12:30\tCRM UI\t77
"""
TICKETS = """Summation column,Id,Requester,Requester id,Subject,Tags,Status,Priority,Via,\
Ticket type,Created at,Updated at
1,1,Ann Field,501,Charged twice,refunded vip,Solved,High,Mail,Question,2026-07-01 12:00,\
2026-07-01 13:00
"""
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def bring(tmp_path):
    """Import a CSV beside JSON of the others."""

    def run(vendor, text, *, name="table.csv", encoding="utf-8", zone=BERLIN, **others):
        table = tmp_path / name
        table.write_bytes(text.encode(encoding))
        assert detect_format(table).name == vendor
        files = [(VENDORS[vendor], table)]
        files += [(VENDORS[each], x.lines(tmp_path / f"{each}.ndjson", found))
                  for each, found in others.items()]  # fmt: skip
        options = ExportOptions(key=x.KEY, synthetic=True, zone=zone)
        report = import_exports(files, tmp_path / "out", options)
        return report, read_recording(tmp_path / "out")

    return run


DESK = [*x.users(), x.ticket(), *x.audits()]


def refund_in(recording):
    (found,) = [
        each for each in recording.baselines_of("zendesk-1")[0].actions
        if each.operation == "stripe.refunds.create"
    ]  # fmt: skip
    return found


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_dashboard_s_payments_tell_what_was_paid_back_and_when(bring, encoding):
    """Semicolons and commas before the cents, as a European spreadsheet saves it."""
    _, recording = bring("stripe", PAYMENTS, encoding=encoding, zendesk=DESK)
    refund = refund_in(recording)
    assert (refund.amount_minor, refund.currency) == (101200, "EUR")
    assert refund.link is LinkConfidence.TIME_ONLY
    world, at = load_world(recording.path / "world"), recording.cases[0].received_at
    _, body = x.ask(world, at, "stripe.charges.retrieve", id="ch_1aaaaaaaaaaa")
    assert (body["amount"], body["amount_refunded"], body["refunded"]) == (101200, 0, False)
    assert body["metadata"] == {"order": "A-1"}


@pytest.mark.parametrize("text", [SIGMA, BALANCE], ids=["Sigma's table", "the balance report"])
def test_refunds_of_reports_are_those_of_the_api(bring, text):
    """Minor units and API names there, major units and the refund behind a movement here."""
    _, recording = bring("stripe", text, zendesk=DESK)
    refund = refund_in(recording)
    assert (refund.amount_minor, refund.fields["charge"]) == (1200, "ch_1aaaaaaaaaaa")
    assert refund.at == x.moment("2026-07-01T10:35:00Z")


def test_a_history_of_properties_is_a_deed_with_the_value_before(bring):
    """Rows of one object in any order; the zone that HubSpot leaves out is the user's to tell."""
    report, recording = bring("hubspot", HISTORY, zendesk=DESK)
    (change,) = [
        each for each in recording.baselines_of("zendesk-1")[0].actions
        if each.operation == "hubspot.objects.update"
    ]  # fmt: skip
    assert change.at == x.moment("2026-07-01T10:30:00Z")
    assert (change.before["phone"], change.after["phone"]) == ("+1 555 0100", "+1 555 0199")
    assert report.manifest.kept == report.manifest.records == len(DESK) + 2


def test_an_index_page_s_objects_are_state(bring):
    """Labels are the API's properties, and times are the account's own."""
    text = "Record ID,First Name,Email,Create Date\n9001,Ann,ann@corp.com,2026-01-01 10:00\n"
    _, recording = bring("hubspot", text, zendesk=DESK)
    world, at = load_world(recording.path / "world"), recording.cases[0].received_at
    told = {"object_type": "contacts", "id": "9001", "properties": "firstname"}
    _, body = x.ask(world, at, "hubspot.objects.get", **told)
    assert body["properties"]["firstname"] == "Ann"
    assert body["createdAt"] == "2026-01-01T09:00:00Z"


def test_the_tickets_table_shows_how_they_stood(bring):
    """Without audits beside it the end is not told as the state at the trigger."""
    report, recording = bring("zendesk", TICKETS, stripe=[x.stripe_customer()])
    assert report.notes["left over: messages that nobody answered"] == 1
    world = load_world(recording.path / "world")
    row = world.as_of(x.moment("2026-07-01T10:30:00Z")).get("zendesk.tickets", "1")
    assert (row["subject"], row.get("status")) == ("Charged twice", None)


@pytest.mark.parametrize(
    ("vendor", "text", "zone", "reason"),
    [
        ("hubspot", HISTORY, None, "a time without its zone; say which with --zone"),
        ("hubspot", HISTORY.replace("01.07.2026", "7/1/2026"), BERLIN,
         "a date whose day and month cannot be told apart; export ISO dates"),
        ("stripe", SIGMA.replace(",1200,", ",12.00,"), BERLIN,
         "an amount that is no number of minor units"),
        ("stripe", PAYMENTS.replace("eur", ""), BERLIN, "an amount without its currency"),
        ("stripe", PAYMENTS.replace("1.012,00;1.", "1.012,001;1."), BERLIN,
         "an amount with more digits than its currency has"),
        ("zendesk", TICKETS.replace("1,1,Ann", "1,x,Ann"), BERLIN,
         "a ticket's row without `Id` or `Created at`"),
        ("stripe", SIGMA + "re_2,100\n", BERLIN, "2 cells, and the header has 8"),
    ],
    ids=["no zone", "two days", "major in minor", "no currency", "digits", "no id", "cells"],
)  # fmt: skip
def test_rows_that_cannot_be_read_are_quarantined_with_their_byte(
    bring, vendor, text, zone, reason
):
    """Nothing is guessed, and every row is counted once."""
    report, _ = bring(vendor, text, zone=zone, **{
        name: found for name, found in (("zendesk", DESK), ("stripe", [x.stripe_customer()]))
        if name != vendor})  # fmt: skip
    facts = report.manifest
    assert reason in {each.reason for each in report.quarantined}
    assert all("table.csv, byte " in each.where for each in report.quarantined)
    assert facts.records == facts.kept + facts.dropped + facts.repaired + facts.quarantined


def test_a_row_s_byte_is_where_it_stands(bring):
    """Also behind quoted line breaks and letters of several bytes."""
    text = 'id,amount,currency,created,description\nre_1,1,eur,2026-07-01,"ä\nb"\nre_2\n'
    report, _ = bring("stripe", text, zendesk=DESK)
    (broken,) = report.quarantined
    at = int(broken.where.rpartition(" ")[2])
    assert text.encode()[at:] == b"re_2\n"


def test_people_in_tables_are_replaced(tmp_path):
    """Names, addresses and phones of every form are gone, whatever the encoding."""
    told = TICKETS.encode("cp1252", "replace") + "2,2,Zoë Ünal,502,x,,Open,,Mail,,,\n".encode(
        "cp1252"
    )
    (tmp_path / "tickets.csv").write_bytes(told)
    (tmp_path / "history.tsv").write_text(
        HISTORY + "9001\temail\tann@corp.com\t2026-07-01\tAPI\t\n"
    )
    files = [
        (VENDORS["zendesk"], tmp_path / "tickets.csv"),
        (VENDORS["hubspot"], tmp_path / "history.tsv"),
    ]
    import_exports(files, tmp_path / "out", ExportOptions(key=x.KEY, zone=BERLIN))
    kept = b"".join(each.read_bytes() for each in (tmp_path / "out").rglob("*") if each.is_file())
    for secret in (b"Ann Field", b"ann@corp.com", b"555 0199", "Zoë".encode()):
        assert secret not in kept
