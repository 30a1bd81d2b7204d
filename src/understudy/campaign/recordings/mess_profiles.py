"""Mess of one's own: learn a profile, damage a table with it, and judge how real it looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from understudy.model.errors import ConfigurationError, one_error
from understudy.world.application import apply_profile, read_mess
from understudy.world.fidelity.outcome import Score, link_to
from understudy.world.fidelity.page import write_page
from understudy.world.fidelity.score import score
from understudy.world.learning.sampled import learn_profile, write_profile
from understudy.world.profile import Profile
from understudy.world.sample import open_source, read_sample

__all__ = [
    "ApplyRequest",
    "ScoreRequest",
    "apply_mess",
    "learn_mess",
    "score_json",
    "score_mess",
    "score_text",
]

Progress = Callable[[str, int, int], None]
_SIDES = {"clean": "clean", "naive": "naive", "real": "real/real"}


@dataclass(frozen=True, slots=True)
class ApplyRequest:
    """What to damage with what, and where to write it."""

    clean: Path
    profile: str
    seed: int
    out: Path
    ledger: Path | None = None
    table: str | None = None
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """Which tables to compare."""

    real: Path
    generated: Path
    clean: Path | None = None
    seeds: int = 1
    links: Sequence[str] = ()
    html: Path | None = None
    encoding: str = "utf-8"


def learn_mess(
    sample: Path,
    out: Path,
    clean: Path | None = None,
    *,
    key: Sequence[str] = (),
    table: str = "",
    encoding: str = "utf-8",
    progress: Progress = lambda *_: None,
) -> str:
    """Learn a profile from a table and write it; gives what was learned in a few lines."""
    _apart([out], [sample, clean])
    dirty = read_sample(sample, encoding)
    progress("rows read", len(dirty), 0)
    twin = read_sample(clean, encoding) if clean else None
    profile = learn_profile(
        dirty, twin, key=key, table=table, progress=lambda done, of: progress("columns", done, of)
    )
    write_profile(out, profile)
    return _learned_text(out, profile)


def _learned_text(out: Path, profile: Profile) -> str:
    (name, mess), *_ = profile.tables.items()
    learned = mess.learned
    lines = [f"{out}: profile `{profile.name}`, table `{name}`, {profile.description}"]
    for column, one in (learned.columns if learned else {}).items():
        lines.append(f"  {column}: {', '.join(one.ways)}")
    groups = learned.groups if learned else ()
    told = sorted({column for group in groups for column in group.when})
    parts = f"  {len(groups)} group{'s' * (len(groups) != 1)} of rows"
    lines.append(parts + (f", told by {', '.join(told)}" * bool(told)))
    return "\n".join(lines)


def apply_mess(request: ApplyRequest, progress: Progress) -> str:
    """Damage a table; gives the rows and how often each operator struck."""
    _apart([request.out, request.ledger], [request.clean, Path(request.profile)])
    source = open_source(request.clean, request.encoding)
    mess = read_mess(request.profile, source, request.table)
    done = apply_profile(
        source,
        mess,
        request.seed,
        request.out,
        request.ledger,
        lambda rows: progress("apply", rows, 0),
    )
    lines = [f"{request.out}: {done.written:,} rows of {done.rows:,} clean ones"]
    lines += [f"  {name:<24}{count:>10,}" for name, count in done.operators.items()]
    return "\n".join(lines)


def _apart(written: Sequence[Path | None], read: Sequence[Path | None]) -> None:
    """What a command reads is never written over, nor one thing that it writes by the next."""
    taken = {path.resolve() for path in read if path}
    errors = []
    for path in filter(None, written):
        problem = ""
        if path.is_dir():
            problem = f"`{path}` is a folder, and a file is to be written"
        elif path.resolve() in taken:
            problem = f"`{path}` would be written over: it is read, or written, by the same command"
        if problem:
            hint = "give each file that is written a name of its own"
            errors.append(ConfigurationError(problem, code="U139", where=str(path), hint=hint))
        taken.add(path.resolve())
    if errors:
        raise one_error(errors)


def score_mess(request: ScoreRequest, progress: Progress) -> Score:
    """Judge a generated table against a real one, with the HTML report where one is asked for."""
    parents = [Path(text.partition("=")[2].rpartition(":")[0]) for text in request.links]
    _apart([request.html], [request.real, request.generated, request.clean, *parents])
    links = [link_to(text) for text in request.links]
    real, generated = (
        read_sample(path, request.encoding) for path in (request.real, request.generated)
    )
    clean = read_sample(request.clean, request.encoding) if request.clean else None
    found = score(real, generated, clean, seeds=request.seeds, links=links, progress=progress)
    if request.html:
        write_page(request.html, found)
    return found


def score_text(found: Score) -> str:
    """A verdict for the terminal: one line for each measure, the yardsticks beside it."""
    head = f"{'':<22}{'outcome':<15}{'value':>8}" + "".join(f"{n:>11}" for n in _SIDES.values())
    lines = [f"{found.outcome.upper()}: {found.reason}", "", head]
    for one in found.measures:
        cells = "".join(f"{_number(one.yardsticks.get(side)):>11}" for side in _SIDES)
        name = f"{one.id} {one.name}"
        lines.append(f"{name:<22}{one.outcome:<15}{_number(one.value):>8}{cells}  {one.reason}")
    return "\n".join([*lines, "", f"naive: {found.naive}"])


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def score_json(found: Score) -> dict[str, Any]:
    """A verdict as JSON."""
    return {"schema": "understudy/mess-score/1", **asdict(found)}
