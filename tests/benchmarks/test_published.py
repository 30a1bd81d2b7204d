"""What is published of the benchmarks is what was measured."""

from __future__ import annotations

import json

from tests.benchmarks import published, table
from tests.benchmarks.measure import Measured
from tests.benchmarks.suite import workloads
from tests.benchmarks.workload import Limit, Outcome, Ratio, Side, Workload


def _found():
    sides = tuple(Side(name, lambda size: lambda: Outcome(size, {})) for name in ("a", "b"))
    goals = (Ratio("a", "b", 2), Ratio("a", "peer", 3), Limit("a", "grown_mb", 5))
    found = Measured(Workload("T", "a trial", "call", 1, 1, sides, goals))
    found.missing["peer"] = "no wheel"
    for name, spent in (("a", [1.0, 2.0, 4.0]), ("b", [3.0, 3.0, 4.0])):
        found.rounds[name] = [
            {"units": 1, "work": {}, "facts": {"grown_mb": 9.0}, "cpu": cpu, "wall": cpu,
             "peak_mb": 1.0}
            for cpu in spent
        ]  # fmt: skip
    return found


def test_the_readmes_table_is_what_the_file_says():
    """The table between the marks of the README is made from reports/benchmarks.json."""
    document = json.loads(published.FILE.read_text(encoding="utf-8"))
    readme = published.README.read_text(encoding="utf-8")
    assert published.embedded(readme, published.readme_table(document)) == readme
    assert set(document["workloads"]) <= set(workloads())


def test_a_goal_is_published_with_minimum_median_and_maximum():
    """Each ratio has its median and its spread over the rounds; a peer that lacks says so."""
    shown = published.readme_table(table.document([_found()], 0.1))
    assert "| T | a / b | at least 2 | 1.5 | 1 to 3 | 3 | missed |" in shown
    assert "| T | a / peer | at least 3 |  |  |  | not measured |" in shown
    assert "| T | a, grown_mb | at most 5 | 9 | 9 to 9 | 3 | missed |" in shown


def test_a_run_of_some_workloads_leaves_the_others(tmp_path, monkeypatch):
    """Publishing replaces the entries of what was measured, in the file and in the README."""
    monkeypatch.setattr(published, "FILE", tmp_path / "benchmarks.json")
    monkeypatch.setattr(published, "README", tmp_path / "README.md")
    published.README.write_text("above\n<!-- benchmarks -->\nold\n<!-- /benchmarks -->\nbelow\n")
    first = table.document([_found()], 0.1)
    other = {"version": 1, "workloads": {"A": {**first["workloads"]["T"], "title": "another"}}}
    published.publish(other)
    published.publish(first)
    assert list(json.loads(published.FILE.read_text())["workloads"]) == ["A", "T"]
    text = published.README.read_text()
    assert "old" not in text
    assert text.startswith("above\n<!-- benchmarks -->\n| workload |")
    assert text.endswith("<!-- /benchmarks -->\nbelow\n")
