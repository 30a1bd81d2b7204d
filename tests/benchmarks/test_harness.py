"""The benchmarks themselves: what they compare is comparable, and what they gate is gated."""

import json
import sys

import pytest
from tests.benchmarks import __main__ as command
from tests.benchmarks import peers, table, w1
from tests.benchmarks.measure import SLACK, Measured, VoidError, _same_work, measure
from tests.benchmarks.peers import MissingPeer
from tests.benchmarks.suite import find, workloads
from tests.benchmarks.workload import Limit, Outcome, Ratio, Side, Workload


def _made(**cpu):
    """A workload with a side per name and the CPU seconds that each round of it took."""
    sides = tuple(Side(name, lambda size: lambda: Outcome(size, {})) for name in cpu)
    goals = (Ratio("ours", "floor", 0.5, gated=True), Limit("ours", "grown_mb", 50, gated=True))
    found = Measured(Workload("T", "a trial", "call", 10, 10, sides, goals))
    for name, seconds in cpu.items():
        found.rounds[name] = [
            {"units": 10, "work": {}, "facts": {"grown_mb": 7.0}, "cpu": each, "wall": each,
             "peak_mb": 30.0}
            for each in seconds
        ]  # fmt: skip
    return found


def test_a_ratio_is_the_median_of_the_rounds_ratios():
    """A disturbance of one round does not decide, nor does one that hits both sides alike."""
    found = _made(ours=[2.0, 20.0, 4.0], floor=[1.0, 1.0, 3.0])
    assert found.ratio("ours", "floor") == 0.5


@pytest.mark.parametrize(("cpu", "missed"), [(1.9, 0), (2.3, 0), (2.4, 1)])
def test_a_gate_gives_way_by_fifteen_percent_and_no_more(cpu, missed):
    """0.43 of the floor passes a gate at 0.5, 0.41 does not; the goal itself has no slack."""
    found = _made(ours=[cpu], floor=[1.0])
    assert len(table.missed(found)) == missed
    assert found.met(found.workload.goals[0]) is (cpu <= 2)
    assert SLACK == 0.85


def test_a_side_that_is_not_there_is_named(monkeypatch):
    """A peer that does not install is printed as not measured, and its goals as neither."""
    needy = Side("peer", lambda size: lambda: Outcome(size, {}), needs=("no-such-thing==0",))
    goals = (Ratio("ours", "peer", 3), Ratio("ours", "other", 5))
    other = {"other": "no side plays it"}
    workload = Workload("T", "a trial", "call", 1, 1, (needy,), goals, unmeasured=other)
    monkeypatch.setattr("tests.benchmarks.measure.install", _not_there)
    found = measure(workload, 1)
    shown = "\n".join(table.lines(found))
    assert "peer                          not measured: no wheel" in shown
    assert "ours / peer: not measured (at least 3)" in shown
    assert "other                         not measured: no side plays it" in shown
    assert "ours / other: not measured (at least 5)" in shown
    assert table.missed(found) == []


def _not_there(needs):
    raise MissingPeer("no wheel")


def test_what_a_side_counted_and_which_peers_it_had_is_printed():
    """A side's further numbers stand below the table, and the peers with their versions."""
    found = _made(ours=[1.0], floor=[1.0])
    needy = Side("peer", lambda size: lambda: Outcome(size, {}), needs=("slow==1.2",))
    found.workload = Workload("T", "a trial", "call", 10, 10, (*found.workload.sides, needy))
    found.rounds["peer"] = found.rounds["floor"]
    shown = list(table.lines(found))
    assert "  ours: grown_mb 7" in shown
    assert "  peers: slow==1.2" in shown


def test_an_environment_that_cannot_be_made_says_why(monkeypatch, tmp_path):
    """Requirements that do not install give the installer's own reason."""
    monkeypatch.setenv("UNDERSTUDY_BENCH_HOME", str(tmp_path))
    monkeypatch.setattr(peers, "_ran", lambda command: "No matching distribution")
    with pytest.raises(MissingPeer, match="no-such==1 does not install here: No matching"):
        peers.install(("no-such==1",))
    assert not peers.python_of(("no-such==1",)).exists()


def test_what_a_command_complains_about_is_kept(tmp_path):
    """A command that fails gives its last words, one that works none."""
    failing = "import sys; sys.exit('it broke')"
    assert "it broke" in peers._ran([sys.executable, "-c", failing])
    assert peers._ran([sys.executable, "-c", ""]) == ""
    assert "no-such-command" in peers._ran([str(tmp_path / "no-such-command")])


def test_sides_that_did_different_work_are_not_compared():
    """Numbers of unequal work are void."""
    found = _made(ours=[1.0], floor=[1.0])
    found.rounds["floor"][0]["work"] = {"score": 1.0}
    with pytest.raises(VoidError, match="different work"):
        _same_work(found)


def test_w1_has_the_work_that_it_promises():
    """A fifth of the cases differ in one of eight parts, whatever their number."""
    for count in (10, 200):
        differing = [
            each.expected != w1._amount(each.number * 7 % 1500) for each in w1.cases(count)
        ]
        assert sum(differing) * 5 == count
    assert w1.cases(20)[:5] == w1.cases(5)
    assert w1.world(5).counts()["zendesk.tickets"] == 5


def test_unknown_workloads_are_refused(monkeypatch, capsys):
    """A name that is no workload ends the command with the names that are."""
    monkeypatch.setattr(sys, "argv", ["bench", "W9"])
    assert command.main() == 2
    assert "no workload `W9`; there are" in capsys.readouterr().out
    with pytest.raises(LookupError):
        find(["W9"])


@pytest.mark.parametrize("workload", workloads().values(), ids=lambda each: each.id)
def test_every_workload_does_equal_work(workload):
    """At a tiny size all sides that need no environment run here and do the same work."""
    works = [dict(side.prepare(workload.small)().work) for side in workload.sides if not side.needs]
    assert works
    assert all(work == works[0] for work in works)


def test_goals_name_sides_and_gates_name_floors():
    """Every goal is about sides that exist, and what is gated needs no peer."""
    for workload in workloads().values():
        peers_of = {side.name for side in workload.sides if side.needs} | workload.unmeasured.keys()
        named = {side.name for side in workload.sides} | workload.unmeasured.keys()
        for goal in workload.goals:
            about = {goal.of} | ({goal.against} if isinstance(goal, Ratio) else set())
            assert about <= named
            assert not goal.gated or not about & peers_of


def test_a_workload_is_measured_printed_and_written(monkeypatch, capsys, tmp_path):
    """The command runs sides in processes of their own, and its file holds what it printed."""
    out = tmp_path / "benchmarks.json"
    monkeypatch.setattr(
        sys, "argv", ["bench", "ENGINE", "--repeat", "1", "--size", "600", "--json", str(out)]
    )
    assert command.main() in (0, 1)
    printed, written = capsys.readouterr().out, json.loads(out.read_text())
    assert "us CPU/read" in printed
    measured = written["workloads"]["ENGINE"]
    assert measured["machine"]["python"] in printed
    assert len(measured["sides"]["engine"]) == 1
    assert measured["goals"][0]["compared"] in printed


@pytest.mark.bench
@pytest.mark.timeout(600)
@pytest.mark.parametrize("workload", workloads().values(), ids=lambda each: each.id)
def test_our_own_floors_hold(workload):
    """Beside floors of our own, in the same run, every gated ratio holds with 15 % slack."""
    gated = [goal for goal in workload.goals if goal.gated]
    if not gated:
        pytest.skip("compares with peers only")
    of = {name for goal in gated for name in (goal.of, getattr(goal, "against", goal.of))}
    found = measure(workload, 5, only=tuple(of))
    assert table.missed(found) == [], "\n".join(table.lines(found))
