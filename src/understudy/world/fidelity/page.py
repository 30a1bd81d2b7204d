"""The quality report: one HTML file with its pictures inside, that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

from understudy.model.new_file import file_aside
from understudy.model.printable import printable
from understudy.world.fidelity.outcome import Measure, Score

__all__ = ["score_page", "write_page"]

_SHOWN = 24
_SIDES = ("generated", "real", "clean", "naive")
_NAMES = {
    "generated": "generated",
    "real": "real against real",
    "clean": "clean",
    "naive": "naive independent",
}
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:62em;margin:2em auto;padding:0 1em;color:#1c2430}
table{border-collapse:collapse;width:100%;margin:1em 0}td,th{padding:.35em .6em;text-align:left;
border-bottom:1px solid #d9dee6;vertical-align:top}td.n{text-align:right;white-space:nowrap}
.v{font-size:1.3em;padding:.6em .9em;border-left:.4em solid #55606e;background:#f3f5f8}
.pass{border-color:#1f7a4d}.warn{border-color:#a86500}.fail{border-color:#b3261e}
b.pass{color:#1f7a4d}b.warn{color:#8a5300}b.fail{color:#b3261e}
svg{max-width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:#1c2430}
.generated{fill:#2b5fa8}.real{fill:#5c9e7a}.clean{fill:#b9c2cd}.naive{fill:#d99a3d}
.limit{stroke:#b3261e;stroke-dasharray:4 3}.axis{stroke:#8b95a3}
@media(prefers-color-scheme:dark){body{background:#14181f;color:#e4e8ee}.v{background:#1e242d}
svg text{fill:#e4e8ee}td,th{border-color:#333c48}}
"""


def write_page(path: Path, score: Score) -> None:
    """Write the report aside and put it in place whole."""
    with file_aside(path) as aside:
        aside.write_text(score_page(score), encoding="utf-8")


def score_page(score: Score) -> str:
    """The report as HTML; no script, no request to anywhere."""
    return "".join(
        [
            "<!doctype html><html lang=en><meta charset=utf-8>",
            '<meta name=viewport content="width=device-width,initial-scale=1">',
            f"<title>Mess quality: {escape(score.outcome)}</title><style>{_STYLE}</style>",
            "<h1>Can the generated mess be told from the real one?</h1>",
            f'<p class="v {_word(score.outcome)}"><b>{escape(score.outcome.upper())}</b>: '
            f"{_text(score.reason)}</p>",
            f"<p>Real: {_text(score.real)} ({score.rows[0]:,} rows). Generated: "
            f"{_text(score.generated)} ({score.rows[1]:,} rows). Naive independent injection: "
            f"{_text(score.naive)}. Lower is more alike; dashed is the most that passes.</p>",
            _table(score),
            "".join(_section(measure) for measure in score.measures if measure.value is not None),
        ]
    )


def _word(outcome: str) -> str:
    return escape(outcome.replace(" ", "-"))


def _text(text: str) -> str:
    return escape(printable(text))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _table(score: Score) -> str:
    head = "".join(f"<th>{name}" for name in ("measure", "outcome", *_NAMES.values(), "why"))
    rows = "".join(
        f"<tr><td>{one.id} {_text(one.name)}<td><b class={_word(one.outcome)}>"
        f"{escape(one.outcome)}</b>"
        + "".join(f"<td class=n>{_number(_value(one, side))}" for side in _SIDES)
        + f"<td>{_text(one.reason)}"
        for one in score.measures
    )
    return f"<table><tr>{head}{rows}</table>"


def _value(measure: Measure, side: str) -> float | None:
    return measure.value if side == "generated" else measure.yardsticks.get(side)


def _section(measure: Measure) -> str:
    bars = {side: value for side in _SIDES if (value := _value(measure, side)) is not None}
    made = f"<h2>{measure.id} {_text(measure.name)}</h2>"
    made += _bars({_NAMES[side]: value for side, value in bars.items()}, list(bars), measure.limit)
    columns = dict(sorted(measure.columns.items(), key=lambda item: -item[1])[:_SHOWN])
    if len(measure.columns) > 1:
        made += f"<h3>The {len(columns)} largest of {len(measure.columns)}</h3>"
        made += _bars(columns, ["generated"] * len(columns), measure.limit)
    return made


def _bars(values: Mapping[str, float], classes: list[str], limit: float | None) -> str:
    """A bar for each value on a scale from 0, and the limit as a dashed line."""
    most = max([*values.values(), (limit or 0) * 1.1, 0.01])
    height = 22 * len(values) + 8
    limit_line = ""
    if limit is not None:
        at = 260 + 400 * limit / most
        limit_line = f'<line class=limit x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{height}"/>'
    told = ", ".join(f"{name} {value:.3f}" for name, value in values.items())
    return (
        f'<svg viewBox="0 0 740 {height}" width=740 role=img aria-label="{_text(told)}">'
        + "".join(_drawn(values, classes, most))
        + f'<line class=axis x1=260 x2=260 y1=0 y2="{height}"/>{limit_line}</svg>'
    )


def _drawn(values: Mapping[str, float], classes: list[str], most: float) -> Iterator[str]:
    for number, ((name, value), kind) in enumerate(zip(values.items(), classes, strict=True)):
        y, width = 4 + 22 * number, 400 * value / most
        short = name if len(name) <= 36 else f"{name[:35]}…"
        yield f'<text x=252 y="{y + 13}" text-anchor=end>{_text(short)}</text>'
        yield f'<rect class={kind} x=260 y="{y}" width="{width:.1f}" height=16 />'
        yield f'<text x="{266 + width:.1f}" y="{y + 13}">{value:.3f}</text>'
