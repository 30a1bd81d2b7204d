"""A case of a run as a scenario: a file that pytest runs, or one more case of such a file."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from understudy.campaign.flow_yaml import flow
from understudy.campaign.judging.replays import open_once
from understudy.campaign.runs.files import RunFiles, open_run
from understudy.campaign.runs.folder import find_run
from understudy.campaign.suites.faults import faults_of
from understudy.campaign.suites.rows import rows_of
from understudy.model.action import Action
from understudy.model.baseline import Baseline
from understudy.model.case import CUSTOMERS, Case
from understudy.model.document import parse_document, parse_text, read_document
from understudy.model.errors import ConfigurationError, RecordingError
from understudy.model.manifest import RunManifest
from understudy.model.money import Money
from understudy.model.new_file import file_aside
from understudy.model.package import package_file
from understudy.model.proposal import CaseRecord
from understudy.model.suite import Suite
from understudy.systems.routes import stray_table

__all__ = ["write_scenario"]

_CASES = re.compile(r"^cases:[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_NEXT_KEY = re.compile(r"^[A-Za-z_]", re.MULTILINE)
_REMARKS = re.compile(r"(?:^(?:[ \t\r]*|#[^\n]*)\n)*\Z", re.MULTILINE)
"""Empty lines and remarks at the end, which are about what follows."""
_ITEM = re.compile(r"^( *)- ", re.MULTILINE)
_CALLABLE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def write_scenario(run: str, case_id: str, file: Path, reports: Path) -> str:
    """Write a run's case into a suite, a new one or one that is there; the command that runs it.

    The scenario holds the rows that belong to the case, its event, the customer's messages, the
    faults that acted, and what people did. A suite that is there keeps every other byte. Raises
    `RecordingError` where the run has no such case or no world, and `ConfigurationError` where the
    case cannot be added to the file.
    """
    files = open_run(find_run(run, reports))
    case, record = _found(files, case_id)
    lines = list(_written(files, case, record))
    if file.exists():
        text = _appended(file, case_id, lines)
    else:
        text = "\n".join([*_head(files.manifest, file), "cases:", *_indented(lines, "  "), ""])
    parse_document(parse_text(text, str(file)), Suite)
    _put(file, text)
    return f"pytest {file}::{case_id}"


def _found(files: RunFiles, case_id: str) -> tuple[Case, CaseRecord]:
    case, records = files.of_case(case_id)
    if files.manifest.world is None:
        raise RecordingError(
            f"the run `{files.folder.path}` has no world whose rows a scenario could hold",
            code="U445",
            hint="only cases that a candidate was shadowed on become scenarios",
        )
    return case, records[0]


def _written(files: RunFiles, case: Case, record: CaseRecord) -> Iterator[str]:
    """The case as lines of YAML, the first one with its dash."""
    baselines = files.evidence.baselines[case.case_id]
    actions = [action for each in baselines for action in each.actions]
    world = open_once(Path(str(files.manifest.world)))
    if case.received_at is not None:
        world = world.as_of(case.received_at)
    found = rows_of(world, case, [*actions, *record.proposal.actions])
    # An imported world has tables that nothing serves.
    rows = {table: kept for table, kept in found.items() if not stray_table(table)}
    yield f"- id: {flow(case.case_id)}"
    yield f"  scenario: {flow(case.scenario)}"
    yield f"  tier: {flow(case.tier)}"
    yield from [f"  tags: {flow(case.tags)}"] if case.tags else []
    yield f"  trigger: {flow(_event(case))}"
    yield from _list("  turns", [turn.text for turn in case.opening if turn.role in CUSTOMERS])
    yield from ["  world:"] if rows else []
    for table, kept in rows.items():
        yield from _list(f"    {table}", [dict(row) for row in kept])
    yield from _list("  faults", faults_of(files.manifest.planned_faults, record))
    yield from _baseline(max(baselines, key=lambda each: each.weight, default=None))


def _event(case: Case) -> dict[str, Any]:
    trigger = case.trigger
    at = {} if case.received_at is None else {"at": case.received_at.isoformat()}
    return {"system": trigger.system, "type": trigger.type, **at, "payload": trigger.payload}


def _list(name: str, items: Sequence[Any]) -> Iterator[str]:
    if items:
        yield f"{name}:"
        yield from (f"{' ' * (len(name) - len(name.lstrip()))}  - {flow(item)}" for item in items)


def _baseline(baseline: Baseline | None) -> Iterator[str]:
    actions = [] if baseline is None else [*map(_deed, baseline.actions)]
    yield "  baseline:"
    yield from _list("    actions", actions) if actions else ["    actions: []"]
    if baseline is not None:
        yield from _list("    reply_facts", baseline.reply_facts)


def _deed(action: Action) -> dict[str, Any]:
    found: dict[str, Any] = {"operation": action.operation}
    if action.target is not None:
        known = {"type": action.target.type, "id": action.target.id}
        found["target"] = {key: value for key, value in known.items() if value is not None}
    if action.fields:
        found["fields"] = action.fields
    if action.amount_minor is not None and action.currency is not None:
        found["amount"] = str(Money(action.amount_minor, action.currency)).replace(",", "")
    return found


def _head(manifest: RunManifest, file: Path) -> Iterator[str]:
    """What the cases of a new suite share, as far as the run has it."""
    yield f"# Cases of runs, as scenarios.   pytest {file.name}"
    yield "version: 1"
    if _CALLABLE.fullmatch(manifest.candidate_spec):
        yield f"candidate: {{use: {flow(manifest.candidate_spec)}}}"
    if manifest.mounted:
        yield f"systems: {flow(manifest.mounted)}"
    policy = Path(manifest.policy)
    shipped = policy.parent == package_file("policies").resolve()
    near = policy.stem if shipped else os.path.relpath(policy, file.resolve().parent)
    yield f"policy: {flow(near)}"
    yield f"seed: {manifest.seed}"


def _appended(file: Path, case_id: str, lines: Sequence[str]) -> str:
    """The text of a suite with one more case behind its last one."""
    suite = parse_document(read_document(file), Suite)
    if case_id in {case.id for case in suite.cases}:
        raise ConfigurationError(
            f"the suite has a case `{case_id}` already",
            code="U180",
            where=str(file),
            hint="name another file, or give the case that is there another id",
        )
    text = file.read_bytes().decode("utf-8")
    begin = _CASES.search(text)
    first = _ITEM.search(text, begin.end()) if begin else None
    if begin is None or first is None:
        raise ConfigurationError(
            "a case cannot be added to a list that is written in brackets",
            code="U181",
            where=str(file),
            hint="write `cases:` with a line and a dash for each case, or name another file",
        )
    following = _NEXT_KEY.search(text, begin.end())
    end = following.start() if following else len(text)
    end = len(_REMARKS.sub("", text[:end]))
    ending = "\r\n" if "\r\n" in text else "\n"
    before = text[:end] if text[:end].endswith("\n") else text[:end] + ending
    added = ending.join(["", *_indented(lines, first.group(1)), ""])
    return before + added + text[end:]


def _indented(lines: Sequence[str], by: str) -> list[str]:
    return [by + line for line in lines]


def _put(file: Path, text: str) -> None:
    place = file.resolve()
    with file_aside(place) as aside:
        aside.write_bytes(text.encode("utf-8"))
        if place.exists():
            shutil.copymode(place, aside)
