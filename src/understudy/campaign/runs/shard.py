"""A part of a campaign's cases, for one of several machines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from understudy.model.errors import ConfigurationError

__all__ = ["Shard", "parse_shard", "shard_of_environment"]

Item = TypeVar("Item")

_TEXT = re.compile(r"(-?\d{1,6})/(-?\d{1,6})")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `total` parts, counted from 1; a case belongs to it by its position alone."""

    number: int
    total: int

    def of(self, items: Sequence[Item]) -> Sequence[Item]:
        """The part of a sequence: every `total`-th item, from the `number`-th on.

        >>> Shard(2, 3).of("abcdefgh")
        'beh'
        """
        return items[self.number - 1 :: self.total]

    def __str__(self) -> str:
        """As it is written on the command line."""
        return f"{self.number}/{self.total}"


def parse_shard(text: str, where: str = "--shard") -> Shard:
    """A shard from `2/8`; raises `ConfigurationError` for what is none.

    >>> str(parse_shard("2/8"))
    '2/8'
    """
    match = _TEXT.fullmatch(text.strip())
    number, total = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= number <= total:
        raise ConfigurationError(
            f"`{text}` is no shard; write I/N with I from 1 to N",
            code="U152",
            where=where,
            hint="--shard 1/4, 2/4, 3/4 and 4/4, then: understudy merge RUN RUN RUN RUN",
        )
    return Shard(number, total)


def shard_of_environment(environment: Mapping[str, str]) -> tuple[Shard, str] | None:
    """The shard that a scheduler has set, and by which variables; None where none has.

    `UNDERSTUDY_SHARD` holds `I/N`, or `UNDERSTUDY_SHARD_INDEX` and `UNDERSTUDY_SHARD_TOTAL` hold
    I and N, counted from 1. SLURM tells the tasks of an array by itself. Kubernetes tells an
    indexed job's pod its index, counted from 0, and not how many there are: set
    `UNDERSTUDY_SHARD_TOTAL` to the job's `completions`.

    >>> slurm = {"SLURM_ARRAY_TASK_ID": "12", "SLURM_ARRAY_TASK_MIN": "10",
    ...          "SLURM_ARRAY_TASK_COUNT": "4"}
    >>> str(shard_of_environment(slurm)[0])
    '3/4'
    >>> pod = {"JOB_COMPLETION_INDEX": "0", "UNDERSTUDY_SHARD_TOTAL": "4"}
    >>> str(shard_of_environment(pod)[0])
    '1/4'
    """
    given = environment.get
    whole, total = given("UNDERSTUDY_SHARD"), given("UNDERSTUDY_SHARD_TOTAL")
    if whole:
        return parse_shard(whole, "UNDERSTUDY_SHARD"), "UNDERSTUDY_SHARD"
    if given("UNDERSTUDY_SHARD_INDEX"):
        name = "UNDERSTUDY_SHARD_INDEX/UNDERSTUDY_SHARD_TOTAL"
        return parse_shard(f"{given('UNDERSTUDY_SHARD_INDEX')}/{total}", name), name
    if given("SLURM_ARRAY_TASK_ID") and given("SLURM_ARRAY_TASK_COUNT"):
        name = "SLURM_ARRAY_TASK_ID of SLURM_ARRAY_TASK_COUNT"
        return parse_shard(f"{_slurm(environment)}/{given('SLURM_ARRAY_TASK_COUNT')}", name), name
    if given("JOB_COMPLETION_INDEX") and total:
        name = "JOB_COMPLETION_INDEX and UNDERSTUDY_SHARD_TOTAL"
        number = _number(given("JOB_COMPLETION_INDEX", ""), "JOB_COMPLETION_INDEX") + 1
        return parse_shard(f"{number}/{total}", name), name
    return None


def _slurm(environment: Mapping[str, str]) -> int:
    """The task's place in its array, whose ids may begin anywhere and leave some out."""
    task, first, step = (
        _number(environment.get(name, default), name)
        for name, default in (
            ("SLURM_ARRAY_TASK_ID", ""),
            ("SLURM_ARRAY_TASK_MIN", "0"),
            ("SLURM_ARRAY_TASK_STEP", "1"),
        )
    )
    return (task - first) // max(1, step) + 1


def _number(text: str, name: str) -> int:
    if not text.isdecimal():
        raise ConfigurationError(f"`{name}` is `{text}`; a number was expected", code="U152")
    return int(text)
