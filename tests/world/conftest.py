from __future__ import annotations

import pytest

from understudy.world.damage import Damaged, damage
from understudy.world.profile import Profile, load_profile
from understudy.world.recipe import Recipe, load_recipe
from understudy.world.truth import Truth, build_truth

SEED = 7


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
