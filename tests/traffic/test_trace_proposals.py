"""An agent that already drafts in production: its traces beside what people did."""

from __future__ import annotations

import json

import pytest
from tests.traffic import exports as x
from tests.traffic.test_traces import exported, otel
from typer.testing import CliRunner

from understudy.cli.main import app
from understudy.model.case import LinkConfidence
from understudy.model.errors import NoCasesError
from understudy.traffic.proposals import read_proposals
from understudy.traffic.traces.importing import OTLP
from understudy.traffic.traces.proposals import propose_for

SAID = "I was charged 12.00 EUR twice"
REFUND = {"charge": "ch_1aaaaaaaaaaa"}
START = 1_790_856_000


def talk(trace="t1", *, asked=None, ticket=None, refund=None, at=x.OPENED):
    """A conversation that began at a time, told by words, by a ticket's id or by a charge."""
    begun = x.seconds(at) - START + 30
    said = [{"role": "user", "parts": [{"type": "text", "content": asked}]}]
    spans = [otel("invoke_agent desk", f"{trace}a", trace=trace, at=begun,
                  gen_ai__operation__name="invoke_agent",
                  **({"gen_ai__input__messages": json.dumps(said)} if asked else {}))]  # fmt: skip
    calls = [("zendesk_tickets_get", {"id": ticket})] if ticket else []
    calls += [("stripe_refunds_create", refund)] if refund else []
    return spans + [
        otel(f"execute_tool {name}", f"{trace}{number}", f"{trace}a", at=begun + number,
             trace=trace, gen_ai__operation__name="execute_tool", gen_ai__tool__name=name,
             gen_ai__tool__call__arguments=json.dumps(given), gen_ai__tool__call__result="{}")
        for number, (name, given) in enumerate(calls, 1)
    ]  # fmt: skip


@pytest.fixture
def july(tmp_path):
    """A recording of one ticket that was answered with a refund."""
    _, recording = x.bring(
        tmp_path, zendesk=[*x.users(), x.ticket(), *x.audits()],
        stripe=[x.stripe_customer(), *x.refund_events()],
    )  # fmt: skip
    return recording


@pytest.fixture
def proposed(july, tmp_path):
    def run(*spans):
        path = tmp_path / "traces.json"
        path.write_text(json.dumps(exported(*spans)))
        report = propose_for(july.path, OTLP, [path], tmp_path / "p.jsonl", key=x.KEY)
        return report, read_proposals(tmp_path / "p.jsonl")

    return run


@pytest.mark.parametrize(
    ("told", "link"),
    [
        ({"asked": "Please look at ticket #1", "refund": REFUND}, LinkConfidence.EXPLICIT_ID),
        ({"asked": "New mail", "ticket": 1, "refund": REFUND}, LinkConfidence.EXPLICIT_ID),
        ({"asked": SAID.upper(), "refund": REFUND}, LinkConfidence.METADATA),
        ({"asked": "New mail", "refund": REFUND}, LinkConfidence.CUSTOMER_AND_AMOUNT),
    ],
    ids=["the ticket in words", "the ticket in a call", "the customer's words", "the charge"],
)
def test_a_conversation_finds_the_case_that_it_was_about(proposed, told, link):
    """The proposal has the case's id, says how surely, and is worth what the charge was then."""
    report, [proposal] = proposed(*talk(**told))
    (refund,) = [each for each in proposal.actions if each.operation == "stripe.refunds.create"]
    assert (proposal.case_id, refund.link) == ("zendesk-1", link)
    assert (refund.amount_minor, refund.currency) == (1200, "EUR")
    assert (report.conversations, report.cases, report.of) == (1, 1, 1)


def test_conversations_about_one_case_are_one_answer(proposed):
    """Nothing of a second run on the same ticket is lost: what was done twice is there twice."""
    spans = [*talk("t1", ticket=1, refund=REFUND), *talk("t2", ticket=1, refund=REFUND)]
    _, [proposal] = proposed(*spans)
    assert [each.operation for each in proposal.actions] == ["stripe.refunds.create"] * 2


def test_what_matches_nothing_is_counted_and_told(proposed):
    """Other tickets, other words, and the right ticket at another time: every one is accounted."""
    report, _ = proposed(
        *talk("t1", ticket=1), *talk("t2", asked="Anything else?", ticket=77),
        *talk("t3", ticket=1, at="2026-09-01T10:00:00Z"),
    )  # fmt: skip
    assert report.conversations == sum(report.links.values()) + 2
    assert report.notes["conversations left out: names no case of the recording"] == 2
    assert "3 conversations = 1 matched + 2 not" in report.summary()


def test_the_later_case_of_a_ticket_is_told_by_the_time(tmp_path):
    """A follow-up is a case of its own; each conversation is about what had come in by then."""
    again = "2026-07-02T09:00:00Z"
    more = [x.audit(5, again, x.CUSTOMER, x.comment("Still not there"), channel="email"),
            x.audit(6, "2026-07-02T10:00:00Z", x.AGENT, x.comment("It takes a week"))]  # fmt: skip
    _, recording = x.bring(tmp_path, zendesk=[*x.users(), x.ticket(), *x.audits(), *more])
    path = tmp_path / "traces.json"
    path.write_text(json.dumps(exported(*talk("a", ticket=1), *talk("b", ticket=1, at=again))))
    propose_for(recording.path, OTLP, [path], tmp_path / "p.jsonl", key=x.KEY)
    assert [one.case_id for one in read_proposals(tmp_path / "p.jsonl")] == [
        "zendesk-1", "zendesk-1-2",
    ]  # fmt: skip


def test_traces_of_another_time_are_an_error_that_says_so(proposed):
    """Nothing is written that looks like an agent who did nothing."""
    with pytest.raises(NoCasesError, match="none of 1 conversations is about a case"):
        proposed(*talk(ticket=99))


def test_the_command_writes_proposals_that_can_be_judged(july, tmp_path, monkeypatch):
    """From traces to a verdict without calling the agent."""
    monkeypatch.chdir(tmp_path)
    traces = tmp_path / "traces.json"
    traces.write_text(json.dumps(exported(*talk(ticket=1, refund=REFUND))))
    run = CliRunner().invoke
    made = run(app, ["traffic", "import", "auto", str(traces), "--for", str(july.path),
                     "--proposed", "agent.jsonl"])  # fmt: skip
    assert made.exit_code == 0, made.output
    judged = run(app, ["judge", "--recording", str(july.path), "--proposed", "agent.jsonl",
                       "--policy", "standard", "--out", "judged"])  # fmt: skip
    assert (tmp_path / "judged" / "verdict.json").exists(), judged.output


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--for", "july"], "--for writes proposals to --proposed"),
        ([], "name the folder of the new recording with --out"),
    ],
)
def test_what_is_missing_for_matching_is_named(tmp_path, more, said):
    """A usage error each, with what to add."""
    (tmp_path / "traces.json").write_text("{}")
    made = CliRunner().invoke(
        app, ["traffic", "import", "otlp", str(tmp_path / "traces.json"), *more]
    )
    assert made.exit_code == 2
    assert said in " ".join(made.output.split())


def test_only_traces_are_matched(july, tmp_path, monkeypatch):
    """Exports are recordings of people and no agent's proposals."""
    monkeypatch.chdir(tmp_path)
    users = x.lines(tmp_path / "users.ndjson", x.users())
    made = CliRunner().invoke(app, ["traffic", "import", "auto", str(users), "--for",
                                    str(july.path), "--proposed", "p.jsonl"])  # fmt: skip
    assert made.exit_code != 0
    assert "zendesk is no agent's trace" in str(made.exception or made.output)
