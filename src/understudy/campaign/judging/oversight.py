"""What the desk's reviewer has seen: how much oversight there was behind the approvals of a run."""

from __future__ import annotations

from collections.abc import Iterable

from understudy.gate.binomial import lower_rate, upper_rate
from understudy.model.proposal import CaseRecord, Reviewed
from understudy.model.verdict import Oversight

__all__ = ["oversight_of"]

_ALPHA = 0.05


def oversight_of(records: Iterable[CaseRecord]) -> Oversight | None:
    """The counts over all cases, and the catch rate with its 95 % bounds; None without a look.

    The rate is over every error that could be seen, the candidate's own and the seeded ones.
    """
    looks = [look for record in records for look in record.reviews]
    if not looks:
        return None
    own = [look for look in looks if not look.seeded]
    seeded = [look for look in looks if look.seeded and look.wrong]
    wrong = [look for look in own if look.wrong] + seeded
    caught = _caught(wrong)
    return Oversight(
        asked=len(own),
        wrong=sum(look.wrong for look in own),
        caught=_caught(look for look in own if look.wrong),
        seeded=len(seeded),
        seeded_caught=_caught(seeded),
        catch_rate=caught / len(wrong) if wrong else None,
        interval=_interval(caught, len(wrong)),
        mean_seconds=sum(look.after_seconds for look in own) / len(own),
    )


def _caught(looks: Iterable[Reviewed]) -> int:
    return sum(not look.approved for look in looks)


def _interval(caught: int, errors: int) -> tuple[float, float] | None:
    """Exact bounds of the share, each at half of the error.

    >>> _interval(0, 0) is None, [round(each, 2) for each in _interval(7, 10)]
    (True, [0.35, 0.93])
    """
    if not errors:
        return None
    return lower_rate(caught, errors, _ALPHA / 2), upper_rate(caught, errors, _ALPHA / 2)
