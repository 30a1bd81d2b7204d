"""The costs of many cases in little room: columns of numbers, and the ids as one text."""

from __future__ import annotations

import operator
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from understudy.model.cost import CaseCost

__all__ = ["CaseCosts", "extended"]

_AGREES, _ESCALATED, _FAILED = 1, 2, 4
_UNKNOWN = -1


class CaseCosts(Sequence[CaseCost]):
    """Costs in the order in which they were added, about 90 bytes each.

    >>> one = CaseCost(case_id="c-1", cluster_id="k", error_cost_minor=5, net_value_minor=-1)
    >>> costs = CaseCosts([one])
    >>> costs[-1] == one, len(costs), [each.case_id for each in costs]
    (True, 1, ['c-1'])
    """

    def __init__(self, costs: Iterable[CaseCost] = ()) -> None:
        self._ids, self._clusters = _Texts(), _Texts()
        # Lists where an amount is beyond what a machine's number holds.
        self._errors: array[int] | list[int] = array("q")
        self._worth: array[int] | list[int] = array("q")
        self._times: array[int] | list[int] = array("q")
        self._models: array[int] | list[int] = array("q")
        self._critical, self._marks = array("I"), bytearray()
        for each in costs:
            self.append(each)

    def append(self, cost: CaseCost) -> None:
        """Add the next case's."""
        self._ids.append(cost.case_id)
        self._clusters.append(cost.cluster_id)
        self._errors = extended(self._errors, cost.error_cost_minor)
        self._worth = extended(self._worth, cost.net_value_minor)
        self._times = extended(self._times, _number(cost.cycle_time_ms))
        self._models = extended(self._models, _number(cost.model_cost_minor))
        self._critical.append(cost.critical)
        self._marks.append(
            cost.agrees * _AGREES + cost.escalated * _ESCALATED + cost.failed * _FAILED
        )

    def __len__(self) -> int:
        return len(self._marks)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(map(operator.eq, self, other))

    __hash__ = None  # type: ignore[assignment]  # it grows, as a list does

    def __iter__(self) -> Iterator[CaseCost]:
        return map(self._at, range(len(self)))

    @overload
    def __getitem__(self, index: int) -> CaseCost: ...
    @overload
    def __getitem__(self, index: slice) -> list[CaseCost]: ...
    def __getitem__(self, index: int | slice) -> CaseCost | list[CaseCost]:
        places = range(len(self))[index]
        return self._at(places) if isinstance(places, int) else [*map(self._at, places)]

    def _at(self, place: int) -> CaseCost:
        marks = self._marks[place]
        return CaseCost(
            case_id=self._ids[place],
            cluster_id=self._clusters[place],
            error_cost_minor=self._errors[place],
            net_value_minor=self._worth[place],
            critical=self._critical[place],
            agrees=bool(marks & _AGREES),
            escalated=bool(marks & _ESCALATED),
            failed=bool(marks & _FAILED),
            cycle_time_ms=_known(self._times[place]),
            model_cost_minor=_known(self._models[place]),
        )


def _number(value: int | None) -> int:
    return _UNKNOWN if value is None else value


def _known(number: int) -> int | None:
    return None if number == _UNKNOWN else number


class _Texts:
    """Texts one behind the other, and where each ends."""

    def __init__(self) -> None:
        self._bytes, self._ends = bytearray(), array("Q")

    def append(self, text: str) -> None:
        self._bytes += text.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._bytes))

    def __getitem__(self, place: int) -> str:
        start = self._ends[place - 1] if place else 0
        return self._bytes[start : self._ends[place]].decode("utf-8", "surrogatepass")


def extended(numbers: array[int] | list[int], number: int) -> array[int] | list[int]:
    """The numbers with one more, as a list where it is beyond what a machine's number holds."""
    try:
        numbers.append(number)
    except OverflowError:
        return [*numbers, number]
    return numbers
