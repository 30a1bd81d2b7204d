"""The pilot's history and its ladder: who went how far, on which evidence, and what it took."""

from __future__ import annotations

import html
import json
import threading
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.campaign.pilot_project import Desk, payout, reply

from understudy.campaign.judging.recorded import judge_run
from understudy.campaign.pilot.log import enter_run, pilot_file, pilot_runs
from understudy.campaign.pilot.orders import Order, demote, kill, promote
from understudy.campaign.pilot.sign_off import Signer, sign_run
from understudy.campaign.pilot.signature import make_key
from understudy.campaign.pilot.states import states_of
from understudy.campaign.pilot.status import lines_of, pilot_status
from understudy.campaign.pilot.suites import enter_suites, junit_result
from understudy.campaign.projects.project_page import project_page
from understudy.campaign.runs.identity import candidate_hash, tools_hash
from understudy.campaign.suites.scenarios import load_suite
from understudy.campaign.suites.session import suite_mark
from understudy.gate.ladder import Asked, inherited, missing
from understudy.model.candidate_use import ModelUse
from understudy.model.chain import check_chain, read_chain
from understudy.model.errors import EvidenceError, NoCasesError, RecordingError
from understudy.model.pilot import OperationEvidence, PilotRun, Rung, SuiteResult
from understudy.model.verdict import Stage

REPLY, PAYOUT = "zendesk.tickets.public_reply", "stripe.payouts.create"


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


@pytest.fixture
def key(tmp_path):
    make_key(tmp_path / "keys" / "maria.pem")
    return tmp_path / "keys" / "maria.pem"


def test_every_run_on_a_recording_is_an_attempt_even_when_its_folder_is_gone(desk):
    """The attempt number counts what was tried, not what was kept; the same look counts once."""
    import shutil

    first = desk.judge()
    assert first.verdict.attempt == 1
    shutil.rmtree(first.folder.path)
    other = desk.judge("other", lambda number: (reply(number, "Done."),))
    assert other.verdict.attempt == 2
    assert desk.judge().verdict.attempt == 1, "the same proposals by the same rules: no new look"
    runs = pilot_runs(read_chain(pilot_file(desk.reports)))
    assert len(runs) == 3 and {run.verdict for run in runs} == {"GO"}


def test_runs_that_begin_at_once_get_different_attempt_numbers(desk):
    """Two that enter the chain at the same moment lose nothing and share no number."""
    manifest = desk.judge().folder.read_manifest()
    found = []

    def enter(number):
        own = msgspec.structs.replace(manifest, run_id=f"run-{number}", proposals=None)
        found.append(enter_run(desk.reports, own))

    threads = [threading.Thread(target=enter, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(2, 10))
    assert check_chain(pilot_file(desk.reports))[1] == []


def test_a_broken_history_stops_the_next_run(desk):
    """A line that was changed is named, and nothing is built on it."""
    desk.judge()
    path = pilot_file(desk.reports)
    path.write_text(path.read_text().replace('"attempt":1', '"attempt":0', 1))
    with pytest.raises(RecordingError, match=r"pilot\.jsonl:1: this line was changed"):
        desk.judge("other")


def test_the_status_tells_rung_spending_evidence_and_what_comes_next(desk):
    """Per operation: rung, ceiling, recommended class with its evidence, cases, money, advice."""
    desk.tried(desk.judge())
    text = pilot_status(desk.reports, as_json=False)
    assert f"{REPLY}: shadow, ceiling full" in text
    assert "0 critical in 400 cases, so at most 0.75%; recommended class" in text
    assert "spent on this rung: 400 cases, 16.00 EUR, 0 days" in text
    assert "a GO of a run with `stage: draft_only`" in text
    line = json.loads(pilot_status(desk.reports, as_json=True))["classes"][0]
    assert (line["rung"], line["cases"]) == ("shadow", 400)
    with pytest.raises(NoCasesError, match="no run has been judged"):
        pilot_status(desk.folder / "nowhere", as_json=False)


def test_a_class_goes_up_by_a_signature_on_a_go_and_one_rung_at_a_time(desk, key):
    """Without the signature, or over a rung, everything that is missing is told at once."""
    run = desk.judge(stage=Stage.DRAFT_ONLY)
    desk.tried(run)
    order = Order("agent", REPLY, "Maria")
    name = run.folder.path.name
    with pytest.raises(EvidenceError, match="no approval of somebody is signed"):
        promote(desk.reports, order, name, "draft_only")
    sign_run(name, desk.reports, Signer("Maria", "release manager", key), "approve", "")
    with pytest.raises(EvidenceError, match=r"next rung is draft_only; the run was for .*2,995"):
        promote(desk.reports, order, name, "limited_autonomy")
    move = promote(desk.reports, order, name, "draft_only")
    assert (move.before, move.rung) == ("shadow", "draft_only")
    state = next(state for state in states_of(desk.reports) if state.operation == REPLY)
    assert state.rung is Rung.DRAFT_ONLY
    with pytest.raises(EvidenceError, match="attention is not measured: 0 of 100"):
        promote(desk.reports, order, name, "approval_required")


def test_a_verdict_that_was_written_anew_promotes_nothing(desk, key):
    """A GO that somebody typed in is not the one that the pilot's chain knows."""
    run = desk.judge(stage=Stage.DRAFT_ONLY)
    desk.amend(run.folder.verdict, verdict="GO", attempt=1, scope="everything")
    with pytest.raises(RecordingError, match="is not the one that stands in"):
        promote(desk.reports, Order("agent", REPLY, "M"), run.folder.path.name, "draft_only")


def promoted(desk, key):
    run = desk.judge(stage=Stage.DRAFT_ONLY)
    desk.tried(run)
    name = run.folder.path.name
    sign_run(name, desk.reports, Signer("Maria", "release manager", key), "approve", "")
    promote(desk.reports, Order("agent", REPLY, "Maria"), name, "draft_only")


def rung_of(desk, operation=REPLY):
    return next(one.rung for one in states_of(desk.reports) if one.operation == operation)


def test_a_critical_finding_sends_a_class_down_at_once(desk, key):
    """Nobody has to decide it: the run that shows it enters it, with its reason."""
    promoted(desk, key)
    run = desk.judge("agent", lambda n: (reply(n, "Paid: 9 EUR." if n == 3 else "Hi."), payout(n)))
    assert run.verdict.verdict == "NO-GO"
    assert rung_of(desk) is Rung.OFFLINE, "nobody has tried this candidate on a suite"
    desk.tried(run)
    assert rung_of(desk) is Rung.SHADOW
    kinds = [link.kind for link in read_chain(pilot_file(desk.reports))]
    assert kinds.count("demoted") == 1
    assert rung_of(desk, PAYOUT) is Rung.SHADOW


def test_another_candidate_of_the_same_name_begins_in_the_shadow(desk, key):
    """Evidence is bound to hashes: other code inherits none of what the old code showed."""
    promoted(desk, key)
    run = desk.judge("agent", lambda n: (reply(n), *([reply(n, "We look into it.")] * (n == 3))))
    assert rung_of(desk) is Rung.OFFLINE, "the suite that held was another candidate's"
    desk.tried(run)
    assert rung_of(desk) is Rung.SHADOW
    last = [link for link in read_chain(pilot_file(desk.reports)) if link.kind == "demoted"][-1]
    assert last.body["reason"] == "the candidate's code has changed"


def test_a_class_comes_to_the_shadow_when_every_scenario_of_its_candidate_holds(desk, key):
    """No suite, or one with a scenario that fails, holds it back; its last result counts."""
    run = desk.judge(stage=Stage.DRAFT_ONLY)
    name, order = run.folder.path.name, Order("agent", REPLY, "Maria")
    sign_run(name, desk.reports, Signer("Maria", "release manager", key), "approve", "")
    text = pilot_status(desk.reports, as_json=False)
    assert f"{REPLY}: offline, ceiling full" in text and "scenario suites: none entered" in text
    assert "for shadow: no scenario suite of this very candidate was entered: pytest" in text
    with pytest.raises(EvidenceError, match=r"no scenario suite .*; it stands at offline, and the"):
        promote(desk.reports, order, name, "draft_only")
    desk.tried(run, held=11)
    text = pilot_status(desk.reports, as_json=False)
    assert "for shadow: only 11 of 12 scenarios held (scenarios/replies.yaml)" in text
    desk.tried(run)
    assert f"{REPLY}: shadow" in pilot_status(desk.reports, as_json=False)
    assert promote(desk.reports, order, name, "draft_only").rung == "draft_only"
    desk.tried(run, held=11)
    assert rung_of(desk) is Rung.DRAFT_ONLY, "what was promoted stays where it is"
    again = desk.judge(stage=Stage.APPROVAL_REQUIRED).folder.path.name
    with pytest.raises(EvidenceError, match="only 11 of 12 scenarios held"):
        promote(desk.reports, order, again, "approval_required")


def test_a_suite_of_another_test_runner_is_entered_from_its_junit_file(desk, tmp_path):
    """Failures, errors and what was skipped did not hold; what is no such file is refused."""
    name = desk.judge().folder.path.name
    file = tmp_path / "suite.xml"
    for text in ("<testsuites/>", "no XML", None):
        if text is not None:
            file.write_text(text)
        with pytest.raises(RecordingError, match="is no JUnit file of a suite"):
            junit_result(file if text else tmp_path / "none.xml", name, desk.reports, "Maria")
    file.write_text(
        "<testsuite><testcase name='a'/><testcase name='b'><failure/></testcase>"
        "<testcase name='c'><skipped/></testcase></testsuite>"
    )
    enter_suites(desk.reports, [junit_result(file, name, desk.reports, "Maria")])
    text = pilot_status(desk.reports, as_json=False)
    assert "scenario suites: 1 of 3 scenarios held (suite.xml, entered by Maria)" in text


def test_people_send_down_and_end_a_pilot(desk, key):
    """Down needs no signature; what was ended does not come back, unless the candidate changes."""
    promoted(desk, key)
    order = Order("agent", REPLY, "Olaf", "complaints")
    assert demote(desk.reports, order, "shadow").rung == "shadow"
    with pytest.raises(Exception, match="is not below it"):
        demote(desk.reports, order, "full")
    kill(desk.reports, order)
    text = pilot_status(desk.reports, as_json=False)
    assert "ended: complaints" in text
    name = desk.judge(stage=Stage.DRAFT_ONLY).folder.path.name
    sign_run(name, desk.reports, Signer("Maria", "rm", key), "approve", "")
    with pytest.raises(EvidenceError, match="its pilot was ended"):
        promote(desk.reports, order, name, "shadow")
    with pytest.raises(RecordingError, match="did you mean `agent`"):
        kill(desk.reports, Order("agnt", REPLY, "Olaf"))


def test_a_rung_whose_budget_is_used_up_without_a_go_is_to_be_ended(desk):
    """Cases, money and days are set in the gate file before; the first that is reached is told."""
    gates = desk.gates.read_text()

    def dear(number):
        return (reply(number), *([payout(number)] * (number % 4 == 0)))

    for budget, told in (
        ("cases: 300", "400 of 300 cases"),
        ("money: 10 EUR", "16.00 EUR of 10.00 EUR"),
    ):
        desk.gates.write_text(f"{gates}kill: {{shadow: {{{budget}}}}}\n")
        desk.judge(f"agent-{budget[:5]}", dear)
        assert f"kill: {told} are used up without a GO" in pilot_status(desk.reports, False)
    desk.gates.write_text(gates)
    desk.judge("slow", dear)
    later = datetime.now(UTC) + timedelta(days=91)
    line = next(one for one in lines_of(states_of(desk.reports), later) if one.candidate == "slow")
    assert line.recommendation.startswith("kill: 91 of 90 days")


def test_what_pays_and_is_not_taken_back_has_a_ceiling(desk):
    """A pay-out stays behind an approval, unless the gate file names another rung for it."""
    desk.tried(desk.judge("agent", lambda n: (reply(n), payout(n))))
    assert f"{PAYOUT}: shadow, ceiling approval_required" in pilot_status(desk.reports, False)
    desk.gates.write_text(f"{desk.gates.read_text()}ceilings: {{{PAYOUT}: shadow}}\n")
    desk.judge("agent", lambda n: (reply(n), payout(n)))
    assert "stay: shadow is its ceiling" in pilot_status(desk.reports, False)


def asked(to, **changes):
    now = datetime(2026, 6, 1, tzinfo=UTC)
    usual = {
        "operation": REPLY, "at": Rung(to - 1), "to": to, "since": now - timedelta(days=31),
        "now": now, "ceiling": Rung.FULL, "killed": False, "approvals": 2, "changed": "",
    }  # fmt: skip
    return Asked(**(usual | changes))


def a_run(stage, cases, **changes):
    line = OperationEvidence(
        operation=REPLY, cases=cases, critical=0, error_cost_minor=0, recommended_class="automated"
    )
    usual = {
        "run_id": "r", "folder": "", "campaign": "c", "candidate": "agent", "hashes": {},
        "at": "2026-06-01T00:00:00+00:00",
        "stage": stage, "verdict": "GO", "verdict_digest": "", "attempt": 1, "cases": cases,
        "money_minor": 0, "currency": "EUR", "prices_owned": True, "held_out": True,
        "seeded": 100, "least_caught": 0.6, "stuck": (),
    }  # fmt: skip
    return PilotRun(**(usual | changes), evidence=(line,)), line


@pytest.mark.parametrize(
    ("rung", "cases"),
    [
        (Rung.DRAFT_ONLY, 59),
        (Rung.APPROVAL_REQUIRED, 299),
        (Rung.LIMITED_AUTONOMY, 2995),
        (Rung.FULL, 2995),
    ],
)
def test_each_rung_asks_for_so_many_cases_without_a_critical_finding(rung, cases):
    """59, 299 and 2,995 clean cases of the operation itself; one fewer is too few."""
    run, line = a_run(Stage(rung.label), cases)
    assert missing(asked(rung), run, line) == ()
    run, line = a_run(Stage(rung.label), cases - 1)
    (told,) = missing(asked(rung), run, line)
    assert f"takes {cases:,} cases" in told


def test_what_a_candidate_is_offered_is_hashed_apart_from_its_code(tmp_path):
    """Another system, another file of one's own or fewer tools is another hash, and a way down."""
    (tmp_path / "mine.py").write_text("class System: ...")
    built_in = tools_hash("bot:handle", {}, tmp_path)
    every = {"crm": "hubspot", "finance": "stripe", "support": "zendesk", "d": "desk"}
    assert built_in == tools_hash("other:handle", every, tmp_path)
    own = tools_hash("bot:handle", {"warehouse": "mine:System"}, tmp_path)
    (tmp_path / "mine.py").write_text("class System:\n    name = 'w'")
    changed = tools_hash("bot:handle", {"warehouse": "mine:System"}, tmp_path)
    model = {"base_url": "http://127.0.0.1:1/v1", "model": "m", "prompt": "p.md"}
    narrow = ModelUse.model_validate({"openai": {**model, "tools": ["zendesk.tickets.*"]}})
    assert len({built_in, own, changed, tools_hash(narrow, {}, tmp_path)}) == 4
    before = {"candidate": "a", "tools": built_in}
    assert inherited(Rung.FULL, before, {**before, "tools": own}) == (
        Rung.DRAFT_ONLY, "what it is offered to act with",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("exec: python agent.py", "exec: python ../agent.py"),
        ({"http": {"url": "http://127.0.0.1:1", "start": "python agent.py 1"}},
         {"http": {"url": "http://127.0.0.1:1", "start": "python ../agent.py 1"}}),
        ({"openai": {"model": "m", "prompt": "agent.py"}},
         {"openai": {"model": "m", "prompt": "../agent.py"}}),
    ],
)  # fmt: skip
def test_a_candidate_is_the_same_wherever_it_is_named_from(tmp_path, here, there):
    """A suite in a folder below names the campaign's candidate; what its file says is in the hash.

    A program that is installed counts by its name, since no candidate is made of that.
    """
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "agent.py").write_text("one")
    first = candidate_hash(here, tmp_path)
    assert first == candidate_hash(there, tmp_path / "scenarios")
    (tmp_path / "agent.py").write_text("two")
    assert first != candidate_hash(here, tmp_path)
    assert candidate_hash("exec: /bin/sh -c true", tmp_path) != candidate_hash(
        "exec: /bin/sh -c false", tmp_path
    )


def test_a_script_in_a_command_is_no_file_however_long_its_words(tmp_path):
    """A word that is longer than a file's name may be counts as it stands."""
    script = f"exec: python -c print('{'x' * 300}')"
    assert candidate_hash(script, tmp_path) != candidate_hash(script + ";1", tmp_path)


def test_evidence_counts_half_after_ninety_days():
    """118 clean cases carry a draft for ninety days, and one fewer for no day longer."""
    old = {"at": "2026-03-03T00:00:00+00:00"}
    run, line = a_run(Stage.DRAFT_ONLY, 118, **old)
    assert missing(asked(Rung.DRAFT_ONLY), run, line) == ()
    run, line = a_run(Stage.DRAFT_ONLY, 117, **old)
    (told,) = missing(asked(Rung.DRAFT_ONLY), run, line)
    assert "117 cases, of which 58 still count at their age" in told


def test_a_run_that_ended_early_shows_less_to_the_ladder():
    """Its bound holds at every look, which takes 65 cases where a planned end takes 59."""
    run, line = a_run(Stage.DRAFT_ONLY, 64, peeked=True)
    (told,) = missing(asked(Rung.DRAFT_ONLY), run, line)
    assert "takes 65 cases" in told
    assert missing(asked(Rung.DRAFT_ONLY), *a_run(Stage.DRAFT_ONLY, 65, peeked=True)) == ()


def test_the_status_asks_for_fresh_evidence_when_the_old_has_halved(desk, key):
    """A rung that 400 cases carried is to be renewed once fewer than 59 of them count."""
    promoted(desk, key)
    states = states_of(desk.reports)
    [line] = lines_of(states, datetime.now(UTC))
    assert "renew" not in line.recommendation
    [line] = lines_of(states, datetime.now(UTC) + timedelta(days=260))
    assert line.recommendation.startswith("renew: the last run is 260 days old, so 54 of its 400")
    assert "(54 of them still count)" in line.evidence


@pytest.mark.parametrize(
    ("rung", "asks", "run_changes", "told"),
    [
        (Rung.LIMITED_AUTONOMY, {}, {"held_out": False}, "not on a held-out part"),
        (Rung.LIMITED_AUTONOMY, {}, {"stuck": None}, "no rollback drill"),
        (Rung.LIMITED_AUTONOMY, {}, {"stuck": (REPLY,)}, "could not undo its writes"),
        (Rung.APPROVAL_REQUIRED, {}, {"seeded": 99}, "99 of 100 errors"),
        (Rung.APPROVAL_REQUIRED, {}, {"least_caught": 0.4}, "at least 40% are seen"),
        (Rung.FULL, {"approvals": 1}, {}, "no approval of 2 people"),
        (Rung.FULL, {"since": datetime(2026, 5, 20, tzinfo=UTC)}, {}, "12 of 30 days"),
        (Rung.DRAFT_ONLY, {}, {"prices_owned": False}, "prices have no owner"),
        (Rung.DRAFT_ONLY, {}, {"chosen": True}, "chosen by hand"),
        (Rung.DRAFT_ONLY, {}, {"stage": Stage.SHADOW}, "the run was for the stage shadow"),
        (Rung.DRAFT_ONLY, {"changed": "the model"}, {}, "the model has changed since"),
        (Rung.LIMITED_AUTONOMY, {"ceiling": Rung.APPROVAL_REQUIRED}, {}, "ceiling is approval"),
    ],
)
def test_what_a_rung_lacks_is_told(rung, asks, run_changes, told):
    """Each single thing that is missing forbids the rung, and is named."""
    run, line = a_run(**{"stage": Stage(rung.label), "cases": 3000, **run_changes})
    (reason,) = missing(asked(rung, **asks), run, line)
    assert told in reason


def test_prices_without_an_owner_stay_in_the_shadow(desk):
    """The shipped prices are illustrative: the verdict says so and no stage above can be GO."""
    run = desk.judge(policy="standard", stage=Stage.DRAFT_ONLY)
    assert run.verdict.verdict == "INCONCLUSIVE"
    assert any("illustrative" in reason for reason in run.verdict.reasons)


def test_a_run_that_is_judged_again_is_one_run(desk):
    """A second judgement replaces the first in the sums, and is no further attempt."""
    run = desk.judge()
    again = judge_run(str(run.folder.path), desk.reports, lambda *_: None)
    assert again.verdict.attempt == 1
    (state,) = states_of(desk.reports)
    assert state.cases == 400


def test_the_report_shows_ladder_attempt_and_sign_off(desk, key):
    """Page one says which attempt it is and who signed; the ladder stands below."""
    run = desk.judge()
    desk.tried(run)
    sign_run(str(run.folder.path), desk.reports, Signer("Maria", "rm", key), "reject", "no")
    from understudy.campaign.reporting import report_run

    report_run(str(run.folder.path), desk.reports)
    for name in ("report.html", "report.md"):
        text = (run.folder.path / name).read_text().replace("\\", "")
        assert "1 on this recording" in text
        assert "reject by Maria (rm): no" in text
        assert "Promotion ladder" in text and "draft_only" in text


def test_the_page_of_all_runs_shows_the_ladder(desk):
    """Each class stands there as `pilot status` tells it; a damaged history is told, not hidden."""
    empty = project_page(desk.reports, None, "t")
    assert "No run has shown anything of an operation yet" in empty
    desk.judge()
    page = html.unescape(project_page(desk.reports, None, "t"))
    [line] = lines_of(states_of(desk.reports), datetime.now(UTC))
    for told in (line.candidate, line.operation, line.evidence, line.recommendation):
        assert f"<td>{told}</td>" in page
    chain = pilot_file(desk.reports)
    chain.write_text(chain.read_text().replace(REPLY, PAYOUT))
    page = project_page(desk.reports, None, "t")
    assert "the promotion ladder cannot be told: the hash chain is broken" in page
    assert "the hash chain is broken" not in empty and REPLY not in page


def test_a_candidate_with_an_environment_is_tried_by_a_suite_as_it_runs(project):
    """What it is given counts in both hashes, so that the suite proves the candidate of the run."""
    project.write("bot.py", "def handle(case, systems):\n    return {'outcome': 'escalated'}\n")
    own = "{use: 'bot:handle', env: {TONE: short}}"
    suite = project.write(
        "suite.yaml",
        f"version: 1\ncandidate: {own}\ncases:\n  - id: a\n"
        "    trigger: {system: zendesk, type: ticket.created, payload: {}}\n"
        "    expect: {escalated: true}\n",
    )
    reports = project.folder / "reports"
    mark = suite_mark(load_suite(suite), None, suite, project.folder)
    enter_suites(reports, [msgspec.convert({**mark, "held": 1}, SuiteResult)])
    campaign = project.campaign("", candidates=f"[{own.replace('{', '{name: agent, ', 1)}]")
    finished = project.command("run", str(campaign), "-q", "--limit", "1")
    states = states_of(reports)
    assert states and {state.rung for state in states} == {Rung.SHADOW}, finished.stderr
