"""The report's files in a run folder."""

from __future__ import annotations

from pathlib import Path

from understudy.model.new_file import file_aside
from understudy.report.explorer import make_blocks
from understudy.report.html import render_page
from understudy.report.input import ReportInput
from understudy.report.markdown import render_markdown
from understudy.report.page import make_page

__all__ = ["write_report"]


def write_report(run_dir: Path, facts: ReportInput, *, details: bool = True) -> Path:
    """Write `report.html` and `report.md`; returns the path of the former.

    Without `details` the page has no case explorer and stays small whatever the number of cases.
    """
    page = make_page(facts)
    blocks, left_out = make_blocks(facts) if details else ((), len(facts.cost.per_case))
    _replace(run_dir / "report.md", render_markdown(page, str(run_dir)))
    path = run_dir / "report.html"
    _replace(path, render_page(page, blocks, left_out))
    return path


def _replace(path: Path, text: str) -> None:
    """Write aside and rename, so that nobody ever opens half a report."""
    with file_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")
