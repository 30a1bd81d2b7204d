"""Who answers what a candidate asks the customer."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from understudy.campaign.customers.customer import Customers, facts_of
from understudy.campaign.customers.record import CustomerRecords
from understudy.model.case import Case, Trigger, Turn
from understudy.shadow.protocol import Question
from understudy.world.store import load_table
from understudy.world.versions import Version, micros, write_versions

BEGUN = datetime(2026, 11, 1, tzinfo=UTC)
TALK = (
    ("customer", "My parcel for ACME-1207 has not come, I want 25 EUR back."),
    ("agent", "Which address did you order with, please?"),
    ("customer", "jo@example.com"),
    ("agent", "And on which day was it sent?"),
    ("customer", "It was on 3 October."),
    ("customer", "Or one day later."),
    ("agent", "Could you describe the damaged parcel?"),
    ("customer", "Torn on one side."),
)


def _turns(talk, begun=BEGUN, timed=True, simulated=False):
    return tuple(
        Turn(
            role=role, text=text, simulated=simulated and role == "customer",
            at=begun + timedelta(minutes=number) if timed else None,
        )
        for number, (role, text) in enumerate(talk)
    )  # fmt: skip


def _case(turns=_turns(TALK), case_id="c-1", at=BEGUN, **payload):  # noqa: B008 -- it is a tuple
    return Case(
        case_id=case_id, scenario="s", cluster_id="1", received_at=at, turns=turns,
        trigger=Trigger(system="zendesk", type="ticket.created", payload=payload),
    )  # fmt: skip


def _asked(customers, *texts, case_id="c-1", repeat=0):
    questions = (
        Question(case_id=case_id, repeat=repeat, number=number, text=text)
        for number, text in enumerate(texts, 1)
    )
    return [customers(question) for question in questions]


def _customers(case, **more):
    return Customers({case.case_id: case}, more.pop("history", ()), more.pop("most", 8), **more)


@pytest.mark.parametrize("timed", [True, False])
def test_what_was_recorded_is_delivered_where_it_answers(timed):
    """By what is asked for, whatever the words and the order; several messages are one reply."""
    case = _case(_turns(TALK, timed=timed))
    assert [turn.text for turn in case.opening] == [TALK[0][1]]
    found = _asked(
        _customers(case),
        "When did we ship it, on which date?",
        "What is your e-mail?",
        "Please describe how the parcel is damaged.",
    )
    assert [turn.text for turn in found] == [
        "It was on 3 October.\nOr one day later.", "jo@example.com", "Torn on one side.",
    ]  # fmt: skip
    assert not any(turn.simulated for turn in found)


def test_a_recorded_reply_is_given_once_and_again_in_a_repeat():
    """Asked twice the same the customer has no more to say; each repeat begins anew."""
    customers = _customers(_case())
    for repeat in (0, 1, 0):
        first, second = _asked(customers, "Your e-mail?", "Your e-mail?", repeat=repeat)
        assert (first.text, second) == ("jo@example.com", None)


def test_replies_that_a_simulator_wrote_are_told_as_simulated():
    """A recording of conversations with a simulated user is one of simulated replies."""
    case = _case(_turns(TALK, simulated=True))
    assert _asked(_customers(case), "Your e-mail?")[0].simulated


def test_what_came_as_a_later_case_of_the_ticket_is_found_there():
    """Imports make a case of every message that people answered."""
    case = _case(_turns(TALK[:1]), ticket_id="7")
    later = _case(_turns(TALK[:3]), "c-2", BEGUN + timedelta(minutes=2), ticket_id="7")
    other = _case(
        _turns([TALK[0], TALK[1], ("customer", "x@example.com")]), "c-3",
        BEGUN + timedelta(minutes=2), ticket_id="8",
    )  # fmt: skip
    customers = _customers(case, history=(case, later, other))
    (found,) = _asked(customers, "Your e-mail?")
    assert (found.text, found.simulated) == ("jo@example.com", False)


def test_else_the_customer_says_what_stands_in_the_case():
    """From the event and their own words, marked as simulated, and nothing else."""
    case = _case(_turns(TALK[:1]), ticket_id="7", delivery={"carrier": "Post"}, plan="Pro")
    assert facts_of(case).keys() == {
        "delivery.carrier", "plan", "what the customer has written",
    }  # fmt: skip
    found = _asked(
        _customers(case),
        "Which order is it about?",
        "What amount do you want back?",
        "Who was the carrier?",
        "Which plan do you have?",
        "What is your phone number?",
        "Anything else?",
    )
    assert [turn and turn.text for turn in found] == [
        "It is ACME-1207.", "It is 25 EUR.", "It is Post.", "It is Pro.", None, None,
    ]  # fmt: skip
    assert all(turn.simulated for turn in found[:4])


def test_a_played_customer_cannot_tell_what_is_no_fact():
    """A number, an id or an address that the model has made up is not delivered."""
    case = _case(_turns(TALK[:1]))
    for said, kept in (
        ("It hurts a lot, the order is ACME-1207.", True),
        ("My phone is 555-0142.", False),
        ("Write to me at a@b.example!", False),
        (None, False),
    ):
        customers = _customers(case, play=lambda question, facts, said=said: said)
        (found,) = _asked(customers, "How do you feel about this?")
        assert (found is not None and found.simulated) is kept


def test_there_is_an_end_to_questions():
    """After as many as the campaign allows nobody answers any more."""
    found = _asked(_customers(_case(), most=1), "Your e-mail?", "When was it?")
    assert [turn and turn.text for turn in found] == ["jo@example.com", None]


BOT = """
def handle(case, systems):
    if not any(turn.role == "agent" for turn in case.turns):
        return {"ask": "QUESTION"}
    return {"outcome": "acted", "context": [[turn.text for turn in case.turns]]}
"""


def _records(project):
    (store,) = sorted(project.folder.glob("reports/*/*/cases-*.jsonl"))[-1:]
    return [json.loads(line) for line in store.read_text("utf-8").splitlines()]


ONE_EACH = """
seen = []


def handle(case, systems):
    if case.id not in seen:
        seen.append(case.id)
        if "subject" in case.trigger.payload:
            return {"ask": "Under which subject did you write?"}
        return {"ask": "What is your favourite colour?"}
    return {"outcome": "acted", "context": [[turn.text for turn in case.turns]]}
"""


@pytest.mark.slow
def test_a_campaign_answers_from_the_case_or_hands_over(project):
    """What the mail says is told, simulated; what it does not say ends as an escalation."""
    project.write("bot.py", ONE_EACH)
    campaign = project.campaign("bot:handle")
    finished = project.command("run", str(campaign), "-q", "--json")
    assert finished.stdout, finished.stderr
    records = _records(project)
    first = next(each for each in records if len(each["trace"]["turns"]) == 2)
    second = next(each for each in records if len(each["trace"]["turns"]) == 1)
    asked, told = first["trace"]["turns"]
    assert (asked["role"], told["role"], told["simulated"]) == ("agent", "customer", True)
    assert first["proposal"]["outcome"] == "acted"
    assert first["trace"]["context"][0][-2:] == [asked["text"], told["text"]]
    assert second["proposal"]["outcome"] == "escalated"
    finished = project.command("case", "latest", first["case_id"])
    assert "customer (simulated): It is" in finished.stdout, finished.stderr


@pytest.mark.slow
def test_a_model_plays_the_customer_and_is_replayed(project, serving, monkeypatch):
    """It is told the facts alone; recorded, the campaign is repeated without the provider."""
    seen = []

    def answer(path, asked):
        seen.append(asked)
        message = {"role": "assistant", "content": "Blue, as it always was."}
        return {"choices": [{"message": message}], "usage": {}}

    peer = serving(answer)
    monkeypatch.setenv("MY_KEY", "sk-x")
    keys = {"customer": "{model: small}"}
    provider = f"{{provider: {{base_url: '{peer.url}/v1', key: MY_KEY}}}}"
    project.write("bot.py", BOT.replace("QUESTION", "What is your favourite colour?"))
    campaign = project.campaign("bot:handle", models=provider, **keys)
    text = campaign.read_text("utf-8").replace("timeout: 2s", "timeout: 5s, models: MODE")
    for mode in ("record", "replay"):
        campaign.write_text(text.replace("MODE", mode), "utf-8")
        finished = project.command("run", str(campaign), "-q", "--json", "--limit", "1")
        assert finished.stdout, finished.stderr
        record = _records(project)[0]
        assert record["trace"]["turns"][1]["text"] == "Blue, as it always was."
        assert record["trace"]["turns"][1]["simulated"]
    (asked,) = seen
    assert asked["model"] == "small"
    assert set(json.loads(asked["messages"][1]["content"])) == {"facts", "question"}


def test_a_played_customer_needs_models(project):
    """Where none are served, the campaign does not begin."""
    project.write("bot.py", BOT)
    campaign = project.campaign("bot:handle", customer="{model: small}")
    finished = project.command("run", str(campaign), "-q", "--limit", "1")
    assert finished.returncode == 2
    assert "needs the campaign's models, and none are served" in finished.stderr


def test_customers_know_who_they_are(project):
    """Their true name and address, whatever the company has made of it; strangers know nothing."""
    records = CustomerRecords(project.world)
    true = load_table(project.world, "zendesk.users", truth=True)
    dirty = load_table(project.world, "zendesk.users")
    number = next(n for n, row in true.items() if row["email"] and row != dirty.get(n, row))
    case = _case(_turns(TALK[:1]), requester_id=number)
    asked = "What is your e-mail address?", "What is your name?"
    found = _asked(_customers(case, record=records), *asked)
    assert [turn.text for turn in found] == [
        f"It is {true[number]['email']}.", f"It is {true[number]['name']}.",
    ]  # fmt: skip
    assert all(turn.simulated for turn in found)
    assert records(_case(requester_id="999999999")) == records(_case()) == {}


def test_customers_of_an_imported_world_are_as_of_the_event(tmp_path):
    """What their record said when the case came in, and not what it says since."""
    later = BEGUN + timedelta(days=1)
    rows = ((None, "old"), (micros(later), "new"))
    versions = [
        Version(
            table="zendesk.users", id="7", since=since,
            row=msgspec.Raw(json.dumps({"id": "7", "email": f"{name}@example.com"}).encode()),
        )
        for since, name in rows
    ]  # fmt: skip
    write_versions(tmp_path / "world", versions, later)
    records = CustomerRecords(tmp_path / "world")
    assert records(_case(requester_id=7)) == {"email": "old@example.com"}
    assert records(_case(requester_id=7, at=later)) == {"email": "new@example.com"}
