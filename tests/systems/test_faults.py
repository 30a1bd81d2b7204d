"""The fault plan: what it matches, how it is drawn, and what the engine does about it."""

import json
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.model.campaign import Fault
from understudy.model.errors import ConfigurationError
from understudy.systems.calling import build_request, find_operation
from understudy.systems.engine import Engine
from understudy.systems.faults import draw
from understudy.systems.message import WireFault
from understudy.systems.webhooks import Webhooks


def _fault(do, options=None, **match):
    return Fault.model_validate({"match": match, "do": do, "options": options or {}})


@pytest.fixture
def under(world, make_caller) -> Callable:
    """A caller of one case whose engine has these faults."""

    def made(*faults, case_id="case-1", seed=7):
        return make_caller(Engine(world, seed=seed, faults=faults), case_id)

    return made


def _answer(caller, operation, **given):
    made = build_request(find_operation(operation), given, caller.session.credentials)
    return caller.engine.handle(made)


REFUND = {"charge": "ch_0001", "amount": 100}


def test_nth_counts_the_calls_that_the_fault_could_befall(under):
    """`nth: 2` of a system's writes strikes the second write, whatever was read in between."""
    call = under(_fault("apply_then_reset", system="stripe", nth=2))
    assert _answer(call, "stripe.refunds.create", **REFUND).wire is None
    assert _answer(call, "stripe.charges.retrieve", id="ch_0001").wire is None
    second = _answer(call, "stripe.customers.update", id="cus_ada", name="A")
    assert second.wire is WireFault.RESET
    assert _answer(call, "stripe.refunds.create", **REFUND).wire is None
    assert [blow.operation for blow in call.session.fate.struck] == ["stripe.customers.update"]


def test_calls_can_be_spared_so_that_a_system_fails_in_mid_case(under):
    """`after: 2` leaves the case's first two calls alone and strikes every one that follows."""
    call = under(_fault("status", {"status": 503}, system="stripe", after=2))
    answers = [_answer(call, "stripe.charges.retrieve", id="ch_0001").status for _ in range(4)]
    assert answers == [200, 200, 503, 503]
    assert str(_fault("status", system="stripe", after=2)) == "status of stripe, after call 2"


@pytest.mark.parametrize(
    ("match", "strikes"),
    [
        ({"operation": "stripe.refunds.create"}, True),
        ({"operation": "stripe.refunds.*"}, True),
        ({"operation": "stripe.charges.retrieve"}, False),
        ({"system": "stripe"}, True),
        ({"system": "zendesk"}, False),
        ({"case": "case-1"}, True),
        ({"case": "*"}, True),
        ({"case": "case-2"}, False),
        ({"share": 0}, False),
        ({"share": "100%"}, True),
    ],
)
def test_a_fault_befalls_what_it_names(under, match, strikes):
    """Operation, system, case and share each narrow the calls; `*` stands for anything."""
    call = under(_fault("status", **match))
    status, _ = call("stripe.refunds.create", **REFUND)
    assert status == (503 if strikes else 200)


@given(st.integers(), st.text(), st.text(), st.integers(1, 99), st.integers(0, 9))
def test_draws_are_shares(seed, case_id, operation, attempt, index):
    """Every draw is from 0 to below 1 and the same for the same call."""
    drawn = draw(seed, case_id, operation, attempt, index)
    assert 0 <= drawn < 1
    assert drawn == draw(seed, case_id, operation, attempt, index)


def test_a_share_strikes_about_that_many_cases(under):
    """A fifth of two thousand draws, within five standard deviations."""
    struck = sum(draw(7, f"case-{n}", "stripe.refunds.create", 1, 0) < 0.2 for n in range(2000))
    assert abs(struck - 400) < 5 * (2000 * 0.2 * 0.8) ** 0.5


def test_who_is_struck_does_not_depend_on_threads_or_other_cases(world, make_caller):
    """The same calls fail in each case, over eight threads and one after the other."""
    plan = (_fault("status", system="stripe", share=0.5),)

    def statuses(caller):
        return [call_status for call_status, _ in
                (caller("stripe.charges.retrieve", id="ch_0001") for _ in range(20))]  # fmt: skip

    def all_in(engine, threaded):
        callers = [make_caller(engine, f"case-{n}") for n in range(16)]
        if not threaded:
            return [statuses(caller) for caller in callers]
        found = {}
        threads = [
            threading.Thread(target=lambda n=n: found.update({n: statuses(callers[n])}))
            for n in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [found[n] for n in range(16)]

    together = all_in(Engine(world, seed=3, faults=plan), True)
    alone = all_in(Engine(world, seed=3, faults=plan), False)
    other = all_in(Engine(world, seed=4, faults=plan), False)
    assert together == alone
    assert alone != other
    assert len({tuple(each) for each in alone}) > 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (_fault("status", {"retry_after": 1.5}), "whole number"),
        (_fault("status", {"status": 200}), "400 to 599"),
        (_fault("status", {"retry_afte": 1}), "did you mean `retry_after`"),
        (_fault("reset", {"seconds": 1}), "it has none"),
        (_fault("latency", {"seconds": -1}), "seconds from 0"),
        (_fault("schema_drift"), "nothing was given"),
        (_fault("concurrent_edit", {"fields": {}}), "field names"),
        (_fault("schema_drift", {"field": "id", "change": "swap"}), "rename, null, type, enum"),
        (_fault("webhook_late", {"second": 5}), "did you mean `seconds`"),
        (_fault("webhook_duplicate", {"seconds": "soon"}), "seconds from 0"),
        (_fault("webhook_late", nth=2), "befalls the event of a case"),
        (_fault("webhook_reorder", operation="stripe.refunds.create"), "befalls the event"),
        (_fault("webhook_late", system="zendes"), "did you mean `zendesk`"),
        (_fault("reset", operation="stripe.refund.create"), "did you mean `stripe.refunds.create`"),
        (_fault("reset", system="strip"), "did you mean `stripe`"),
    ],
)
def test_a_fault_that_cannot_be_meant_is_refused(world, fault, said):
    """Wrong options, names and kinds are told before the first case, with what would do."""
    with pytest.raises(ConfigurationError, match=said):
        Engine(world, faults=[fault])


def test_webhooks_are_drawn_by_seed_and_case():
    """A share strikes about that many cases, the same for the same seed, each fault by itself."""
    plan = [_fault("webhook_late", share=0.3), _fault("webhook_duplicate", share=0.3)]

    def struck(seed):
        hooks = Webhooks(plan, seed)
        return [
            [blow.kind for blow in hooks.befalling(f"case-{number}", "zendesk", 1)]
            for number in range(1000)
        ]

    first = struck(7)
    assert first == struck(7) != struck(8)
    for kind in ("webhook_late", "webhook_duplicate"):
        assert 230 < sum(kind in each for each in first) < 370
    assert any(len(each) == 1 for each in first)
    assert any(len(each) == 2 for each in first)


@pytest.mark.parametrize(
    ("match", "turns", "strikes"),
    [
        ({}, 2, True),
        ({}, 1, False),
        ({"system": "zendesk"}, 2, True),
        ({"system": "stripe"}, 2, False),
        ({"case": "case-*"}, 2, True),
        ({"case": "other"}, 2, False),
    ],
)
def test_a_webhook_is_matched_by_its_sender_and_case(match, turns, strikes):
    """The system is the event's; a single message cannot be out of order."""
    hooks = Webhooks([_fault("webhook_reorder", **match)], 7)
    assert bool(hooks.befalling("case-1", "zendesk", turns)) is strikes


@pytest.mark.parametrize(
    ("fault", "met", "struck", "acted"),
    [
        (_fault("reset", operation="stripe.refunds.create"), 1, 1, 1),
        (_fault("reset", operation="stripe.refunds.create", nth=2), 1, 0, 0),
        (_fault("reset", operation="zendesk.tickets.update"), 0, 0, 0),
        (_fault("reset", operation="stripe.refunds.create", share=1e-9), 1, 0, 0),
        (_fault("apply_then_reset", operation="stripe.charges.retrieve"), 0, 0, 0),
        (_fault("stale_read", operation="stripe.charges.retrieve", nth=1), 2, 1, 0),
        (_fault("stale_read", operation="stripe.charges.retrieve", nth=2), 2, 1, 1),
        (_fault("schema_drift", {"field": "x"}, operation="stripe.charges.retrieve"), 2, 2, 0),
        (_fault("schema_drift", {"field": "amount"}, operation="stripe.charges.retrieve"), 2, 2, 2),
        (_fault("concurrent_edit", {"fields": {"a": 1}}, operation="stripe.charges.list"), 1, 1, 0),
    ],
)  # fmt: skip
def test_what_became_of_a_fault_is_told(under, fault, met, struck, acted):
    """How often it could have struck, was drawn, and changed something; why it did not."""
    call = under(fault)
    _answer(call, "stripe.charges.retrieve", id="ch_0001")
    _answer(call, "stripe.refunds.create", **REFUND)
    _answer(call, "stripe.charges.retrieve", id="ch_0001")
    _answer(call, "stripe.charges.list")
    ((name, told),) = call.engine.faults.told(call.session).items()
    assert name == str(fault)
    assert (told.met, told.struck, told.acted) == (met, struck, acted)
    assert (told.idle is None) is bool(acted)


def test_a_fault_without_effect_is_not_named_by_the_action(under):
    """A colleague who edits what is not there has done nothing to the write."""
    call = under(
        _fault("concurrent_edit", {"fields": {"a": 1}}, operation="stripe.customers.create")
    )
    _answer(call, "stripe.customers.create", name="A")
    assert call.session.actions[-1].fault is None


def test_a_fault_that_is_planned_for_another_case_is_not_this_one_s(under):
    """Only what could have befallen the case is told of it."""
    call = under(_fault("reset", case="other-*"))
    assert call.engine.faults.told(call.session) == {}


def test_latency_passes_on_the_case_s_clock_only(under):
    """Ten minutes of latency move the case's present and nothing else."""
    call = under(_fault("latency", {"seconds": 600}))
    before = call.session.now
    assert call("stripe.charges.retrieve", id="ch_0001")[0] == 200
    assert 600 <= (call.session.now - before).total_seconds() < 602


def test_a_status_bars_the_write_and_is_captured(under):
    """429 with an integer Retry-After: nothing is applied, the attempt stands with its amount."""
    call = under(_fault("status", {"status": 429, "retry_after": 30}, nth=1))
    refused = _answer(call, "stripe.refunds.create", **REFUND)
    assert refused.status == 429
    assert dict(refused.headers)["retry-after"] == "30"
    assert call.session.effect() == {}
    assert (call.last.response_status, call.last.fault) == (429, "status")
    assert (call.last.amount_minor, call.last.refused) == (100, True)
    assert call.last.candidate_saw_response
    assert call("stripe.refunds.create", **REFUND)[0] == 200
    assert call.last.fault is None


def test_a_status_after_the_work_hides_it(under):
    """With `applied` the write stands as accepted, and the candidate saw an error instead."""
    call = under(_fault("status", {"status": 500, "applied": True}))
    assert call("stripe.refunds.create", **REFUND)[0] == 500
    assert (call.last.response_status, call.last.candidate_saw_response) == (200, False)
    assert call("stripe.charges.retrieve", id="ch_0001")[0] == 500
    assert ("stripe.charges", "ch_0001") in call.session.effect()


@pytest.mark.parametrize(
    ("kind", "applied", "wire"),
    [
        ("reset", False, WireFault.RESET),
        ("apply_then_reset", True, WireFault.RESET),
        ("hang", False, WireFault.RESET),
        ("truncate", True, WireFault.TRUNCATE),
    ],
)
def test_lost_answers_are_not_seen(under, kind, applied, wire):
    """The action names the fault, tells whether it took effect, and that no answer arrived."""
    call = under(_fault(kind))
    assert _answer(call, "stripe.refunds.create", **REFUND).wire is wire
    assert call.last.fault == kind
    assert not call.last.candidate_saw_response
    assert call.last.refused is not applied
    assert bool(call.session.effect()) is applied


def test_half_json_has_the_right_length_and_is_not_seen(under):
    """Half of the body arrives under no other length than its own; the write took effect."""
    call = under(_fault("half_json"))
    whole = _answer(under(), "stripe.refunds.create", **REFUND).body
    half = _answer(call, "stripe.refunds.create", **REFUND)
    assert half.body == whole[: len(whole) // 2]
    assert "content-length" not in dict(half.headers)
    assert not call.last.candidate_saw_response
    assert not call.last.refused


def test_nothing_can_be_cut_off_an_empty_answer(under):
    """A 204 arrives whole and counts as seen."""
    call = under(_fault("half_json"))
    assert call("hubspot.objects.archive", object_type="companies", id="201") == (204, None)
    assert call.last.candidate_saw_response


def test_html_comes_from_a_proxy(under):
    """A 502 page in HTML; the system never saw the call."""
    call = under(_fault("html"))
    page = _answer(call, "zendesk.tickets.update", id="1", status="solved")
    assert (page.status, dict(page.headers)["content-type"]) == (502, "text/html")
    assert page.body.startswith(b"<!DOCTYPE html>")
    assert call.session.effect() == {}


def test_a_stale_read_lacks_the_case_s_latest_writes(under):
    """The first read after a write shows the state before; the next one shows it."""
    call = under(_fault("stale_read", operation="stripe.charges.retrieve", nth=1))
    call("stripe.refunds.create", **REFUND)
    assert call("stripe.charges.retrieve", id="ch_0001")[1]["amount_refunded"] == 0
    assert call("stripe.charges.retrieve", id="ch_0001")[1]["amount_refunded"] == 100


def test_a_stale_read_is_stale_by_so_much(under):
    """What was written longer ago than the lag is seen, what came later is not."""
    call = under(_fault("stale_read", {"seconds": 10}))
    call("stripe.refunds.create", charge="ch_0001", amount=1)
    call.session.clock.advance(60)
    call("stripe.refunds.create", charge="ch_0001", amount=2)
    assert call("stripe.charges.retrieve", id="ch_0001")[1]["amount_refunded"] == 1
    call.session.clock.advance(60)
    assert call("stripe.charges.retrieve", id="ch_0001")[1]["amount_refunded"] == 3


def test_an_index_lags_behind_the_object(under):
    """A new contact is there by id at once, and not yet in the search."""
    call = under(_fault("index_lag", {"seconds": 30}, system="hubspot"))
    made = call(
        "hubspot.objects.create", object_type="contacts", properties={"email": "new@example.com"}
    )[1]
    wanted = [{"filters": [{"propertyName": "email", "operator": "EQ", "value": made["properties"][
        "email"]}]}]  # fmt: skip
    assert call("hubspot.objects.get", object_type="contacts", id=made["id"])[0] == 200
    search = {"object_type": "contacts", "filterGroups": wanted}
    assert call("hubspot.objects.search", **search)[1]["total"] == 0
    call.session.clock.advance(40)
    assert call("hubspot.objects.search", **search)[1]["total"] == 1


@pytest.mark.parametrize(("change", "lost", "twice"), [("skip", 1, 0), ("repeat", 0, 1)])
def test_pages_drift(under, change, lost, twice):
    """Walking the pages loses one object, or meets one twice; the first page is never touched."""
    call = under(_fault("page_drift", {"change": change}, nth=1))
    seen, given = [], {"limit": 100}
    while True:
        _, page = call("stripe.charges.list", **given)
        seen += [each["id"] for each in page["data"]]
        if not page["has_more"]:
            break
        given["starting_after"] = seen[-1]
    assert 1003 - len(set(seen)) == lost
    assert len(seen) - len(set(seen)) == twice


def test_a_token_expires_for_good(under):
    """From the struck call on the system answers 401, and the others as before."""
    call = under(_fault("token_expiry", system="stripe", nth=2))
    assert call("stripe.charges.retrieve", id="ch_0001")[0] == 200
    assert call("stripe.refunds.create", **REFUND)[0] == 401
    assert call("stripe.charges.retrieve", id="ch_0001")[0] == 401
    assert call("zendesk.tickets.get", id="1")[0] == 200
    call("stripe.refunds.create", **REFUND)
    assert [action.fault for action in call.session.actions] == ["token_expiry"] * 2
    assert call.session.effect() == {}


def test_a_scope_is_taken_away_for_good(under):
    """From the struck call on the operation answers 403, and others of the system as before."""
    call = under(_fault("scope_denied", operation="stripe.refunds.create", nth=1))
    assert call("stripe.refunds.create", **REFUND)[0] == 403
    assert call("stripe.refunds.create", **REFUND)[0] == 403
    assert call("stripe.charges.retrieve", id="ch_0001")[0] == 200
    assert {action.fault for action in call.session.actions} == {"scope_denied"}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"change": "rename"}, {"amount_v2": 5001}),
        ({"change": "rename", "to": "amount_minor"}, {"amount_minor": 5001}),
        ({"change": "null"}, {"amount": None}),
        ({"change": "type"}, {"amount": "5001"}),
        ({"change": "enum"}, {"amount": "unrecognized"}),
        ({"change": "enum", "to": "huge"}, {"amount": "huge"}),
    ],
)
def test_a_schema_drifts(under, options, expected):
    """A field has another name, no value, another type, or a word that was not there before."""
    call = under(_fault("schema_drift", {"field": "amount", **options}))
    _, charge = call("stripe.charges.retrieve", id="ch_0001")
    assert expected.items() <= charge.items()
    assert ("amount" in charge) is ("amount" in expected)
    assert charge["id"] == "ch_0001"


def test_a_schema_drifts_inside_lists(under):
    """Every object of a list is changed, and the case's state is not."""
    call = under(_fault("schema_drift", {"field": "id", "change": "null"}, nth=1))
    _, page = call("stripe.customers.list")
    assert {each["id"] for each in page["data"]} == {None}
    assert call("stripe.customers.retrieve", id="cus_ada")[1]["id"] == "cus_ada"


def test_a_colleague_edits_the_record_before_the_write(under):
    """Zendesk's safe update then refuses; the colleague's edit is not the case's effect."""
    call = under(
        _fault("concurrent_edit", {"fields": {"priority": "urgent"}}, operation="zendesk.*update")
    )
    _, read = call("zendesk.tickets.get", id="1")
    stamp = read["ticket"]["updated_at"]
    body = {"ticket": {"status": "solved", "safe_update": True, "updated_stamp": stamp}}
    status, _ = call.raw("zendesk", "PUT", "/api/v2/tickets/1.json", json.dumps(body).encode())
    assert status == 409
    assert call("zendesk.tickets.get", id="1")[1]["ticket"]["priority"] == "urgent"
    assert call.session.effect() == {}
    call("zendesk.tickets.update", id="1", status="solved")
    changed = call.session.effect()["zendesk.tickets", "1"]
    assert changed["status"] == ("open", "solved")
    assert "priority" not in changed


def test_a_colleague_edits_the_record_after_the_read(under):
    """What was read is out of date at once."""
    edit = _fault("concurrent_edit", {"fields": {"city": "Wien"}}, nth=1)
    call = under(edit)
    given = {"object_type": "contacts", "id": "102", "properties": ["city"]}
    assert call("hubspot.objects.get", **given)[1]["properties"]["city"] == "Graz"
    assert call("hubspot.objects.get", **given)[1]["properties"]["city"] == "Wien"
    assert call.session.effect() == {}


def test_several_faults_befall_one_call(under):
    """Latency and a reset: both are named, in the plan's order."""
    call = under(_fault("latency"), _fault("reset"))
    assert _answer(call, "stripe.refunds.create", **REFUND).wire is WireFault.RESET
    assert call.last.fault == "latency+reset"


def test_an_engine_without_faults_is_as_before(under, call):
    """The same bytes with an empty plan and with one that never strikes."""
    never = under(_fault("reset", share=0))
    for operation, asked in (
        ("stripe.refunds.create", REFUND),
        ("stripe.charges.list", {"limit": 3}),
    ):
        assert _answer(never, operation, **asked) == _answer(call, operation, **asked)
