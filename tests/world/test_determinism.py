"""Equal seeds give equal worlds, however and wherever they are built."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from understudy.world.contents import values_digest
from understudy.world.damage import damage, damage_block
from understudy.world.profile import Profile, load_profile
from understudy.world.recipe import Recipe
from understudy.world.store import read_manifest
from understudy.world.stream import Shard, build_world
from understudy.world.truth import build_block, build_truth
from understudy.world.writer import Facts

GOLDEN = {
    "tidy": "36c1d3a0c72724614c97b4790272761959d48cd047dcbefd33e1ede580b5b094",
    "mid_market": "db08b2ea022624b52a159b7a2195302c0432cc0ad3698da10cb3e136337520d5",
    "enterprise": "38b12f0bb1d6c951701ef0a9f875e85b46a4c150720b50e8e070d346393aaa47",
}
"""Digests of the small world with seed 1; they change only with recipe, pools or profiles."""

SCRIPT = """
import sys
from pathlib import Path
from understudy.world.profile import load_profile
from understudy.world.recipe import Recipe
from understudy.world.stream import build_world
from understudy.world.writer import Facts
facts = Facts(5, Recipe(customers=40, block=16), load_profile("mid_market"))
print(build_world(Path(sys.argv[1]), facts).content_digest)
"""


def _digest(tables):
    return values_digest({name: table.columns for name, table in tables.items()})


def test_hash_seeds_do_not_matter(tmp_path):
    """Two processes with other hash seeds write the same world."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(tmp_path / seed)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "4242")
    ]
    digests = [process.communicate()[0].strip() for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert digests[0] == digests[1] != ""


@pytest.mark.parametrize("of", [1, 2, 3, 7, 16])
def test_shards_make_the_same_world(tmp_path, small, profile, of, write_world):
    """Built in one go in memory, or in 1, 2, 3, 7 and 16 shards: one digest, one quality report."""
    truth = build_truth(small, 11)
    whole = write_world(tmp_path / "whole", truth, damage(truth, profile, 11))
    facts = Facts(11, small, profile)
    made = [build_world(tmp_path / "w", facts, Shard(k, of)) for k in range(1, of + 1)]
    assert [manifest is not None for manifest in made] == [False] * (of - 1) + [True]
    assert read_manifest(tmp_path / "w") == whole
    report = (tmp_path / "w" / "quality.json").read_bytes()
    assert report == (tmp_path / "whole" / "quality.json").read_bytes()


@pytest.mark.parametrize("name", GOLDEN)
def test_worlds_are_the_same_on_every_machine(tmp_path, small, name):
    """Each shipped profile gives the world whose digest is committed here."""
    made = build_world(tmp_path / "world", Facts(1, small, load_profile(name)))
    assert made.content_digest == GOLDEN[name]


def test_a_block_does_not_depend_on_how_many_there_are(small):
    """A block that is full in both worlds is the same in the larger one."""
    larger = Recipe(customers=800, block=16)
    assert _digest(build_block(small, 3, 2).tables) == _digest(build_block(larger, 3, 2).tables)


def test_another_seed_is_another_world(small):
    """Two seeds share no customer."""
    first, second = (set(build_truth(small, seed).rows("stripe.customers")) for seed in (1, 2))
    assert not first & second


def test_an_operator_disturbs_no_other(small):
    """With one more operator in the profile, the cells of the others are damaged as before."""
    block = build_block(small, 3, 0)
    steps = {"zip": [{"op": "leading_zero_loss", "rate": 0.5}]}
    more = {**steps, "lastname": [{"op": "typo_keyboard", "rate": 0.5}]}
    zips = []
    for cells in (steps, more):
        profile = Profile.model_validate(
            {"version": 1, "name": "x", "tables": {"hubspot.contacts": {"cells": cells}}}
        )
        draft = damage_block(block, profile, 3, small.epoch)
        zips.append(draft.tables["hubspot.contacts"].columns["zip"])
    assert zips[0].equals(zips[1])
