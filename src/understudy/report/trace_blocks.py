"""Traces of the costliest cases, in blocks of their own, until the page's budget is full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from understudy.model.printable import printable
from understudy.model.proposal import Trace
from understudy.report.block import Block, packed
from understudy.report.input import ReportInput

__all__ = ["TRACE_CHUNK", "trace_blocks"]

TRACE_CHUNK = 100
_ENTRY, _ENTRIES = 6_000, 12


def trace_blocks(
    order: Sequence[str], facts: ReportInput, budget: int
) -> tuple[tuple[Block, ...], int]:
    """Blocks for as many cases as `budget` bytes hold, and how many cases those are."""
    blocks: list[Block] = []
    for start in range(0, len(order), TRACE_CHUNK):
        part = [_told(facts.traces.get(case_id)) for case_id in order[start : start + TRACE_CHUNK]]
        block = Block(f"trace-{start // TRACE_CHUNK}", packed(part))
        budget -= len(block.data)
        if budget < 0:
            break
        blocks.append(block)
    return tuple(blocks), min(len(blocks) * TRACE_CHUNK, len(order))


def _told(trace: Trace | None) -> list[list[Any]]:
    """The parts of a trace that have anything in them, each as a name and its entries."""
    if trace is None:
        return []
    printed = (trace.printed,) if trace.printed else ()
    named = (
        ("prompts", trace.prompts), ("retrieved context", trace.context),
        ("outputs", trace.outputs), ("printed", printed),
    )  # fmt: skip
    return [
        [name, [_text(entry) for entry in entries[:_ENTRIES]]] for name, entries in named if entries
    ]


def _text(entry: Any) -> str:
    if not isinstance(entry, str):
        entry = orjson.dumps(entry, option=orjson.OPT_INDENT_2, default=str).decode()
    return "\n".join(printable(line, 1000) for line in entry[:_ENTRY].split("\n"))
