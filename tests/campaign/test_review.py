"""Reviewing: who may decide, that nothing is lost, and what decisions change."""

from __future__ import annotations

import html
import json
import multiprocessing
import shutil
import socket
import threading
from http.client import HTTPConnection
from pathlib import Path

import msgspec
import pytest

from understudy.campaign.judging.recorded import judge_run
from understudy.campaign.review.adjudication import catch_rates
from understudy.campaign.review.decisions import DecisionFile
from understudy.campaign.review.desk import ReviewDesk
from understudy.campaign.review.server import ReviewServer
from understudy.campaign.runs.folder import find_run
from understudy.model.decision import BINDING, Decision, finding_key
from understudy.model.errors import ConfigurationError, RecordingError


@pytest.fixture
def server(reports):
    """The page, served."""
    made = ReviewServer(reports, 0.5)
    made.start()
    yield made
    made.stop()


class Client:
    """A reviewer's browser, as far as a server can tell."""

    def __init__(self, server):
        self.server = server

    def ask(self, method, path, body=None, **changed):
        headers = {
            "Host": f"127.0.0.1:{self.server.port}",
            "Authorization": f"Bearer {self.server.token}",
            "Content-Type": "application/json",
        }
        headers |= {name.replace("_", "-"): value for name, value in changed.items()}
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        connection.putrequest(method, path, skip_host=True)
        sent = body if isinstance(body, bytes) else json.dumps(body).encode() if body else b""
        for name, value in (headers | {"Content-Length": str(len(sent))}).items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(sent)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def decide(self, finding, choice, who="Ana", **more):
        sent = decision(finding, choice, who, **more)
        return self.ask("POST", "/runs/one/decisions", sent)


def decision(finding, choice, who="Ana", **more):
    made = {
        "decision_id": f"{who}-{finding.case_id}-{finding_key(finding)}-{choice}",
        "at": "2026-11-02T10:00:00+00:00",
        "reviewer": who,
        "case_id": finding.case_id,
        "subject": finding_key(finding),
        "choice": choice,
        "reason": "the contract says so",
    }
    return made | more


def liftable(run):
    return [one for one in run.read_findings() if one.kind not in BINDING and one.cost_minor]


def test_the_page_is_served_with_reviewing_switched_on(server, run):
    """The address that is printed shows the run's own page, which may send decisions back."""
    status, page = Client(server).ask("GET", f"/runs/one/?token={server.token}", Authorization=None)
    assert status == 200
    page = html.unescape(page)
    assert "connect-src 'self'" in page and 'id="review"' in page
    assert run.read_verdict().run_id in page
    assert "connect-src" not in (run.path / "report.html").read_text()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/runs/one/", {"Authorization": None}, 403),
        ("/runs/one/decisions", {"Authorization": "Bearer wrong"}, 403),
        ("/runs/one/?token=", {"Authorization": None}, 403),
        ("/runs/one/", {"Host": "evil.example"}, 421),
        ("/runs/one/", {"Host": "127.0.0.1:1"}, 421),
        ("/runs/one/", {"Host": None}, 421),
        ("/runs/one/", {"Origin": "http://evil.example"}, 403),
        ("/runs/one/", {"Origin": "null"}, 403),
        ("/runs/one/", {"Sec_Fetch_Site": "cross-site"}, 403),
        ("/runs/one/", {"Sec_Fetch_Site": "same-site"}, 403),
        ("/runs/../one/", {}, 404),
        ("/runs/..%2f..%2fetc/", {}, 404),
        ("/runs/one/../../../../etc/passwd", {}, 404),
        ("/runs/one/verdict.json", {}, 404),
        ("//runs/one/x", {}, 404),
        ("/runs/unknown/", {}, 404),
        ("/runs/one/\\..\\x", {}, 404),
    ],
)
def test_a_request_from_elsewhere_or_for_anything_else_is_refused(server, path, headers, status):
    """No token, another origin, another host's name or a path out of the run gets nothing."""
    answered, text = Client(server).ask("GET", path, **headers)
    assert answered == status
    assert "root:" not in text and server.token not in text


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Authorization": None}, 403),
        ({"Content_Type": "text/plain"}, 415),
        ({"Origin": "https://evil.example"}, 403),
        ({"Host": "rebound.example"}, 421),
    ],
)
def test_a_decision_from_elsewhere_is_not_written(server, run, changed, status):
    """A page of somebody else's cannot decide, with or without a form; nothing is written."""
    sent = decision(liftable(run)[0], "people_right")
    path = f"/runs/one/decisions?token={server.token}"
    assert Client(server).ask("POST", path, sent, **changed)[0] == status
    assert not (run.path / "decisions.jsonl").exists()


def test_a_decision_that_says_too_little_or_too_much_is_refused(server, run):
    """Name, reason and a known subject are needed; garbage and floods are refused unread."""
    client, finding = Client(server), liftable(run)[0]
    for changed in (
        {"reviewer": " "}, {"reason": ""}, {"choice": "sure"}, {"subject": "0" * 12},
        {"case_id": "nobody"}, {"choice": "link_wrong"}, {"choice": None}, {"reason": "x" * 3000},
        {"choice": None, "undoes": "somebody-else's"},
    ):  # fmt: skip
        sent = decision(finding, "people_right") | changed
        assert client.ask("POST", "/runs/one/decisions", sent)[0] == 422
    assert client.ask("POST", "/runs/one/decisions", b"{")[0] == 422
    assert client.ask("POST", "/runs/one/decisions", b"x" * 70_000)[0] == 422
    assert not (run.path / "decisions.jsonl").exists()


def test_nobody_but_this_machine_is_listened_to(server):
    """The server is bound to loopback only."""
    with socket.socket() as probe:
        probe.settimeout(2)
        other = socket.gethostbyname(socket.gethostname())
        if other.startswith("127."):
            pytest.skip("this machine has no other address")
        assert probe.connect_ex((other, server.port)) != 0


def _decide_often(path, who, count):
    file = DecisionFile(path)
    for number in range(count):
        file.append(
            Decision(
                decision_id=f"{who}-{number}", at="2026-11-02T10:00:00+00:00", reviewer=who,
                case_id="c", subject="s", choice="people_right", reason="r" * 500,
            )
        )  # fmt: skip


def test_two_reviewers_at_once_lose_nothing(server, run):
    """Decisions through two servers' processes and many threads all stand, none torn or twice."""
    findings = liftable(run)
    client = Client(server)
    threads = [
        threading.Thread(target=client.decide, args=(one, "people_right", who))
        for one in findings
        for who in ("Ana", "Ben", "Ana")
    ]
    path = run.path / "decisions.jsonl"
    context = multiprocessing.get_context("spawn")
    other = context.Process(target=_decide_often, args=(path, "Cleo", 20))
    other.start()
    for thread in threads:
        thread.start()
    _decide_often(path, "Dan", 20)
    for each in (*threads, other):
        each.join(60)
    read = DecisionFile(path).read()
    assert not read.damaged
    assert len(read.all) == 2 * len({finding_key(one) for one in findings}) + 40


def test_an_accepted_alternative_becomes_another_baseline(server, run, reports):
    """Accepting all differences of a case takes their cost out of verdict and cost, and says so."""
    before = run.read_cost()
    finding = max(liftable(run), key=lambda one: one.cost_minor)
    own = [one for one in run.read_findings() if one.case_id == finding.case_id]
    assert not [one for one in own if one.kind in BINDING]
    client = Client(server)
    for one in own:
        assert client.decide(one, "both_acceptable")[0] == 201
    verdict = judge_run(str(run.path), reports, lambda *_: None).verdict
    after = run.read_cost()
    gone = sum(one.cost_minor for one in own)
    assert gone > 0
    assert after.error_cost_minor == before.error_cost_minor - gone
    assert verdict.error_cost.total_minor == after.error_cost_minor
    assert any("decisions of Ana were taken up" in reason for reason in verdict.reasons)
    assert not [one for one in run.read_findings() if one.case_id == finding.case_id]
    page = (run.path / "report.html").read_text()
    assert f"{verdict.error_cost.per_case / 100:,.2f}" in page
    undo = decision(own[0], None, undoes=decision(own[0], "both_acceptable")["decision_id"])
    assert client.ask("POST", "/runs/one/decisions", undo)[0] == 201
    judge_run(str(run.path), reports, lambda *_: None)
    assert run.read_cost().error_cost_minor > after.error_cost_minor


def test_what_reviewers_disagree_on_stays_as_it_was_priced(server, run, reports):
    """A conflict changes nothing until one of the two comes round; then it is taken up."""
    before, client = run.read_cost().error_cost_minor, Client(server)
    finding = liftable(run)[0]
    own = [one for one in run.read_findings() if one.case_id == finding.case_id]
    for one in own:
        client.decide(one, "candidate_right", "Ana")
        client.decide(one, "people_right", "Ben")
    verdict = judge_run(str(run.path), reports, lambda *_: None).verdict
    assert run.read_cost().error_cost_minor == before
    assert any("reviewers disagree" in reason for reason in verdict.reasons)
    for one in own:
        client.decide(one, "candidate_right", "Ben")
    judge_run(str(run.path), reports, lambda *_: None)
    assert run.read_cost().error_cost_minor < before


def test_seeded_errors_measure_each_reviewer_and_change_no_price(server, run, reports):
    """Errors that were put among the findings look like others; who accepts them is known after."""
    before, client = run.read_cost().error_cost_minor, Client(server)
    client.ask("GET", f"/runs/one/?token={server.token}")
    laid = server._desks["one"]._now()
    assert laid.seeded
    for number, (case_id, key) in enumerate(sorted(laid.seeded)):
        for who, choice in (("Ana", "people_right"), ("Ben", "candidate_right")):
            sent = {
                "decision_id": f"{who}{number}", "at": "", "reviewer": who, "case_id": case_id,
                "subject": key, "choice": choice, "reason": "as I see it",
            }  # fmt: skip
            assert client.ask("POST", "/runs/one/decisions", sent)[0] == 201
    told = json.loads(client.ask("GET", "/runs/one/decisions")[1])
    assert not any(one["seeded"] for one in told["decisions"])
    rates = {one.reviewer: one for one in catch_rates(DecisionFile.of(run.path).read().all)}
    assert rates["Ana"].caught == rates["Ana"].seeded == len(laid.seeded)
    assert rates["Ben"].caught == 0 and rates["Ben"].interval[0] == 0
    judge_run(str(run.path), reports, lambda *_: None)
    assert run.read_cost().error_cost_minor == before
    page = (run.path / "report.html").read_text()
    assert "Ben saw 0 of" in page


def test_no_error_is_seeded_where_a_real_difference_was_decided(run):
    """A case of which people have decided gets no seeded error, and as many others get one."""
    laid = ReviewDesk(run, 0.5)._now()
    case_id, key = min(laid.seeded)
    said = {
        "decision_id": "real", "at": "2026-11-02T10:00:00+00:00", "reviewer": "Ana",
        "case_id": case_id, "subject": key, "choice": "both_acceptable", "reason": "so it is",
    }  # fmt: skip
    DecisionFile.of(run.path).append(msgspec.convert(said, Decision))
    desk = ReviewDesk(run, 0.5)
    now = desk._now()
    assert case_id not in {at for at, _ in now.seeded}
    assert len({at for at, _ in now.seeded}) == len({at for at, _ in laid.seeded})
    undo = said | {"decision_id": "undo", "choice": None, "undoes": "real"}
    assert desk.decide(json.dumps(undo).encode())["taken"]
    assert not any(one.seeded for one in DecisionFile.of(run.path).read().all)


def test_what_the_policy_forbids_cannot_be_accepted(run, reports):
    """A finding that rests on the policy keeps its price, and the verdict says why."""
    store = reports.parent / "failed.jsonl"
    manifest = run.read_manifest()
    lines = [json.loads(line) for line in Path(manifest.proposals).read_text().splitlines()]
    lines[1] |= {"failure": {"cause": "candidate", "reason": "crashed"}, "outcome": "failed"}
    store.write_text("".join(json.dumps(line) + "\n" for line in lines))
    run.write_manifest(msgspec.structs.replace(manifest, proposals=str(store)))
    judge_run(str(run.path), reports, lambda *_: None)
    before = run.read_cost().error_cost_minor
    bound = [one for one in run.read_findings() if one.kind in BINDING]
    assert bound
    for one in bound:
        file = DecisionFile.of(run.path)
        file.append(msgspec.convert(decision(one, "candidate_right"), Decision))
    verdict = judge_run(str(run.path), reports, lambda *_: None).verdict
    assert run.read_cost().error_cost_minor == before
    assert any("policy forbids" in reason for reason in verdict.reasons)


def test_decisions_of_a_static_page_are_taken_in_once(run, reports, tmp_path):
    """An exported file is appended without known lines; a bad one leaves all as it was."""
    finding = liftable(run)[0]
    exported = tmp_path / "decisions.jsonl"
    exported.write_text(json.dumps(decision(finding, "people_right")) + "\n")
    for _ in range(2):
        judge_run(str(run.path), reports, lambda *_: None, exported)
    assert len(DecisionFile.of(run.path).read().all) == 1
    exported.write_text('{"decision_id": 3}\n' + json.dumps(decision(finding, None)) + "\n")
    with pytest.raises(ConfigurationError, match="2 decisions cannot be read"):
        judge_run(str(run.path), reports, lambda *_: None, exported)
    assert len(DecisionFile.of(run.path).read().all) == 1


def test_a_damaged_line_of_decisions_is_told_and_hides_no_other(server, run, reports):
    """A half-written line is an error of `judge` with its number; what follows it is kept whole."""
    path = run.path / "decisions.jsonl"
    path.write_text('{"decision_id": "x", "at')
    assert Client(server).decide(liftable(run)[0], "neither")[0] == 201
    told = json.loads(Client(server).ask("GET", "/runs/one/decisions")[1])
    assert len(told["decisions"]) == 1 and "decisions.jsonl:1" in told["damaged"][0]
    with pytest.raises(RecordingError, match=r"decisions\.jsonl:1"):
        judge_run(str(run.path), reports, lambda *_: None)


def test_a_run_whose_manifest_is_damaged_hides_no_other(server, run, reports):
    """The page of all runs names it as damaged and shows the others; `latest` is none the worse."""
    other = Path(shutil.copytree(run.path, reports / "pilot" / "two")) / "manifest.json"
    other.write_bytes(other.read_bytes().rstrip()[:-1])
    status, page = Client(server).ask("GET", f"/?token={server.token}")
    assert status == 200 and "damaged: " in page
    assert f"runs/one/?token={server.token}" in page
    assert find_run("latest", reports).path == run.path


def test_the_page_of_all_runs_shows_verdicts_costs_and_attempts(server, run, reports):
    """Each run stands there with its verdict and cost, a damaged one with what is wrong of it."""
    shutil.copytree(run.path, reports / "pilot" / "two")
    (reports / "pilot" / "two" / "verdict.json").write_text("{")
    status, page = Client(server).ask("GET", f"/?token={server.token}")
    verdict = run.read_verdict()
    assert status == 200
    assert verdict.verdict.value in page and f"{verdict.error_cost.per_case / 100:,.2f}" in page
    assert "damaged" in page and f"runs/one/?token={server.token}" in page
    assert Client(server).ask("GET", "/", Authorization=None)[0] == 403
    assert find_run("one", reports).path == run.path
