"""Profiles learned from samples: what they find, what they never hold, and how they read."""

from __future__ import annotations

import csv
import random
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.world.conftest import orders, write_csv

from understudy.model.errors import ConfigurationError
from understudy.world.alignment import align
from understudy.world.application import damage_rows
from understudy.world.learning.sampled import learn_profile, profile_text, write_profile
from understudy.world.profile import read_profile
from understudy.world.sample import read_sample

HEAD = "id,source,name,amount\n"


def table(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def learned(twins, part="learn"):
    dirty, clean = (read_sample(path) for path in twins[part])
    return learn_profile(dirty, clean)


def mess_of(profile):
    (mess,) = profile.tables.values()
    return mess


def ops_of(profile, column):
    ways = mess_of(profile).learned.columns[column].ways.values()
    return {step.op for steps in ways for step in steps}


@pytest.fixture(scope="module")
def profile(twins):
    return learned(twins)


def test_each_sort_of_damage_is_found(profile):
    """Nulls, stand-ins, units, dates, slips and swallowed neighbours are told apart."""
    assert ops_of(profile, "placed") == {"null_explicit", "rewrite"}
    assert ops_of(profile, "sent") == {"null_explicit"}
    assert ops_of(profile, "code") == {"null_sentinel"}
    assert ops_of(profile, "city") >= {"take_neighbour", "typo_keyboard"}
    assert "{}" in str(mess_of(profile).learned.columns["amount"])
    assert set(mess_of(profile).learned.columns).isdisjoint({"number", "source"})


def test_the_source_that_keys_the_damage_is_found(profile):
    """Rows are told apart by the column that the damage depends on, without being named."""
    groups = mess_of(profile).learned.groups
    assert {column for group in groups for column in group.when} >= {"source"}
    by = {group.when.get("source"): group for group in groups}
    assert len(by) == 4


def test_what_goes_together_is_kept_together(profile):
    """Both dates are lost in the same rows: no signature loses one alone."""
    for group in mess_of(profile).learned.groups:
        for one in group.signatures:
            gone = {name for name, way in one.cells.items() if way == "empty"}
            assert ("placed" in gone) == ("sent" in gone)


def test_damage_depends_on_the_form_of_the_cell(profile):
    """Only cells that were empty get the word for nothing."""
    forms = mess_of(profile).learned.columns["code"].forms
    assert forms["∅"] == {"stand-in 1": 1.0}
    assert forms["9"] == {}


def test_a_key_can_be_demanded(twins):
    """With a key every value of it has a group of its own."""
    dirty, clean = (read_sample(path) for path in twins["learn"])
    groups = mess_of(learn_profile(dirty, clean, key=["source"])).learned.groups
    assert {group.when["source"] for group in groups} == {
        ("web",), ("shop",), ("feed",), ("fair",)
    }  # fmt: skip


def test_rows_are_paired_by_key_when_order_differs(twins, tmp_path):
    """A shuffled dirty table teaches the same as an ordered one."""
    dirty, clean = twins["learn"]
    head, *rows = dirty.read_text().splitlines()
    random.Random(1).shuffle(rows)
    shuffled = table(tmp_path / "learn-dirty.csv", "\n".join([head, *rows]) + "\n")
    pairs = align(read_sample(shuffled), read_sample(clean))
    assert pairs.key == ("number",)
    assert sorted(pairs.clean["number"].to_pylist()) == sorted(pairs.dirty["number"].to_pylist())


def test_tables_that_overlap_in_part_are_paired_by_what_they_share(twins, tmp_path):
    """Of a dirty table of other rows, those with a clean twin are learned from."""
    dirty, clean = (path.read_text().splitlines() for path in twins["learn"])
    one = table(tmp_path / "d.csv", "\n".join([dirty[0], *dirty[1:801]]) + "\n")
    two = table(tmp_path / "c.csv", "\n".join([clean[0], *clean[401:1201]]) + "\n")
    pairs = align(read_sample(one), read_sample(two))
    assert pairs.key == ("number",)
    assert len(pairs) == 400


def test_columns_are_matched_but_for_case_and_marks(tmp_path):
    """`beer_name` and `Beer-Name` are one column."""
    dirty = table(tmp_path / "d.csv", "beer_name,b\nx,1\ny,2\n")
    clean = table(tmp_path / "c.csv", "Beer-Name,b\nx,1\ny,2\n")
    assert set(align(read_sample(dirty), read_sample(clean)).dirty) == {"Beer-Name", "b"}


def test_the_profile_reads_back_as_it_was(profile, tmp_path):
    """The YAML is the profile: written and read it is the same, and small enough to review."""
    write_profile(tmp_path / "p.yaml", profile)
    again, _ = read_profile(tmp_path / "p.yaml")
    assert again.hash == profile.hash
    text = (tmp_path / "p.yaml").read_text()
    assert len(text.splitlines()) < 400
    assert not list(tmp_path.glob(".*"))


CANARIES = ("CANARY7f3a", "canary@private.example", "4929123412341234", "Zoë Ünique-Person")


@pytest.mark.parametrize("with_twin", [True, False])
def test_no_rare_value_enters_a_profile(twins, tmp_path, with_twin):
    """Words that fewer than 20 rows share never stand in a profile, whatever they were put into."""
    rows = list(csv.DictReader(twins["learn"][0].read_text().splitlines()))
    for place, canary in enumerate(CANARIES * 4):
        row = rows[place * 7]
        column = ("city", "amount", "code", "source")[place % 4]
        row[column] = (canary, f"{row[column]} {canary}", f"{canary} {row[column]}")[place % 3]
    path = tmp_path / "dirty.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    clean = read_sample(twins["learn"][1]) if with_twin else None
    text = profile_text(learn_profile(read_sample(path), clean))
    for canary in CANARIES:
        for part in canary.replace("@", " ").split():
            assert part not in text


PLANTS = (
    "{}", "{} Street", "{}@mail.example", "VALUE ({})", "VALUE-{}", "{}:VALUE", "VALUE {}kg",
    "'{}'", "{}ä", " {} ",
)  # fmt: skip


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"QZ[A-Z]{2}[0-9]{3}", fullmatch=True),
            st.sampled_from(PLANTS),
            st.sampled_from(["source", "placed", "amount", "city", "country", "code"]),
            st.sampled_from(["dirty", "clean", "both"]),
            st.integers(1, 19),
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda one: one[0],
    ),
    st.booleans(),
)
@settings(max_examples=15)
def test_whatever_is_planted_in_fewer_than_twenty_rows_is_not_told(plants, with_twin):
    """Rare words of any shape, in any column, on either side, stand in no learned profile."""
    clean, dirty = orders(rows=240, seed=len(plants))
    for number, (word, shape, column, where, times) in enumerate(plants):
        for row in range(number * 19, number * 19 + times):
            text = shape.format(word).replace("VALUE", dirty[row][column])
            for side, rows in (("dirty", dirty), ("clean", clean)):
                if where in (side, "both"):
                    rows[row][column] = text
    with tempfile.TemporaryDirectory() as folder:
        paths = [write_csv(Path(folder, f"{n}.csv"), rows) for n, rows in enumerate((dirty, clean))]
        samples = [read_sample(path) for path in paths]
    text = profile_text(learn_profile(samples[0], samples[1] if with_twin else None))
    assert not [word for word, *_ in plants if word in text]


def test_a_word_of_twenty_rows_may_enter_and_one_of_nineteen_may_not(tmp_path):
    """The limit is 20 rows, neither 19 nor 21."""
    clean, dirty = HEAD, HEAD
    for number in range(200):
        word = "Frequentword" if number < 20 else "Rareword" if number < 39 else str(number)
        clean += f"{number},web,Ann,{number}\n"
        dirty += f"{number},web,Ann,{word}\n"
    made = learn_profile(
        read_sample(table(tmp_path / "d.csv", dirty)), read_sample(table(tmp_path / "c.csv", clean))
    )
    assert "Frequentword" in profile_text(made)
    assert "Rareword" not in profile_text(made)


def test_cells_of_a_sample_are_not_copied(twins, profile):
    """No value of the sample that fewer than 20 rows have stands in the profile's text."""
    text = profile_text(profile)
    for values in read_sample(twins["learn"][0]).columns.values():
        counts = values.value_counts().to_pylist()
        rare = [one["values"] for one in counts if one["counts"] < 20 and one["values"]]
        assert not [value for value in rare if len(value) > 4 and value in text]


ALONE = {
    "empty": ("", "null_explicit"),
    "stand-in": ("N/A", "null_sentinel"),
    "space": ("Hamburg ", "stray_space"),
    "case": ("HAMBURG", "letter_case"),
    "decoder": ("MÃ¼nchen", "mojibake"),
    "escape": ("Tom &amp; Co", "escape_artifact"),
    "unseen": ("Ham\u200bburg", "homoglyph_invisible"),
}


@pytest.mark.parametrize("name", ALONE)
def test_visible_damage_is_found_without_a_twin(tmp_path, name):
    """Nulls, stand-ins, spaces, case, encodings, escapes and unseen letters show by themselves."""
    odd, op = ALONE[name]
    cities = ["Bremen", "Hamburg", "Lyon", "Porto", "Cork", "München", "Rome", "Oslo"]
    rows = [f"{n},{odd if n % 5 == 0 else cities[n % 8]}" for n in range(400)]
    sample = read_sample(table(tmp_path / "s.csv", "id,city\n" + "\n".join(rows) + "\n"))
    assert ops_of(learn_profile(sample), "city") == {op}


def test_other_writings_are_found_without_a_twin(tmp_path):
    """Minority writings of a column's usual form, and lost zeros, show by themselves."""
    rows = []
    for number in range(600):
        time = f"{1 + number % 12}:{10 + number % 50} p.m."
        odd = f"{1 + number % 12}:{10 + number % 50}p Dec" if number % 7 == 0 else time
        zip_code = f"{(number * 37) % 100000:05d}"
        rows.append(f"{odd},{zip_code.lstrip('0') if number % 2 else zip_code}")
    sample = read_sample(table(tmp_path / "s.csv", "at,zip\n" + "\n".join(rows) + "\n"))
    made = learn_profile(sample)
    assert ops_of(made, "at") == {"rewrite"}
    assert ops_of(made, "zip") == {"leading_zero_loss"}


def test_a_unit_that_most_cells_have_is_damage_without_a_twin(tmp_path):
    """A column of `12.0 oz` gives bare numbers their unit, and leaves those that have one."""
    rows = [f"{n},{12 + n % 9}.0 {'oz' if n % 2 else 'ounce'}" for n in range(300)]
    sample = read_sample(table(tmp_path / "s.csv", "id,size\n" + "\n".join(rows) + "\n"))
    mess = mess_of(learn_profile(sample))
    cells = {"id": pa.array(["1"] * 40), "size": pa.array(["12", "16.0 oz"] * 20)}
    made = damage_rows(cells, mess, 1, 0, "t").tables["t"].columns["size"].to_pylist()
    assert set(made) == {"12.0 oz", "12.0 ounce", "16.0 oz"}


@pytest.mark.parametrize("fewer", [True, False])
def test_a_writing_of_fewer_decimals_is_learned_as_rounded(tmp_path, fewer):
    """Where all percentages have two decimals and most numbers three; not where both have three."""
    percent = [f"0.0{1 + n % 9}%" if fewer else f"0.0{11 + n % 80}%" for n in range(100)]
    plain = [f"0.0{11 + n % 80}" if n % 5 else f"0.0{1 + n // 5 % 9}" for n in range(300)]
    rows = [percent[n // 3] if n % 3 == 0 else plain[n] for n in range(300)]
    text = "id,abv\n" + "\n".join(f"{n},{row}" for n, row in enumerate(rows)) + "\n"
    learned = mess_of(learn_profile(read_sample(table(tmp_path / "s.csv", text)))).learned
    (steps,) = learned.columns["abv"].ways.values()
    assert [step.op for step in steps] == ["number_round"] * fewer + ["rewrite"]
    assert not fewer or steps[0].options == {"decimals": 2}


_WRITTEN = {
    "numbers": (lambda n: f"{n % 9}.0" if n % 3 else f"{n % 7}.25", {"decimals": 1}),
    "whole numbers": (lambda n: str(n % 50), {"decimals": 0}),
    "numbers of both writings": (lambda n: f"{n % 9}.0" if n % 2 else str(n % 9), None),
    "codes": (lambda n: f"{(n * 37) % 20000:05d}", {"width": 5}),
    "capitals": (lambda n: ("GRAZ", "LINZ", "WIEN")[n % 3], {"case": "upper"}),
    "small letters": (lambda n: ("graz", "linz")[n % 2], {"case": "lower"}),
    "names": (lambda n: ("Graz", "Linz")[n % 2], None),
    "American dates": (
        lambda n: f"{1 + n % 12}/{1 + n % 28}/{2001 + n % 20}", {"date": "m/d/yyyy"},
    ),
    "German dates": (
        lambda n: f"{1 + n % 28:02d}.{1 + n % 12:02d}.{2001 + n % 20}", {"date": "dd.mm.yyyy"},
    ),
    "dates that could be of two orders": (lambda n: f"{1 + n % 9}/{1 + n % 9}/03", None),
    "numbers and words": (lambda n: str(n) if n % 2 else "none of them", None),
}  # fmt: skip


@pytest.mark.parametrize(("cell", "options"), _WRITTEN.values(), ids=_WRITTEN)
def test_the_usual_writing_of_a_column_is_kept(tmp_path, cell, options):
    """What nearly all cells keep to is in a profile learned alone, and nothing that they do not."""
    rows = "\n".join(f"{n},{cell(n)}" for n in range(300))
    sample = read_sample(table(tmp_path / "s.csv", f"id,x\n{rows}\n"))
    written = mess_of(learn_profile(sample)).learned.written
    assert (written["x"].options if "x" in written else None) == options
    if options and "case" not in options:
        few = read_sample(table(tmp_path / "f.csv", "x\n" + "\n".join(map(cell, range(19))) + "\n"))
        assert mess_of(learn_profile(few)).learned.written == {}


def test_a_foreign_table_is_written_as_the_sample(tmp_path):
    """Its `0` becomes the sample's `0.0`, with a ledger that gives it back; nulls stay."""
    rows = "\n".join(f"{n},{n % 9}.0" for n in range(300))
    mess = mess_of(learn_profile(read_sample(table(tmp_path / "s.csv", f"id,rate\n{rows}\n"))))
    cells = {"id": pa.array(["1", "2", "3"]), "rate": pa.array(["0", "5.5", None])}
    draft = damage_rows(cells, mess, 1, 0, "t")
    assert draft.tables["t"].columns["rate"].to_pylist() == ["0.0", "5.5", None]
    (entry,) = draft.entries
    assert entry.column("operator").to_pylist() == ["written_as"]
    assert entry.column("before").to_pylist() == ["0"]


def test_letters_of_slips_are_supported_by_the_whole_table(tmp_path):
    """An `x` that slips into twelve cells of each of two columns is told, a rare `q` is not."""
    clean, dirty = "a,b,id\n", "a,b,id\n"
    for number in range(200):
        first, second = f"hospital {number % 9}", f"clinic {number % 7}"
        clean += f"{first},{second},{number}\n"
        letter = "x" if number % 13 else "q"
        if number < 13:
            first, second = first.replace("s", letter), second.replace("l", letter)
        dirty += f"{first},{second},{number}\n"
    made = learn_profile(
        read_sample(table(tmp_path / "d.csv", dirty)), read_sample(table(tmp_path / "c.csv", clean))
    )
    (step,) = mess_of(made).learned.columns["a"].ways["slip"]
    assert set(step.parameters.letters) == {"x"}


def test_zeros_that_were_put_back_are_a_writing(tmp_path):
    """`1907` written as `01907` is another writing of the value, neither drift nor a stand-in."""
    rows = [
        (f"{n},{1000 + n % 37}", f"{n},{1000 + n % 37:05d}" if n % 3 else f"{n},{1000 + n % 37}")
        for n in range(300)
    ]
    made = learn_profile(
        read_sample(table(tmp_path / "d.csv", "id,zip\n" + "\n".join(d for _, d in rows) + "\n")),
        read_sample(table(tmp_path / "c.csv", "id,zip\n" + "\n".join(c for c, _ in rows) + "\n")),
    )
    assert ops_of(made, "zip") == {"rewrite"}
    assert "0{}" in profile_text(made)


@pytest.mark.parametrize(
    "name",
    ["Artist Begin Date of Birth", "title varchar(255)", "a: b, {c} #d", "Größe 'm'", "x" * 150],
)
def test_a_profile_reads_back_whatever_its_columns_are_called(tmp_path, name):
    """Names with spaces, marks or great length survive in signatures of many columns."""
    names = [f"{name} {number}" for number in range(12)]
    with (tmp_path / "d.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(["" if row % 3 else "v"] * 12 for row in range(120))
    made = learn_profile(read_sample(tmp_path / "d.csv"))
    write_profile(tmp_path / "p.yaml", made)
    assert read_profile(tmp_path / "p.yaml")[0] == made


def test_duplicates_are_learned_and_made(tmp_path):
    """Repeated rows beyond those of the clean table become a step with their law of sizes."""
    clean = [f"{n},web,Name {n % 37},{n % 50}" for n in range(400)]
    dirty = clean + clean[:60] + clean[:20]
    profile = learn_profile(
        read_sample(table(tmp_path / "d.csv", HEAD + "\n".join(dirty) + "\n")),
        read_sample(table(tmp_path / "c.csv", HEAD + "\n".join(clean) + "\n")),
    )
    (step,) = mess_of(profile).table
    assert step.op == "duplicate_rows"
    assert step.rate == pytest.approx(0.15)
    assert step.parameters.copies == (40, 20)
    columns = read_sample(tmp_path / "c.csv").columns
    made = damage_rows(columns, mess_of(profile), 1, 0, "t").tables["t"]
    assert 440 < len(made) < 540


def test_a_parquet_table_teaches_as_a_csv_does(twins, profile, tmp_path):
    """The same table as Parquet, with real types, gives the same damage."""
    paths = []
    for path in twins["learn"]:
        cells = read_sample(path).columns
        pq.write_table(pa.table(dict(cells)), tmp_path / path.with_suffix(".parquet").name)
        paths.append(tmp_path / path.with_suffix(".parquet").name)
    other = learn_profile(*(read_sample(path) for path in paths))
    assert mess_of(other) == mess_of(profile)


BAD_SAMPLES = {
    "missing": (None, "is not there"),
    "empty": ("", "is empty"),
    "header only": ("a,b\n", "a header and no rows"),
    "twice the same column": ("a,a\n1,2\n", "two columns are named `a`"),
    "a column without name": ("a,\n1,2\n", "column 2 has no name"),
    "ragged": ("a,b\n1,2\n1\n1,2,3\n", "the row has 1 fields, the header 2"),
}


@pytest.mark.parametrize("name", BAD_SAMPLES)
def test_unreadable_samples_are_told(tmp_path, name):
    """Missing, empty and broken samples are told with their file."""
    text, said = BAD_SAMPLES[name]
    path = tmp_path / "sample.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_sample(path)
    assert said in caught.value.describe()
    assert "sample.csv" in caught.value.describe()


def test_mixed_encodings_are_told_line_by_line(tmp_path):
    """Each line that is not UTF-8 is told with its number, all in one error."""
    path = tmp_path / "mixed.csv"
    path.write_bytes(b"a,b\nM\xc3\xbcller,1\nM\xfcller,2\nx,3\n\xe9,4\n")
    with pytest.raises(ConfigurationError) as caught:
        read_sample(path)
    told = caught.value.describe()
    assert f"{path}:3:" in told
    assert f"{path}:5:" in told
    assert "--encoding cp1252" in told
    assert read_sample(path, "cp1252").columns["a"].to_pylist()[1] == "Müller"


def test_a_damaged_parquet_file_is_told(tmp_path):
    """A file that only claims to be Parquet is an error that names it."""
    path = tmp_path / "bad.parquet"
    path.write_bytes(b"PAR1 no")
    with pytest.raises(ConfigurationError, match=r"bad\.parquet` cannot be read"):
        read_sample(path)


@pytest.mark.parametrize("clean", ["x\n1\n2\n", None])
def test_one_column_is_enough(tmp_path, clean):
    """A sample of one column is learned from, with a twin and without."""
    dirty = table(tmp_path / "d.csv", "x\n1 kg\n2\n")
    twin = read_sample(table(tmp_path / "c.csv", clean)) if clean else None
    profile = learn_profile(read_sample(dirty), twin)
    assert mess_of(profile).learned.groups


def test_tables_that_cannot_be_paired_are_told(tmp_path):
    """Other columns, or other numbers of rows without a key, are told with what to do."""
    one = read_sample(table(tmp_path / "a.csv", "x\n1\n1\n"))
    other = read_sample(table(tmp_path / "b.csv", "y,z\n1,1\n"))
    longer = read_sample(table(tmp_path / "c.csv", "x\n2\n2\n2\n"))
    with pytest.raises(ConfigurationError, match="no column in common"):
        learn_profile(one, other)
    with pytest.raises(ConfigurationError, match="no column names the rows of both"):
        learn_profile(one, longer)
