"""Subscriptions of several items, and what changes within their period give back and cost."""

import pytest

from understudy.model.action import ActionClass

OLDER = "2024-06-20"
UPDATE = "stripe.subscriptions.update"


@pytest.fixture
def seat(call):
    """Another price of the same period."""
    return call.ok("stripe.prices.create", product="prod_1", currency="eur", unit_amount=700,
                   recurring={"interval": "month"})["id"]  # fmt: skip


def _told(subscription):
    return [(each["price"]["id"], each["quantity"]) for each in subscription["items"]["data"]]


def _waiting(call):
    return call.ok("stripe.invoiceitems.list", customer="cus_ada", pending=True)["data"]


def test_a_subscription_begins_with_several_items(call, seat):
    """Each has its id and its line on the first invoice, and all that they cost is charged."""
    wanted = [{"price": "price_pro", "quantity": 2}, {"price": seat, "quantity": 3}]
    made = call.ok("stripe.subscriptions.create", customer="cus_ada", items=wanted)
    assert call.last.amount_minor == 2 * 4900 + 3 * 700
    assert _told(made) == [("price_pro", 2), (seat, 3)]
    assert (made["quantity"], made["plan"]) == (None, None)
    ids = [each["id"] for each in made["items"]["data"]]
    assert len(set(ids)) == 2
    invoice = call.ok("stripe.invoices.retrieve", id=made["latest_invoice"])
    assert [line["amount"] for line in invoice["lines"]["data"]] == [9800, 2100]
    named = [line["parent"]["subscription_item_details"] for line in invoice["lines"]["data"]]
    assert [each["subscription_item"] for each in named] == ids
    assert invoice["amount_paid"] == 11_900
    assert call.ok("stripe.subscriptions.retrieve", id=made["id"])["items"] == made["items"]
    assert made["id"] in [
        each["id"] for each in call.ok("stripe.subscriptions.list", price=seat)["data"]
    ]


def test_items_are_added_changed_and_taken_away(call, seat):
    """What names no id is added; another price is for one unless it says for how many."""
    added = call.ok(UPDATE, id="sub_ada", items=[{"price": seat, "quantity": 3}])
    assert _told(added) == [("price_pro", 2), (seat, 3)]
    assert call.last.amount_minor == 2100
    first, second = (each["id"] for each in added["items"]["data"])
    changed = call.ok(UPDATE, id="sub_ada", items=[{"id": first, "price": "price_basic"}])
    assert _told(changed) == [("price_basic", 1), (seat, 3)]
    left = call.ok(UPDATE, id="sub_ada", items=[{"id": second, "deleted": True}])
    assert _told(left) == [("price_basic", 1)]
    assert left["items"]["data"][0]["id"] == first


@pytest.mark.parametrize(
    ("items", "status", "said"),
    [
        ([{"quantity": 3}], 400, "items[0][price]"),
        ([{"price": "price_pro"}], 400, "Cannot add multiple subscription items"),
        ([{"price": "price_none"}], 400, "No such price"),
        ([{"id": "si_1", "deleted": True}], 400, "at least one active plan"),
        ([{"id": "si_1", "quantity": -1}], 400, "greater than or equal to 0"),
        ("much", 400, "Invalid array"),
        ([{"price": "yearly"}], 400, "Found mismatch in interval field"),
        ([{"price": "dollars"}], 400, "Found mismatch in currency field"),
    ],
)
def test_items_that_cannot_be(call, items, status, said):
    """Refused as Stripe does, and nothing is changed or booked."""
    for name, given in {"yearly": ("eur", "year"), "dollars": ("usd", "month")}.items():
        if [{"price": name}] == items:
            made = call.ok("stripe.prices.create", product="prod_1", currency=given[0],
                           unit_amount=900, recurring={"interval": given[1]})  # fmt: skip
            items = [{"price": made["id"]}]
    assert said in call.refused(UPDATE, status, id="sub_ada", items=items)["message"]


def test_an_item_of_no_subscription_is_no_item(call, seat):
    """Once the items have ids of their own, another id is unknown."""
    call.ok(UPDATE, id="sub_ada", items=[{"price": seat}])
    error = call.refused(UPDATE, 404, id="sub_ada", items=[{"id": "si_none", "quantity": 3}])
    assert (error["code"], error["param"]) == ("resource_missing", "items[0][id]")


def test_a_change_books_its_prorations(call):
    """The next invoice has them waiting as the preview told; they are of the subscription."""
    wanted = [{"id": "si_1", "price": "price_basic", "quantity": 4}]
    at = int(call.session.clock.seconds)
    preview = call.ok(
        "stripe.invoices.create_preview", subscription="sub_ada",
        subscription_details={"items": wanted, "proration_date": at},
    )  # fmt: skip
    told = [line["amount"] for line in preview["lines"]["data"][:2]]
    call.ok(UPDATE, id="sub_ada", items=wanted, proration_date=at)
    items = _waiting(call)
    assert sorted(each["amount"] for each in items) == sorted(told)
    assert all(each["proration"] for each in items)
    (named,) = {each["parent"]["subscription_details"]["subscription"] for each in items}
    assert named == "sub_ada"
    following = call.ok("stripe.invoices.create_preview", subscription="sub_ada")
    assert following["total"] == 4 * 1900 + sum(told)
    invoice = call.ok("stripe.invoices.create", customer="cus_ada", subscription="sub_ada",
                      pending_invoice_items_behavior="include")  # fmt: skip
    details = [line["parent"]["subscription_item_details"] for line in invoice["lines"]["data"]]
    assert [(each["proration"], bool(each["invoice_item"])) for each in details] == 2 * [
        (True, True)
    ]
    assert (invoice["total"], _waiting(call)) == (sum(told), [])
    _, older = call.raw("stripe", "GET", f"/v1/invoiceitems/{items[0]['id']}", stripe_version=OLDER)
    assert older["subscription"] == "sub_ada"


def test_an_invoice_of_a_subscription_takes_what_is_of_it(call):
    """Made by hand it leaves all else waiting; what the subscription bills itself does not."""
    given = {"customer": "cus_ada", "currency": "eur"}
    call.ok("stripe.invoiceitems.create", amount=300, **given)
    call.raw("stripe", "POST", "/v1/invoiceitems",
             b"customer=cus_ada&currency=eur&amount=700&subscription=sub_ada")  # fmt: skip
    preview = call.ok("stripe.invoices.create_preview", subscription="sub_ada")
    assert preview["total"] == 9800 + 300 + 700
    made = call.ok("stripe.invoices.create", subscription="sub_ada",
                   pending_invoice_items_behavior="include", **given)  # fmt: skip
    assert (made["total"], [each["amount"] for each in _waiting(call)]) == (700, [300])
    rest = call.ok("stripe.invoices.create", pending_invoice_items_behavior="include", **given)
    assert (rest["total"], _waiting(call)) == (300, [])
    body = b"customer=cus_ada&currency=eur&amount=700&subscription=sub_none"
    status, refused = call.raw("stripe", "POST", "/v1/invoiceitems", body)
    assert (status, refused["error"]["param"]) == (404, "subscription")


def test_a_change_books_nothing_where_none_is_asked_for(call):
    """Neither with `none`, nor for a subscription that is paused, nor where nothing differs."""
    call.ok(UPDATE, id="sub_ada", items=[{"id": "si_1", "quantity": 3}], proration_behavior="none")
    call.ok(UPDATE, id="sub_ada", items=[{"id": "si_1", "quantity": 3}])
    call.ok(UPDATE, id="sub_paused", items=[{"id": "si_1", "quantity": 3}])
    assert call.ok("stripe.invoiceitems.list")["data"] == []
    assert "proration_behavior" in call.refused(
        UPDATE, id="sub_ada", items=[{"id": "si_1"}], proration_behavior="sometimes"
    )["message"]  # fmt: skip


def test_prorations_are_invoiced_at_once_where_that_is_asked_for(call):
    """`always_invoice` charges what a dearer plan costs more for the rest of the period."""
    wanted = [{"id": "si_1", "quantity": 6}]
    changed = call.ok(UPDATE, id="sub_ada", items=wanted, proration_behavior="always_invoice")
    invoice = call.ok("stripe.invoices.retrieve", id=changed["latest_invoice"])
    assert (invoice["status"], invoice["billing_reason"]) == ("paid", "subscription_update")
    assert 0 < invoice["amount_paid"] == invoice["total"] < 4 * 4900
    assert _waiting(call) == []
    (payment,) = call.ok("stripe.invoice_payments.list", invoice=invoice["id"])["data"]
    assert (payment["status"], payment["amount_paid"]) == ("paid", invoice["amount_paid"])


def test_a_price_may_be_spelt_out_where_it_is_used(call):
    """`price_data` of a subscription's item, or an invoice's, becomes a price of its own."""
    body = (
        b"customer=cus_ada&items[0][quantity]=2&items[0][price_data][currency]=eur"
        b"&items[0][price_data][product]=prod_1&items[0][price_data][unit_amount]=700"
        b"&items[0][price_data][recurring][interval]=month"
    )
    status, made = call.raw("stripe", "POST", "/v1/subscriptions", body)
    assert (status, call.last.amount_minor, call.last.currency) == (200, 1400, "EUR")
    (item,) = made["items"]["data"]
    price = call.ok("stripe.prices.retrieve", id=item["price"]["id"])
    assert (price["unit_amount"], price["active"], price["type"]) == (700, False, "recurring")
    assert call.ok("stripe.invoices.retrieve", id=made["latest_invoice"])["amount_paid"] == 1400
    body = (
        b"customer=cus_ada&quantity=3&price_data[currency]=eur&price_data[product]=prod_1"
        b"&price_data[unit_amount]=50"
    )
    status, item = call.raw("stripe", "POST", "/v1/invoiceitems", body)
    assert (status, item["amount"], call.last.amount_minor) == (200, 150, 150)
    body = b"customer=cus_ada&price_data[currency]=eur&price_data[product]=prod_none"
    status, refused = call.raw("stripe", "POST", "/v1/invoiceitems", body)
    assert (status, refused["error"]["param"]) == (400, "unit_amount")


def test_a_subscription_may_end_with_its_period_by_name(call):
    """`cancel_at` takes the end of the period by its name."""
    body = b"cancel_at=max_period_end"
    status, changed = call.raw("stripe", "POST", "/v1/subscriptions/sub_ada", body)
    (item,) = changed["items"]["data"]
    assert (status, changed["cancel_at"]) == (200, item["current_period_end"])


def _price(call, unit, interval=None):
    told = {"recurring": {"interval": interval}} if interval else {}
    return call.ok("stripe.prices.create", product="prod_1", currency="eur", unit_amount=unit,
                   **told)["id"]  # fmt: skip


def test_another_interval_begins_a_new_period(call):
    """What is not used is given back, the new period charged at once, and dated from now."""
    yearly = _price(call, 50_000, "year")
    changed = call.ok(UPDATE, id="sub_ada", items=[{"id": "si_1", "price": yearly}])
    invoice = call.ok("stripe.invoices.retrieve", id=changed["latest_invoice"])
    whole, unused = (line["amount"] for line in invoice["lines"]["data"])
    assert (whole, invoice["status"]) == (50_000, "paid")
    assert -2 * 4900 < unused < 0
    assert invoice["amount_paid"] == whole + unused
    (item,) = changed["items"]["data"]
    assert item["current_period_end"] - item["current_period_start"] in (365 * 86_400, 366 * 86_400)
    assert item["current_period_start"] >= changed["created"]
    assert _waiting(call) == []


def test_a_period_begins_anew_where_that_is_asked_for(call):
    """`billing_cycle_anchor=now` charges the whole period now; without prorations nothing else."""
    path = "/v1/subscriptions/sub_ada"
    body = b"billing_cycle_anchor=now&proration_behavior=none"
    _, changed = call.raw("stripe", "POST", path, body)
    invoice = call.ok("stripe.invoices.retrieve", id=changed["latest_invoice"])
    assert [line["amount"] for line in invoice["lines"]["data"]] == [9800]
    trial = call.ok("stripe.subscriptions.create", customer="cus_ada", trial_period_days=7,
                    items=[{"price": "price_pro"}])  # fmt: skip
    ended = call.ok(UPDATE, id=trial["id"], trial_end="now")
    first = call.ok("stripe.invoices.retrieve", id=ended["latest_invoice"])
    assert (ended["status"], first["amount_paid"]) == ("active", 4900)


def test_a_change_that_nobody_pays_leaves_the_subscription_past_due(call):
    """The change stands, its invoice is open, and paying it makes the subscription active."""
    card = call.ok("stripe.payment_methods.attach", id="pm_card_chargeCustomerFail",
                   customer="cus_ada")["id"]  # fmt: skip
    call.raw(
        "stripe", "POST", "/v1/subscriptions/sub_ada", f"default_payment_method={card}".encode()
    )
    changed = call.ok(UPDATE, id="sub_ada", proration_behavior="always_invoice",
                      items=[{"id": "si_1", "quantity": 6}])  # fmt: skip
    assert (changed["status"], _told(changed)) == ("past_due", [("price_pro", 6)])
    invoice = call.ok("stripe.invoices.retrieve", id=changed["latest_invoice"])
    assert (invoice["status"], invoice["attempt_count"]) == ("open", 1)
    call.ok("stripe.invoices.pay", id=invoice["id"], payment_method="pm_card_visa")
    assert call.ok("stripe.subscriptions.retrieve", id="sub_ada")["status"] == "active"


def test_what_is_sold_once_is_no_subscription(call):
    """A price without an interval is refused as an item."""
    once = _price(call, 900)
    error = call.refused("stripe.subscriptions.create", customer="cus_ada", items=[{"price": once}])
    assert (error["param"], "type=recurring" in error["message"]) == ("items[0][price]", True)


def test_what_ends_at_once_gives_back_what_is_not_used(call):
    """`prorate` books the credit, and `invoice_now` leaves it on the customer's balance."""
    ended = call.ok("stripe.subscriptions.cancel", id="sub_ada", prorate=True, invoice_now=True)
    invoice = call.ok("stripe.invoices.retrieve", id=ended["latest_invoice"])
    assert (invoice["status"], invoice["total"] < 0) == ("paid", True)
    assert call.ok("stripe.customers.retrieve", id="cus_ada")["balance"] == invoice["total"]


def test_what_is_charged_once_goes_with_the_subscription(call):
    """`add_invoice_items` stand on the first invoice, and later wait for the next one."""
    once = _price(call, 900)
    body = f"customer=cus_ada&items[0][price]=price_pro&add_invoice_items[0][price]={once}"
    _, made = call.raw("stripe", "POST", "/v1/subscriptions", body.encode())
    invoice = call.ok("stripe.invoices.retrieve", id=made["latest_invoice"])
    assert (invoice["amount_paid"], len(invoice["lines"]["data"])) == (4900 + 900, 2)
    body = f"add_invoice_items[0][price]={once}&add_invoice_items[0][quantity]=2"
    assert call.raw("stripe", "POST", "/v1/subscriptions/sub_ada", body.encode())[0] == 200
    assert [each["amount"] for each in _waiting(call)] == [1800]
    body = b"add_invoice_items[0][quantity]=2"
    status, refused = call.raw("stripe", "POST", "/v1/subscriptions/sub_ada", body)
    assert (status, refused["error"]["param"]) == (400, "add_invoice_items[0][price]")


def test_units_may_be_finer_than_minor_ones_and_prices_tiered(call):
    """`unit_amount_decimal` of an item is rounded as a whole; a tiered price has no unit amount."""
    body = b"customer=cus_ada&quantity=4&unit_amount_decimal=12.6&currency=eur"
    status, item = call.raw("stripe", "POST", "/v1/invoiceitems", body)
    assert (status, item["amount"]) == (200, 50)
    body = (
        b"product=prod_1&currency=eur&billing_scheme=tiered&recurring[interval]=month"
        b"&tiers[0][up_to]=inf&tiers[0][unit_amount]=100"
    )
    status, refused = call.raw("stripe", "POST", "/v1/prices", body)
    assert (status, refused["error"]["param"]) == (400, "tiers_mode")
    status, price = call.raw("stripe", "POST", "/v1/prices", body + b"&tiers_mode=volume")
    assert (status, price["unit_amount"], price["tiers_mode"]) == (200, None, "volume")
    assert price["billing_scheme"] == "tiered"
    assert "tiers" not in price


TIERED = (
    b"product=prod_1&currency=eur&billing_scheme=tiered&recurring[interval]=month"
    b"&tiers[0][up_to]=5&tiers[0][unit_amount]=500&tiers[0][flat_amount]=100"
    b"&tiers[1][up_to]=inf&tiers[1][unit_amount_decimal]=400.5&expand[]=tiers&tiers_mode="
)


@pytest.mark.parametrize(("mode", "due"), [(b"graduated", 2600 + 801), (b"volume", 2804)])
def test_a_tiered_price_costs_by_its_tiers(call, mode, due):
    """Each by its own tier or all by the one they reach, with what each tier costs at once."""
    status, price = call.raw("stripe", "POST", "/v1/prices", TIERED + mode)
    assert (status, [each["up_to"] for each in price["tiers"]]) == (200, [5, None])
    items = f"items[0][price]={price['id']}&items[0][quantity]=7".encode()
    given = {"items": [{"price": price["id"], "quantity": 7}]}
    status, told = call(
        "stripe.invoices.create_preview", customer="cus_ada", subscription_details=given
    )
    assert (status, told["total"]) == (200, due)
    body = b"customer=cus_ada&expand[]=latest_invoice&" + items
    status, made = call.raw("stripe", "POST", "/v1/subscriptions", body)
    assert (status, made["latest_invoice"]["total"]) == (200, due)


@pytest.mark.parametrize(
    ("tiers", "param"),
    [("", "tiers"), ("&tiers[0][up_to]=5&tiers[0][unit_amount]=5", "tiers"),
     ("&tiers[0][unit_amount]=5", "tiers[0][up_to]"),
     ("&tiers[0][up_to]=inf", "tiers[0][unit_amount]"),
     ("&tiers[0][up_to]=x&tiers[0][unit_amount]=5", "tiers[0][up_to]"),
     ("&tiers[0][up_to]=inf&tiers[0][unit_amount_decimal]=x", "tiers[0][unit_amount_decimal]"),
     ("&tiers[0][up_to]=9&tiers[0][unit_amount]=5&tiers[1][up_to]=3&tiers[1][unit_amount]=4"
      "&tiers[2][up_to]=inf&tiers[2][unit_amount]=3", "tiers")],
)  # fmt: skip
def test_tiers_are_whole(call, tiers, param):
    """Ascending, the last without an end, each with an amount; else the part at fault is named."""
    head = "product=prod_1&currency=eur&billing_scheme=tiered&tiers_mode=volume&unit_amount=1"
    head = head if not tiers else head.removesuffix("&unit_amount=1")
    status, refused = call.raw("stripe", "POST", "/v1/prices", (head + tiers).encode())
    assert (status, refused["error"]["param"]) == (400, param)


def _spelt(place, unit="700", currency="eur"):
    named = f"{place}[price_data]"
    amount = "unit_amount_decimal" if "." in unit else "unit_amount"
    return (f"{named}[currency]={currency}&{named}[product]=prod_1&{named}[{amount}]={unit}"
            f"&{named}[recurring][interval]=month")  # fmt: skip


def test_parts_of_a_minor_unit_are_charged_for_as_a_whole(call):
    """What so many cost is rounded once, and every invoice's total is the sum of its lines."""
    fine = call.raw("stripe", "POST", "/v1/prices", (
        b"product=prod_1&currency=eur&unit_amount_decimal=10.5&recurring[interval]=month"
    ))[1]["id"]  # fmt: skip
    once = call.raw("stripe", "POST", "/v1/prices",
                    b"product=prod_1&currency=eur&unit_amount_decimal=0.25")[1]["id"]  # fmt: skip
    body = (
        f"customer=cus_ada&items[0][price]={fine}&items[0][quantity]=101&items[1][price]=price_pro"
        f"&add_invoice_items[0][price]={once}&add_invoice_items[0][quantity]=6"
    )
    _, made = call.raw("stripe", "POST", "/v1/subscriptions", body.encode())
    invoice = call.ok("stripe.invoices.retrieve", id=made["latest_invoice"])
    assert [line["amount"] for line in invoice["lines"]["data"]] == [1061, 4900, 2]
    assert (invoice["total"], invoice["amount_paid"]) == (5963, 5963)
    preview = call.ok("stripe.invoices.create_preview", subscription=made["id"],
                      invoice_items=[{"price": once, "quantity": 6}])  # fmt: skip
    assert [line["amount"] for line in preview["lines"]["data"]] == [1061, 4900, 2]
    item = call.ok("stripe.invoiceitems.create", customer="cus_ada", price=once, quantity=6)
    assert (item["amount"], call.last.amount_minor) == (2, 2)
    call.ok(UPDATE, id=made["id"], proration_date=invoice["created"],
            items=[{"id": made["items"]["data"][0]["id"], "quantity": 103}])  # fmt: skip
    told = [each["amount"] for each in _waiting(call) if each["proration"]]
    assert sorted(told) == [-1060, 1082]


def test_a_preview_tells_of_a_price_that_is_spelt_out(call):
    """What it costs stands beside what is given back, and nothing is written."""
    at = int(call.session.clock.seconds)
    body = (
        f"subscription=sub_ada&subscription_details[proration_date]={at}"
        f"&subscription_details[items][0][id]=si_1&{_spelt('subscription_details[items][0]')}"
    )
    before = call.session.effect()
    status, preview = call.raw("stripe", "POST", "/v1/invoices/create_preview", body.encode())
    unused, remaining, following = (line["amount"] for line in preview["lines"]["data"])
    assert (status, unused < 0 < remaining, following) == (200, True, 700)
    assert preview["total"] == unused + remaining + following
    assert call.session.effect() == before


def test_a_preview_may_be_of_what_recurs_only(call):
    """`preview_mode=recurring` leaves out prorations and what is charged once."""
    call.ok("stripe.invoiceitems.create", customer="cus_ada", amount=300, currency="eur")
    body = (
        "subscription=sub_ada&subscription_details[items][0][id]=si_1"
        "&subscription_details[items][0][quantity]=3"
        "&subscription_details[proration_behavior]={}&preview_mode={}"
    )

    def amounts(*said):
        _, told = call.raw(
            "stripe", "POST", "/v1/invoices/create_preview", body.format(*said).encode()
        )
        return [line["amount"] for line in told["lines"]["data"]]

    for behavior in ("create_prorations", "always_invoice", "none"):
        assert amounts(behavior, "recurring") == [3 * 4900]
    assert len(amounts("create_prorations", "next")) == 4
    status, refused = call.raw("stripe", "POST", "/v1/invoices/create_preview",
                               b"subscription=sub_ada&preview_mode=all")  # fmt: skip
    assert (status, refused["error"]["param"]) == (400, "preview_mode")


@pytest.mark.parametrize(("path", "body", "said"), [
    ("", f"items[0][price]=price_pro&{_spelt('items[1]', currency='usd')}", "mismatch in currency"),
    ("", f"items[0][price]=price_pro&{_spelt('add_invoice_items[0]', currency='usd')}",
     "expected currency: `eur`"),
    ("/sub_ada", _spelt("items[0]", currency="usd"), "mismatch in currency"),
    ("/sub_ada", _spelt("add_invoice_items[0]", currency="usd"), "expected currency: `eur`"),
])  # fmt: skip
def test_one_subscription_is_billed_in_one_currency(call, path, body, said):
    """Also where a price is spelt out, or is charged only once."""
    before = call.session.effect()
    given = f"customer=cus_ada&{body}" if not path else body
    status, refused = call.raw("stripe", "POST", f"/v1/subscriptions{path}", given.encode())
    assert (status, said in refused["error"]["message"]) == (400, True)
    assert call.session.effect() == before


@pytest.mark.parametrize(("begins", "worth"), [
    ("billing_cycle_anchor=now", 9800), ("add_invoice_items[0][quantity]=2", 1800),
    ("billing_cycle_anchor=now&add_invoice_items[0][quantity]=2", 9800 + 1800),
    ("items[0][id]=si_1&items[0][quantity]=3&add_invoice_items[0][quantity]=1", 4900 + 900),
    ("items[0][id]=si_1&items[0][quantity]=3&billing_cycle_anchor=now", 3 * 4900),
    ("description=Much", None),
])  # fmt: skip
def test_all_that_a_change_charges_is_its_amount(call, begins, worth):
    """A period that begins now and what is charged once count, and are to be approved."""
    price = _price(call, 900)
    once = "add_invoice_items[0]"
    body = begins.replace(once, f"{once}[price]={price}&{once}")
    status, _ = call.raw("stripe", "POST", "/v1/subscriptions/sub_ada", body.encode())
    assert (status, call.last.amount_minor) == (200, worth)
    approved = call.last.action_class is ActionClass.APPROVAL_REQUIRED
    assert approved is (worth is not None)


def test_a_trial_that_ends_and_a_beginning_tell_what_they_charge(call):
    """The end of a trial is worth its first period; a first invoice also what is charged once."""
    once = _price(call, 900)
    body = f"customer=cus_ada&items[0][price]=price_pro&add_invoice_items[0][price]={once}"
    call.raw("stripe", "POST", "/v1/subscriptions", body.encode())
    assert call.last.amount_minor == 4900 + 900
    trial = call.ok("stripe.subscriptions.create", customer="cus_ada", trial_period_days=7,
                    items=[{"price": "price_pro"}])  # fmt: skip
    call.ok(UPDATE, id=trial["id"], trial_end="now")
    assert (call.last.amount_minor, call.last.currency) == (4900, "EUR")


def test_a_trial_may_wait_for_what_is_charged_once(call):
    """With `default_incomplete` nothing is charged yet; once it is paid the trial goes on."""
    once = _spelt("add_invoice_items[0]").replace("[recurring][interval]=month", "[nickname]=")
    once = once.partition("&add_invoice_items[0][price_data][nickname]")[0]
    body = (
        "customer=cus_ada&items[0][price]=price_pro&trial_period_days=7&"
        f"payment_behavior=default_incomplete&expand[]=latest_invoice&{once}"
    )
    status, made = call.raw("stripe", "POST", "/v1/subscriptions", body.encode())
    invoice = made["latest_invoice"]
    assert (status, made["status"], invoice["status"]) == (200, "incomplete", "open")
    assert (invoice["amount_due"], invoice["amount_paid"]) == (700, 0)
    call.ok("stripe.invoices.pay", id=invoice["id"])
    assert call.ok("stripe.subscriptions.retrieve", id=made["id"])["status"] == "trialing"
