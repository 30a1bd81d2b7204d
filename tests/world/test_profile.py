"""Profiles and recipes as people write them, and what they are told of their mistakes."""

from __future__ import annotations

import pytest

from understudy.campaign.recordings.worlds import BuildRequest, build_world
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
        6,
    ),
    "impossible signatures": (
        "  hubspot.contacts:\n    signatures:\n"
        "      - {rate: 60%, cells: {phone: null_explicit, zip: null_explicit}}\n"
        "      - {rate: 60%, cells: {phone: null_explicit, zip: null_explicit}}\n",
        "add up to more than 100 %",
        5,
    ),
    "rates without column": (
        "  hubspot.contacts:\n    cells:\n      phone:\n"
        "        - {op: null_explicit, rate: 5%, rates: {JP: 3%}}\n",
        "`on` and `rates` belong together",
        7,
    ),
    "since without column": (
        "  hubspot.contacts:\n    cells:\n      phone:\n"
        "        - {op: null_explicit, rate: 5%, since: 2026-01-01}\n",
        "`on` and `rates` belong together",
        7,
    ),
    "since of another kind": (
        "  stripe.charges:\n    cells:\n      description:\n"
        "        - {op: null_explicit, rate: 5%, on: created, since: 2026-01-01}\n",
        "`created` holds epoch seconds, so `since` is a number of them",
        7,
    ),
    "step that never strikes": (
        "  hubspot.contacts:\n    cells:\n      phone:\n        - {op: null_explicit}\n",
        "never strikes: it has neither `rate` nor `rates`",
        7,
    ),
    "row that depends on a cell": (
        "  hubspot.contacts:\n    rows:\n"
        "      - {op: null_joint, rate: 1%, longer_than: 3, columns: [city, zip]}\n",
        "so it can only stand in `cells`",
        6,
    ),
    "otherwise of nothing": (
        "  hubspot.contacts:\n    cells:\n      phone:\n"
        "        - {op: null_explicit, rate: 1%, otherwise: 2%}\n",
        "`longer_than`, which is missing",
        7,
    ),
    "columns of a cell": (
        "  hubspot.contacts:\n    cells:\n      phone:\n"
        "        - {op: null_explicit, rate: 1%, columns: [email]}\n",
        "`null_explicit` takes no `columns`",
        7,
    ),
    "one column twice": (
        "  hubspot.contacts:\n    rows:\n"
        "      - {op: swap_columns, rate: 1%, columns: [email, email]}\n",
        "each another one",
        6,
    ),
    "duplicates of what is no contact": (
        "  hubspot.companies:\n    table:\n      - {op: duplicate_merge, rate: 1%}\n",
        "`duplicate_merge` needs `email`, `firstname`",
        6,
    ),
    "events of what is no delivery": (
        "  stripe.charges:\n    table:\n      - {op: event_dup_late_reorder, rate: 1%}\n",
        "needs `delivered_at`, `attempt`, which `stripe.charges` has not",
        6,
    ),
    "orphan of no link": (
        "  hubspot.contacts:\n    table:\n      - {op: orphan_stale_fk, rate: 1%, options: {}}\n",
        "`mode: orphan` needs the `column` that holds the link",
        6,
    ),
    "signature of tables": (
        "  hubspot.contacts:\n    signatures:\n"
        "      - {rate: 1%, cells: {phone: null_explicit, zip: duplicate_rows}}\n",
        "cannot stand in a cell (`zip`)",
        6,
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


ALL = """version: 1
name: all
tables:
  hubspot.contacts:
    rows:
      - {op: swap_columns, rate: 5%, columns: [email, nonesuch]}
    signatures:
      - {rate: 70%, cells: {phone: null_explicit, zip: null_explicit}}
      - {rate: 70%, cells: {phone: null_explicit, zipp: null_explicit}}
    cells:
      phnoe:
        - {op: null_explicti, rate: 5%}
      phone:
        - {op: null_explicit, rate: 150%}
        - {op: truncate, rate: -1%, options: {length: 0, wide: 1}, on: contry, rates: {DE: 1%}}
  stripe.charges:
    cells:
      amount:
        - {op: text_in_numeric, rate: 5%}
  hubspot.people: {}
"""


def test_one_mistake_hides_no_other(tmp_path):
    """Operators, rates, options, columns and what cannot be are one error, each with its line."""
    file = tmp_path / "all.yaml"
    file.write_text(ALL)
    with pytest.raises(ConfigurationError) as caught:
        load_profile(file)
    told = caught.value.describe().splitlines()
    for line, said in (
        (6, "has no column `nonesuch`"),
        (7, "add up to more than 100 %"),
        (9, "has no column `zipp`; did you mean `zip`"),
        (12, "unknown operator `null_explicti`; did you mean `null_explicit`"),
        (12, "has no column `phnoe`; did you mean `phone`"),
        (14, "not a share between 0% and 100%"),
        (15, "`-1%` is not a share"),
        (15, "option `length` of `truncate`"),
        (15, "option `wide` of `truncate`"),
        (15, "has no column `contry`; did you mean `country`"),
        (19, "`text_in_numeric` writes what `stripe.charges.amount` cannot hold"),
        (20, "there is no table `hubspot.people`"),
    ):
        assert any(f"all.yaml:{line}:" in row and said in row for row in told), (line, said, told)


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


def test_recipe_and_profile_are_told_together(tmp_path):
    """A build names what is wrong with both of its files before it does anything."""
    (tmp_path / "r.yaml").write_text("version: 1\nleads: 140%\n")
    (tmp_path / "p.yaml").write_text(HEAD + "  hubspot.contact: {}\n")
    names = (str(tmp_path / "r.yaml"), str(tmp_path / "p.yaml"))
    request = BuildRequest(tmp_path / "world", *names, customers=5, cases=0, seed=1)
    with pytest.raises(ConfigurationError) as caught:
        build_world(request, lambda *_: None)
    assert "r.yaml:2: `leads`" in caught.value.describe()
    assert "p.yaml:4: there is no table" in caught.value.describe()
    assert not (tmp_path / "world").exists()
