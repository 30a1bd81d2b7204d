"""Cases and baselines on their way into a recording: checked while they pass, none held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from understudy.model.baseline import Baseline
from understudy.model.case import Case
from understudy.model.errors import RecordingError
from understudy.model.line_file import Grouped
from understudy.model.names import Names

__all__ = ["KeptLines", "belonging", "grouped", "numbered"]


@dataclass(slots=True)
class KeptLines:
    """Lets cases pass, then their baselines, and knows afterwards what passed.

    A mark of each case's id is held, and nothing else.
    """

    baselines: int = 0
    _lines: Names = field(default_factory=Names)
    _first: datetime | None = None
    _last: datetime | None = None

    @property
    def cases(self) -> int:
        """How many cases passed."""
        return len(self._lines)

    @property
    def period(self) -> tuple[str | None, str | None]:
        """From the first case's time to the last one's."""
        if self._first is None or self._last is None:
            return (None, None)
        return (self._first.isoformat(), self._last.isoformat())

    def case_lines(self, cases: Iterable[Case], file: str) -> Iterator[Case]:
        """The same cases; raises `RecordingError` for two of one id and a time without a zone."""
        for case in numbered(cases, self._lines, file):
            if case.received_at is not None:
                self._note(case.received_at)
            yield case

    def baseline_lines(self, baselines: Iterable[Baseline], file: str) -> Iterator[Baseline]:
        """The same baselines, which must follow their cases' order; raises `RecordingError`."""
        line, names = 0, set[str]()
        for number, baseline in enumerate(baselines, 1):
            where = f"{file}:{number}"
            own = _line_of(baseline, self._lines, where)
            if own != line:
                names.clear()
            if own < line:
                raise RecordingError(
                    f"baseline `{baseline.baseline_id}` stands behind those of a later case",
                    code="U406",
                    where=where,
                )
            line = own
            if baseline.baseline_id in names:
                raise _twice(baseline, where)
            names.add(baseline.baseline_id)
            self.baselines += 1
            yield baseline

    def _note(self, moment: datetime) -> None:
        if moment.tzinfo is None:
            raise RecordingError(
                f"`{moment}` has no time zone; times in a recording are aware", code="U407"
            )
        self._first = moment if self._first is None else min(self._first, moment)
        self._last = moment if self._last is None else max(self._last, moment)


def belonging(baselines: Iterable[Baseline], known: Names, file: str) -> Iterator[Baseline]:
    """The same baselines; raises `RecordingError` for one of no known case."""
    for number, baseline in enumerate(baselines, 1):
        _line_of(baseline, known, f"{file}:{number}")
        yield baseline


def grouped(baselines: Sequence[Baseline], file: str) -> Grouped[Baseline]:
    """Baselines by case; `RecordingError` where a case has two of one id."""
    found = Grouped(baselines, lambda baseline: baseline.case_id)
    for case_id in found.shared():
        names = set[str]()
        for place in found.places(case_id):
            baseline = baselines[place]
            if baseline.baseline_id in names:
                raise _twice(baseline, f"{file}:{place + 1}")
            names.add(baseline.baseline_id)
    return found


def numbered(cases: Iterable[Case], known: Names, file: str) -> Iterator[Case]:
    """The same cases, each id numbered in `known`; `RecordingError` where one stands twice."""
    for number, case in enumerate(cases, 1):
        first = known.number(case.case_id) + 1
        if first != number:
            raise RecordingError(
                f"case `{case.case_id}` stands here and on line {first}; an id stands once",
                code="U405",
                where=f"{file}:{number}",
            )
        yield case


def _line_of(baseline: Baseline, known: Names, where: str) -> int:
    number = known.find(baseline.case_id)
    if number is None:
        raise RecordingError(
            f"baseline `{baseline.baseline_id}` is of case `{baseline.case_id}`, "
            "which the recording does not have",
            code="U406",
            where=where,
        )
    return number + 1


def _twice(baseline: Baseline, where: str) -> RecordingError:
    return RecordingError(
        f"case `{baseline.case_id}` has two baselines `{baseline.baseline_id}`",
        code="U405",
        where=where,
    )
