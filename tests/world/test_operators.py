"""What each operator does to data, cell by cell."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.world.application import damage_rows
from understudy.world.entropy import Stream
from understudy.world.operators.registry import (
    CellWork,
    Kim,
    Level,
    RahmDo,
    RowWork,
    Works,
    operators,
)
from understudy.world.profile import TableMess

RESEARCHED = {
    "null_explicit", "null_sentinel", "null_joint", "typo_keyboard", "phonetic_ocr", "mojibake",
    "homoglyph_invisible", "emoji_rtl_text", "date_format_mix", "tz_drift", "number_locale",
    "currency_unit_slip", "unit_suffix", "leading_zero_loss", "spreadsheet_coerce", "truncate",
    "swallow_neighbour", "swap_columns", "text_in_numeric", "escape_artifact", "duplicate_merge",
    "orphan_stale_fk", "schema_drift", "event_dup_late_reorder", "ticket_thread_noise",
}  # fmt: skip


def work(name, values, /, seed=1, kind=None, **options):
    operator = operators()[name]
    words = Stream(seed, "t", "c", name).words(0, 4 * len(values)).reshape(4, -1)
    array = pa.array(values, kind or pa.string())
    made = operator.change(CellWork(array, words, operator.parameters.model_validate(options)))
    assert len(made) == len(values)
    return made.to_pylist()


def rows(name, columns, **options):
    operator = operators()[name]
    count = len(next(iter(columns.values())))
    words = Stream(1, "t", "c", name).words(0, 4 * count).reshape(4, -1)
    arrays = {key: pa.array(values, pa.string()) for key, values in columns.items()}
    made = operator.change(RowWork(arrays, words, operator.parameters.model_validate(options)))
    return {key: values.to_pylist() for key, values in made.items()}


def distance(left: str, right: str) -> int:
    """Edits, a swap of two neighbours counted as one."""
    table = np.zeros((len(left) + 1, len(right) + 1), dtype=int)
    table[:, 0], table[0, :] = range(len(left) + 1), range(len(right) + 1)
    for i, a in enumerate(left, 1):
        for j, b in enumerate(right, 1):
            best = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                best = min(best, table[i - 2, j - 2] + 1)
            table[i, j] = best
    return int(table[-1, -1])


def test_all_researched_operators_are_there():
    """The 25 operators of the catalogue exist, each with level, taxonomy and fields it fits."""
    found = operators()
    assert set(found) >= RESEARCHED
    assert {operator.level for operator in found.values()} == set(Level)
    assert all(operator.fits and operator.kim and operator.rahm_do for operator in found.values())


def test_null_explicit_empties():
    """The value is gone."""
    assert work("null_explicit", ["a", "b"]) == [None, None]


def test_null_sentinel_puts_a_stand_in():
    """The value is one of the configured stand-ins."""
    made = work("null_sentinel", ["a"] * 300, values={"N/A": 3, "-": 1})
    assert set(made) == {"N/A", "-"}
    assert made.count("N/A") > made.count("-")


@pytest.mark.parametrize(("type", "typed"), [("number", "999"), ("date", "1900-01-01")])
def test_null_sentinel_knows_what_sort_of_value_it_stands_for(type, typed):
    """Numbers and dates have stand-ins of their own, which look like values."""
    made = set(work("null_sentinel", ["7"] * 300, type=type))
    assert typed in made
    assert "N/A" not in made


def test_null_joint_empties_together():
    """All named columns of a row are empty together."""
    assert rows("null_joint", {"a": ["1"], "b": ["2"]}) == {"a": [None], "b": [None]}


@given(
    st.lists(st.text(st.characters(codec="ascii", exclude_characters="@"), min_size=1), min_size=1)
)
def test_a_typo_is_one_edit(values):
    """A typo changes a word by at most one edit."""
    for before, after in zip(values, work("typo_keyboard", values), strict=True):
        assert distance(before, after) <= 1


def test_a_typo_hits_a_neighbouring_key():
    """A substituted letter is a neighbour on the keyboard, in the same case."""
    made = work("typo_keyboard", ["S"] * 50, insert=0, delete=0, transpose=0)
    assert set(made) == {"A", "D"}


def test_a_typo_never_leaves_the_reserved_domains():
    """The domain of an address is kept, so that no typo makes somebody else's address."""
    made = work("typo_keyboard", ["anna.mueller@example.com"] * 500)
    assert {value.rpartition("@")[2] for value in made} == {"example.com"}
    assert len(set(made)) > 20


def test_phonetic_ocr_confuses_sounds_or_shapes():
    """A name is spelled as it sounds, a number as a scanner reads it."""
    assert set(work("phonetic_ocr", ["Meyer"] * 40, heard=1)) <= {"Meier", "Meiyer", "Meyer"}
    assert set(work("phonetic_ocr", ["INV-0015"] * 60, heard=0)) >= {"INV-O015", "INV-00l5"}


def test_phonetic_ocr_takes_a_table_of_one_s_own():
    """What is confused with what can be said, and nothing else is confused then."""
    assert work("phonetic_ocr", ["Meyer", "Ibsen"], table={"ey": "ay"}) == ["Mayer", "Ibsen"]


def test_mojibake_can_start_from_any_encoding():
    """Text of an older system read as something else: Cyrillic as Western letters."""
    assert work("mojibake", ["Мир"], written="cp1251", codec="latin-1") == ["Ìèð"]


def test_emoji_rtl_text_keeps_to_its_scripts():
    """With one script only its words follow."""
    made = work("emoji_rtl_text", ["thx"] * 40, rtl=1, scripts=["hebrew"])
    assert set(made) == {"thx תודה"}


def test_currency_unit_slip_can_leave_its_symbol():
    """The symbol of the wrong currency stands in the field too, where that holds text."""
    assert work("currency_unit_slip", ["12.30"], grows=1, symbol="$") == ["$1230.00"]
    assert work("currency_unit_slip", [5], kind=pa.int64(), grows=1, symbol="$") == [500]


def test_mojibake_is_utf8_read_wrongly():
    """The classic: UTF-8 read as cp1252; twice makes it worse."""
    assert work("mojibake", ["São"]) == ["SÃ£o"]
    assert work("mojibake", ["São"], rounds=2) == ["SÃƒÂ£o"]
    assert work("mojibake", ["plain"]) == ["plain"]


@pytest.mark.parametrize("kind", ["cyrillic", "invisible", "nbsp", "nfd", "zwsp", "rtl", "bom"])
def test_homoglyph_invisible_looks_the_same(kind):
    """The text is no longer equal, and a reader sees no difference."""
    before = "José Apple"
    (after,) = work("homoglyph_invisible", [before], kinds=[kind])
    assert after != before
    seen = [letter for letter in after if unicodedata.category(letter) not in ("Cf", "Mn")]
    assert len(seen) == len(before)


def test_emoji_rtl_text_appends():
    """The text stands, and an emoji or right-to-left words follow it."""
    made = work("emoji_rtl_text", ["thx"] * 60)
    assert all(value.startswith("thx ") and not value.isascii() for value in made)
    assert any(unicodedata.bidirectional(value[-1]) in ("R", "AL") for value in made)


def test_date_format_mix_writes_other_formats():
    """The same day, written in the configured way; what is no date stays."""
    assert work("date_format_mix", ["2026-04-02T09:30:00Z"], styles={"dmy": 1}) == ["02/04/2026"]
    assert work("date_format_mix", ["2026-04-02T09:30:00Z"], styles={"mdy": 1}) == ["04/02/2026"]
    assert work("date_format_mix", ["soon"]) == ["soon"]
    assert len(set(work("date_format_mix", ["2026-04-02T09:30:00Z"] * 200))) == 7


def test_tz_drift_moves_the_time():
    """The time is shifted by one of the offsets and loses its zone; the day can change."""
    assert work("tz_drift", ["2026-10-01T23:30:00Z"], offsets=[60]) == ["2026-10-02T00:30:00"]
    assert work("tz_drift", ["2026-10-01T23:30:00Z"], offsets=[60], naive=False) == [
        "2026-10-02T00:30:00Z"
    ]
    assert work("tz_drift", ["soon"]) == ["soon"]


@pytest.mark.parametrize(
    ("style", "written"),
    [
        ("comma", "-1.234.567,80"),
        ("space", "-1 234 567,80"),
        ("swiss", "-1'234'567.80"),
        ("thousands", "-1,234,567.80"),
        ("parentheses", "(1,234,567.80)"),
    ],
)
def test_number_locale_uses_other_separators(style, written):
    """A number is written as in another country; what is no number stays."""
    assert work("number_locale", ["-1234567.80", "n/a"], styles=[style]) == [written, "n/a"]


def test_currency_unit_slip_is_a_factor_of_100():
    """Cents for units and back: text keeps its digits, integers stay integers."""
    assert work("currency_unit_slip", ["12.30"], grows=1) == ["1230.00"]
    assert work("currency_unit_slip", ["1230.00"], grows=0) == ["12.30"]
    assert work("currency_unit_slip", [1999, 50], kind=pa.int64(), grows=1) == [199900, 5000]
    assert work("currency_unit_slip", [1999], kind=pa.int64(), grows=0) == [19]
    assert work("currency_unit_slip", ["TBD"]) == ["TBD"]


def test_unit_suffix_appends_the_unit():
    """The unit stands in the number's field."""
    assert set(work("unit_suffix", ["12.00"] * 90, suffixes={" EUR": 1, "€": 1})) == {
        "12.00 EUR",
        "12.00€",
    }


def test_text_in_numeric_replaces_the_number():
    """Words stand where a number was."""
    assert set(work("text_in_numeric", ["12.00"] * 60, phrases={"TBD": 1})) == {"TBD"}


def test_leading_zero_loss_drops_zeros():
    """A code read as a number loses its zeros, and nothing else does."""
    assert work("leading_zero_loss", ["01907", "10115", "000", ""]) == ["1907", "10115", "0", ""]


def test_spreadsheet_coerce_converts():
    """Long numbers become scientific, pairs of numbers months, decimals whole."""
    values = ["+4930901820", "3-82", "12.50", "text", "3582-9", "3582-90"]
    made = work("spreadsheet_coerce", values)
    assert made[:2] == ["4.93E+9", "Mar-82"]
    assert made[2] in ("12", "12.0")
    assert made[3:] == ["text", "Sep-82", "3582-90"]


def test_truncate_cuts_at_the_fields_length():
    """Only what is longer is cut, at the length, with the ellipsis asked for."""
    name = "International Business Machines"
    assert work("truncate", [name, "IBM"], length=23) == ["International Business", "IBM"]
    assert work("truncate", [name], length=13, ellipsis="…") == ["International…"]


def test_escape_artifact_leaves_escapes():
    """Escapes that were never undone: entities, doubled quotes, a stray suffix."""
    assert work("escape_artifact", ["A & B"], kinds=["html"]) == ["A &amp; B"]
    assert work("escape_artifact", ["A & B"], kinds=["double_html"]) == ["A &amp;amp; B"]
    assert work("escape_artifact", ["d'Argence"], kinds=["quote"]) == ["d''Argence"]
    assert work("escape_artifact", ["AK"], kinds=["suffix"]) == ["AK-*"]
    assert work("escape_artifact", ["AK"], kinds=["csv"]) == ['"AK",']


def test_swap_columns_swaps():
    """Each value stands in the other's field."""
    made = rows("swap_columns", {"first": ["Ada"], "last": ["Byron"]})
    assert made == {"first": ["Byron"], "last": ["Ada"]}


def test_swallow_neighbour_joins():
    """The neighbour's value moves into the field, and the neighbour is empty."""
    made = rows("swallow_neighbour", {"zip": ["CA", None, "CA"], "city": ["Fresno", "Bonn", None]})
    assert made == {"zip": [None, None, None], "city": ["Fresno CA", "Bonn", "CA"]}


def test_schema_drift_renames_the_property():
    """The value stands under the new name, with its new word."""
    made = rows("schema_drift", {"status": ["closed"]}, to="stage", values={"closed": "won"})
    assert made == {"status": [None], "stage": ["won"]}


NEEDED = {
    "recode": {"words": {"Müller 01": "M", "Müller & São 01": "M"}},
    "rewrite": {"template": "<{}>"},
    "take_neighbour": {"column": "other"},
    "truncate": {"length": 5},
    "written_as": {"case": "upper"},
}


@pytest.mark.parametrize(
    "name", sorted(name for name, op in operators().items() if op.works_on is Works.CELLS)
)
def test_cell_operators_are_pure(name):
    """Equal cells and words give equal results, and results are text or null."""
    values = ["Müller 01", "2026-01-02T03:04:05Z", "12.50", "+49 30 23125 518", "a@example.com", ""]
    first, second = (work(name, values, seed=9, **NEEDED.get(name, {})) for _ in range(2))
    assert first == second
    assert all(value is None or isinstance(value, str) for value in first)


def test_rewrite_follows_its_template():
    """A template writes parts, numbers without zeros, and random letters where it has no words."""
    assert work("rewrite", ["1/14/71", "x"], template="{2}-{0:pad2}-19{4}") == ["14-01-1971", "x"]
    (made,) = work("rewrite", ["12"], template="{}.0 {a2}{A1}{#3}{x1}")
    assert re.fullmatch(r"12\.0 [a-z]{2}[A-Z]\d{3}[^\W\d_a-zA-Z]", made)
    assert work("rewrite", ["a"], template="{{{}}}") == ["{a}"]


def test_a_template_that_is_none_is_told():
    """A brace that is no field is an error, not a letter."""
    with pytest.raises(ValueError, match="a brace that is no field"):
        operators()["rewrite"].parameters.model_validate({"template": "{what} {}"})


def test_recode_uses_the_other_words():
    """Named values become the other word, others stay."""
    assert work("recode", ["F", "M", "x"], words={"F": "female", "M": "male"}) == [
        "female",
        "male",
        "x",
    ]


def test_letter_case_changes_only_case():
    """Capitals, none, or title case, as asked for."""
    assert work("letter_case", ["Ann Lee"], cases={"upper": 1}) == ["ANN LEE"]
    assert work("letter_case", ["ANN LEE"], cases={"title": 1}) == ["Ann Lee"]


@pytest.mark.parametrize(
    ("options", "before", "after"),
    [
        ({"decimals": 1}, ["0", "5.25", "-7", "n/a"], ["0.0", "5.25", "-7.0", "n/a"]),
        ({"decimals": 0}, ["7.0", "7.50", "7"], ["7", "7.50", "7"]),
        ({"width": 5}, ["1907", "89140", "x1"], ["01907", "89140", "x1"]),
        ({"case": "upper"}, ["Graz", "8"], ["GRAZ", "8"]),
        ({"case": "lower"}, ["Graz"], ["graz"]),
        (
            {"date": "y/m/dd"},
            ["1/16/71", "12/3/2004", "soon"],
            ["71/1/16", "4/12/03", "soon"],
        ),
        ({"date": "yyyy-mm-dd"}, ["1/16/71", "12/3/68"], ["1971-01-16", "2068-12-03"]),
        ({"date": "mm/dd/yyyy"}, ["16.1.2004", "3.12.2004"], ["01/16/2004", "12/03/2004"]),
        ({"date": "y/m/dd"}, ["1/2/03", "4/5/06"], ["1/2/03", "4/5/06"]),
        ({}, ["a"], ["a"]),
    ],
)
def test_written_as_writes_the_same_values_otherwise(options, before, after):
    """Numbers, codes, dates and case; what cannot be read, or in one way only, stays."""
    assert work("written_as", before * 40, **options) == after * 40


def test_a_date_is_written_in_days_months_and_years():
    """Anything else is refused."""
    with pytest.raises(ValueError, match="a date is written as in"):
        operators()["written_as"].parameters.model_validate({"date": "m/d/m"})


@pytest.mark.parametrize(
    ("place", "made"),
    [("before", " a b"), ("after", "a b "), ("double", "a  b"), ("none", "ab"), ("tab", "a\tb")],
)
def test_stray_space_is_where_it_was_asked_for(place, made):
    """Spaces before, after, doubled, gone, or a tab for one."""
    assert work("stray_space", ["a b"], places={place: 1}) == [made]


def test_value_drift_moves_numbers_and_times():
    """Numbers keep their decimals, times of day their writing; other text stays."""
    assert work("value_drift", ["10.50"], quantiles=[2, 2]) == ["12.50"]
    assert work("value_drift", ["11:58 p.m."], quantiles=[5, 5]) == ["12:03 a.m."]
    assert work("value_drift", ["09:05"], quantiles=[-10, -10]) == ["08:55"]
    assert work("value_drift", ["soon"]) == ["soon"]


def test_number_round_leaves_so_many_decimals():
    """Decimals are cut by rounding half to even; text stays."""
    assert work("number_round", ["0.092", "TBD", "inf"], decimals=2) == ["0.09", "TBD", "inf"]


def test_other_value_is_another_rows():
    """The value comes from another row of the block, and a null can get one."""
    values = ["a", "b", "c", None]
    operator = operators()["other_value"]
    words = Stream(3, "t", "c", "other").words(0, 16).reshape(4, -1)
    column = pa.array(values)
    parameters = operator.parameters()
    made = operator.change(
        CellWork(column, words, parameters, "t", "c", {"c": column}, np.arange(4))
    ).to_pylist()
    assert set(made) <= {"a", "b", "c"}
    assert made != values


def test_take_neighbour_adds_or_replaces():
    """The neighbour's value stands behind the own one, or instead of it."""
    operator = operators()["take_neighbour"]
    city, state = pa.array(["Bend", "Gary"]), pa.array(["OR", None])
    words = np.zeros((4, 2), dtype=np.uint64)

    def take(**options):
        parameters = operator.parameters.model_validate({"column": "state", **options})
        block = {"city": city, "state": state}
        return operator.change(CellWork(city, words, parameters, "t", "city", block, np.arange(2)))

    assert take().to_pylist() == ["Bend OR", "Gary"]
    assert take(separator=None).to_pylist() == ["OR", None]


def test_typos_can_use_given_letters_and_come_in_numbers():
    """With `letters` the slip is one of them; with `slips` there are several in a value."""
    made = work(
        "typo_keyboard", ["hospital"] * 50, insert=0, delete=0, transpose=0, letters={"x": 1}
    )
    assert all(value.count("x") == 1 and len(value) == 8 for value in made)
    twice = work("typo_keyboard", ["a" * 40] * 50, insert=0, delete=0, transpose=0, slips=[0, 1])
    assert {sum(letter != "a" for letter in value) for value in twice} <= {1, 2}
    assert any(sum(letter != "a" for letter in value) == 2 for value in twice)


@pytest.mark.parametrize(
    ("options", "made"),
    [
        ({"how": "drop"}, {"x": [None, None, None, None]}),
        (
            {"how": "values", "values": {"true": "active"}},
            {"x": ["12", "active", None, "2026-01-02"]},
        ),
        ({"how": "retype"}, {"x": ["12.0", "1", None, "1767312000000"]}),
    ],
)
def test_schema_drift_drops_retypes_or_rewords(options, made):
    """An upgrade can also drop the property, change its type, or rename its values in place."""
    assert rows("schema_drift", {"x": ["12", "true", None, "2026-01-02"]}, **options) == made


@pytest.mark.parametrize(
    "options", [{"how": "rename"}, {"how": "values"}, {"how": "drop", "to": "y"}]
)
def test_a_schema_drift_that_says_too_little_or_too_much_is_refused(options):
    """A rename needs the new name, new words the words, and a drop neither."""
    with pytest.raises(ValueError, match="needs"):
        operators()["schema_drift"].parameters.model_validate(options)


def test_mojibake_the_other_way_leaves_replacement_marks():
    """Latin-1 read as UTF-8 loses each accented letter for good."""
    assert work("mojibake", ["São"], codec="utf-8") == ["S\ufffdo"]


def test_truncate_can_cut_a_letter_in_two():
    """A field that counts bytes can end within a letter."""
    assert work("truncate", ["Größe", "Gro"], length=3, unit="bytes") == ["Gr\ufffd", "Gro"]


def test_a_typo_knows_the_keyboard():
    """On a German keyboard `z` lies beside `t`, on an English one `y` does."""
    options = {"insert": 0, "delete": 0, "transpose": 0}
    assert set(work("typo_keyboard", ["t"] * 60, layout="qwertz", **options)) == {"r", "z"}
    assert set(work("typo_keyboard", ["t"] * 60, **options)) == {"r", "y"}


def test_tz_drift_can_be_a_summer_time_bug():
    """With `summer_only` a winter's time stays, and a summer's moves."""
    times = ["2026-01-05T10:00:00Z", "2026-07-05T10:00:00Z", "soon"]
    made = work("tz_drift", times, offsets=[60], naive=False, summer_only=True)
    assert made == ["2026-01-05T10:00:00Z", "2026-07-05T11:00:00Z", "soon"]


CELL_WISE = sorted(name for name, op in operators().items() if op.works_on is Works.CELLS)
MECHANISMS = {
    "constant": {"rate": "50%"},
    "on another column": {"on": "kind", "rates": {"a": "100%"}},
    "keyed by source": {"on": "source", "rates": {"feed": "100%"}},
    "on itself": {"longer_than": 12, "rate": "100%"},
    "from a batch on": {"on": "batch", "since": "10", "rate": "100%"},
}
VALUES = [
    "Müller & São 01", "2026-07-02T03:04:05Z", "0012.50", "+4930 23125 518", "ann@example.com",
    "007", "12", "O'Neil rn 0015", "3-82", "12345.678", None, "Straße 9",
]  # fmt: skip


@pytest.mark.parametrize("mechanism", [*MECHANISMS, "joint"])
@pytest.mark.parametrize("name", CELL_WISE)
def test_every_cell_operator_works_by_every_mechanism(name, mechanism):
    """Constant, dependent, keyed or joint: only the rows meant are hit, with the value before."""
    count = 20 * len(VALUES)
    cells = {
        "x": pa.array(VALUES * 20),
        "other": pa.array(["left", "right"] * (count // 2)),
        "kind": pa.array((["a"] * 7 + ["b"] * 5) * (count // 12)),
        "source": pa.array(["feed"] * (count // 2) + ["web"] * (count // 2)),
        "batch": pa.array([str(number // len(VALUES)) for number in range(count)]),
    }
    step = {"op": name, "options": NEEDED.get(name, {}), **MECHANISMS.get(mechanism, {})}
    mess = {"cells": {"x": [step]}}
    if mechanism == "joint":
        pair = {"x": {**step, "rate": 1}, "other": "null_explicit"}
        mess = {"signatures": [{"rate": "50%", "cells": pair}]}
    draft = damage_rows(cells, TableMess.model_validate(mess), 4, 0, "t")
    made = draft.tables["t"].columns["x"].to_pylist()
    entries = [entry for batch in draft.entries for entry in batch.to_pylist()]
    before = {int(e["id"]) - 1: e["before"] for e in entries if e["column"] == "x"}
    clean = cells["x"].to_pylist()
    assert before == {n: clean[n] for n in range(count) if made[n] != clean[n]}
    assert {entry["operator"] for entry in entries} <= {name, "null_explicit"}
    for row in before:
        assert mechanism != "on another column" or cells["kind"][row].as_py() == "a"
        assert mechanism != "keyed by source" or cells["source"][row].as_py() == "feed"
        assert mechanism != "from a batch on" or int(cells["batch"][row].as_py()) >= 10
        assert mechanism != "on itself" or len(clean[row] or "") > 12
    if mechanism == "joint":
        lost = {e["group"] for e in entries if e["column"] == "other"}
        assert {e["group"] for e in entries if e["column"] == "x"} <= lost
    assert before or name in ("recode", "take_neighbour") or mechanism == "on itself"


def test_every_operator_stands_in_both_taxonomies():
    """All roots of Kim's and all fields of Rahm and Do's taxonomy are covered by some operator."""
    found = operators().values()
    assert {operator.kim for operator in found} == set(Kim)
    assert {operator.rahm_do for operator in found} == set(RahmDo)


@pytest.mark.parametrize("name", sorted(operators()))
def test_every_operator_documents_itself(name):
    """Each operator says what it does, and each of its parameters has a default or is needed."""
    operator = operators()[name]
    assert operator.change.__doc__
    if operator.parameters.model_fields:
        assert operator.parameters.__doc__
