"""The page of the faults that a plan can have."""

from __future__ import annotations

from understudy.model.campaign import FaultKind
from understudy.model.guide import topic
from understudy.reference.table import table
from understudy.systems.fault_options import OPTIONS, Option

__all__ = ["faults_page"]


def faults_page() -> str:
    """Every kind of fault with its options."""
    texts = topic("faults")
    rows = [[f"`{kind}`", texts[kind]["meaning"], _options(kind)] for kind in FaultKind]
    return (
        "# Faults\n\nWhat goes wrong on the way, under `faults:` of a campaign, a suite's case or "
        "a drill ([files.md](files.md#fault)): `{match: {operation: stripe.refunds.create, nth: 1}"
        ", do: apply_then_reset}`, with `options: {seconds: 30}` where a kind has any. Drawn by "
        "seed, case, operation and attempt.\n\n"
        + table(["kind", "what goes wrong", "options"], rows)
    )


def _options(kind: FaultKind) -> str:
    return "; ".join(f"`{name}`: {_told(option)}" for name, option in OPTIONS[kind].items())


def _told(option: Option) -> str:
    if option.default is None:
        return option.words
    default = "false" if option.default is False else option.default
    return f"{option.words} ({default})"
