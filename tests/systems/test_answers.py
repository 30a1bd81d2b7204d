"""Kept answers: quicker, and never another answer than the handler would give."""

import gc

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from understudy.model.campaign import Fault, FaultKind, FaultMatch
from understudy.model.world import World
from understudy.systems.answers import Answers, Kept
from understudy.systems.calling import build_request, find_operation
from understudy.systems.engine import Engine
from understudy.systems.operation import Operation, Reply
from understudy.systems.session import CaseSession
from understudy.systems.system import System

READS = (
    ("stripe.customers.retrieve", {"id": "cus_ada"}),
    ("stripe.customers.list", {"limit": 3}),
    ("stripe.customers.search", {"query": "email:'bob@example.com'"}),
    ("stripe.charges.retrieve", {"id": "ch_0001"}),
    ("stripe.charges.retrieve", {"id": "ch_0001", "expand": ["customer", "refunds"]}),
    ("stripe.charges.list", {"customer": "cus_ada", "limit": 5}),
    ("stripe.refunds.list", {"charge": "ch_0001"}),
    ("stripe.invoices.retrieve", {"id": "in_open"}),
    ("stripe.subscriptions.list", {"customer": "cus_ada"}),
    ("stripe.charges.retrieve", {"id": "ch_none"}),
    ("hubspot.objects.get", {"object_type": "contacts", "id": "101"}),
    ("hubspot.objects.get", {"object_type": "contacts", "id": "101", "associations": "companies"}),
    ("hubspot.objects.list", {"object_type": "deals"}),
    ("hubspot.associations.list", {"object_type": "contacts", "id": "101",
                                   "to_object_type": "companies"}),
    ("hubspot.pipelines.list", {"object_type": "deals"}),
    ("zendesk.tickets.get", {"id": "1"}),
    ("zendesk.tickets.list", {"sort_by": "updated_at"}),
    ("zendesk.comments.list", {"id": "1"}),
    ("zendesk.search.list", {"query": "type:ticket status:pending"}),
    ("zendesk.users.get", {"id": "7001"}),
    ("zendesk.macros.preview", {"id": "1", "macro_id": "9001"}),
)  # fmt: skip
WRITES = (
    ("stripe.refunds.create", {"charge": "ch_0001", "amount": 10}),
    ("stripe.refunds.create", {"charge": "ch_0001", "amount": 10**9}),
    ("stripe.customers.update", {"id": "cus_ada", "name": "Countess"}),
    ("stripe.invoices.void", {"id": "in_open"}),
    ("hubspot.objects.update", {"object_type": "contacts", "id": "101",
                                "properties": {"city": "Linz"}}),
    ("hubspot.objects.create", {"object_type": "deals", "properties": {"dealname": "New"}}),
    ("hubspot.objects.archive", {"object_type": "companies", "id": "201"}),
    ("zendesk.tickets.internal_note", {"id": "1", "body": "Looked at it"}),
    ("zendesk.tickets.update", {"id": "1", "status": "solved"}),
    ("zendesk.tickets.create", {"body": "New"}),
    ("desk.escalate", {"reason": "unsure"}),
)  # fmt: skip
STEPS = st.lists(
    st.tuples(st.integers(0, 2), st.one_of(*[st.sampled_from(READS)] * 3, st.sampled_from(WRITES))),
    max_size=12,
)
EVERYTHING = [(case, read) for read in READS for case in range(3)]


def _plain(engine):
    """The same engine without kept answers."""
    for system in engine.systems.values():
        system.keeps_answers = False
    return engine


def _answers(engine, steps):
    sessions = [engine.open_case(f"case-{n}") for n in range(3)]
    found = [
        engine.handle(build_request(find_operation(name), given, sessions[case].credentials))
        for case, (name, given) in steps
    ]
    return found, [(each.reads, each.actions, each.effect(), each.now) for each in sessions]


@settings(deadline=None, max_examples=40)
@given(STEPS)
def test_kept_answers_are_the_answers(world, steps):
    """Whatever three cases read and write in turns, every byte, header and record is the same."""
    steps = [*steps, *EVERYTHING]
    assert _answers(Engine(world, seed=7), steps) == _answers(_plain(Engine(world, seed=7)), steps)


def test_a_kept_answer_has_its_own_request_id_and_is_counted(engine, caller_of):
    """Two cases read one object: the bytes are the same, the request ids and counts their own."""
    first, second = caller_of("a"), caller_of("b")
    answers = [
        each.send("stripe.charges.retrieve", id="ch_0001") for each in (first, second, second)
    ]
    assert len({answer.body for answer in answers}) == 1
    assert len({dict(answer.headers)["request-id"] for answer in answers}) == 3
    assert second.session.reads == {"stripe.charges.retrieve": 2}
    assert (second.session.now - first.session.now).total_seconds() == 0.25


def test_what_others_keep_is_not_seen_by_the_case_that_wrote(caller_of):
    """One case's refund shows in its own reads at once, and in nobody else's."""
    first, second = caller_of("a"), caller_of("b")
    for each in (first, second):
        assert each("stripe.charges.retrieve", id="ch_0001")[1]["amount_refunded"] == 0
    first("stripe.refunds.create", charge="ch_0001", amount=7)
    assert first("stripe.charges.retrieve", id="ch_0001")[1]["amount_refunded"] == 7
    assert second("stripe.charges.retrieve", id="ch_0001")[1]["amount_refunded"] == 0
    assert first("stripe.charges.retrieve", id="ch_0002")[1]["amount_refunded"] == 0


def test_faults_befall_reads_that_others_had_answered(world, make_caller):
    """With faults planned nothing is kept: the second read of the second case fails as planned."""
    fault = Fault(match=FaultMatch(operation="stripe.charges.retrieve", nth=2), do=FaultKind.STATUS)
    engine = Engine(world, seed=7, faults=[fault])
    callers = [make_caller(engine, case) for case in "ab"]
    statuses = [
        each("stripe.charges.retrieve", id="ch_0001")[0] for _ in range(3) for each in callers
    ]
    assert [status < 400 for status in statuses] == [True, True, False, False, True, True]


class Turnstile(System):
    """A system of a user's own that counts outside of the case, and one that looks at headers."""

    name, host = "turnstile", "turnstile.example"
    passed = 0

    def _pass(self, call):
        type(self).passed += 1
        return Reply(200, {"passed": self.passed})

    operations = ()

    def __init__(self):
        self.operations = (
            Operation(name="turnstile.pass", system="turnstile", method="GET", template="/pass",
                      description="Pass.", params={"properties": {}}, handler=self._pass),
            Operation(name="turnstile.look", system="turnstile", method="GET", template="/look",
                      description="Look.", params={"properties": {}},
                      handler=lambda call: Reply(200, {"host": call.request.headers.get("x-you")})),
            Operation(name="turnstile.time", system="turnstile", method="GET", template="/time",
                      description="Time.", params={"properties": {}},
                      handler=lambda call: Reply(200, {"now": call.session.clock.iso_millis()})),
        )  # fmt: skip
        super().__init__()


def test_a_system_of_ones_own_is_asked_each_time(make_caller):
    """What a system keeps outside of the case is honoured, unless it says that it keeps nothing."""
    caller = make_caller(Engine(World({}), systems={"door": Turnstile()}), "a")
    seen = [caller.raw("turnstile", "GET", "/pass")[1]["passed"] for _ in range(3)]
    assert seen == [seen[0], seen[0] + 1, seen[0] + 2]


def test_clock_and_headers_are_nobody_elses(make_caller):
    """Answers made from the clock or from the request's headers are made anew for each call."""
    system = Turnstile()
    system.keeps_answers = True
    caller = make_caller(Engine(World({}), systems={"door": system}), "a")
    named = [caller.raw("turnstile", "GET", "/look", x_you=who)[1]["host"] for who in "pq"]
    times = [caller.raw("turnstile", "GET", "/time")[1]["now"] for _ in range(2)]
    passed = [caller.raw("turnstile", "GET", "/pass")[1]["passed"] for _ in range(2)]
    assert named == ["p", "q"]
    assert times[0] < times[1]
    assert passed[0] == passed[1]


def test_objects_are_kept_from_the_second_time_on(make_caller, world):
    """What is asked for by id is kept when it is asked for again; asking is forgotten in time."""
    engine, answers = Engine(world, seed=7), Answers()
    caller = make_caller(engine, "a")
    kept = []
    for _ in range(2):
        caller("stripe.charges.retrieve", id="ch_0001")
        kept.append(engine._answers.get(("api.stripe.com", "/v1/charges/ch_0001", "", "")))
    assert kept[0] is None
    assert kept[1].operation == "stripe.charges.retrieve"
    asked = [("host", f"/{number}", "", "") for number in range(50_000)]
    assert not any(map(answers.asked_again, asked))
    assert answers.asked_again(asked[-1])
    assert not answers.asked_again(asked[0])


def test_a_client_that_pins_a_version_is_answered_from_what_is_kept(make_caller, world):
    """Each version has its kept answer, byte for byte the one of its own, and states itself."""
    engines = Engine(world, seed=7), _plain(Engine(world, seed=7))
    versions = ("2022-08-01", "2026-09-30.endive", "2022-08-01", "", "2026-09-30.endive", "")
    told = []
    for engine in engines:
        caller = make_caller(engine, "a")
        request = build_request(
            find_operation("stripe.charges.retrieve"), {"id": "ch_0001"}, caller.session.credentials
        )
        for version in versions * 2:
            pinned = {"stripe-version": version} if version else {}
            asked = structs.replace(request, headers={**request.headers, **pinned})
            told.append(engine.handle(asked))
    assert told[: len(told) // 2] == told[len(told) // 2 :]
    assert len({answer.body for answer in told}) == 2
    kept = ("api.stripe.com", "/v1/charges/ch_0001", "")
    assert all(engines[0]._answers.get((*kept, version)) for version in set(versions))
    stated = [dict(answer.headers)["stripe-version"] for answer in told[:4]]
    assert stated == ["2022-08-01", "2026-09-30.endive", "2022-08-01", "2026-10-28.endive"]


def test_a_case_that_is_let_go_leaves_memory(engine, caller_of):
    """After a list that was kept nothing holds a closed case but who holds its session."""
    caller = caller_of("let-go")
    assert caller("stripe.charges.list", customer="cus_ada")[0] == 200
    gc.disable()
    try:
        engine.close_case("let-go")
        del caller
        held = [each for each in gc.get_objects() if type(each) is CaseSession]
        assert "let-go" not in [each.case_id for each in held]
    finally:
        gc.enable()


def test_a_credential_that_changes_hands_takes_its_reads_along(world):
    """A worker's static key reads as the case that it is assigned to, also just after a change."""
    engine = Engine(world, seed=7)
    sessions = [engine.open_case(case) for case in "ab"]
    given = engine.open_worker("w")
    read = build_request(find_operation("stripe.charges.retrieve"), {"id": "ch_0001"}, given)
    assert engine.handle(read).status == 401
    for case in "aba":
        engine.assign("w", case)
        assert engine.handle(read).status == engine.handle(read).status == 200
    assert [each.reads["stripe.charges.retrieve"] for each in sessions] == [4, 2]
    engine.close_case("a")
    assert engine.handle(read).status == 401


def test_kept_answers_are_bounded():
    """A hundred thousand different answers of a kilobyte stay within their bound."""
    answers = Answers()
    for number in range(100_000):
        kept = Kept("x", (), b"x" * 1000, frozenset({("t", str(number))}))
        answers.keep(("host", f"/{number}", ""), kept)
    gc.collect()
    assert answers.get(("host", "/99999", "")) is not None
    assert answers.get(("host", "/0", "")) is None
    assert sum(answers.get(("host", f"/{n}", "")) is not None for n in range(100_000)) < 8_000
