"""The engine: isolation, idempotency, reproducibility, clock, modes, workers, own systems."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from understudy.model.action import ActionClass, Effect, Target
from understudy.model.errors import ConfigurationError, EvidenceError
from understudy.model.world import World
from understudy.systems.calling import build_request, find_operation
from understudy.systems.engine import Engine, current_case
from understudy.systems.message import Request
from understudy.systems.operation import Call, Operation, Refusal, Reply
from understudy.systems.routes import operations
from understudy.systems.schema import INTEGER, STRING, params
from understudy.systems.system import System


def _work(caller):
    number = int(caller.session.case_id.rpartition("-")[2])
    caller("stripe.refunds.create", charge=f"ch_{number:04d}", amount=100 + number)
    caller("hubspot.objects.update", object_type="contacts", id="101",
           properties={"city": f"City {number}"})  # fmt: skip
    caller("zendesk.tickets.public_reply", id=str(number + 10), body=f"Hello {number}")
    _, contact = caller("hubspot.objects.get", object_type="contacts", id="101",
                        properties=["city"])  # fmt: skip
    assert contact["properties"]["city"] == f"City {number}"
    return [(a.operation, a.target, a.fields, a.after) for a in caller.session.actions]


def test_sixty_four_cases_at_once_do_not_mix(world, caller_of):
    """Over eight threads every case logs exactly what it logs alone."""
    callers = [caller_of(f"case-{n}") for n in range(64)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(_work, callers))
    engine = Engine(world, seed=7)
    alone = [type(callers[0])(engine, engine.open_case(f"case-{n}")) for n in range(64)]
    assert together == [_work(each) for each in alone]


def test_a_case_may_be_called_from_several_threads(call):
    """Fifty refunds of ten at once from five threads leave exactly fifty refunds."""
    barrier = threading.Barrier(5)

    def ten(_):
        barrier.wait()
        return [call("stripe.refunds.create", charge="ch_0900", amount=10)[0] for _ in range(10)]

    with ThreadPoolExecutor(5) as pool:
        statuses = [status for some in pool.map(ten, range(5)) for status in some]
    assert statuses == [200] * 50
    assert call("stripe.charges.retrieve", id="ch_0900")[1]["amount_refunded"] == 500
    assert [a.seq for a in call.session.actions] == list(range(1, 51))


def test_equal_seeds_give_equal_bytes(world):
    """Ids, times and bodies depend on seed and case only."""

    def bodies(seed, case_id):
        engine = Engine(world, seed=seed)
        session = engine.open_case(case_id)
        return [
            engine.handle(build_request(find_operation(name), given, session.credentials))
            for name, given in (
                ("stripe.refunds.create", {"charge": "ch_0001"}),
                ("zendesk.tickets.create", {"body": "x"}),
                ("hubspot.objects.create", {"object_type": "contacts", "properties": {}}),
            )
        ]

    assert bodies(1, "a") == bodies(1, "a")
    assert bodies(1, "a") != bodies(2, "a")
    assert bodies(1, "a") != bodies(1, "b")


def test_idempotency_key_replays_the_answer(call):
    """The same key and parameters: the same bytes with Stripe's header, and nothing twice."""
    key = {"idempotency-key": "k1"}
    first = call.send("stripe.refunds.create", key, charge="ch_0001", amount=100)
    again = call.send("stripe.refunds.create", key, charge="ch_0001", amount=100)
    assert again.body == first.body
    assert dict(again.headers)["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in dict(first.headers)
    assert len(call.session.actions) == 1
    assert call.last.idempotency_key == "k1"


def test_idempotency_key_with_other_parameters_is_refused(call):
    """400 idempotency_error, captured, without effect; other systems know no such keys."""
    key = {"idempotency-key": "k1"}
    call.send("stripe.refunds.create", key, charge="ch_0001", amount=100)
    other = call.send("stripe.refunds.create", key, charge="ch_0001", amount=200)
    assert other.status == 400
    assert json.loads(other.body)["error"]["type"] == "idempotency_error"
    assert call.last.refused
    assert call("stripe.charges.retrieve", id="ch_0001")[1]["amount_refunded"] == 100
    new = {"object_type": "companies", "properties": {"name": "A"}}
    for name, given in (("hubspot.objects.create", new), ("zendesk.tickets.create", {"body": "A"})):
        assert call.send(name, key, **given).body != call.send(name, key, **given).body
        assert [action.operation for action in call.session.actions].count(name) == 2


def test_a_key_of_refused_parameters_may_be_used_again(call):
    """What failed validation is not kept, as at Stripe."""
    key = {"idempotency-key": "k1"}
    assert call.send("stripe.refunds.create", key, charge="ch_0001", amount=-1).status == 400
    assert call.send("stripe.refunds.create", key, charge="ch_0001", amount=1).status == 200


def test_the_clock_is_the_case_s_own(engine):
    """Times come from the case's present and move with its calls and sleeps only."""
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    session = engine.open_case("timed", now=start)
    made = build_request(
        find_operation("stripe.refunds.create"), {"charge": "ch_0001"}, session.credentials
    )
    session.clock.advance(3600)
    refund = json.loads(engine.handle(made).body)
    assert refund["created"] == int(start.timestamp()) + 3600
    assert session.actions[0].at == session.now
    assert engine.open_case("other").now == datetime.fromtimestamp(1_790_000_000, UTC)


def test_denied_and_queued_writes_are_captured_without_effect(world):
    """By class or by operation; the operation's own setting wins."""
    engine = Engine(
        world, writes={"approval_required": "deny", "stripe.refunds.create": "queue"}
    )  # fmt: skip
    session = engine.open_case("c")

    def status_of(operation, **given):
        made = build_request(find_operation(operation), given, session.credentials)
        answer = engine.handle(made)
        return answer.status, json.loads(answer.body)

    assert status_of("stripe.invoices.void", id="in_open")[0] == 403
    status, refund = status_of("stripe.refunds.create", charge="ch_0001")
    assert (status, refund["status"]) == (200, "pending")
    assert status_of("stripe.customers.update", id="cus_ada", name="A")[0] == 200
    assert [a.response_status for a in session.actions] == [403, 200, 200]
    assert set(session.effect()) == {("stripe.customers", "cus_ada")}


def test_a_worker_s_static_keys_belong_to_its_current_case(engine):
    """Serial isolation: the same credentials, another case after each `assign`."""
    given = engine.open_worker("w1")
    made = build_request(find_operation("stripe.refunds.create"), {"charge": "ch_0001"}, given)
    assert engine.handle(made).status == 401
    first, second = engine.open_case("one"), engine.open_case("two")
    engine.assign("w1", "one")
    assert engine.handle(made).status == 200
    engine.assign("w1", "two")
    assert engine.handle(made).status == 200
    assert (len(first.actions), len(second.actions)) == (1, 1)
    engine.close_case("two")
    assert engine.handle(made).status == 401


def test_a_call_without_credential_is_attributed_by_context(engine):
    """Its refusal is entered in the case that the context names."""
    named, other = engine.open_case("named"), engine.open_case("other")
    token = current_case.set("named")
    try:
        assert engine.handle(Request("DELETE", "api.stripe.com", "/v1/customers/c")).status == 401
    finally:
        current_case.reset(token)
    assert [a.operation for a in named.actions] == ["stripe.customers.delete"]
    assert other.actions == []


class Warehouse(System):
    """A user's own system, in one class."""

    name = "warehouse"
    host = "stock.example.org"

    @staticmethod
    def reserve(call: Call) -> Reply:
        """Take pieces off the shelf."""
        overlay, count = call.session.overlay, call.fields.get("count")
        row = overlay.get("warehouse.items", call.path["id"])
        if row is None:
            raise Refusal(404, {"error": "no such item"})
        if not isinstance(count, int) or not 0 < count <= row["left"]:
            raise Refusal(409, {"error": "not enough left"})
        return Reply(
            200, overlay.patch("warehouse.items", row["id"], {"left": row["left"] - count})
        )

    @staticmethod
    def peek(call: Call) -> Reply:
        """A read that writes, as a mistake would."""
        return Reply(200, call.session.overlay.patch("warehouse.items", "a", {"left": 0}))

    operations = (
        Operation(
            name="warehouse.items.reserve", system="warehouse", method="POST",
            template="/items/{id}/reserve", description="Reserve pieces.",
            params=params("id count", id=STRING, count=INTEGER), handler=reserve,
            effect=Effect.WRITE, action_class=ActionClass.AUTOMATED,
            target=lambda call: Target(type="item", id=call.path["id"]),
        ),
        Operation(
            name="warehouse.items.peek", system="warehouse", method="GET", template="/items",
            description="Look.", params=params(), handler=peek,
        ),
    )  # fmt: skip


@pytest.fixture
def stocked():
    """An engine with the user's own system, and one case."""
    world = World({"warehouse.items": {"a": {"id": "a", "left": 3}}})
    engine = Engine(world, systems={"warehouse": Warehouse(), "finance": "stripe"})
    return engine, engine.open_case("c")


def test_a_system_of_the_user_s_own(stocked):
    """One class over a table has overlay, credential, capture and state effect like the others."""
    engine, session = stocked

    def reserve(count):
        operation = find_operation("warehouse.items.reserve", engine.systems)
        given = {"id": "a", "count": count}
        made = build_request(operation, given, session.credentials, engine.systems)
        return engine.handle(made).status

    assert engine.serves("stock.example.org")
    assert not engine.serves("api.hubapi.com")
    assert [reserve(2), reserve(2)] == [200, 409]
    assert session.effect() == {("warehouse.items", "a"): {"left": (3, 1)}}
    assert session.actions[0].before == {"left": 3}
    assert session.actions[1].refused


def test_a_read_that_changes_state_fails_the_run(stocked):
    """An operation declared read-only is held to it, and its change is undone."""
    engine, session = stocked
    operation = find_operation("warehouse.items.peek", engine.systems)
    made = build_request(operation, {}, session.credentials, engine.systems)
    with pytest.raises(EvidenceError, match="declared read-only"):
        engine.handle(made)
    assert session.effect() == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("strpe", "did you mean `stripe`"),
        ("no.such.module:Thing", "cannot be imported"),
        ("json:JSONDecoder", "not a subclass"),
    ],
)
def test_unknown_systems_are_configuration_errors(world, name, text):
    """The value, what was expected, and the nearest name."""
    with pytest.raises(ConfigurationError, match=text):
        Engine(world, systems={"finance": name})


def test_names_and_parameters_are_helped_with(call):
    """An unknown operation names the nearest one; a missing path parameter is named."""
    with pytest.raises(LookupError, match=r"did you mean `stripe\.refunds\.create`"):
        find_operation("stripe.refund.create")
    with pytest.raises(ValueError, match="needs `id`"):
        build_request(find_operation("stripe.charges.retrieve"), {}, {})


def test_every_operation_has_a_schema_for_tools():
    """Path parameters are required, descriptions are sentences, enums are closed."""
    for operation in operations():
        schema = operation.params
        names = [part[1:-1] for part in operation.template.split("/") if part.startswith("{")]
        assert set(names) <= set(schema["required"]) <= set(schema["properties"])
        assert operation.description.endswith(".")


def test_nothing_a_candidate_sees_names_the_harness(engine, call):
    """No host, header, credential or body contains the project's name."""
    seen = [json.dumps(call.session.credentials), *call.session.base_urls.values()]
    for name in ("stripe.charges.retrieve", "zendesk.tickets.get", "desk.escalations.get"):
        answer = call.send(name, id="1")
        seen += [answer.body.decode(), str(answer.headers)]
    text = " ".join(seen).lower()
    assert "understudy" not in text
    assert "shadow" not in text
    assert "mock" not in text


def test_many_thousand_calls_keep_no_memory(engine, call):
    """Reads leave counters, not records."""
    import tracemalloc

    made = build_request(
        find_operation("stripe.charges.retrieve"), {"id": "ch_0001"}, call.session.credentials
    )
    engine.handle(made)
    tracemalloc.start()
    for _ in range(20_000):
        engine.handle(made)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 200_000
    assert call.session.reads["stripe.charges.retrieve"] == 20_001


def test_a_case_makes_its_containers_when_they_are_asked_for(engine):
    """Thousands of open cases stay few objects; a container is one, however many ask at once."""
    session = engine.open_case("fresh")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: session.actions, range(64)))
        layers = list(pool.map(lambda _: session.overlay.diff(), range(64)))
    assert all(each is found[0] for each in found)
    assert layers == [{}] * 64
    for owner in (session, session.overlay):
        with pytest.raises(AttributeError, match="no `nothing`"):
            owner.nothing  # noqa: B018 -- asking is what is tried
