"""A run held to what was judged and signed, and its derived files to what they are made from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from understudy.campaign.judging.conclusion import concluded
from understudy.campaign.judging.recorded import reviewed
from understudy.campaign.pilot.audit import Audit, audit_file, check_run, judged_by, last_reported
from understudy.campaign.reporting import facts_of
from understudy.campaign.review.adjudication import weak_links
from understudy.campaign.runs.files import open_run
from understudy.campaign.runs.folder import RunFolder, find_run
from understudy.campaign.runs.identity import harness_hash
from understudy.model.chain import Link, check_chain
from understudy.model.errors import UnderstudyError
from understudy.report.governance import Governance
from understudy.report.write import write_report
from understudy.shadow.store import index_differs

__all__ = ["verify_run"]

_BYTES = ("report.html", "report.md", "junit.xml", "results.sarif")
_JUDGED = ("findings.jsonl", "cost.json", "verdict.json")
_TABLE = "summary.parquet"


def verify_run(run: str, reports: Path, head: str | None = None, *, rejudged: bool = True) -> Audit:
    """Check chain, files and signatures of a run; `head` is one that somebody noted before.

    Where they hold, what is derived from them is made again and compared: reports as of what the
    chain says that stood on them of signatures and ladder, the table of cases, the index; and
    findings, costs and verdict, unless they are not to be `rejudged`.
    """
    folder = find_run(run, reports)
    found = check_run(folder, reports, head)
    if found.problems:
        return replace(found, notes=(*found.notes, "derived files were not made again to compare"))
    links, _ = check_chain(audit_file(folder))
    unfit = _why_not_rejudged(links) if rejudged else "as it was asked for"
    try:
        wrong = tuple(_derived(folder, reports, links))
        wrong += tuple(_misjudged(folder)) if unfit is None else ()
    except UnderstudyError as error:
        told = f"derived files could not be made again to compare: {error}"
        return replace(found, notes=(*found.notes, told))
    notes = found.notes if unfit is None else (*found.notes, f"nothing was judged again: {unfit}")
    return replace(found, problems=wrong, notes=notes)


def _why_not_rejudged(links: Sequence[Link]) -> str | None:
    by = judged_by(links)
    if by is None:
        return "differences were priced anew after the verdict; understudy judge decides anew"
    return None if by == harness_hash() else "another understudy gave the verdict"


def _misjudged(folder: RunFolder) -> Iterator[str]:
    """What of findings, costs and verdict is not what cases, baselines, policy and gates give."""
    found = concluded(reviewed(open_run(folder)))
    with TemporaryDirectory() as made:
        again = RunFolder(Path(made))
        again.write_judgement(found.judgement.findings, found.judgement.cost, found.verdict)
        for name in _JUDGED:
            if (folder.path / name).read_bytes() != (again.path / name).read_bytes():
                yield f"{name}: it is not what the run's cases, judged again, give"


def _derived(folder: RunFolder, reports: Path, links: Sequence[Link]) -> Iterator[str]:
    """The derived files that are not what the files before them give."""
    if index_differs(folder.path):
        yield "index.sqlite: it is not what the records give; it is made anew where it is removed"
    told = last_reported(links)
    if told is None:
        return
    files = open_run(folder, reports)
    facts = replace(facts_of(files), governance=msgspec.convert(told["governance"], Governance))
    with TemporaryDirectory() as made:
        write_report(Path(made), facts, links=weak_links(files.evidence), run=told["run"])
        for name in (*_BYTES, _TABLE):
            own, again = folder.path / name, Path(made) / name
            if own.is_file() and not _same(own, again):
                yield (
                    f"{name}: it is not what the run's files give; understudy report {folder.path} "
                    "writes it anew"
                )


def _same(own: Path, again: Path) -> bool:
    if own.name != _TABLE or own.read_bytes() == again.read_bytes():
        return own.read_bytes() == again.read_bytes()
    import pyarrow
    from pyarrow import parquet

    try:
        # Its bytes depend on the version of the library that wrote it.
        return bool(parquet.read_table(own).equals(parquet.read_table(again)))
    except (pyarrow.ArrowException, OSError):
        return False
