"""The report's files in a run folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from understudy.model.new_file import file_aside
from understudy.report.explorer import make_blocks
from understudy.report.html import Data, render_page
from understudy.report.input import ReportInput
from understudy.report.junit import render_junit
from understudy.report.markdown import render_markdown
from understudy.report.page import make_page
from understudy.report.review import review_block
from understudy.report.sarif import render_sarif
from understudy.report.summary_file import write_summary

__all__ = ["served_page", "write_report"]


def write_report(
    run_dir: Path,
    facts: ReportInput,
    *,
    details: bool = True,
    links: Sequence[str] = (),
    run: str | None = None,
) -> Path:
    """Write the page, `report.md`, `junit.xml`, `results.sarif`, `summary.parquet`; its path.

    Without `details` the page has no case explorer and stays small whatever the number of cases.
    `links` are the cases that hang together by weak signs, for reviewers to confirm; `run` is what
    a person types to name the run.
    """
    write_summary(run_dir / "summary.parquet", facts)
    page = make_page(facts)
    _replace(run_dir / "report.md", render_markdown(page, run or str(run_dir)))
    _replace(run_dir / "junit.xml", render_junit(facts))
    _replace(run_dir / "results.sarif", render_sarif(facts))
    data = _data(facts, links) if details else Data((), None, len(facts.cost.per_case))
    path = run_dir / "report.html"
    _replace(path, render_page(page, data))
    return path


def served_page(facts: ReportInput, shown: ReportInput, links: Sequence[str]) -> str:
    """`report.html` as text, sending decisions to where it came from.

    `shown` is what reviewers are shown case by case, which need not be the run as it was.
    """
    return render_page(make_page(facts), _data(shown, links, served=True))


def _data(facts: ReportInput, links: Sequence[str], *, served: bool = False) -> Data:
    blocks, left_out = make_blocks(facts)
    return Data(blocks, review_block(facts, links, served=served), left_out, served)


def _replace(path: Path, text: str) -> None:
    """Write aside and rename, so that nobody ever opens half a report."""
    with file_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")
