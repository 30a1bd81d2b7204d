"""Files of proposals: what a candidate would have done, a line for each case and repeat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from understudy.model.errors import RecordingError
from understudy.model.jsonl import write_lines
from understudy.model.line_file import open_lines
from understudy.model.names import Names
from understudy.model.proposal import Proposal

__all__ = ["read_proposals", "write_proposals"]


def read_proposals(path: Path) -> Sequence[Proposal]:
    """Proposals in file order; raises `RecordingError` for damage and for duplicates."""
    return open_lines(path, Proposal, lambda each: _checked(each, str(path)))


def write_proposals(path: Path, proposals: Iterable[Proposal]) -> int:
    """Write proposals aside and rename; returns how many were written."""
    try:
        return write_lines(path, _checked(proposals, path.name))
    except (ValueError, TypeError, OverflowError) as error:
        raise RecordingError(
            f"a proposal cannot be kept as JSON: {error}", code="U412", where=str(path)
        ) from None


def _checked(proposals: Iterable[Proposal], file: str) -> Iterator[Proposal]:
    seen = Names()
    for number, proposal in enumerate(proposals, 1):
        first = seen.number(f"{proposal.repeat} {proposal.case_id}") + 1
        if first != number:
            raise RecordingError(
                f"case `{proposal.case_id}`, repeat {proposal.repeat}, stands here and on line "
                f"{first}",
                code="U411",
                where=f"{file}:{number}",
            )
        yield proposal
