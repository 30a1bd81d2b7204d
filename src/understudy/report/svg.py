"""Drawing in SVG: scales, axes and lines as text; colours are the page's CSS classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

__all__ = ["Frame", "Point", "Tick", "dot", "drawing", "label", "line", "shade", "ticks"]

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis and what stands beside it."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Frame:
    """The rectangle that a chart is drawn in, and the values at its edges."""

    x_most: float
    y_least: float
    y_most: float
    width: int = 400
    height: int = 230
    left: int = 54
    right: int = 10
    top: int = 14
    bottom: int = 34

    def x(self, value: float) -> float:
        """Where a value lies from left to right."""
        inner = self.width - self.left - self.right
        return round(self.left + inner * value / (self.x_most or 1), 1)

    def y(self, value: float) -> float:
        """Where a value lies from top to bottom; what is out of range lies on the edge."""
        span = (self.y_most - self.y_least) or 1
        share = min(max((value - self.y_least) / span, 0), 1)
        return round(self.height - self.bottom - (self.height - self.top - self.bottom) * share, 1)

    def point(self, value: Point) -> str:
        """A point in the drawing's own coordinates."""
        return f"{self.x(value[0]):g},{self.y(value[1]):g}"

    def axes(self, x_ticks: Sequence[Tick], y_ticks: Sequence[Tick], x_name: str) -> list[Markup]:
        """Grid lines with their labels, and the name of the horizontal axis."""
        end, low = self.width - self.right, self.height - self.bottom
        parts = []
        for tick in y_ticks:
            y = self.y(tick.at)
            parts.append(
                Markup('<line class="grid" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
                    self.left, y, end, y
                )
            )
            parts.append(label(self.left - 5, y + 4, tick.text, anchor="end"))
        for tick in x_ticks:
            anchor = "end" if tick.at >= self.x_most else "middle"
            parts.append(label(self.x(tick.at), low + 15, tick.text, anchor=anchor))
        parts.append(label((self.left + end) / 2, self.height - 3, x_name, anchor="middle"))
        return parts


def drawing(title: str, parts: Sequence[Markup], *, width: int = 400, height: int = 230) -> Markup:
    """An SVG picture with its title for those who do not see it."""
    body = Markup("").join(parts)
    return Markup(
        '<svg viewBox="0 0 {} {}" role="img" aria-label="{}" xmlns="http://www.w3.org/2000/svg">'
        "{}</svg>"
    ).format(width, height, title, body)


def line(frame: Frame, points: Sequence[Point], css: str) -> Markup:
    """A line through points."""
    path = " ".join(frame.point(point) for point in points)
    return Markup('<polyline class="{}" points="{}"/>').format(css, path)


def dot(frame: Frame, value: Point) -> Markup:
    """A dot at a point."""
    return Markup('<circle class="dot" cx="{}" cy="{}" r="3"/>').format(
        frame.x(value[0]), frame.y(value[1])
    )


def label(x: float, y: float, text: str, *, anchor: str = "start", css: str = "") -> Markup:
    """Text at a place."""
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(
        css, f"{x:g}", f"{y:g}", anchor, escape(text)
    )


def shade(cost: int, highest: int) -> int:
    """One of six shades: 0 for no cost, 5 for the highest, each for up to a third of the next.

    >>> [shade(cost, 900) for cost in (0, 1, 100, 300, 900)]
    [0, 1, 3, 4, 5]
    """
    if cost <= 0:
        return 0
    level = 5
    while level > 1 and cost * 3 <= highest:
        highest, level = highest // 3, level - 1
    return level


def ticks(most: float, about: int = 4) -> list[float]:
    """Round numbers from zero up to `most`.

    >>> ticks(730)
    [0, 200, 400, 600]
    """
    if most <= 0:
        return [0]
    step = _round_step(most / about)
    return [step * index for index in range(int(most / step) + 1)]


def _round_step(rough: float) -> float:
    magnitude = 1.0
    while magnitude * 10 <= rough:
        magnitude *= 10
    while magnitude > rough:
        magnitude /= 10
    factor = next(factor for factor in (1, 2, 5, 10) if factor * magnitude >= rough)
    step = factor * magnitude
    return int(step) if step >= 1 else step
