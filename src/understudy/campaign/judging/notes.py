"""What went on in a run besides its verdict: failures, attempts to get out, gaps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from understudy.campaign.judging.external import agreement_text
from understudy.campaign.runs.files import RunFiles
from understudy.candidates.model_hosts import about_models
from understudy.candidates.vendor_hosts import about_systems
from understudy.model.cost import CostSummary
from understudy.model.printable import printable
from understudy.model.verdict import Verdict

__all__ = ["notes_on"]

_SHOWN = 3
_ID = re.compile(r"\b(?=(?:\w*\d){4})[\w-]+")
"""A word with four digits or more: longer than a status or the number of a line."""


def notes_on(files: RunFiles, cost: CostSummary, verdict: Verdict) -> str:
    """Lines for the terminal after the summary; empty where there is nothing to tell."""
    lines = [*_failures(files), *_attempts(files), *_gaps(files), *_clauses(cost)]
    noted = "\n\nNOTES\n" + "\n".join(f"  - {printable(line)}" for line in lines) if lines else ""
    return noted + agreement_text(verdict.external)


def _clauses(cost: CostSummary) -> Iterator[str]:
    """How often people themselves broke each clause: a rule that they do not keep tells little."""
    for each in cost.business.clauses if cost.business else ():
        if each.baselines:
            yield (
                f"people broke clause {each.clause} in {each.broken:,} of {each.baselines:,} "
                f"baselines ({each.broken / each.baselines:.1%})"
            )


def _failures(files: RunFiles) -> Iterator[str]:
    failures = [one.failure for one in files.evidence.proposals if one.failure is not None]
    if not failures:
        return
    kinds = Counter(failure.reason for failure in failures)
    told = ", ".join(f"{count:,} {reason}" for reason, count in kinds.most_common())
    yield f"{len(failures):,} of {len(files.evidence.proposals):,} cases failed ({told})"
    yield from _grouped([failure.detail for failure in failures if failure.detail])


def _grouped(details: Sequence[str]) -> Iterator[str]:
    """The most frequent errors; those that differ only in the ids they name are one.

    >>> list(_grouped(["no ticket 80001 (a.py:7)", "no ticket 80002 (a.py:7)", "off (a.py:9)"]))
    ['2x no ticket 80001 (a.py:7); the others name other ids', '1x off (a.py:9)']
    """
    alike: dict[str, list[str]] = {}
    for detail in details:
        alike.setdefault(_ID.sub("…", detail), []).append(detail)
    for group in sorted(alike.values(), key=len, reverse=True)[:_SHOWN]:
        other = "; the others name other ids" if len(set(group)) > 1 else ""
        yield f"{len(group):,}x {group[0]}{other}"


def _attempts(files: RunFiles) -> Iterator[str]:
    places: Counter[str] = Counter()
    for record in files.records:
        places.update(record.wall.places)
    if files.wall is not None and files.wall.expected:
        yield f"the wall blocked {files.wall.expected:,} attempts on hosts of `expect_blocked:`"
    if files.wall is not None and files.wall.attempts:
        shown = ", ".join(place for place, _ in places.most_common(_SHOWN))
        yield f"the wall blocked {files.wall.attempts:,} attempts to get out: {shown}"
    served = any("model_calls" in one.usage for one in files.evidence.proposals)
    yield from filter(None, (about_models(places, served=served), about_systems(places)))


def _gaps(files: RunFiles) -> Iterator[str]:
    gaps = Counter((gap.told, gap.detail) for one in files.records for gap in one.gaps)
    for (gap, detail), count in gaps.most_common(_SHOWN):
        what = detail or "understudy systems operations lists what is"
        yield f"{gap} ({count:,}x); {what}"
