"""In which order situations come in: exact shares, shuffled."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from random import Random

from understudy.workflows.recipe import Recipe, Situation

__all__ = ["Slot", "schedule"]

Slot = tuple[Recipe, Situation]


def schedule(recipes: Iterable[Recipe], count: int, rng: Random) -> list[Slot]:
    """`count` situations by weight and share, each as often as its share says to within one.

    Drawn at equal distances along the summed shares from a random start, then shuffled.
    """
    slots, shares = [], []
    for recipe in recipes:
        whole = sum(situation.share for situation in recipe.situations)
        for situation in recipe.situations:
            slots.append((recipe, situation))
            shares.append(recipe.weight * situation.share / whole)
    edges = list(accumulate(shares))
    drawn, index, start = [], 0, rng.random()
    for number in range(count):
        place = (number + start) / count * edges[-1]
        while edges[index] <= place and index < len(edges) - 1:
            index += 1
        drawn.append(slots[index])
    rng.shuffle(drawn)
    return drawn
