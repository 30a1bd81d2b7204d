"""A mess profile from a sample: read, compared, counted and written as YAML."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from understudy.model.errors import ConfigurationError, nearest, one_error
from understudy.model.new_file import file_aside
from understudy.world.alignment import align, match_columns
from understudy.world.learned import Learned
from understudy.world.learning.alone import ways_alone
from understudy.world.learning.rows import learn_rows
from understudy.world.learning.support import SUPPORT
from understudy.world.learning.twins import ways_of_pairs
from understudy.world.operators.written import usual_writing
from understudy.world.profile import LearnedFrom, Profile, TableMess
from understudy.world.sample import Cells, Sample
from understudy.world.step import Step

__all__ = ["cluster_sizes", "learn_profile", "profile_text", "write_profile"]

Progress = Callable[[int, int], None]
_FEWEST = 20


def learn_profile(
    dirty: Sample,
    clean: Sample | None = None,
    *,
    key: Sequence[str] = (),
    table: str = "",
    progress: Progress = lambda *_: None,
) -> Profile:
    """The mess of a table, with its clean twin or from what shows in the table alone.

    `key` names the columns of source or batch that damage is told apart by in any case; others are
    found. With a clean twin rows are paired first, see `align`. `progress` is told how many columns
    of all are done.
    """
    _known(key, dirty)
    if clean is None:
        learned, repeated = _alone(dirty, key, progress)
    else:
        learned, repeated = _with_twin(dirty, clean, key, progress)
    mess = TableMess(table=repeated, learned=learned)
    return Profile(
        name=dirty.name,
        description=f"learned from {len(dirty):,} rows" + (" and their clean twins" * bool(clean)),
        learned_from=LearnedFrom(
            kind="sample", rows=len(dirty), sha256=dirty.sha256, k_anonymity=SUPPORT
        ),
        tables={table or dirty.name: mess},
    )


def _known(key: Sequence[str], dirty: Sample) -> None:
    errors = [
        ConfigurationError(
            f"`{dirty.source.path}` has no column `{name}`{nearest(name, dirty.columns)}",
            code="U135",
            hint=f"its columns: {', '.join(list(dirty.columns)[:12])}",
        )
        for name in key
        if name not in dirty.columns
    ]
    if errors:
        raise one_error(errors)


def _with_twin(
    dirty: Sample, clean: Sample, key: Sequence[str], progress: Progress
) -> tuple[Learned, tuple[Step, ...]]:
    pairs = align(dirty, clean)
    names = match_columns(dirty, clean)
    told = [names[name] for name in key if name in names]
    learned = learn_rows(pairs.clean, ways_of_pairs(pairs, progress), list(pairs.clean), told)
    already = cluster_sizes(clean.columns)
    return learned, _repeats(cluster_sizes(pairs.dirty), already, pairs.copies)


def _alone(
    dirty: Sample, key: Sequence[str], progress: Progress
) -> tuple[Learned, tuple[Step, ...]]:
    ways = ways_alone(dirty.columns, progress)
    # A column that is damaged itself would be told apart by its own damage.
    whole = [name for name, one in ways.items() if set(one.names) == {"ok"}]
    learned = learn_rows(dirty.columns, ways, whole, key, forms=False)
    written = {
        name: Step(op="written_as", options=options)
        for name, values in dirty.columns.items()
        if (options := usual_writing(Counter(filter(None, values.to_pylist()))))
    }
    learned = learned.model_copy(update={"written": written})
    return learned, _repeats(cluster_sizes(dirty.columns), {1: 1}, ())


def cluster_sizes(columns: Cells) -> dict[int, int]:
    """How many rows stand once, twice and so on, but for case, spaces and a column of numbers.

    >>> cluster_sizes({"id": pa.array(["1", "2", "3"]), "n": pa.array(["Ann", "ann ", "Bob"])})
    {1: 1, 2: 1}
    """
    names = [name for name, values in columns.items() if len(set(values.to_pylist())) < len(values)]
    names = names or ([] if len(columns) > 1 else list(columns))
    left = [name for name in columns if name not in names]
    compared = [*names, *(name for name in left if not _numbers(columns[name]))]
    if not compared:
        return {}
    cells = [[(cell or "").strip().lower() for cell in columns[n].to_pylist()] for n in compared]
    rows = Counter(zip(*cells, strict=True))
    return dict(sorted(Counter(rows.values()).items()))


def _numbers(values: pa.Array) -> bool:
    """Whether a column that names each row holds ids, which copies do not share."""
    return all(cell is None or any(map(str.isdigit, cell)) for cell in values.to_pylist())


def _repeats(
    sizes: dict[int, int], already: dict[int, int], copies: tuple[int, ...]
) -> tuple[Step, ...]:
    """The step that repeats rows, if more of them are repeated than in the clean table."""
    found = dict(Counter(copies)) if any(size > 1 for size in copies) else sizes
    rows, clusters = sum(found.values()), sum(n for size, n in found.items() if size > 1)
    before = sum(n for size, n in already.items() if size > 1) / max(sum(already.values()), 1)
    rate = clusters / max(rows, 1) - before
    if clusters < _FEWEST or rate <= 0:
        return ()
    most = min(max(found), 20)
    law = [found.get(size, 0) for size in range(2, most + 1)]
    return (Step(op="duplicate_rows", rate=round(rate, 4), options={"copies": law}),)


def profile_text(profile: Profile) -> str:
    """The profile as YAML that a person can read, review and change."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None
    # A column's name with spaces would be broken in two, which cannot be read again.
    yaml.width = 1 << 20
    yaml.representer.ignore_aliases = lambda _: True
    yaml.representer.sort_base_mapping_type_on_output = False
    out = io.StringIO()
    head = (
        "# A learned mess profile. `ways` are the sorts of damage of a column, `forms` how likely\n"
        "# each is by the shape of the clean cell, `groups` which damages go together in a row.\n"
        f"# Words stand here only where at least {SUPPORT} rows share them; no cell is copied.\n"
    )
    content = profile.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    yaml.dump({"version": 1, **_plain(content)}, out)
    return head + out.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def write_profile(path: Path, profile: Profile) -> None:
    """Write a profile aside and put it in place whole."""
    with file_aside(path) as aside:
        aside.write_text(profile_text(profile), encoding="utf-8")
