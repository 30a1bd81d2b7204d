from __future__ import annotations

import csv

import numpy as np
import pytest

from understudy.world.damage import Damaged, damage
from understudy.world.profile import Profile, load_profile
from understudy.world.recipe import Recipe, load_recipe
from understudy.world.truth import Truth, build_truth
from understudy.world.writer import Facts, WorldWriter, dirty_columns

SEED = 7


@pytest.fixture(scope="session")
def write_world():
    """Writes a world that is in memory as a whole."""

    def write(path, truth, damaged):
        facts = Facts(truth.seed, truth.recipe, damaged.profile)
        with WorldWriter(path, facts, dirty_columns(damaged.profile)) as writer:
            for block, draft in zip(truth.all_blocks(), damaged.drafts, strict=True):
                writer.write(block, draft)
            return writer.finish()

    return write


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    return load_recipe("default", customers=900)


@pytest.fixture(scope="session")
def small() -> Recipe:
    return Recipe(customers=48, block=16)


@pytest.fixture(scope="session")
def profile() -> Profile:
    return load_profile("mid_market")


@pytest.fixture(scope="session")
def truth(recipe: Recipe) -> Truth:
    return build_truth(recipe, SEED)


@pytest.fixture(scope="session")
def damaged(truth: Truth, profile: Profile) -> Damaged:
    return damage(truth, profile, SEED)


SOURCES = ("web", "shop", "feed", "fair")


def orders(rows=1200, seed=5, name="orders"):
    """Clean and dirty rows.

    `feed` loses both dates together and writes amounts as `12.00 EUR`; `fair` misspells cities and
    swallows the country into the city; `web` is clean; empty codes are `N/A` everywhere.
    """
    draw = np.random.default_rng(seed)
    clean, dirty = [], []
    for number in range(rows):
        source = SOURCES[draw.integers(4)]
        row = {
            "number": f"{name[0].upper()}-{number:05d}",
            "source": source,
            "placed": f"2026-{draw.integers(1, 13):02d}-{draw.integers(1, 29):02d}",
            "sent": f"2026-{draw.integers(1, 13):02d}-{draw.integers(1, 29):02d}",
            "amount": f"{draw.integers(1, 999)}.{draw.integers(100):02d}",
            "city": ["Bremen", "Hamburg", "Lyon", "Porto", "Cork"][draw.integers(5)],
            "country": ["DE", "FR", "PT", "IE"][draw.integers(4)],
            "code": f"{draw.integers(1000):04d}" if draw.random() < 0.6 else "",
        }
        clean.append(row)
        dirty.append(_damaged(dict(row), draw))
    return clean, dirty


def _damaged(row, draw):
    if row["code"] == "":
        row["code"] = "N/A"
    if row["source"] == "feed":
        if draw.random() < 0.5:
            row["placed"] = row["sent"] = ""
        if draw.random() < 0.7:
            row["amount"] += " EUR"
    if row["source"] == "fair":
        _misspell(row, draw)
    if row["source"] == "shop" and draw.random() < 0.6:
        year, month, day = row["placed"].split("-")
        row["placed"] = f"{int(month)}/{int(day)}/{year}"
    return row


def _misspell(row, draw):
    if draw.random() < 0.3:
        row["city"] += f" {row['country']}"
        row["country"] = ""
    elif draw.random() < 0.4:
        place = draw.integers(len(row["city"]))
        row["city"] = row["city"][:place] + "x" + row["city"][place + 1 :]


def write_csv(path, rows):
    """Write rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="session")
def twins(tmp_path_factory):
    """Paths of a damaged table and its clean twin, twice: to learn from and to judge by."""
    folder = tmp_path_factory.mktemp("twins")
    paths = {}
    for part, seed in (("learn", 5), ("judge", 6)):
        clean, dirty = orders(seed=seed)
        paths[part] = (
            write_csv(folder / f"{part}-dirty.csv", dirty),
            write_csv(folder / f"{part}-clean.csv", clean),
        )
    return paths
