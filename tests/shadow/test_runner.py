"""A run goes to its end whatever the candidate does, and its result does not depend on luck."""

from __future__ import annotations

import os
import sys
from datetime import timedelta

import pytest

from understudy.doors.self_test import SelfTest
from understudy.model.errors import (
    CandidateError,
    ConfigurationError,
    EvidenceError,
    RecordingError,
)
from understudy.shadow import child, crew, runner
from understudy.shadow.runner import run_shadow
from understudy.shadow.store import read_records

TROUBLE = """
import os, signal, socket, sys, time

def trouble(case, systems):
    number = case.trigger.payload["number"]
    if number == 1:
        raise ValueError("cannot \\x1b[31m")
    if number == 2:
        refund(case, 500)
        ends = socket.socketpair()
        ends[0].recv(1)
    if number == 3:
        print("last words")
        os._exit(7)
    if number == 4:
        socket.create_connection(("203.0.113.1", 443))
    if number == 5:
        return "nonsense"
    if number == 6:
        try:
            os.system("curl https://203.0.113.1")
        except PermissionError:
            return {"outcome": "escalated"}
    if number == 7:
        os.kill(os.getpid(), signal.SIGSEGV)
    if number == 8:
        sys.exit("enough")
    if number == 9:
        os.fork()
    return handle(case, systems)
"""


def test_every_case_ends_in_a_record(project, run):
    """Each case has one record with its captured writes, in the plan's order."""
    report, records = run(project.plan(5, workers=2))
    assert [record.case_id for record in records] == [f"case-{n:03d}" for n in range(5)]
    amounts = [[action.amount_minor for action in record.proposal.actions] for record in records]
    assert amounts == [[100], [101], [102], [103], [104]]
    assert (report.run, report.resumed, report.complete) == (5, 0, True)
    assert report.failures == {}
    assert report.evidence().attempts == 0


def test_no_trouble_of_one_case_is_anothers(project, run):
    """Raising, hanging, crashing, nonsense and ways out each cost their own case only."""
    project.candidate(TROUBLE)
    plan = project.plan(11, use="bot:trouble", workers=2, timeout=timedelta(seconds=1))
    report, records = run(plan)
    reasons = [record.proposal.failure and record.proposal.failure.reason for record in records]
    assert reasons == [
        None, "raised", "timeout", "crashed", "egress", "malformed_answer", None, "crashed",
        "raised", "process", None,
    ]  # fmt: skip
    assert report.failures == {
        "crashed": 2, "egress": 1, "malformed_answer": 1, "process": 1, "raised": 2, "timeout": 1,
    }  # fmt: skip
    assert (report.network_attempts, report.process_attempts) == (1, 2)
    assert report.places == (
        "connect 203.0.113.1:443", "fork", "system curl https://203.0.113.1",
    )  # fmt: skip
    by_number = dict(enumerate(records))
    assert by_number[1].proposal.failure.detail.startswith("ValueError: cannot \\x1b[31m (")
    assert by_number[3].trace.printed == "last words\n"
    assert "SIGSEGV" in by_number[7].proposal.failure.detail


def test_what_a_hanging_case_did_is_not_lost(project, run):
    """A time-out keeps the writes made before it, and says where the candidate stands."""
    project.candidate(TROUBLE)
    plan = project.plan(3, use="bot:trouble", timeout=timedelta(seconds=0.5))
    record = run(plan)[1][2]
    assert [action.amount_minor for action in record.proposal.actions] == [500]
    assert "no answer within 0.5 s; it stands at" in record.proposal.failure.detail
    assert "bot.py" in record.proposal.failure.detail
    assert record.proposal.outcome == "failed"


def test_a_process_that_stands_still_is_killed(project, run, monkeypatch):
    """Where not even the watchdog's thread can run, the supervisor ends the case."""
    monkeypatch.setattr(crew, "_GRACE_SECONDS", 0.3)
    project.candidate(
        "import re\n\ndef stuck(case, systems):\n"
        "    if case.trigger.payload['number'] == 0:\n"
        "        re.match('(a+)+$', 'a' * 60 + 'b')\n"
    )
    report, records = run(project.plan(2, use="bot:stuck", timeout=timedelta(seconds=0.5)))
    assert records[0].proposal.failure.reason == "timeout"
    assert "stood still" in records[0].proposal.failure.detail
    assert records[1].proposal.failure is None
    assert report.complete


@pytest.mark.slow
def test_the_result_does_not_depend_on_the_number_of_workers(project, run, timeless):
    """One worker and three leave equal records but for times."""
    project.candidate(TROUBLE.replace("number == 2", "number == -2"))
    one = run(project.plan(12, use="bot:trouble", workers=1))[1]
    project.run_folder = project.run_folder.with_name("other")
    three = run(project.plan(12, use="bot:trouble", workers=3))[1]
    assert [*map(timeless, one)] == [*map(timeless, three)]


def test_repeats_are_cases_of_their_own(project, run):
    """Each repeat starts from the untouched world and has a record of its own."""
    report, records = run(project.plan(2, repeats=3))
    assert [record.proposal.repeat for record in records] == [0, 1, 2, 0, 1, 2]
    assert all(not record.proposal.actions[0].refused for record in records)
    assert report.planned == 6


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="a call of Linux")
def test_what_only_the_kernel_refuses_is_its_case_s_attempt(project, run):
    """A call that no hook sees stands in the record of the case that made it, and in the report."""
    project.candidate(
        "import os\n\ndef handle_parent(case, systems):\n"
        "    if case.trigger.payload['number'] == 1:\n"
        "        try:\n            os.pidfd_open(os.getppid())\n"
        "        except PermissionError:\n            return {'outcome': 'acted'}\n"
    )
    report, records = run(project.plan(3, use="bot:handle_parent"))
    assert [record.wall.process for record in records] == [0, 1, 0]
    assert records[1].proposal.outcome == "acted"
    assert (report.process_attempts, report.places) == (1, ("native pidfd_open",))


def test_native_code_does_not_see_what_the_supervisor_holds(project, run):
    """A library that opens files beneath Python is refused its starter's environment."""
    project.candidate(
        "import os\n\ndef handle_parent(case, systems):\n"
        "    import pyarrow\n"
        "    try:\n        pyarrow.OSFile(f'/proc/{os.getppid()}/environ').read(9)\n"
        "    except OSError:\n        return {'outcome': 'abstained'}\n"
        "    return {'outcome': 'acted'}\n"
    )
    report, records = run(project.plan(1, use="bot:handle_parent"))
    if os.geteuid() and report.level != "hook+netns":
        pytest.skip("without a namespace, and as nobody in particular, there are no fewer powers")
    assert records[0].proposal.outcome == "abstained"


def test_no_candidate_is_begun_by_a_process_that_keeps_its_powers(monkeypatch):
    """Where the system does not let go of them, whoever runs it is told instead."""
    monkeypatch.setattr(child, "give_up_powers", lambda: False)
    monkeypatch.setattr(child.sys, "platform", "linux")
    with pytest.raises(CandidateError, match="cannot be given up"):
        child._give_up()


WATCHED_WORLD = """
import os, pathlib

others = [int(each.name) for each in pathlib.Path("/proc").iterdir() if each.name.isdigit()]


def session(pid):
    try:
        return os.getsid(pid)
    except OSError:
        return None


found = [pid for pid in others if session(pid) == os.getsid(0) and pid != os.getpid()]
pathlib.Path("counting").write_text(str(len(found)))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only there is it a process")
def test_who_counts_is_there_before_the_world_is_loaded(project, run):
    """A world is held by one process, not by the one that counts refusals as well."""
    project.write("tiny_world.py", WATCHED_WORLD + (project.folder / "tiny_world.py").read_text())
    assert run(project.plan(1))[0].complete
    assert (project.folder / "counting").read_text() == "1"


def test_attempts_of_a_process_that_dies_are_not_lost(project, run):
    """Who tries the network and then ends its process, or stands still, has tried all the same."""
    project.candidate(
        "import os, signal, socket\n\ndef dies(case, systems):\n"
        "    for number in range(200):\n"
        "        try:\n            socket.create_connection(('203.0.113.1', 400 + number))\n"
        "        except PermissionError:\n            pass\n"
        "    if case.trigger.payload['number'] == 0:\n        os._exit(3)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    report, records = run(project.plan(2, use="bot:dies"))
    assert [record.proposal.failure.reason for record in records] == ["crashed"] * 2
    assert all(128 <= record.wall.network <= 200 for record in records)
    assert records[0].wall.places[0] == "connect 203.0.113.1:400"
    assert report.network_attempts >= 256


def test_async_candidates_and_what_they_leave_running(project, run):
    """A coroutine is awaited, and a task it started belongs to its case."""
    project.candidate(
        "import asyncio\n\nasync def later(case):\n"
        "    await asyncio.sleep(0.05)\n    refund(case, 7)\n\n"
        "async def start(case, systems):\n"
        "    task = asyncio.create_task(later(case))\n    refund(case, 5)\n"
        "    return {'outcome': 'acted'}\n"
    )
    records = run(project.plan(2, use="bot:start"))[1]
    amounts = [[action.amount_minor for action in record.proposal.actions] for record in records]
    assert amounts == [[5, 7], [5, 7]]


def test_a_call_after_the_answer_is_nobody_elses(project, run):
    """A thread that writes after its case has ended writes to no other case."""
    project.candidate(
        "import threading\n\nended, works = threading.Event(), []\n\ndef late(case, systems):\n"
        "    def work():\n        ended.wait()\n        refund(case, 999)\n"
        "    if case.trigger.payload['number'] == 0:\n"
        "        works.append(threading.Thread(target=work, daemon=True))\n"
        "        works[0].start()\n        return None\n"
        "    ended.set()\n    works[0].join()\n    return None\n"
    )
    records = run(project.plan(2, use="bot:late"))[1]
    assert [action for record in records for action in record.proposal.actions] == []
    assert [gap.path for gap in records[1].gaps] == ["/v1/refunds"]


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("raise RuntimeError('no key')", "U203", "raises RuntimeError: no key"),
        ("import sys; sys.exit(3)", "U203", "raises SystemExit: 3"),
        ("import os; print('oh', flush=True); os._exit(3)", "U206", "exit code 3; it said: oh"),
        ("import os; os.kill(os.getpid(), 11)", "U206", "SIGSEGV"),
        ("handle = None", "U204", "not a callable"),
    ],
)
def test_a_candidate_that_cannot_be_loaded_stops_before_the_first_case(
    project, run, body, code, said
):
    """A candidate that cannot be imported is one clear error, and no case is recorded."""
    project.candidate(body)
    with pytest.raises(CandidateError) as caught:
        run(project.plan())
    assert caught.value.code == code
    assert said in caught.value.describe()
    assert list(read_records(project.run_folder)) == []


def test_a_candidate_that_hangs_while_it_is_imported(project, run, monkeypatch):
    """An import that does not end is an error after a limit, not an endless wait."""
    monkeypatch.setattr(crew, "_START_SECONDS", 1.0)
    project.candidate("import time\ntime.sleep(60)")
    with pytest.raises(CandidateError, match="not ready within 1 s"):
        run(project.plan())


def test_ways_out_during_the_import_are_counted(project, run):
    """What the import of a candidate tries is refused and reported, too."""
    project.candidate(
        "import socket\ntry:\n    socket.create_connection(('203.0.113.1', 443))\n"
        "except OSError:\n    pass\n"
    )
    report, records = run(project.plan(1))
    assert (report.network_attempts, report.places) == (1, ("connect 203.0.113.1:443",))
    assert records[0].wall.network == 0


def test_nothing_runs_where_the_wall_does_not_hold(project, monkeypatch):
    """A failed self-test leaves every case unrun and the report invalid."""
    leaking = SelfTest("hook", {"UDP sendto": "went through"})
    monkeypatch.setattr(runner, "self_test", lambda **options: leaking)
    report = run_shadow(project.plan(), lambda record: None)
    assert (report.valid, report.run, report.evidence().self_test) == (False, 0, "failed")


def test_a_run_begins_with_the_self_test(project):
    """The real self-test is part of every run, and its level is reported."""
    report = run_shadow(project.plan(1, namespace=True), lambda record: None)
    assert report.valid
    assert report.self_test.blocked >= 25
    assert report.level == report.self_test.level in ("hook", "hook+netns")


def test_the_kill_switch_stops_before_the_next_case(project, run):
    """A file named STOP in the run folder ends the run; what was done is kept."""
    plan = project.plan(50)
    seen = []

    def press(record):
        seen.append(record)
        (project.run_folder / "STOP").touch()

    report = run_shadow(plan, press)
    assert report.stopped == "kill_switch"
    assert 1 <= report.run <= 2
    assert len(list(read_records(project.run_folder))) == report.run


def test_the_caller_can_stop_the_run(project, quick):
    """A callback that returns True ends the run at its case, with however many workers."""
    seen = []

    def decide(record):
        seen.append(record.case_id)
        return len(seen) == 3

    report = run_shadow(project.plan(40, workers=2), decide)
    assert (report.stopped, seen) == ("asked", ["case-000", "case-001", "case-002"])


def test_attempts_on_the_network_can_trip_the_run(project, run):
    """Where the plan says so, the second refused attempt ends the run."""
    project.candidate(
        "import socket\n\ndef curious(case, systems):\n"
        "    try:\n        socket.create_connection(('203.0.113.1', 443))\n"
        "    except OSError:\n        return None\n"
    )
    report, records = run(project.plan(40, use="bot:curious", most_blocked=2))
    assert (report.stopped, report.network_attempts, len(records)) == ("egress", 2, 2)


@pytest.mark.parametrize("namespace", [True, False])
def test_needs_are_reachable_and_named(project, run, namespace):
    """An address that the campaign lists answers, inside a namespace as well; no other does."""
    import socket
    import threading

    def answer(door):
        connection, _ = door.accept()
        with connection:
            connection.sendall(connection.recv(100).upper())

    with socket.create_server(("127.0.0.1", 0)) as door, socket.create_server(("", 0)) as other:
        threading.Thread(target=answer, args=(door,), daemon=True).start()
        port = door.getsockname()[1]
        project.candidate(
            "import socket\n\ndef ask(case, systems):\n"
            f"    made = socket.create_connection(('127.0.0.1', {port}), 5)\n"
            "    made.sendall(b'hello')\n"
            "    print(made.recv(100))\n"
            f"    socket.create_connection(('127.0.0.1', {other.getsockname()[1]}), 5)\n"
        )
        need = f"127.0.0.1:{port}"
        plan = project.plan(1, use="bot:ask", needs=(need,), namespace=namespace)
        report, records = run(plan)
    assert "HELLO" in records[0].trace.printed
    assert records[0].proposal.failure.reason == "egress"
    assert (report.needs, report.network_attempts) == ((need,), 1)
    assert report.level in (("hook", "hook+netns") if namespace else ("hook",))


def test_a_need_without_a_port_is_an_error(project, run):
    """`needs:` takes addresses; anything else is named."""
    with pytest.raises(ConfigurationError, match="`needs: postgres` is not an address"):
        run(project.plan(1, needs=("postgres",)))


def test_our_own_mistake_is_not_the_candidates(project, run):
    """Where a mocked system breaks over its data, the case is not held against the candidate."""
    project.write(
        "tiny_world.py",
        (project.folder / "tiny_world.py").read_text()
        + "\nfrom understudy.systems.overlay import Overlay\nOverlay.get = None\n",
    )
    record = run(project.plan(1))[1][0]
    failure = record.proposal.failure
    assert (failure.cause, failure.reason) == ("infrastructure", "harness")


def test_systems_that_contradict_themselves_end_the_run(project, run):
    """A read that changed state ends the run with an error, not with a finding."""
    project.write(
        "tiny_world.py",
        (project.folder / "tiny_world.py").read_text()
        + "\nfrom understudy.model.errors import EvidenceError\n"
        "from understudy.systems.engine import Engine\n"
        "def broken(self, request):\n"
        "    raise EvidenceError('declared read-only but changed state')\n"
        "Engine.handle = broken\n",
    )
    with pytest.raises(EvidenceError, match="declared read-only"):
        run(project.plan(1))


def test_two_cases_of_one_id_are_refused(project, run):
    """A case id stands once among the cases; twice could not be told apart."""
    plan = project.plan(1)
    with pytest.raises(RecordingError, match="`case-000` stands twice"):
        run(project.plan(cases=[*plan.cases, *plan.cases]))
