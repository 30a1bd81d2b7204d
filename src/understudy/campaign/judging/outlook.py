"""What a verdict rests on beside its gates: controls, the price list, and what would change it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from understudy.campaign.judging.judgement import Judgement
from understudy.campaign.judging.redecided import depends_on_prices, sensitivity_of
from understudy.campaign.runs.files import RunFiles
from understudy.gate.facts import RunFacts
from understudy.model.money import Money
from understudy.model.verdict import Verdict, VerdictWord
from understudy.report.phrases import plain

__all__ = ["with_outlook"]

_MENDABLE = (VerdictWord.NO_GO, VerdictWord.INCONCLUSIVE)


def with_outlook(verdict: Verdict, judgement: Judgement, end: RunFiles, facts: RunFacts) -> Verdict:
    """The verdict with its controls, its sensitivity to prices, and what would change it."""
    sensitivity = sensitivity_of(judgement, end.rules.policy, end.rules.gates, facts)
    flips = None if facts.stopped else depends_on_prices(verdict.verdict, sensitivity)
    told = [*filter(None, (flips,)), *_what_would_change(verdict, judgement)]
    return msgspec.structs.replace(
        verdict,
        reasons=(*verdict.reasons, *told),
        controls=facts.controls,
        sensitivity=sensitivity,
    )


def _what_would_change(verdict: Verdict, judgement: Judgement) -> Iterator[str]:
    """The dearest kind, mended, and how many cases are missing by then."""
    business = judgement.cost.business
    repairs = business.repairs if business else ()
    if verdict.verdict not in _MENDABLE or not repairs:
        return
    best = next((one for one in repairs if one.verdict == VerdictWord.GO), repairs[0])
    if best.verdict is None or best.saved_per_case_minor <= 0:
        return
    saved = Money(round(best.saved_per_case_minor), judgement.cost.currency)
    same = best.verdict == verdict.verdict
    word = f"still be {best.verdict}" if same else f"be {best.verdict}"
    end = "" if best.verdict == VerdictWord.GO else ", so that this alone is not enough"
    yield (
        f'what would change it: mending every "{plain(best.kind)}" would lower the error cost by '
        f"{saved} per case, and the verdict would {word}{end}"
    )
