"""What Zendesk's exports tell beside updates: merges, redactions, deletions, whole threads."""

from __future__ import annotations

import pytest
from tests.traffic import exports as x

from understudy.model.baseline import Outcome
from understudy.traffic.detect import detect_format
from understudy.world.store import load_world

MERGED = "2026-07-01T10:30:00Z"
WORDS = "Dieses Ticket wurde geschlossen und in #2 zusammengeführt"


def merge(words=WORDS, **more):
    """Both tickets' audits of one merge, as Zendesk writes them."""
    closed = [x.comment(words, public=False), x.change("status", "open", "closed"),
              x.change("tags", [], ["closed_by_merge"])]  # fmt: skip
    absorbed = x.comment("Request #1 was closed and merged into this request.", public=False)
    via = {"channel": "web", "source": {"from": {"ticket_id": 1}, "to": {}, "rel": "merge"}}
    return [x.audit(20, MERGED, x.AGENT, *closed, **more),
            {**x.audit(21, MERGED, x.AGENT, absorbed, on=2), "via": via}]  # fmt: skip


def two_tickets():
    older = x.ticket(2, status="open", tags=[], created_at="2026-06-30T10:00:00Z")
    newer = x.ticket(1, status="closed", tags=["closed_by_merge"], updated_at=MERGED)
    return [*x.users(), older, newer]


@pytest.mark.parametrize("order", [1, -1], ids=["as told", "the other way"])
def test_a_merge_is_one_deed_on_the_ticket_that_was_closed(tmp_path, order):
    """Its closing and both its comments are consequences, in whatever language they are."""
    _, recording = x.bring(tmp_path, zendesk=[*two_tickets(), *merge()][::order])
    (case,) = [each for each in recording.cases if each.trigger.payload["ticket_id"] == "1"]
    (baseline,) = recording.baselines_of(case.case_id)
    (action,) = baseline.actions
    assert (action.operation, action.target.id) == ("zendesk.tickets.merge", "2")
    assert action.fields["ids"] == ["1"]
    assert action.fields["source_comment"] == WORDS
    assert baseline.outcome is Outcome.ACTED
    assert len(recording.cases) == 1


def test_the_ticket_is_not_merged_yet_at_its_trigger(tmp_path):
    """Neither its status nor its tags give the answer away."""
    _, recording = x.bring(tmp_path, zendesk=[*two_tickets(), *merge()])
    world, at = load_world(recording.path / "world"), recording.cases[0].received_at
    _, body = x.ask(world, at, "zendesk.tickets.get", id="1")
    assert (body["ticket"]["status"], body["ticket"]["tags"]) == ("open", [])
    _, said = x.ask(world, at, "zendesk.comments.list", id="2")
    assert "merged" not in str(said)


def test_a_merge_by_a_rule_is_kept_apart(tmp_path):
    """Duplicate catchers merge too, and they are nobody's answer."""
    report, recording = x.bring(tmp_path, zendesk=[*two_tickets(), *merge(channel="rule")])
    assert not recording.cases
    assert report.notes["kept apart, by automation: zendesk.tickets.merge"] == 1


@pytest.mark.parametrize("form", ["audit", "event"])
def test_a_redaction_is_a_deed_without_what_it_took_away(tmp_path, form):
    """Both forms name the comment; the text is told to nobody, so it is judged as an action."""
    told = {"type": "CommentRedactionEvent", "comment_id": 101}
    redacted = x.audit(5, "2026-07-01T10:20:00Z", x.AGENT, told)
    if form == "event":
        child = {"id": 7, "event_type": "CommentRedactionEvent", "comment_id": "101", "via": "Web"}
        redacted = {"id": 5, "ticket_id": 1, "created_at": "2026-07-01T10:20:00Z",
                    "updater_id": x.AGENT, "via": "Web form", "child_events": [child]}  # fmt: skip
    report, recording = x.bring(tmp_path, zendesk=[*x.users(), x.ticket(), *x.audits(), redacted])
    (case,) = recording.cases
    actions = recording.baselines_of(case.case_id)[0].actions
    (found,) = [each for each in actions if each.operation == "zendesk.comments.redact"]
    assert (found.target.id, found.response_status, found.after) == ("101", None, None)
    assert not [note for note in report.notes if "quarantined" in note]


def test_a_deletion_is_told_by_the_list_of_deleted_tickets(tmp_path):
    """Who threw a ticket away, and when."""
    gone = {"id": 1, "subject": "Charged twice", "actor": {"id": x.AGENT, "name": "Sam Desk"},
            "deleted_at": "2026-07-01T10:05:00Z", "previous_state": "new"}  # fmt: skip
    spam = x.ticket(status="new", tags=[], updated_at=x.OPENED, assignee_id=None)
    _, recording = x.bring(tmp_path, zendesk=[*x.users(), spam, gone])
    (case,) = recording.cases
    (baseline,) = recording.baselines_of(case.case_id)
    assert [each.operation for each in baseline.actions] == ["zendesk.tickets.delete"]
    assert baseline.actor == "agent:Sam Desk"


def test_tags_that_came_and_went_tell_those_before(tmp_path):
    """Incremental events list what was added and removed, and not what was there."""
    child = {"id": 7, "event_type": "Change", "via": "Web form", "tags": ["b", "c"],
             "added_tags": ["c"], "removed_tags": ["a"]}  # fmt: skip
    told = {"id": 5, "ticket_id": 1, "created_at": "2026-07-01T10:20:00Z", "updater_id": x.AGENT,
            "via": "Web form", "child_events": [child]}  # fmt: skip
    ticket = x.ticket(status="new", tags=["b", "c"], updated_at="2026-07-01T10:20:00Z")
    _, recording = x.bring(tmp_path, zendesk=[*x.users(), ticket, told])
    (action,) = recording.baselines_of(recording.cases[0].case_id)[0].actions
    assert (action.before["tags"], action.after["tags"]) == (["b", "a"], ["b", "c"])


def whole_ticket():
    """A line of the account's own export: people and comments inside of the ticket."""
    people = {each["id"]: each for each in x.users()}
    said = [
        (1, x.CUSTOMER, x.OPENED, "I was charged 12.00 EUR twice", True),
        (2, x.AGENT, "2026-07-01T10:20:00Z", "Checked: two charges.", False),
        (3, x.AGENT, "2026-07-01T10:30:00Z", "We gave it back.", True),
    ]
    comments = [
        {"id": number, "type": "Comment", "author_id": author, "created_at": at, "body": text,
         "public": public, "audit_id": number, "via": {"channel": "web"}}
        for number, author, at, text, public in said
    ]  # fmt: skip
    bare = {key: value for key, value in x.ticket().items() if not key.endswith("er_id")}
    named = {"requester": people[x.CUSTOMER], "submitter": people[x.CUSTOMER],
             "assignee": people[x.AGENT]}  # fmt: skip
    return {**bare, "assignee_id": None, **named, "comments": comments}


def test_the_account_s_own_export_is_enough(tmp_path):
    """A line holds ticket, people and thread; what staff wrote is their answer."""
    assert detect_format(x.lines(tmp_path / "tickets", [whole_ticket()])).name == "zendesk"
    _, recording = x.bring(tmp_path, zendesk=[whole_ticket()])
    (case,) = recording.cases
    (baseline,) = recording.baselines_of(case.case_id)
    assert [each.operation for each in baseline.actions] == [
        "zendesk.tickets.internal_note", "zendesk.tickets.public_reply",
    ]  # fmt: skip
    assert baseline.actor == "agent:Sam Desk"
    world = load_world(recording.path / "world")
    _, body = x.ask(world, case.received_at, "zendesk.tickets.get", id="1")
    assert body["ticket"]["status"] != "solved"
    _, said = x.ask(world, case.received_at, "zendesk.comments.list", id="1")
    assert [each["body"] for each in said["comments"]] == ["I was charged 12.00 EUR twice"]


def test_audits_tell_it_better_than_the_comments_in_a_ticket(tmp_path):
    """Where both are there, each answer counts once, with the fields that changed with it."""
    alone = [x.audit(3, "2026-07-01T10:30:00Z", x.AGENT, x.comment("We gave it back."),
                     x.change("status", "open", "solved"))]  # fmt: skip
    for number, told in enumerate(([whole_ticket(), *alone], [*alone, whole_ticket()])):
        (tmp_path / str(number)).mkdir()
        _, recording = x.bring(tmp_path / str(number), zendesk=told)
        (baseline,) = recording.baselines_of(recording.cases[0].case_id)
        reply = baseline.actions[-1]
        assert reply.fields["status"] == "solved"
        assert len(baseline.actions) == 2


def test_the_people_inside_of_a_ticket_are_replaced(tmp_path):
    """Names, addresses and what else stands in the users that a ticket holds, and in deletions."""
    gone = {"id": 2, "subject": "x", "actor": {"id": x.AGENT, "name": "Sam Desk"},
            "deleted_at": x.SOLVED, "previous_state": "new"}  # fmt: skip
    _, recording = x.bring(tmp_path, synthetic=False, zendesk=[whole_ticket(), gone])
    kept = "".join(
        each.read_text("latin-1") for each in recording.path.rglob("*") if each.is_file()
    )
    for name in ("Ann Field", "ann@corp.com", "Sam Desk", "sam@us.com"):
        assert name not in kept
