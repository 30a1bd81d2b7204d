"""Profiles and recipes as people write them, and what they are told of their mistakes."""

from __future__ import annotations

import pytest

from understudy.model.errors import ConfigurationError
from understudy.model.package import resolve_document
from understudy.world.pool_builder import romanise
from understudy.world.pools import load_pool, load_texts, pool_hashes
from understudy.world.profile import load_profile
from understudy.world.recipe import load_recipe

HEAD = "version: 1\nname: mine\ntables:\n"

BAD_PROFILES = {
    "unknown operator": (
        "  hubspot.contacts:\n    cells:\n      phone:\n        - {op: null_explicti, rate: 5%}\n",
        "did you mean `null_explicit`",
        7,
    ),
    "rate beyond 1": (
        "  hubspot.contacts:\n    cells:\n      phone:\n        - {op: null_explicit, rate: 1.5}\n",
        "not a share between 0% and 100%",
        7,
    ),
    "unknown table": (
        "  hubspot.contact:\n    cells: {}\n",
        "did you mean `hubspot.contacts`",
        4,
    ),
    "unknown column": (
        "  hubspot.contacts:\n    cells:\n      phnoe:\n        - {op: null_explicit, rate: 5%}\n",
        "did you mean `phone`",
        7,
    ),
    "field that cannot hold it": (
        "  stripe.charges:\n    cells:\n      amount:\n        - {op: text_in_numeric, rate: 5%}\n",
        "`text_in_numeric` writes what `stripe.charges.amount` cannot hold",
        7,
    ),
    "unknown option": (
        "  hubspot.contacts:\n    cells:\n      phone:\n"
        "        - {op: truncate, rate: 5%, options: {lenght: 3}}\n",
        "option `lenght` of `truncate`",
        7,
    ),
    "unknown key": (
        "  hubspot.contacts:\n    cell: {}\n",
        "unknown key `cell`; did you mean `cells`",
        5,
    ),
    "too few columns": (
        "  hubspot.contacts:\n    rows:\n      - {op: swap_columns, rate: 5%, columns: [email]}\n",
        "needs at least 2 `columns`",
        6,
    ),
    "wrong place": (
        "  hubspot.contacts:\n    cells:\n      email: [{op: duplicate_merge, rate: 1%}]\n",
        "works on block, so it cannot stand in `cells`",
        4,
    ),
    "impossible signatures": (
        "  hubspot.contacts:\n    signatures:\n"
        "      - {rate: 60%, cells: {phone: null_explicit, zip: null_explicit}}\n"
        "      - {rate: 60%, cells: {phone: null_explicit, zip: null_explicit}}\n",
        "add up to more than 100 %",
        4,
    ),
    "rates without column": (
        "  hubspot.contacts:\n    cells:\n      phone:\n"
        "        - {op: null_explicit, rate: 5%, rates: {JP: 3%}}\n",
        "`on` and `rates` belong together",
        7,
    ),
    "unknown condition": (
        "  hubspot.contacts:\n    cells:\n      phone:\n"
        "        - {op: null_explicit, rate: 5%, on: contry, rates: {JP: 3%}}\n",
        "did you mean `country`",
        7,
    ),
}


@pytest.mark.parametrize("name", BAD_PROFILES)
def test_mistakes_in_profiles_are_told(tmp_path, name):
    """Each mistake is told with file and line, what was expected and the nearest match."""
    text, said, line = BAD_PROFILES[name]
    file = tmp_path / "mine.yaml"
    file.write_text(HEAD + text)
    with pytest.raises(ConfigurationError) as caught:
        load_profile(file)
    assert said in caught.value.describe()
    assert f"{file}:{line}" in caught.value.describe()


def test_all_mistakes_are_told_together(tmp_path):
    """Two mistakes in one file are two lines of one error."""
    file = tmp_path / "mine.yaml"
    file.write_text(
        HEAD + "  hubspot.contacts:\n    cells:\n      phone:\n"
        "        - {op: null_explicti, rate: 5%}\n        - {op: truncat, rate: 5%}\n"
    )
    with pytest.raises(ConfigurationError) as caught:
        load_profile(file)
    assert ":7:" in caught.value.describe()
    assert ":8:" in caught.value.describe()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("customers: 0", "greater than or equal to 1"),
        ("customer: 5", "did you mean `customers`"),
        ("locales: {de_AT: 1}", "unknown locale `de_AT`; did you mean `de_DE`"),
        ("locales: {de_DE: 0}", "nobody could live anywhere"),
        ("locales: {de_DE: -1}", "below 0"),
        ("locales: {de_DE: .nan}", "finite number"),
        ("now: 2026-11-02T09:00:00", "with its zone"),
        ("{charge_failed: 60%, overdue: 60%}", "more than all invoices"),
        ("leads: 120%", "not a share between"),
    ],
)
def test_mistakes_in_recipes_are_told(tmp_path, text, said):
    """A recipe that cannot be is told with its file."""
    file = tmp_path / "mine.yaml"
    file.write_text(text if text.startswith("{") else f"version: 1\n{text}\n")
    with pytest.raises(ConfigurationError) as caught:
        load_recipe(file)
    assert said in caught.value.describe()
    assert str(file) in caught.value.describe()


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("{op: null_sentinel, rate: 5%, options: {values: {a: -1, b: 2}}}",
         "option `values` of `null_sentinel`: a weight cannot be below 0: -1"),
        ("{op: unit_suffix, rate: 5%, options: {suffixes: {a: 0, b: 0}}}", "all weights are 0"),
        ("{op: typo_keyboard, rate: 5%, options: {slips: [0, 0]}}", "all weights are 0"),
        ("{op: typo_keyboard, rate: 5%, options: "
         "{substitute: 0, insert: 0, delete: 0, transpose: 0}}",
         "the options of `typo_keyboard`: all weights are 0"),
    ],
)  # fmt: skip
def test_choices_that_cannot_be_made_are_told(tmp_path, step, said):
    """Weights below 0, or of 0 altogether, are told with their line, and damage nothing."""
    file = tmp_path / "mine.yaml"
    file.write_text(HEAD + f"  hubspot.contacts:\n    cells:\n      phone:\n        - {step}\n")
    with pytest.raises(ConfigurationError) as caught:
        load_profile(file)
    assert said in caught.value.describe()
    assert f"{file}:7:" in caught.value.describe()


def test_deliveries_that_cannot_be_are_told(tmp_path):
    """An event operator that would neither repeat, delay, move, lose nor skew anything is told."""
    file = tmp_path / "mine.yaml"
    none = "{duplicate: 0, late: 0, reorder: 0, lost: 0}"
    step = f"{{op: event_dup_late_reorder, rate: 1%, options: {none}}}"
    file.write_text(HEAD + f"  stripe.deliveries:\n    table:\n      - {step}\n")
    with pytest.raises(ConfigurationError) as caught:
        load_profile(file)
    assert "all weights are 0" in caught.value.describe()


def test_all_mistakes_of_a_recipe_are_told_together(tmp_path):
    """Each wrong locale is told with its line beside the recipe's other mistakes."""
    file = tmp_path / "mine.yaml"
    file.write_text("version: 1\nlocales: {xx_XX: 1, de_DE: -3}\nleads: 140%\n")
    with pytest.raises(ConfigurationError) as caught:
        load_recipe(file)
    told = caught.value.describe()
    assert "unknown locale `xx_XX`" in told
    assert "locale `de_DE` is -3.0, below 0" in told
    assert ":2:" in told
    assert ":3: `leads`" in told


def test_shipped_files_are_found_by_name():
    """Bare names are the shipped files; an unknown one names its neighbours."""
    assert load_recipe("default").name == "default"
    assert load_profile("mid_market").name == "mid_market"
    with pytest.raises(ConfigurationError, match="did you mean `mid_market`"):
        resolve_document("midmarket", "profiles")


def test_the_number_of_customers_can_be_overridden():
    """The command line's number wins over the recipe's."""
    assert load_recipe("default", customers=17).customers == 17
    assert load_recipe("default", customers=17).hash != load_recipe("default").hash


def test_pools_are_those_that_were_committed():
    """Every pool has the hash of the index, and every language its sentences."""
    for name in pool_hashes():
        if name != "texts":
            assert len(load_pool(name)["first"]) > 40
    languages = load_texts()
    assert len(languages) >= 6
    for texts in languages.values():
        assert len(texts["subject"]) == len(texts["body"])


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("Ελένη", "eleni"),
        ("Щука", "shchuka"),
        ("O'Neil", "oneil"),
    ],
)
def test_names_become_addresses(written, plain):
    """Names of any script become plain letters for addresses."""
    assert romanise(written) == plain
