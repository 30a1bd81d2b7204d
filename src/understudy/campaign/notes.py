"""What went on in a run besides its verdict: failures, attempts to get out, gaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from understudy.campaign.external import agreement_text
from understudy.campaign.run_files import RunFiles
from understudy.cost.clauses import breaches
from understudy.cost.price_list import PriceList
from understudy.model.printable import printable
from understudy.model.verdict import Verdict

__all__ = ["notes_on"]

_SHOWN = 3


def notes_on(files: RunFiles, verdict: Verdict) -> str:
    """Lines for the terminal after the summary; empty where there is nothing to tell."""
    lines = [*_failures(files), *_attempts(files), *_gaps(files), *_clauses(files)]
    noted = "\n\nNOTES\n" + "\n".join(f"  - {printable(line)}" for line in lines) if lines else ""
    return noted + agreement_text(verdict.external)


def _clauses(files: RunFiles) -> Iterator[str]:
    """How often people themselves broke each clause: a rule that they do not keep tells little."""
    policy, evidence = files.rules.policy, files.evidence
    prices = PriceList.from_policy(policy)
    broken: Counter[str] = Counter()
    handled = 0
    for case in evidence.cases if policy.clauses else ():
        for baseline in evidence.baselines.get(case.case_id, ()):
            handled += 1
            found = breaches(case, baseline.actions, prices)
            broken.update({breach.clause.id for breach in found})
    for clause in policy.clauses if handled else ():
        count = broken[clause.id]
        share = f"{count / handled:.1%}"
        yield f"people broke clause {clause.id} in {count:,} of {handled:,} baselines ({share})"


def _failures(files: RunFiles) -> Iterator[str]:
    failures = [one.failure for one in files.evidence.proposals if one.failure is not None]
    if not failures:
        return
    kinds = Counter(failure.reason for failure in failures)
    told = ", ".join(f"{count:,} {reason}" for reason, count in kinds.most_common())
    yield f"{len(failures):,} of {len(files.evidence.proposals):,} cases failed ({told})"
    details = Counter(failure.detail for failure in failures if failure.detail)
    yield from (f"{count:,}x {detail}" for detail, count in details.most_common(_SHOWN))


def _attempts(files: RunFiles) -> Iterator[str]:
    places: Counter[str] = Counter()
    for record in files.records:
        places.update(record.wall.places)
    if files.wall is not None and files.wall.expected:
        yield f"the wall blocked {files.wall.expected:,} attempts on hosts of `expect_blocked:`"
    if files.wall is not None and files.wall.attempts:
        shown = ", ".join(place for place, _ in places.most_common(_SHOWN))
        yield f"the wall blocked {files.wall.attempts:,} attempts to get out: {shown}"


def _gaps(files: RunFiles) -> Iterator[str]:
    gaps = Counter(
        (f"{gap.method} {gap.path} at {gap.system}", gap.detail)
        for one in files.records
        for gap in one.gaps
    )
    for (gap, detail), count in gaps.most_common(_SHOWN):
        what = detail or "understudy systems operations lists what is"
        yield f"nothing serves {gap} ({count:,}x); {what}"
