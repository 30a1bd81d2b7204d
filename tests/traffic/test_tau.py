"""The public benchmarks' logs as cases, baselines and proposals."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from understudy.model.action import ActionClass, AmountSource, Effect, Origin, Target
from understudy.model.baseline import BaselineSource, Outcome
from understudy.model.errors import RecordingError
from understudy.model.proposal import FailureCause
from understudy.traffic.dialogues.tau import import_tau
from understudy.traffic.proposals import read_proposals
from understudy.traffic.recording import read_recording
from understudy.traffic.source_file import Limits

CANCEL = {"reservation_id": "R1"}
CERTIFICATE = {"user_id": "u1", "amount": 100}
ADDRESS = {"user_id": "u1", "zip": "10115"}


@pytest.fixture
def imported(tmp_path, key):
    """Imports a log and gives report, recording and proposals."""

    def run(path, **more):
        out, proposed = tmp_path / "out", tmp_path / "proposed.jsonl"
        report = import_tau(path, out, proposed, key=key, **more)
        return report, read_recording(out), read_proposals(proposed)

    return run


def test_a_tau_bench_run_becomes_a_case_a_baseline_and_a_proposal(logs, imported):
    """What was asked, what the annotator would do, and what the agent did stand apart."""
    run = logs.run1(
        7,
        messages=[
            logs.call1("get_reservation_details", CANCEL),
            logs.answer1("{}"),
            logs.call1("think", {"thought": "hm"}, 2),
            logs.answer1("", 2),
            logs.call1("cancel_reservation", CANCEL, 3),
            logs.answer1('{"status": "cancelled"}', 3),
            {"role": "assistant", "content": "It is cancelled."},
        ],
        actions=[
            {"name": "get_user_details", "kwargs": {"user_id": "u1"}},
            {"name": "send_certificate", "kwargs": CERTIFICATE},
        ],
        outputs=["327"],
    )
    report, recording, [proposal] = imported(logs.write([run]))
    case = recording.cases[0]
    assert (case.case_id, case.cluster_id, case.scenario) == ("airline-7",) * 2 + ("airline",)
    assert (case.trigger.system, case.trigger.type) == ("airline", "conversation")
    assert case.trigger.payload == {"text": "Please cancel my flight."}
    assert [turn.text for turn in case.turns] == [
        "Please cancel my flight.",
        "It is cancelled.",
        "Thanks!",
    ]
    [baseline] = recording.baselines_of("airline-7")
    assert (baseline.source, baseline.actor) == (BaselineSource.POLICY, "annotator")
    assert baseline.reply_facts == ("327",)
    [expected] = baseline.actions
    assert (expected.operation, expected.amount_minor, expected.currency) == (
        "airline.send_certificate", 10_000, "USD"
    )  # fmt: skip
    assert expected.amount_source is AmountSource.EXPLICIT
    [action] = proposal.actions
    assert (action.system, action.operation) == ("airline", "airline.cancel_reservation")
    assert action.target == Target(type="reservation", id="R1")
    assert (action.effect, action.response_status) == (Effect.DELETE, 200)
    assert (action.action_class, action.origin) == (
        ActionClass.APPROVAL_REQUIRED, Origin.RECORDED
    )  # fmt: skip
    assert proposal.reads == {"airline.get_reservation_details": 1}
    assert proposal.replies == ("It is cancelled.",)
    assert proposal.recorded.state_match is True
    assert proposal.recorded.replies_match is None
    assert report.manifest.synthetic


def test_a_tau2_simulation_carries_its_verdict_cost_and_time(logs, imported):
    """The log's own verdicts are kept apart, each as it was given."""
    run = logs.run2(
        messages=[logs.call2("modify_user_address", ADDRESS), logs.answer2("{}")], match=False
    )
    run["reward_info"]["communicate_checks"] = [{"info": "60", "met": True}]
    task = logs.task2("5", [logs.reference2("modify_user_address", ADDRESS)], ["60"])
    _, recording, [proposal] = imported(logs.tau2([run], [task]))
    assert recording.cases[0].case_id == "retail-5"
    assert recording.baselines_of("retail-5")[0].actions[0].fields == ADDRESS
    assert recording.baselines_of("retail-5")[0].reply_facts == ("60",)
    recorded = proposal.recorded
    assert (recorded.reward, recorded.state_match, recorded.replies_match) == (0.0, False, True)
    assert recorded.termination == "user_stop"
    assert proposal.cycle_time_ms == 12_500
    assert proposal.usage == {
        "input_tokens": 100, "output_tokens": 7, "cost": "0.0125", "currency": "USD"
    }  # fmt: skip


def test_a_price_of_nothing_is_an_unknown_price(logs, imported):
    """Tokens that cost 0 were not priced by the log; nothing claims that they were free."""
    run = logs.run2(agent_cost=0.0)
    _, _, [proposal] = imported(logs.tau2([run], [logs.task2("5")]))
    assert "cost" not in proposal.usage


def test_escalation_is_an_action_on_both_sides(logs, imported):
    """Handing over changes no state, and is compared all the same."""
    transfer = {"summary": "wants a person"}
    run = logs.run2(messages=[logs.call2("transfer_to_human_agents", transfer), logs.answer2("ok")])
    task = logs.task2("5", [logs.reference2("transfer_to_human_agents", transfer)])
    _, recording, [proposal] = imported(logs.tau2([run], [task]))
    baseline = recording.baselines_of("retail-5")[0]
    for side in (baseline, proposal):
        assert side.outcome is Outcome.ESCALATED
        assert [action.operation for action in side.actions] == ["desk.escalate"]
        assert side.actions[0].system == "desk"
        assert side.actions[0].action_class is ActionClass.DRAFT_ONLY


@pytest.mark.parametrize("refusal", [{"error": True}, {}])
def test_a_refused_call_stays_as_an_attempt_without_effect(logs, imported, refusal):
    """A near miss is not hidden, and is no effect either."""
    answer = {**logs.answer2("Error: not enough balance" if not refusal else "no"), **refusal}
    run = logs.run2(messages=[logs.call2("modify_user_address", ADDRESS), answer])
    report, _, [proposal] = imported(logs.tau2([run], [logs.task2("5")]))
    assert proposal.actions[0].refused
    assert proposal.outcome is Outcome.ABSTAINED
    assert report.notes == {"writes that the system refused, kept as attempts": 1}


def test_the_customers_own_calls_are_never_the_candidates(logs, imported):
    """What the customer does on their own device is counted and goes nowhere."""
    run = logs.run2(
        messages=[
            logs.call2("toggle_roaming", {}, requestor="user"),
            logs.answer2("on", requestor="user"),
        ]
    )
    task = logs.task2("5", [logs.reference2("toggle_roaming", {}, requestor="user")])
    report, recording, [proposal] = imported(logs.tau2([run], [task], "telecom"))
    assert proposal.actions == ()
    assert proposal.reads == {}
    assert recording.baselines_of("telecom-5")[0].actions == ()
    assert report.notes == {"calls of the customer's side, kept apart": 2}


def test_answers_find_their_calls_although_ids_repeat(logs, imported):
    """An id that stands twice means the oldest call that still waits for its answer."""
    messages = [
        logs.call1("cancel_reservation", {"reservation_id": "A"}),
        logs.answer1("Error: no such reservation"),
        logs.call1("cancel_reservation", {"reservation_id": "B"}),
        logs.answer1("{}"),
        logs.call1("cancel_reservation", {"reservation_id": "C"}),
    ]
    _, _, [proposal] = imported(logs.write([logs.run1(messages=messages)]))
    assert [action.response_status for action in proposal.actions] == [400, 200, None]
    assert [action.candidate_saw_response for action in proposal.actions] == [True, True, False]


@pytest.mark.parametrize(
    ("termination", "cause"),
    [
        ("user_stop", None),
        ("agent_stop", None),
        ("max_steps", FailureCause.CANDIDATE),
        ("timeout", FailureCause.CANDIDATE),
        ("too_many_errors", FailureCause.CANDIDATE),
        ("agent_error", FailureCause.CANDIDATE),
        ("context_window_exceeded", FailureCause.CANDIDATE),
        ("infrastructure_error", FailureCause.INFRASTRUCTURE),
        ("user_error", FailureCause.INFRASTRUCTURE),
        ("unexpected_error", FailureCause.INFRASTRUCTURE),
    ],
)
def test_only_what_others_broke_is_not_the_candidates(logs, imported, termination, cause):
    """A candidate that never ends fails by itself; a broken harness or customer is no failure."""
    run = logs.run2(termination=termination)
    _, _, [proposal] = imported(logs.tau2([run], [logs.task2("5")]))
    assert (proposal.failure.cause if proposal.failure else None) is cause
    assert (proposal.outcome is Outcome.FAILED) == (cause is not None)


def test_a_run_that_never_ended_is_the_candidates_failure(logs, imported):
    """A tau-bench run without a reward was cut off while the candidate was still busy."""
    _, _, [proposal] = imported(logs.write([logs.run1(scored=False)]))
    assert (proposal.failure.cause, proposal.failure.reason) == (
        FailureCause.CANDIDATE, "unfinished"
    )  # fmt: skip
    assert proposal.recorded.state_match is None


def test_simulations_alone_are_recovered_and_counted_as_repaired(logs, imported):
    """Task and reference stand in the checks; cost, time and end may be missing."""
    action = logs.reference2("modify_user_address", ADDRESS, "89")
    run = {
        "id": "s1",
        "reward_info": {
            "reward": 1.0,
            "db_check": {"db_match": True},
            "action_checks": [{"action": action, "action_match": True}],
            "communicate_checks": [{"info": "60", "met": False}],
        },
        "messages": logs.run2()["messages"],
    }
    report, recording, [proposal] = imported(logs.write([run]))
    assert recording.cases[0].case_id == "retail-89"
    assert recording.baselines_of("retail-89")[0].actions[0].fields == ADDRESS
    assert recording.baselines_of("retail-89")[0].reply_facts == ("60",)
    assert (proposal.recorded.replies_match, proposal.cycle_time_ms) == (False, None)
    assert (report.manifest.kept, report.manifest.repaired) == (0, 1)
    assert report.manifest.reasons == {"repaired: task id taken from its action checks": 1}


def test_trials_are_numbered_only_where_there_are_several(logs, imported):
    """Trials of one task are one cluster of evidence, whatever the log calls them."""
    runs = [logs.run2("5", 0), logs.run2("5", 1), logs.run2("6", 0), logs.run2("5", 1, seed=2)]
    path = logs.tau2(runs, [logs.task2("5"), logs.task2("6")])
    report, recording, _ = imported(path)
    assert [case.case_id for case in recording.cases] == [
        "retail-5-trial-0", "retail-5-trial-1", "retail-6-trial-0", "retail-5-trial-2"
    ]  # fmt: skip
    assert [case.cluster_id for case in recording.cases] == [
        "retail-5", "retail-5", "retail-6", "retail-5"
    ]  # fmt: skip
    assert report.manifest.reasons == {"repaired: trial numbered by its place in the file": 1}


def test_the_domain_comes_from_the_tools_and_never_from_the_name(logs, imported):
    """A retail log in a file called airline is retail."""
    run = logs.run1(actions=[{"name": "cancel_pending_order", "kwargs": {"order_id": "#W1"}}])
    _, recording, _ = imported(logs.write([run], "airline.json"))
    assert recording.cases[0].scenario == "retail"


def test_tools_in_no_table_are_classed_by_their_names(logs, imported):
    """A read stays a read; what cannot be told is a write that needs approval."""
    names = ["list_rooms", "frobnicate", "refund_guest", "calculate_total", "escalate_to_human"]
    messages = []
    for number, name in enumerate(names):
        messages += [logs.call2(name, {"order_id": "7"}, number), logs.answer2("{}", number)]
    path = logs.tau2([logs.run2(messages=messages)], [logs.task2("5")], "hotel")
    report, _, [proposal] = imported(path)
    assert proposal.reads == {"hotel.list_rooms": 1}
    assert [(action.operation, action.effect) for action in proposal.actions] == [
        ("hotel.frobnicate", Effect.WRITE),
        ("hotel.refund_guest", Effect.PAY),
        ("desk.escalate", Effect.DRAFT),
    ]
    assert proposal.actions[0].action_class is ActionClass.APPROVAL_REQUIRED
    assert proposal.actions[0].target == Target(type="order", id="7")
    assert report.notes["calls of tools in no table, classed by their names"] == 5


DAMAGE = {
    "not an object": lambda run: 7,
    "no messages": lambda run: {**run, "messages": []},
    "a message is not an object with a role": lambda run: {**run, "messages": ["hi"]},
    "a message's content is not text": lambda run: {
        **run, "messages": [{"role": "user", "content": {"text": "hi"}}]
    },
    "a tool call is not an object": lambda run: {
        **run, "messages": [{"role": "assistant", "tool_calls": [1]}]
    },
    "a tool call has no name": lambda run: {
        **run, "messages": [{"role": "assistant", "tool_calls": [{}]}]
    },
    "tool calls are not a list": lambda run: {
        **run, "messages": [{"role": "assistant", "tool_calls": "x"}]
    },
    "no task id": lambda run: {**run, "task_id": None},
    "no reference actions": lambda run: {**run, "task_id": "unknown"},
    "the customer says nothing": lambda run: {
        **run, "messages": [{"role": "assistant", "content": "Hi!"}]
    },
    "nested more than 100 deep": lambda run: {**run, "x": json.loads("[" * 200 + "]" * 200)},
}  # fmt: skip


@pytest.mark.parametrize(("reason", "damage"), DAMAGE.items(), ids=DAMAGE)
def test_a_malformed_record_is_quarantined_and_the_rest_is_kept(logs, imported, reason, damage):
    """One bad record costs one record, with its place and reason, and the counts add up."""
    path = logs.tau2(
        [logs.run2("5"), damage(logs.run2("6")), logs.run2("7")],
        [logs.task2("5"), logs.task2("6"), logs.task2("7")],
    )
    report, recording, _ = imported(path)
    assert [case.case_id for case in recording.cases] == ["retail-5", "retail-7"]
    [quarantined] = report.quarantined
    assert quarantined.reason == reason
    assert quarantined.where == "log.json, record 2"
    facts = report.manifest
    assert (facts.records, facts.kept, facts.quarantined) == (3, 2, 1)
    assert reason in report.summary()


def test_numbers_that_are_none_are_quarantined(logs, imported):
    """NaN and infinity, which some writers emit, cannot be priced."""
    text = logs.tau2([logs.run2("5"), logs.run2("6", duration=1.5)],
                     [logs.task2("5"), logs.task2("6")]).read_text()  # fmt: skip
    report, _, _ = imported(logs.write(text.replace('"duration": 1.5', '"duration": NaN')))
    assert report.quarantined[0].reason == "holds a number that is not finite"


def test_broken_characters_are_mended_and_told(logs, imported):
    """A lone surrogate cannot be stored; the rest of the record can."""
    path = logs.tau2([logs.run2()], [logs.task2("5")])
    path.write_text(path.read_text().replace("my lamp", "my \\ud800 lamp"))
    report, recording, _ = imported(path)
    assert recording.cases[0].trigger.payload["text"] == "I want to return my \ufffd lamp."
    assert report.manifest.reasons == {"repaired: broken characters replaced": 1}


def test_the_same_record_twice_counts_once(logs, imported):
    """A copy is dropped and counted as dropped."""
    report, recording, _ = imported(logs.tau2([logs.run2(), logs.run2()], [logs.task2("5")]))
    assert len(recording.cases) == 1
    assert (report.manifest.records, report.manifest.dropped) == (2, 1)


@pytest.mark.parametrize("schema", ["tau-bench", "tau2-bench"])
def test_a_file_that_breaks_off_keeps_its_whole_records(logs, imported, schema):
    """The record that was cut is quarantined with the byte where it begins."""
    if schema == "tau-bench":
        actions = [{"name": "cancel_reservation", "kwargs": CANCEL}]
        path = logs.write([logs.run1(0, actions=actions), logs.run1(1, actions=actions)])
    else:
        path = logs.tau2([logs.run2("5"), logs.run2("6")], [logs.task2("5"), logs.task2("6")])
    path.write_text(path.read_text()[:-80])
    report, recording, _ = imported(path)
    assert len(recording.cases) == 1
    assert (report.manifest.records, report.manifest.quarantined) == (2, 1)
    assert report.format == schema
    assert report.quarantined[0].reason == "the file breaks off"
    assert report.quarantined[0].where.startswith("log.json, byte ")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it is empty"),
        (b"\xff\xfe\x00", "is not utf-16 text"),
        (b"\xc3\x28[", "byte 0 is not utf-8 text"),
        (b"{", "it is not JSON"),
        (b"[1, 2]", "is no tau-bench or"),
        (b'{"simulations": []}', "is no tau-bench or"),
        (b"[" * 100_000, "nested more than 100 deep"),
        (b'[{"traj": []}]', "no record that can be used: 1 x quarantined: no info"),
    ],
    ids=["empty", "half a mark", "latin", "cut", "numbers", "no runs", "bomb", "no record"],
)
def test_a_file_that_cannot_be_used_is_one_clear_error(tmp_path, key, content, problem):
    """Nothing half done is left behind."""
    path = tmp_path / "log.json"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=problem):
        import_tau(path, tmp_path / "out", tmp_path / "proposed.jsonl", key=key)
    assert [item.name for item in tmp_path.iterdir()] == ["log.json"]


def test_a_file_beyond_the_limit_is_not_read(logs, tmp_path, key):
    """The limit is told in bytes, before anything is loaded."""
    path = logs.tau2([logs.run2()], [logs.task2("5")])
    with pytest.raises(RecordingError, match="at most 100 are read"):
        import_tau(path, tmp_path / "out", key=key, limits=Limits(file_bytes=100))
    with pytest.raises(RecordingError, match="No such file"):
        import_tau(tmp_path / "none.json", tmp_path / "out", key=key)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_other_encodings_are_read(logs, imported, encoding):
    """Exports of other machines begin with a mark; it is no part of the content."""
    path = logs.tau2([logs.run2()], [logs.task2("5")])
    path.write_text(path.read_text("utf-8"), encoding)
    assert len(imported(path)[1].cases) == 1


def test_secrets_in_a_log_never_reach_the_disk(logs, imported, tmp_path):
    """A key that a customer pastes is gone from cases, baselines and proposals; people stay."""
    secret = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
    run = logs.run2(
        messages=[
            {"role": "user", "content": f"my key is {secret}, I am ann@corp.com"},
            logs.call2("modify_user_address", {**ADDRESS, "note": secret, "password": "hunter2"}),
            logs.answer2("{}"),
        ]
    )
    task = logs.task2("5", [logs.reference2("modify_user_address", {"note": secret})], [secret])
    log = logs.tau2([run], [task]).rename(tmp_path / f"{secret}.json")
    report, recording, _ = imported(log)
    log.unlink()
    kept = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert secret not in kept
    assert "hunter2" not in kept
    assert "ann@corp.com" in kept
    assert recording.manifest.redactions["stripe_key"] == report.manifest.redactions["stripe_key"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8) | st.just("assistant"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["role", "content", "tool_calls", "name", "arguments", "id", "function",
                         "action_checks", "action", "requestor", "reward", "x"]), inner, max_size=4
    ),
    max_leaves=10,
)  # fmt: skip
PLACES = st.sampled_from(
    ["messages", "reward_info", "task_id", "trial", "duration", "agent_cost", "termination_reason"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.tuples(PLACES, JSON), min_size=1, max_size=3))
def test_whatever_stands_in_a_record_the_counts_add_up(tmp_path, logs, key, changes):
    """Any value in any place ends as kept, repaired, dropped or quarantined, and never crashes."""
    broken = copy.deepcopy(logs.run2("6"))
    broken.update(changes)
    path = logs.tau2([logs.run2("5"), broken], [logs.task2("5"), logs.task2("6")])
    report = import_tau(path, tmp_path / "out", tmp_path / "p.jsonl", key=key)
    facts = report.manifest
    assert facts.kept + facts.repaired + facts.dropped + facts.quarantined == facts.records == 2
    assert facts.cases == facts.kept + facts.repaired
    assert len(read_proposals(tmp_path / "p.jsonl")) == facts.cases


SHARED = {
    "tau1-gpt-4o-airline.json": (200, 84, "0.4200/0.2733/0.2200/0.2000", 73, 81),
    "t2-gpt41-airline.json": (20, 10, "0.5000", 1, 10),
    "t2-gpt41sft-airline.json": (20, 13, "0.6500", 1, 14),
    "t2-gpt41-retail.json": (40, 34, "0.8500", 7, 34),
    "t2-gpt41sft-retail.json": (40, 34, "0.8500", 13, 34),
}


@pytest.mark.parametrize(("name", "expected"), SHARED.items(), ids=SHARED)
def test_the_public_logs_go_through_whole(shared, imported, name, expected):
    """All 320 recorded runs become cases; passes and state verdicts are the published ones."""
    runs, passes, shares, refused, matches = expected
    report, recording, proposals = imported(shared(f"tau/{name}"))
    facts = report.manifest
    assert (facts.records, facts.kept, facts.cases, facts.baselines) == (runs,) * 4
    assert report.proposals == runs
    assert facts.redactions == {}
    assert f"{passes} of {runs} runs as passed" in report.remarks[-1]
    assert report.remarks[-1].endswith(f" = {shares}")
    assert sum(p.recorded.state_match is True for p in proposals) == matches
    attempts = [action for proposal in proposals for action in proposal.actions]
    assert sum(action.refused for action in attempts) == refused
    assert {case.scenario for case in recording.cases} == {name.split("-")[-1][:-5]}
    assert len({case.cluster_id for case in recording.cases}) == runs // (4 if runs == 200 else 1)
