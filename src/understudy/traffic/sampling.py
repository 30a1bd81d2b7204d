"""Which cases of a recording are replayed, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from understudy.model.case import Case

__all__ = ["drawn", "held_out", "in_time", "part_of", "sample"]


def sample(cases: Sequence[Case], share: float) -> list[Case]:
    """The cases of a share of the customers: a customer's history is in as a whole, or not at all.

    Who is in depends on the customer alone, so a larger sample holds the smaller one.
    """
    return [case for case in cases if _place(case.cluster_id) < share]


def held_out(cases: Sequence[Case], share: float, inside: bool) -> list[Case]:
    """The cases of the customers that are held out, or of all others.

    Who is held out has nothing to do with who is in a sample.
    """
    return [case for case in cases if (_place(f"held out {case.cluster_id}") < share) is inside]


def part_of(cases: Sequence[Case], share: float | None, part: str) -> Sequence[Case]:
    """The part that a run's cases are of: `held_out`, `open`, or all where nothing is held out."""
    return held_out(cases, share, part == "held_out") if part and share else cases


def drawn(cases: Sequence[Case]) -> list[Case]:
    """The customers in an order that has nothing to do with them, each one's own cases together.

    A sample of the customers stands first in it, so that it is a part that was drawn by lot.
    """
    return sorted(cases, key=lambda case: (_place(case.cluster_id), case.cluster_id))


def in_time(cases: Sequence[Case]) -> list[Case]:
    """The cases in their order, but each customer's own in time; those without a time stay."""
    timed: dict[str, list[Case]] = {}
    for case in cases:
        if case.received_at is not None:
            timed.setdefault(case.cluster_id, []).append(case)
    for own in timed.values():
        own.sort(key=_received, reverse=True)
    return [case if case.received_at is None else timed[case.cluster_id].pop() for case in cases]


def _received(case: Case) -> float:
    return case.received_at.timestamp() if case.received_at else 0.0


def _place(cluster: str) -> float:
    """Where a customer lies between 0 and 1.

    >>> 0 <= _place("cus_1") == _place("cus_1") < 1
    True
    """
    digest = blake2b(cluster.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
