"""Tables as other programs write them: their mess is learned, laid over and judged all the same."""

from __future__ import annotations

import csv
import random
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from understudy.world.application import apply_profile, damage_rows
from understudy.world.fidelity import measures
from understudy.world.fidelity.rates import Rates, rate_excess
from understudy.world.fidelity.yardsticks import paired
from understudy.world.learning.alone import ways_alone
from understudy.world.learning.causes import explain
from understudy.world.learning.grouping import Feature, partition
from understudy.world.learning.sampled import learn_profile
from understudy.world.operators.otherwise import OtherParameters
from understudy.world.profile import Profile, TableMess
from understudy.world.sample import open_source, read_sample
from understudy.world.step import Step


def write(path, header, rows, encoding="utf-8", mark=","):
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=mark).writerows([header, *rows])
    return path


def made_of(before, after, seed=1):
    """What the mess that was learned of a column makes of its clean cells."""
    pairs = Counter(zip(before, after, strict=True))
    ways = explain(pairs, Counter(before))
    made = list(before)
    for way, steps in ways.steps.items():
        rows = [
            n for n, pair in enumerate(zip(before, after, strict=True)) if ways.way[pair] == way
        ]
        for step in steps:
            mess = TableMess(cells={"x": (Step(op=step.op, rate=1.0, options=step.options),)})
            cells = {"x": pa.array([made[n] for n in rows], pa.string())}
            found = damage_rows(cells, mess, seed, 0, "t").tables["t"].columns["x"].to_pylist()
            for row, cell in zip(rows, found, strict=True):
                made[row] = cell
    return made, ways


def test_a_first_column_without_a_name_is_the_row_number_of_pandas(tmp_path):
    """`to_csv()` writes its index without a name, and `read_csv()` gives it one."""
    path = write(tmp_path / "t.csv", ["", "a"], [["0", "x"], ["1", "y"]])
    assert open_source(path).columns == ("Unnamed: 0", "a")


def test_a_mark_within_quotes_parts_no_columns(tmp_path):
    """The delimiter is counted outside of quoted names."""
    path = tmp_path / "t.csv"
    path.write_text('"last, first, middle";price\n"Doe, Jo";3\n')
    assert open_source(path).columns == ("last, first, middle", "price")


def test_a_parquet_column_of_nothing_can_be_damaged(tmp_path):
    """A column that was never filled has no type; what is written into it is text."""
    table = pa.table({"a": ["x", "y"] * 30, "n": pa.nulls(60)})
    pq.write_table(table, tmp_path / "t.parquet")
    source = open_source(tmp_path / "t.parquet")
    mess = TableMess(cells={"a": (Step(op="null_explicit", rate=0.5),)})
    apply_profile(source, mess, 1, tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").column("n").null_count == 60


def test_what_is_made_of_a_latin_1_table_is_read_beside_it(tmp_path):
    """The damaged table says that it is UTF-8, so one `--encoding` does for all of them."""
    path = write(tmp_path / "t.csv", ["ort"], [["Köln"]] * 30, encoding="latin-1")
    mess = TableMess(cells={"ort": (Step(op="stray_space", rate=1.0),)})
    apply_profile(open_source(path, "latin-1"), mess, 1, tmp_path / "out.csv")
    made = read_sample(tmp_path / "out.csv", "latin-1")
    assert {cell.strip() for cell in made.columns["ort"].to_pylist()} == {"Köln"}


def test_spaces_at_both_ends_are_made_again():
    """Space is learned where it stands, and not as space somewhere."""
    made, _ = made_of(["ab c"] * 30, [" ab c "] * 30)
    assert set(made) == {" ab c "}


def test_separators_that_are_left_out_are_no_slips():
    """A telephone number or a date without its marks is a way of writing."""
    before = [f"555-{n:04d}" for n in range(40)]
    made, ways = made_of(before, [cell.replace("-", "") for cell in before])
    assert made == [cell.replace("-", "") for cell in before]
    assert [step.op for steps in ways.steps.values() for step in steps] == ["rewrite"]


def test_other_marks_are_seen_without_a_clean_twin():
    """Where most numbers have their marks, those without and with others are told by these."""
    usual = [f"555-{n:04d}" for n in range(200)]
    bare = [f"555{n:04d}" for n in range(200, 260)]
    other = [f"(555) {n:04d}" for n in range(300, 340)]
    found = ways_alone({"phone": pa.array([*usual, *bare, *other])})["phone"]
    written = [found.steps[found.names[row]][0].options["template"] for row in (200, -1)]
    assert written == ["{0}{2}", "({0}) {2}"]
    assert set(found.names[:200]) == {"ok"}


def test_days_and_months_are_not_put_in_other_places():
    """The digits of a date of another order are no date of the usual order."""
    usual = [f"2024-{1 + n % 12:02d}-{1 + n % 28:02d}" for n in range(400)]
    found = ways_alone({"day": pa.array([*usual, *["28/11/2025"] * 30])})["day"]
    assert set(found.names) == {"ok"}


def test_another_word_for_a_word_is_learned_though_it_is_rare():
    """Where one source writes 1 and 0 for yes and no, so does what is made."""
    before = ["yes", "no"] * 300
    after = [{"yes": "1", "no": "0"}[cell] if n % 10 < 2 else cell for n, cell in enumerate(before)]
    made, _ = made_of(before, after)
    assert made == after


def test_wrong_values_are_those_that_stand_there_most():
    """A default that many rows got by mistake comes back as often."""
    draw = random.Random(3)
    before = [draw.choice(["Rome", "Oslo", "Bern", "Solna"]) for _ in range(900)]
    after = ["Solna" if n % 3 == 0 else cell for n, cell in enumerate(before)]
    made, ways = made_of(before, after)
    (step,) = ways.steps["another value"]
    assert step.options == {"values": {"Solna": 1.0}}
    wrong = [now for was, now in zip(before, made, strict=True) if was != now]
    assert set(wrong) == {"Solna"}


def test_equally_frequent_wrong_values_make_a_profile_that_can_be_read():
    """A sixth each, rounded one by one, would be more than all."""
    words = ["Rome", "Oslo", "Bern", "Solna", "Paris", "Quito"]
    pairs = {(f"town {words[(n + 1) % 6]} {n}", words[n % 6]): 1 for n in range(120)}
    ways = explain(pairs, dict.fromkeys(words, 20))
    (step,) = ways.steps["another value"]
    assert list(step.options["values"].values()) == [0.166] * 6
    OtherParameters.model_validate(step.options)


def _noise(count, spread, seed):
    draw = random.Random(seed)
    return [draw.gauss(0, spread) for _ in range(count)]


def test_numbers_that_are_off_are_written_as_they_were_found():
    """Noise of ten digits on whole numbers has ten digits again, without zeros at the end."""
    before = [str(n % 900) for n in range(600)]
    after = [
        f"{int(cell) + far:.10g}" for cell, far in zip(before, _noise(600, 50, 1), strict=True)
    ]
    made, _ = made_of(before, after)
    sizes = Counter(sum(map(str.isdigit, cell)) for cell in made)
    assert sizes[10] + sizes[9] > 0.9 * len(made)
    assert not any(cell.endswith("0") for cell in made if "." in cell)
    far = [abs(float(now) - float(was)) for was, now in zip(before, made, strict=True)]
    assert 20 < sum(far) / len(far) < 60


def test_numbers_that_came_instead_do_not_go_with_the_old_ones():
    """Values from elsewhere stay in their own range, wherever the old value was."""
    draw = random.Random(5)
    before = [str(draw.randrange(0, 10_000)) for _ in range(400)]
    after = [str(draw.randrange(0, 99)) for _ in before]
    made, _ = made_of(before, after)
    assert all(-20 <= float(cell) <= 120 for cell in made)


def test_rounding_is_no_noise():
    """Numbers that lost decimals lose the same again."""
    before = [f"{n / 7:.9f}" for n in range(1, 61)]
    after = [f"{n / 7:.3f}" for n in range(1, 61)]
    made, ways = made_of(before, after)
    assert made == after
    assert list(ways.steps) == ["rounded to 3"]


def test_digits_of_another_number_are_no_template():
    """That 1 stands somewhere in 179.7 does not make it a part of it."""
    before = ["1", "2", "3"] * 60
    after = [f"{100 + far:.6f}" for far in _noise(180, 30, 2)]
    _, ways = made_of(before, after)
    assert {step.op for steps in ways.steps.values() for step in steps} == {"value_drift"}


def test_a_group_told_by_the_damaged_column_itself_counts_once(tmp_path):
    """Cells that are mostly empty lose as many of the held ones as they lost."""
    draw = random.Random(2)
    clean = [
        [draw.choice("kl") if draw.random() < 0.2 else "" for _ in "abcd"] for _ in range(2000)
    ]
    dirty = [["" if draw.random() < 0.2 else cell for cell in row] for row in clean]
    one, two = (
        write(tmp_path / f"{name}.csv", list("abcd"), rows)
        for name, rows in (("dirty", dirty), ("clean", clean))
    )
    profile: Profile = learn_profile(read_sample(one), read_sample(two))
    (mess,) = profile.tables.values()
    made = damage_rows(read_sample(two).columns, mess, 1, 0, "t").tables["t"].columns
    for place, name in enumerate("abcd"):
        held = [n for n, row in enumerate(clean) if row[place]]
        gone = sum(made[name][n].as_py() is None for n in held) / len(held)
        assert gone == pytest.approx(0.2, abs=0.08)


def test_letters_of_another_case_have_not_leaked():
    """A clean cell in capitals is that cell, however few rows have it."""
    clean = {"x": pa.array(["Berlin", "Lisbon"] * 100)}
    dirty = {"x": pa.array(["LISBON", *clean["x"].to_pylist()[1:]])}
    assert measures.leaks(dirty, dirty, clean) == {"x": 0.0}


def test_rows_that_share_no_name_are_no_twins(tmp_path):
    """Two halves of a sorted table agree in most cells; their rows are others all the same."""
    rows = [[str(n), f"ward {n // 40}", f"house {n // 80}"] for n in range(400)]
    one, two = (
        read_sample(write(tmp_path / f"{start}.csv", ["id", "ward", "house"], rows[start::2]))
        for start in (0, 1)
    )
    assert paired(one, two) is None
    assert paired(one, one) is not None


def test_the_best_of_many_columns_tells_no_group_by_chance():
    """A hundred columns that are no cause of the damage part no rows; one that is still does."""
    draw = np.random.default_rng(11)
    values = tuple(f"v{n}" for n in range(20))
    known = [Feature(f"c{n}", values, draw.integers(0, 20, 500)) for n in range(100)]
    for _number in range(4):
        damage = (draw.random((500, 20)) < 0.05).astype(float)
        assert len(partition(known, damage)) == 1
    damage[:, :3] = (draw.random((500, 3)) < np.where(known[7].codes < 5, 0.6, 0.02)[:, None]) * 1.0
    assert len(partition(known, damage)) == 2


def test_the_farthest_of_many_rates_is_no_finding_by_chance():
    """Two draws of five hundred equal rates are alike; one that differs is still named."""
    draw = np.random.default_rng(3)
    one, two = (
        Rates(1000, {f"c{n}": float(draw.binomial(1000, 0.05)) / 1000 for n in range(500)})
        for _side in "ab"
    )
    assert not [name for name, times in rate_excess(one, two).items() if times > 1]
    other = Rates(1000, {**two.shares, "c9": 0.12})
    assert [name for name, times in rate_excess(one, other).items() if times > 1] == ["c9"]
