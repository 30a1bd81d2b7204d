"""Answers are of the version of the API that they say they are, in the forms of that version."""

import pytest

from understudy.doors.transports import installed

OLD = "2024-06-20"
NOW = "2026-10-28.endive"


@pytest.fixture
def client_of(call, engine):
    """Stripe's client with the case's key, pinned to a version or not."""
    import stripe

    key = call.session.credentials["stripe"]["api_key"]
    with installed(engine):
        yield lambda version=None: stripe.StripeClient(key, stripe_version=version)


def bought(client):
    """A customer's subscription, begun and paid."""
    given = {"customer": "cus_bob", "items": [{"price": "price_pro"}]}
    return client.v1.subscriptions.create(given)


def headers_of(call, **headers):
    """The answer's headers and status to a read with these headers."""
    answer = call.send("stripe.charges.retrieve", id="ch_0001", headers=headers)
    return dict(answer.headers), answer.status


@pytest.mark.parametrize("version", [None, NOW, OLD, "2025-03-31.basil", "2020-08-27; x_beta=v1"])
def test_an_answer_states_the_version_that_was_asked_for(call, version):
    """The account's own where none is, and so however often it is asked."""
    asked = {} if version is None else {"stripe-version": version}
    for _ in range(3):
        shown, status = headers_of(call, **asked)
        stated = [value for name, value in shown.items() if name == "stripe-version"]
        assert (status, stated) == (200, [(version or NOW).partition(";")[0]])


@pytest.mark.parametrize("version", ["endive", "2024-6-20", "2022-08-02", "", "2031-01-01.later"])
def test_what_is_no_version_is_refused(call, version):
    """As at the vendor, reads and writes, and a write is an attempt without an effect."""
    named = {"stripe-version": version}
    status, body = call.read(call.send("stripe.charges.retrieve", id="ch_0001", headers=named))
    assert (status, body["error"]["type"]) == (400, "invalid_request_error")
    assert body["error"]["message"] == f"Invalid Stripe API version: {version}"
    status, _ = call.raw("stripe", "POST", "/v1/refunds", b"charge=ch_0001", stripe_version=version)
    assert (status, call.last.response_status, call.session.effect()) == (400, 400, {})


def test_an_invoice_and_its_payment_as_the_client_reads_them(client_of):
    """By the attributes that the installed client declares, from either end."""
    client = client_of()
    begun = bought(client)
    invoice = client.v1.invoices.retrieve(
        begun.latest_invoice, {"expand": ["payments.data.payment.payment_intent"]}
    )
    assert invoice.parent.subscription_details.subscription == begun.id
    [payment] = invoice.payments.data
    assert (payment.status, payment.is_default, payment.amount_paid) == ("paid", True, 4900)
    intent = payment.payment.payment_intent
    told = {"payment": {"type": "payment_intent", "payment_intent": intent.id}}
    [found] = client.v1.invoice_payments.list(told).data
    assert (found.id, found.invoice) == (payment.id, invoice.id)
    assert client.v1.invoice_payments.retrieve(payment.id).payment.payment_intent == intent.id
    line = invoice.lines.data[0]
    assert (line.pricing.price_details.price, line.pricing.price_details.product) == (
        "price_pro", "prod_1",
    )  # fmt: skip
    item = begun["items"].data[0]
    assert item.current_period_end > item.current_period_start > 0
    for gone in (invoice, begun, intent, client.v1.charges.retrieve(intent.latest_charge)):
        names = ("charge", "invoice", "payment_intent", "paid", "subscription", "tax")
        kept = {"charge": ("paid",)}.get(gone.object, ())
        assert not [n for n in names if n in gone and n not in (*kept, "payment_intent")]
        assert "current_period_end" not in gone


def test_a_pinned_client_gets_the_forms_of_its_version(client_of):
    """Objects of before 2025-03-31 and their expansions; a page, a search and an error too."""
    client = client_of(OLD)
    expand = ["latest_invoice.payment_intent.latest_charge.invoice"]
    begun = client.v1.subscriptions.create(
        {"customer": "cus_bob", "items": [{"price": "price_pro"}], "expand": expand}
    )
    invoice = begun.latest_invoice
    assert (invoice.paid, invoice.subscription, invoice.tax) == (True, begun.id, None)
    assert invoice.payment_intent.invoice == invoice.id
    assert invoice.payment_intent.latest_charge.invoice.id == invoice.id
    assert begun.current_period_end > begun.current_period_start
    [line] = invoice.lines.data
    assert (line.type, line.price.id, line.plan.interval) == (
        "subscription", "price_pro", "month",
    )  # fmt: skip
    for newer, shown in (("parent", invoice), ("payments", invoice), ("pricing", line)):
        assert newer not in shown
    assert "current_period_end" not in begun["items"].data[0]
    assert client.v1.charges.list({"limit": 1, "customer": "cus_ada"}).data[0].invoice == "in_open"
    found = client.v1.invoices.search({"query": "status:'open' AND customer:'cus_ada'"}).data
    assert [each.payment_intent for each in found] == [None]


def test_each_version_expands_what_it_has(call):
    """What is no member of an object in its version cannot be expanded there."""
    for version, path in ((NOW, "charge"), (NOW, "payment_intent"), (OLD, "payments")):
        answer = call.send("stripe.invoices.retrieve", id="in_paid", expand=[path],
                           headers={"stripe-version": version})  # fmt: skip
        status, body = call.read(answer)
        assert (status, body["error"]["param"]) == (400, "expand")


def test_lists_that_were_once_shown_unasked(call):
    """Charges of an intent and refunds of a charge until 2022-11-15, sources until 2020-08-27."""

    def shown(path, version):
        return call.raw("stripe", "GET", f"/v1/{path}", stripe_version=version)[1]

    charges = shown("payment_intents/pi_0001", "2022-08-01")["charges"]["data"]
    assert [(each["id"], each["refunds"]["data"]) for each in charges] == [("ch_0001", [])]
    assert "charges" not in shown("payment_intents/pi_0001", "2022-11-15")
    assert "refunds" not in shown("charges/ch_0001", "2022-11-15")
    listed = shown("customers/cus_ada", "2020-03-02")["subscriptions"]["data"]
    assert [each["id"] for each in listed] == ["sub_ada"]
    assert "sources" not in shown("customers/cus_ada", "2020-08-27")


def test_versions_share_what_is_written_and_nothing_that_is_kept(call, caller_of):
    """One case writes in the one and reads in the other; kept answers are of their own version."""
    path = "/v1/charges?limit=2&customer=cus_ada"
    for other in ("case-a", "case-b", "case-c"):
        caller = caller_of(other)
        new = caller.raw("stripe", "GET", path)[1]["data"]
        old = caller.raw("stripe", "GET", path, stripe_version=OLD)[1]["data"]
        assert ["invoice" in each for each in (*new, *old)] == [False, False, True, True]
    call.raw("stripe", "POST", "/v1/charges/ch_0001", b"description=x", stripe_version=OLD)
    assert call.ok("stripe.charges.retrieve", id="ch_0001")["description"] == "x"


def test_invoice_payments_are_listed(call):
    """Those of all invoices, of one, by their state; pages, unknown ids and words are as usual."""
    whole = call.ok("stripe.invoice_payments.list", limit=100)["data"]
    assert {each["invoice"] for each in whole} == {"in_open"}
    first = call.ok("stripe.invoice_payments.list", invoice="in_open", limit=2)
    assert (first["data"], first["has_more"]) == (whole[:2], True)
    after = call.ok("stripe.invoice_payments.list", limit=1, starting_after=whole[0]["id"])
    assert after["data"] == whole[1:2]
    before = call.ok("stripe.invoice_payments.list", limit=5, ending_before=whole[2]["id"])
    assert (before["data"], before["has_more"]) == (whole[:2], False)
    opened = call.ok("stripe.invoice_payments.list", status="open")["data"]
    assert all(each["status"] == "open" for each in opened)
    for wrong in ({"status": "won"}, {"starting_after": "inpay_none"}, {"payment": {"x": "1"}},
                  {"starting_after": whole[0]["id"], "ending_before": whole[1]["id"]}):  # fmt: skip
        assert 400 <= call("stripe.invoice_payments.list", **wrong)[0] < 500
    for nobody in ("inpay_none", "pi_0001"):
        assert call("stripe.invoice_payments.retrieve", id=nobody)[0] == 404
    shown = call.ok("stripe.invoice_payments.retrieve", id=whole[0]["id"], expand=["invoice"])
    assert shown["invoice"]["id"] == "in_open"
