"""The pages of what the output says: errors, exit codes, kinds, metrics."""

from __future__ import annotations

from understudy.campaign.projects.explanation import severities
from understudy.model.exit_code import ExitCode
from understudy.model.finding import PROCESS_KINDS, Kind
from understudy.model.guide import topic
from understudy.reference.table import table

__all__ = ["errors_page", "exit_codes_page", "gates_page", "kinds_page"]

_SORTS = {
    "U1": "A file or option that a person wrote",
    "U2": "The candidate cannot be reached or loaded",
    "U3": "The wall, the kill switch, keys and budgets",
    "U4": "A world, recording or run on disk",
    "U5": "The run cannot support a verdict",
    "U6": "Nothing was selected",
    "U9": "understudy itself",
}


def errors_page() -> str:
    """Every error code with its meaning and what to do."""
    texts = topic("errors")
    parts = ["# Error codes\n\n`understudy explain CODE` says the same on the terminal.\n"]
    for start, title in _SORTS.items():
        rows = [
            [f"`{code}`", text["meaning"], text["mend"]]
            for code, text in texts.items()
            if code.startswith(start)
        ]
        parts.append(f"\n## {title}\n\n" + table(["code", "when", "what to do"], rows))
    return "".join(parts)


def exit_codes_page() -> str:
    """Every exit code."""
    texts = topic("exit_codes")
    rows = [
        [str(code.value), code.name.replace("_", " "), texts[code.name]["meaning"],
         texts[code.name]["next"]]
        for code in ExitCode
    ]  # fmt: skip
    return (
        "# Exit codes\n\nA campaign of several candidates exits with the worst, in the order 4, 3, "
        "1, 6, 5, 0.\n\n" + table(["code", "name", "what happened", "what next"], rows)
    )


def kinds_page() -> str:
    """Every kind of finding with an example and its default severity."""
    texts = topic("kinds")
    rows = [
        [f"`{kind}`", texts[kind]["meaning"], texts[kind]["example"], _severity(kind),
         "the way" if kind in PROCESS_KINDS else "the outcome"]
        for kind in Kind
    ]  # fmt: skip
    return (
        "# Kinds of findings\n\nA difference between what people did and what the candidate "
        "proposed is of one of these kinds. What it costs is set by the policy; the severities "
        "here are those of the default list.\n\n"
        + table(["kind", "what it is", "for example", "severity", "is about"], rows)
    )


def _severity(kind: Kind) -> str:
    usual, *others = severities(kind).items()
    more = "".join(f"; {severity} for {', '.join(effects)}" for severity, effects in others)
    return f"{usual[0]}{more}"


def gates_page() -> str:
    """Every metric that a gate can have."""
    rows = [
        [f"`{name}`", text["meaning"], text["evidence"], text["limit"]]
        for name, text in topic("metrics").items()
    ]
    return (
        "# Gates and their metrics\n\nA gate is a limit on a metric, in a gate file "
        "([files.md](files.md#gates)). Each one passes, fails, or is undecided.\n\n"
        + table(["metric", "what it measures", "how it is decided", "limit"], rows)
    )
