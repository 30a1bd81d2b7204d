"""Two runs on the same cases, beside each other: which costs less, where, and what has changed."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from understudy.campaign.runs.folder import RunFolder, find_run
from understudy.gate.pairs import PairedEvidence, paired_evidence
from understudy.gate.units import units_of
from understudy.model.cost import CaseCost, CostSummary
from understudy.model.document import load_document
from understudy.model.errors import RecordingError, UnderstudyError, one_error
from understudy.model.gates import Gates
from understudy.model.manifest import RunManifest
from understudy.model.money import Money
from understudy.model.printable import printable
from understudy.model.verdict import Verdict

__all__ = ["Comparison", "KindChange", "compare_runs", "comparison_json", "comparison_text"]

_LISTED = 5
_BOUND = ("candidate", "prompt", "model", "tools", "policy", "gates", "prices", "world", "harness")
_CONDITIONS = ("seed", "stage", "fault_plan", "planned", "part", "selection", "candidate_release")


@dataclass(frozen=True, slots=True)
class KindChange:
    """One kind of finding in the common cases of both runs; money in minor units."""

    kind: str
    first_cases: int
    second_cases: int
    first_minor: int
    second_minor: int

    @property
    def change_minor(self) -> int:
        """What the second run has more of it."""
        return self.second_minor - self.first_minor


@dataclass(frozen=True, slots=True)
class Comparison:
    """The second run against the first, over the cases that both judged; money in minor units."""

    first: str
    second: str
    currency: str
    cases: int
    alone: tuple[int, int]
    """How many cases only the first, and only the second has judged."""
    evidence: PairedEvidence
    cheaper: int
    dearer: int
    kinds: tuple[KindChange, ...]
    moved: tuple[tuple[str, int], ...]
    """The cases whose cost changed most, and by how much."""
    changed: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What is shown, in one sentence."""
        found = self.evidence
        if not found.decided:
            more = ""
            if found.units_needed is not None and found.units_needed > found.units:
                more = f"; about {found.units_needed:,} clusters of cases would be enough"
            elif found.units_needed is None:
                more = "; no number of cases like these would tell them apart"
            return f"UNDECIDED: nothing shows that one costs more than the other{more}"
        better = self.second if found.first_dearer > found.second_dearer else self.first
        return f"{better} costs less"


def compare_runs(first: str, second: str, reports: Path) -> Comparison:
    """Pair two judged runs by case; raises `RecordingError` with all that forbids it."""
    one, other = (_Side.of(find_run(name, reports)) for name in (first, second))
    _refuse_unlike(one, other)
    common = one.by_case.keys() & other.by_case.keys()
    pairs = [each for each in one.cost.per_case if each.case_id in common]
    cap = load_document(Path(one.manifest.gates), Gates).cap
    a = units_of(pairs, cap.minor)
    b = units_of([other.by_case[each.case_id] for each in pairs], cap.minor)
    changes = {
        each.case_id: other.by_case[each.case_id].error_cost_minor - each.error_cost_minor
        for each in pairs
    }
    largest = sorted(changes.items(), key=lambda item: (-abs(item[1]), item[0]))
    return Comparison(
        first=one.name,
        second=other.name,
        currency=one.cost.currency,
        cases=len(pairs),
        alone=(len(one.by_case) - len(common), len(other.by_case) - len(common)),
        evidence=paired_evidence(a.x * cap.minor, b.x * cap.minor, float(cap.minor), one.alpha),
        cheaper=sum(change < 0 for change in changes.values()),
        dearer=sum(change > 0 for change in changes.values()),
        kinds=tuple(_kinds(one, other, common)),
        moved=tuple(each for each in largest if each[1])[:_LISTED],
        changed=tuple(_changed(one.manifest, other.manifest, one.verdict, other.verdict)),
    )


def comparison_text(found: Comparison, second: str) -> str:
    """The comparison for a terminal; `second` is what a person types to name the second run."""
    money = _Amounts(found.currency)
    low, high = found.evidence.interval
    lines = [
        f"{found.first} -> {found.second}: {found.cases:,} common cases",
        f"COST per case {money.signed(-found.evidence.difference)} (between {money.signed(-high)} "
        f"and {money.signed(-low)}), each case up to the gates' cap",
        f"{found.cheaper:,} cases cost less, {found.dearer:,} cost more, "
        f"{found.cases - found.cheaper - found.dearer:,} the same",
    ]
    if any(found.alone):
        lines.append(
            f"not compared: {found.alone[0]:,} cases that only the first run judged, and "
            f"{found.alone[1]:,} that only the second did"
        )
    lines += ["", "BY KIND", *(_kind_line(each, money) for each in found.kinds)]
    lines += ["", "CASES", *_case_lines(found, second, money)]
    lines += ["", "WHAT CHANGED", *(f"  {each}" for each in found.changed or ("nothing",))]
    e = found.evidence
    value = max(e.first_dearer, e.second_dearer)
    lines += ["", f"RESULT {found.sentence} (evidence {value:,.3g} of {e.threshold:,.0f})"]
    return "\n".join(printable(line) for line in lines)


def comparison_json(found: Comparison) -> str:
    """The same as one JSON document."""
    told = msgspec.to_builtins(found)
    told |= {"result": found.sentence, "decided": found.evidence.decided}
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode()


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two runs."""

    folder: RunFolder
    manifest: RunManifest
    verdict: Verdict
    cost: CostSummary
    by_case: Mapping[str, CaseCost]
    alpha: float

    @classmethod
    def of(cls, folder: RunFolder) -> _Side:
        if not folder.verdict.is_file():
            raise RecordingError(
                f"run `{folder.path}` has no verdict yet, so there is nothing to compare",
                code="U448",
                hint=f"understudy judge {folder.path}",
            )
        cost, manifest = folder.read_cost(), folder.read_manifest()
        by_case = {each.case_id: each for each in cost.per_case}
        alpha = load_document(Path(manifest.gates), Gates).alpha
        return cls(folder, manifest, folder.read_verdict(), cost, by_case, alpha)

    @property
    def name(self) -> str:
        release = self.manifest.candidate_release
        return f"{self.manifest.candidate}{f' {release}' if release else ''}"


def _refuse_unlike(one: _Side, other: _Side) -> None:
    problems: list[UnderstudyError] = [
        RecordingError(
            f"`{one.folder.path}` and `{other.folder.path}` cannot be compared: {problem}",
            code="U493",
            hint=hint,
        )
        for problem, hint in _differences(one, other)
    ]
    if problems:
        raise one_error(problems)


def _differences(one: _Side, other: _Side) -> Iterator[tuple[str, str]]:
    if one.manifest.hashes.get("recording") != other.manifest.hashes.get("recording"):
        yield "they are on different recordings", "run both candidates on one recording"
    elif not one.by_case.keys() & other.by_case.keys():
        yield "no case was judged in both", "run both on the same cases"
    if one.verdict.hashes.prices != other.verdict.hashes.prices:
        yield (
            "they are priced by different policies",
            f"judge both by one policy: understudy judge {one.folder.path}",
        )
    if one.cost.currency != other.cost.currency:
        yield (
            f"one is in {one.cost.currency}, the other in {other.cost.currency}",
            "judge both by one policy",
        )


def _kinds(one: _Side, other: _Side, common: Iterable[str]) -> list[KindChange]:
    first, second = _costs_by_kind(one, common), _costs_by_kind(other, common)
    found = [
        KindChange(
            kind,
            len(first.get(kind, ())),
            len(second.get(kind, ())),
            round(sum(first.get(kind, {}).values())),
            round(sum(second.get(kind, {}).values())),
        )
        for kind in first.keys() | second.keys()
    ]
    return sorted(found, key=lambda each: (-abs(each.change_minor), each.kind))


def _costs_by_kind(side: _Side, common: Iterable[str]) -> dict[str, dict[str, float]]:
    """By kind, what each case pays for it: its share of the case's cost, a mean over repeats."""
    wanted = set(common)
    sums: dict[str, dict[str, float]] = {}
    whole: dict[str, int] = {}
    for finding in side.folder.read_findings():
        if finding.case_id in wanted:
            whole[finding.case_id] = whole.get(finding.case_id, 0) + finding.cost_minor
            own = sums.setdefault(finding.kind.value, {})
            own[finding.case_id] = own.get(finding.case_id, 0.0) + finding.cost_minor
    for own in sums.values():
        for case_id, cost in own.items():
            total = whole[case_id]
            mean = side.by_case[case_id].error_cost_minor
            own[case_id] = cost * mean / total if total else 0.0
    return sums


def _changed(
    one: RunManifest, other: RunManifest, before: Verdict, after: Verdict
) -> Iterator[str]:
    if one.run_id == other.run_id:
        yield "nothing: it is one and the same run"
    for name in _BOUND:
        old, new = getattr(before.hashes, name), getattr(after.hashes, name)
        if old != new:
            yield f"{name}: {_short(old)} -> {_short(new)}"
    for name in _CONDITIONS:
        old, new = getattr(one, name), getattr(other, name)
        if old != new:
            yield f"{name.replace('_', ' ')}: {_told(old)} -> {_told(new)}"


def _short(value: str | None) -> str:
    return "none" if value is None else value[:12]


def _told(value: object) -> str:
    return (
        ", ".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value or "none")
    )


@dataclass(frozen=True, slots=True)
class _Amounts:
    currency: str

    def signed(self, minor: float) -> str:
        """An amount with its sign, a plus where the second run costs more."""
        text = str(Money(int(np.rint(minor)), self.currency))
        return text if text.startswith("-") else f"+{text}"


def _kind_line(each: KindChange, money: _Amounts) -> str:
    word = "better" if each.change_minor < 0 else "worse" if each.change_minor else "equal"
    return (
        f"  {word:<7}{each.kind:<26}{each.first_cases:>6,} -> {each.second_cases:<6,} cases"
        f"{money.signed(each.change_minor):>18}"
    )


def _case_lines(found: Comparison, second: str, money: _Amounts) -> Iterator[str]:
    for case_id, change in found.moved:
        command = f"understudy case {shlex.quote(second)} {shlex.quote(case_id)}"
        yield f"  {money.signed(change):>16}  {command}"
    if not found.moved:
        yield "  every case costs the same in both"
