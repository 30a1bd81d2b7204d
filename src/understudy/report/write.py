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

__all__ = ["page_of", "write_report"]


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
    markdown = render_markdown(make_page(facts), run or str(run_dir))
    _replace(run_dir / "report.md", markdown)
    _replace(run_dir / "junit.xml", render_junit(facts))
    _replace(run_dir / "results.sarif", render_sarif(facts))
    path = run_dir / "report.html"
    _replace(path, page_of(facts, details=details, links=links))
    return path


def page_of(
    facts: ReportInput,
    *,
    details: bool = True,
    links: Sequence[str] = (),
    shown: ReportInput | None = None,
    served: bool = False,
) -> str:
    """`report.html` as text.

    `shown` is what reviewers are shown case by case, where that is not the run as it was. A page
    that is `served` sends decisions to where it came from; any other keeps them for export.
    """
    page = make_page(facts)
    if not details:
        return render_page(page, Data((), None, len(facts.cost.per_case)))
    blocks, left_out = make_blocks(shown or facts)
    review = review_block(shown or facts, links, served=served)
    return render_page(page, Data(blocks, review, left_out, served))


def _replace(path: Path, text: str) -> None:
    """Write aside and rename, so that nobody ever opens half a report."""
    with file_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")
