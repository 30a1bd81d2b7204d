"""What is published of the benchmarks: reports/benchmarks.json, and the table of the README.

A run of some workloads replaces their entries in the file and leaves the others as they were; each
entry says on what machine, when and under what load it was measured.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["FILE", "README", "embedded", "merge", "publish", "readme_table"]

_ROOT = Path(__file__).parents[2]
FILE = _ROOT / "reports" / "benchmarks.json"
README = _ROOT / "README.md"
_BEGIN, _END = "<!-- benchmarks -->", "<!-- /benchmarks -->"


def merge(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The published file with the workloads of a run in place of what it had of them.

    >>> merge({"workloads": {"A": 1, "B": 1}}, {"version": 1, "workloads": {"B": 2}})
    {'version': 1, 'workloads': {'A': 1, 'B': 2}}
    """
    entries = {**old.get("workloads", {}), **new["workloads"]}
    return {"version": new["version"], "workloads": dict(sorted(entries.items()))}


def publish(new: Mapping[str, Any]) -> None:
    """Write the file, and the table into the README."""
    old = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    document = merge(old, new)
    FILE.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    text = README.read_text(encoding="utf-8")
    README.write_text(embedded(text, readme_table(document)), encoding="utf-8")


def embedded(readme: str, table: str) -> str:
    """The README with a table between its marks."""
    before, _, rest = readme.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{table}{_END}{after}"


def readme_table(document: Mapping[str, Any]) -> str:
    """A row for each goal: what was compared, the median of the rounds, their spread."""
    names = ["workload", "compared", "goal", "median", "min to max", "rounds", ""]
    head = f"| {' | '.join(names)} |\n{'|---' * len(names)}|\n"
    return head + "".join(
        f"| {' | '.join(cells)} |\n"
        for name, entry in document["workloads"].items()
        for cells in _rows(name, entry)
    )


def _rows(name: str, entry: Mapping[str, Any]) -> Iterator[list[str]]:
    for goal in entry["goals"]:
        told = {None: "not measured", True: "met", False: "missed"}[goal["met"]]
        if goal["value"] is None:
            yield [name, goal["compared"], goal["wanted"], "", "", "", told]
            continue
        spread = f"{_short(goal['least'])} to {_short(goal['most'])}"
        rounds = str(goal["rounds"])
        yield [name, goal["compared"], goal["wanted"], _short(goal["value"]), spread, rounds, told]


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
