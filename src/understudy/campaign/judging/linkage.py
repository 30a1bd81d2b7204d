"""How much of what people did is seen, and how surely it belongs to its case: page one says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from understudy.campaign.judging.judgement import Evidence
from understudy.model.action import DESK
from understudy.model.case import LinkConfidence

__all__ = ["linkage_of"]

_SYSTEMS = {"hubspot", "stripe", "zendesk"}


def linkage_of(evidence: Evidence) -> str:
    """Both shares, to follow the scope of a verdict; nothing where all is seen and sure.

    The first is the share of cases in which each system was observed, the second how surely what
    people did in other systems is linked to its case.
    """
    cases = evidence.cases
    every = all(set(case.observed_systems) >= _SYSTEMS for case in cases)
    links = Counter(case.link_confidence for case in cases if case.link_confidence is not None)
    doubtful = sum(
        action.doubtful
        for case in cases
        for baseline in evidence.baselines.get(case.case_id, ())
        for action in baseline.actions
    )
    if not links or (every and set(links) == {LinkConfidence.EXPLICIT_ID}):
        return ""
    seen = Counter(name for case in cases for name in case.observed_systems if name != DESK)
    shown = _shares(((name, count) for name, count in sorted(seen.items())), len(cases))
    sure = _shares(((link.replace("_", " "), links[link]) for link in LinkConfidence), len(cases))
    review = f"; {doubtful:,} actions linked by time only are to review, and unpriced"
    return f"; observed: {shown}; linked by: {sure}{review if doubtful else ''}"


def _shares(counts: Iterable[tuple[str, int]], whole: int) -> str:
    """Each count as its share of the whole.

    >>> _shares([("explicit id", 3), ("metadata", 1)], 4)
    'explicit id 75%, metadata 25%'
    """
    return ", ".join(f"{name} {count / whole:.0%}" for name, count in counts if count)
