"""Any table damaged with a profile: complete ledger, the same rows always, never half a file."""

from __future__ import annotations

import csv
import datetime
import tracemalloc
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from understudy.campaign.recordings.mess_profiles import (
    ApplyRequest,
    ScoreRequest,
    apply_mess,
    learn_mess,
    score_mess,
)
from understudy.model.errors import ConfigurationError
from understudy.world import application
from understudy.world.application import apply_profile, damage_rows, mess_for, read_mess
from understudy.world.entropy import BLOCK
from understudy.world.learning.sampled import learn_profile, write_profile
from understudy.world.profile import Profile, read_profile
from understudy.world.sample import open_source, read_sample


@pytest.fixture(scope="module")
def mess(twins):
    profile = learn_profile(*(read_sample(path) for path in twins["learn"]))
    return profile.tables["learn-dirty"]


def profile_of(**mess):
    return Profile.model_validate({"version": 1, "name": "test", "tables": {"t": mess}})


def applied(source, mess, tmp_path, seed=1, name="out.csv"):
    done = apply_profile(source, mess, seed, tmp_path / name, tmp_path / "ledger.parquet")
    return done, read_sample(tmp_path / name).columns, pq.read_table(tmp_path / "ledger.parquet")


def test_undoing_the_ledger_gives_the_clean_table(twins, mess, tmp_path):
    """Read backwards, the ledger turns the damaged table into the clean one, cell by cell."""
    clean = read_sample(twins["judge"][1]).columns
    _, dirty, ledger = applied(open_source(twins["judge"][1]), mess, tmp_path)
    cells = {name: values.to_pylist() for name, values in dirty.items()}
    for entry in reversed(ledger.to_pylist()):
        cells[entry["column"]][int(entry["id"]) - 1] = entry["before"]
    assert cells == {name: values.to_pylist() for name, values in clean.items()}
    assert len(ledger) > 500


def test_cells_damaged_together_share_a_group(twins, mess, tmp_path):
    """Dates lost in one row are one event of the ledger."""
    _, _, ledger = applied(open_source(twins["judge"][1]), mess, tmp_path)
    gone = [
        (entry["column"], entry["group"])
        for entry in ledger.to_pylist()
        if entry["operator"] == "null_explicit" and entry["column"] in ("placed", "sent")
    ]
    placed, sent = (
        {group for column, group in gone if column == name} for name in ("placed", "sent")
    )
    assert placed == sent
    assert placed


def test_damage_is_as_joint_and_keyed_as_in_the_sample(twins, mess, tmp_path):
    """Only `feed` loses dates, always both; empty codes are always `N/A`, others never."""
    _, dirty, _ = applied(open_source(twins["judge"][1]), mess, tmp_path)
    clean = read_sample(twins["judge"][1]).columns
    for source, placed, sent in zip(
        *(dirty[name].to_pylist() for name in ("source", "placed", "sent")), strict=True
    ):
        assert (placed is None) == (sent is None)
        assert placed or source == "feed"
    for before, after in zip(clean["code"].to_pylist(), dirty["code"].to_pylist(), strict=True):
        assert after == (before or "N/A")


def test_the_same_seed_gives_the_same_rows_and_another_others(twins, mess, tmp_path):
    """A seed decides everything."""
    source = open_source(twins["judge"][1])
    one, two, other = (
        applied(source, mess, tmp_path, seed, f"{place}.csv")[1]
        for place, seed in enumerate((1, 1, 2))
    )
    assert one == two
    assert one != other


def test_a_block_is_damaged_the_same_whatever_is_around_it(twins, mess):
    """Shards need nothing of one another: a block's rows depend on its number alone."""
    cells = {
        name: pa.concat_arrays([values] * 3)
        for name, values in read_sample(twins["judge"][1]).columns.items()
    }
    first = damage_rows(cells, mess, 1, 0, "t").tables["t"].columns
    alone = damage_rows(cells, mess, 1, 4, "t").tables["t"].columns
    again = damage_rows(cells, mess, 1, 4, "t").tables["t"].columns
    assert all(alone[name].equals(again[name]) for name in cells)
    assert not all(alone[name].equals(first[name]) for name in cells)


def test_rows_of_parquet_and_csv_are_the_same(twins, mess, tmp_path):
    """What a table is stored in changes nothing of what happens to it."""
    cells = read_sample(twins["judge"][1]).columns
    path = tmp_path / "judge-clean.parquet"
    pq.write_table(pa.table(dict(cells)), path, row_group_size=333)
    _, from_parquet, _ = applied(open_source(path), mess, tmp_path)
    _, from_csv, _ = applied(open_source(twins["judge"][1]), mess, tmp_path)
    assert {n: v.to_pylist() for n, v in from_parquet.items()} == {
        n: v.to_pylist() for n, v in from_csv.items()
    }


def test_columns_that_nothing_touches_keep_their_type(tmp_path):
    """Numbers, times and lists stay what they were; a column that may be damaged is text."""
    at = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    table = pa.table(
        {"n": [1, 2], "f": [1.5, None], "at": [at, at], "tags": [["a"], []], "x": [7, 8]}
    )
    pq.write_table(table, tmp_path / "t.parquet")
    mess = profile_of(
        cells={"x": [{"op": "unit_suffix", "rate": 1, "options": {"suffixes": {"k": 1}}}]}
    )
    source = open_source(tmp_path / "t.parquet")
    apply_profile(source, mess.tables["t"], 1, tmp_path / "out.parquet")
    made = pq.read_table(tmp_path / "out.parquet")
    for name in ("n", "f", "at"):
        assert made.column(name).equals(table.column(name))
    assert made.column("x").to_pylist() == ["7k", "8k"]


def test_several_blocks_are_streamed(tmp_path):
    """A table of more than one block is damaged whole, its rows numbered through."""
    rows = BLOCK + 100
    pq.write_table(pa.table({"x": np.arange(rows)}), tmp_path / "t.parquet", row_group_size=50_000)
    mess = profile_of(cells={"x": [{"op": "null_explicit", "rate": "10%"}]})
    source = open_source(tmp_path / "t.parquet")
    done = apply_profile(
        source, mess.tables["t"], 1, tmp_path / "o.parquet", tmp_path / "l.parquet"
    )
    made = pq.read_table(tmp_path / "o.parquet").column("x")
    ledger = pq.read_table(tmp_path / "l.parquet")
    assert done.rows == done.written == len(made) == rows
    assert abs(made.null_count / rows - 0.1) < 0.005
    assert [int(row) - 1 for row in ledger.column("id").to_pylist()] == [
        place for place, cell in enumerate(made.to_pylist()) if cell is None
    ]


def test_nothing_is_left_of_a_table_that_breaks_off(twins, mess, tmp_path, monkeypatch):
    """Neither output nor ledger looks whole when the work broke off, and an older one stays."""
    (tmp_path / "out.csv").write_text("older\n1\n")

    def broken(*_):
        raise RuntimeError("power cut")

    monkeypatch.setattr(application, "damage_rows", broken)
    with pytest.raises(RuntimeError, match="power cut"):
        apply_profile(
            open_source(twins["judge"][1]), mess, 1, tmp_path / "out.csv", tmp_path / "ledger.csv"
        )
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert (tmp_path / "out.csv").read_text() == "older\n1\n"


def test_a_broken_row_stops_the_work_and_is_told(tmp_path, mess):
    """A clean table with a row too short is not written; its line is told."""
    (tmp_path / "t.csv").write_text("x,y\n1,2\n3\n")
    mess = profile_of(cells={"x": [{"op": "null_explicit", "rate": 1}]}).tables["t"]
    with pytest.raises(ConfigurationError, match="the row has 1 fields") as caught:
        apply_profile(open_source(tmp_path / "t.csv"), mess, 1, tmp_path / "out.csv")
    assert "t.csv:3" in caught.value.describe()
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


WRONG = """version: 1
name: wrong
tables:
  t:
    table: [{op: duplicate_merge, rate: 1%}]
    rows:
      - {op: swap_columns, rate: 5%, columns: [x]}
    cells:
      ex: [{op: null_explicti, rate: 101%}]
      y: [{op: null_explicit, rate: 1%, on: sauce, rates: {a: 2%}}]
    learned:
      columns: {zed: {ways: {empty: [{op: null_explicit}]}}}
      groups: [{when: {kay: [a]}, signatures: [{share: 1%, cells: {zed: empty}}]}]
"""


def test_everything_that_a_table_lacks_is_told_with_its_line(tmp_path):
    """Columns that are not there and operators that need a world are one error with their lines."""
    (tmp_path / "p.yaml").write_text(WRONG)
    (tmp_path / "t.csv").write_text("x,y\n1,2\n")
    with pytest.raises(ConfigurationError) as caught:
        read_mess(tmp_path / "p.yaml", open_source(tmp_path / "t.csv"))
    told = caught.value.describe()
    for line, said in (
        (5, "`duplicate_merge` needs the tables of a world"),
        (7, "needs at least 2 `columns`"),
        (9, "has no column `ex`; did you mean `x`"),
        (9, "unknown operator `null_explicti`"),
        (9, "not a share between 0% and 100%"),
        (10, "has no column `sauce`"),
        (12, "has no column `zed`"),
        (13, "has no column `kay`"),
    ):
        assert any(f"p.yaml:{line}: " in row and said in row for row in told.splitlines()), said


LEARNED = {
    "more than all": (
        "{columns: {}, groups: [{signatures: [{share: 60%}, {share: 60%}]}]}", "add up to 120"
    ),
    "unknown way": (
        "{columns: {x: {}}, groups: [{signatures: [{share: 1%, cells: {x: emty}}]}]}",
        "names the way `emty`, which is not listed",
    ),
    "unknown column": (
        "{columns: {x: {}}, groups: [{signatures: [{share: 1%, cells: {y: ok}}]}]}",
        "names `y`, which is no learned column",
    ),
    "unknown operator": (
        "{columns: {x: {ways: {a: [{op: null_explict}]}}}, groups: [{}]}",
        "unknown operator `null_explict`; did you mean `null_explicit`",
    ),
    "table operator": (
        "{columns: {x: {ways: {a: [{op: duplicate_rows}]}}}, groups: [{}]}",
        "cannot stand in a cell (`x`)",
    ),
    "rate outside": (
        "{columns: {}, groups: [{signatures: [{share: 1.2}]}]}",
        "not a share between",
    ),
    "no groups": ("{columns: {}, groups: []}", "at least 1"),
    "form above all": (
        "{columns: {x: {ways: {a: [{op: null_explicit}]}, forms: {'9': {a: 70%, b: 40%}}}},"
        " groups: [{}]}",
        "names the way `b`",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LEARNED)
def test_mistakes_in_learned_parts_are_told(tmp_path, name):
    """A learned profile that somebody changed is checked as an authored one is."""
    text, said = LEARNED[name]
    (tmp_path / "p.yaml").write_text(f"version: 1\nname: p\ntables:\n  t:\n    learned: {text}\n")
    with pytest.raises(ConfigurationError) as caught:
        read_profile(tmp_path / "p.yaml")
    assert said in caught.value.describe()
    assert "p.yaml:5" in caught.value.describe()


def test_what_is_empty_already_counts_where_no_twin_was_there(tmp_path):
    """Learned from a damaged table alone, shares are of the whole: nulls are not doubled."""
    rows = [
        f"{n},{'N/A' if n % 4 == 0 else f'v{n % 9}'},{'' if n % 2 else 'x'}" for n in range(400)
    ]
    (tmp_path / "s.csv").write_text("id,a,b\n" + "\n".join(rows) + "\n")
    (mess,) = learn_profile(read_sample(tmp_path / "s.csv")).tables.values()
    count = 2000
    cells = {
        "id": pa.array([str(n) for n in range(count)]),
        "a": pa.array([None if n % 5 == 0 else "v" for n in range(count)]),
        "b": pa.array([None if n % 3 == 0 else "x" for n in range(count)]),
    }
    made = damage_rows(cells, mess, 1, 0, "t").tables["t"].columns
    words = made["a"].to_pylist()
    assert made["a"].null_count == 0
    assert abs(words.count("N/A") / count - 0.25) < 0.03
    assert abs(made["b"].null_count / count - 0.5) < 0.04


def test_the_table_of_a_profile_is_found(tmp_path):
    """A file goes by its name, by the only table there is, or by the one that is named."""
    (tmp_path / "a.csv").write_text("x\n1\n")
    source = open_source(tmp_path / "a.csv")
    assert mess_for(["a", "b"], source) == "a"
    assert mess_for(["b"], source) == "b"
    assert mess_for(["a", "b"], source, "b") == "b"
    with pytest.raises(ConfigurationError, match="has no such table"):
        mess_for(["a", "b"], source, "c")


def test_a_learned_profile_can_damage_a_world(tmp_path, truth):
    """A profile learned under a vendor table's name is one for `world build` as well."""
    from understudy.world.damage import damage
    from understudy.world.profile import load_profile

    rows = [f"{n},{'' if n % 4 == 0 else 'Ann'},a@example.com" for n in range(200)]
    clean = [f"{n},Ann,a@example.com" for n in range(200)]
    head = "id,firstname,email\n"
    (tmp_path / "d.csv").write_text(head + "\n".join(rows) + "\n")
    (tmp_path / "c.csv").write_text(head + "\n".join(clean) + "\n")
    profile = learn_profile(
        read_sample(tmp_path / "d.csv"), read_sample(tmp_path / "c.csv"), table="hubspot.contacts"
    )
    write_profile(tmp_path / "p.yaml", profile)
    made = damage(truth, load_profile(tmp_path / "p.yaml"), 3).tables["hubspot.contacts"]
    share = made.columns["firstname"].null_count / len(made)
    assert abs(share - 0.25) < 4 * np.sqrt(0.1875 / len(made))


def test_a_world_s_own_tables_keep_their_vendor_s_writing(tmp_path, truth):
    """How a sample writes its columns is for tables from elsewhere: amounts stay numbers."""
    from understudy.world.damage import damage
    from understudy.world.profile import load_profile

    rows = [f"ch_{n},{n}.0,EUR,{'' if n % 4 == 0 else 'Pro'}" for n in range(200)]
    (tmp_path / "d.csv").write_text("id,amount,currency,description\n" + "\n".join(rows) + "\n")
    write_profile(
        tmp_path / "p.yaml", learn_profile(read_sample(tmp_path / "d.csv"), table="stripe.charges")
    )
    profile = load_profile(tmp_path / "p.yaml")
    assert profile.tables["stripe.charges"].learned.written.keys() >= {"amount", "currency"}
    made = damage(truth, profile, 3).tables["stripe.charges"].columns
    assert made["amount"].equals(truth.table("stripe.charges").columns["amount"])
    assert made["currency"].equals(truth.table("stripe.charges").columns["currency"])


def test_csv_of_another_dialect_is_read_and_written(tmp_path):
    """Semicolons and a byte-order mark are read; the damaged table keeps the delimiter."""
    (tmp_path / "t.csv").write_bytes('\ufeffx;y\n1;"a;b"\n'.encode())
    mess = profile_of(cells={"x": [{"op": "null_explicit", "rate": 1}]}).tables["t"]
    apply_profile(open_source(tmp_path / "t.csv"), mess, 1, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="") as file:
        assert list(csv.reader(file, delimiter=";")) == [["x", "y"], ["", "a;b"]]


def test_memory_does_not_grow_with_the_table(tmp_path):
    """Ten blocks take little more memory than two."""
    peaks = []
    mess = profile_of(cells={"x": [{"op": "null_explicit", "rate": "1%"}]}).tables["t"]
    for blocks in (2, 8):
        path = tmp_path / f"{blocks}.parquet"
        with pq.ParquetWriter(path, pa.schema([("x", pa.string())])) as writer:
            for _ in range(blocks):
                writer.write_table(pa.table({"x": pa.repeat(pa.scalar("abcdefgh"), BLOCK)}))
        tracemalloc.start()
        before = pa.default_memory_pool().bytes_allocated()
        apply_profile(open_source(path), mess, 1, tmp_path / f"out{blocks}.parquet")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert pa.default_memory_pool().bytes_allocated() - before < 20_000_000
    assert peaks[1] < 1.5 * peaks[0]


def test_wide_encodings_are_read(tmp_path):
    """A file with the mark of UTF-16 needs no option; a cut one is told with its line."""
    rows = "a,b\n" + "Zoë,1\n木村,2\n" * 5
    path = tmp_path / "wide.csv"
    path.write_text(rows, encoding="utf-16")
    assert read_sample(path).columns["a"].to_pylist() == ["Zoë", "木村"] * 5
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ConfigurationError, match="the line is not UTF-16") as raised:
        read_sample(path)
    assert raised.value.where.startswith(f"{path}:")


def test_every_line_of_mixed_encodings_is_told(tmp_path):
    """Each line that is not of the encoding is named, the first eight and how many more."""
    path = tmp_path / "mixed.csv"
    path.write_bytes(b"a,b\n" + "ö,1\n".encode() + "ö,2\n".encode("latin-1") * 11)
    with pytest.raises(ConfigurationError) as raised:
        read_sample(path)
    told = raised.value.describe()
    assert [f"{path}:{line}:" in told for line in (2, 3, 10, 11)] == [False, True, True, False]
    assert "and 3 more like these" in told


@pytest.mark.parametrize("written", ["html", "profile", "damaged"])
def test_a_folder_is_no_file_to_write(tmp_path, written):
    """The root and any other folder are refused by name before any work is done."""
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")
    for folder in (Path("/"), tmp_path):
        with pytest.raises(ConfigurationError, match="is a folder, and a file is to be written"):
            if written == "html":
                score_mess(ScoreRequest(path, path, html=folder), lambda *_: None)
            elif written == "profile":
                learn_mess(path, folder)
            else:
                apply_mess(ApplyRequest(path, "tidy", 0, folder, folder), lambda *_: None)


def test_empty_lines_are_no_broken_rows(tmp_path):
    """They are empty cells where there is one column, and nothing where there are several."""
    (tmp_path / "one.csv").write_text("a\n1\n\n2\n")
    assert read_sample(tmp_path / "one.csv").columns["a"].to_pylist() == ["1", None, "2"]
    (tmp_path / "two.csv").write_text("a,b\n1,2\n\n3,4\n\n")
    assert read_sample(tmp_path / "two.csv").columns["a"].to_pylist() == ["1", "3"]


def test_a_broken_row_is_told_by_the_line_that_it_begins_in(tmp_path):
    """Cells of several lines before it are counted as the lines that they are."""
    (tmp_path / "t.csv").write_text('a,b\n"one\ntwo\nthree",2\n3\n')
    with pytest.raises(ConfigurationError) as raised:
        list(open_source(tmp_path / "t.csv").blocks())
    assert raised.value.where == f"{tmp_path / 't.csv'}:5"


def test_a_table_may_be_called_as_a_world_s_hidden_one(tmp_path):
    """A company's `people.csv` is damaged as any other, with its ledger."""
    (tmp_path / "people.csv").write_text("id,created\n1,monday\n2,tuesday\n")
    mess = profile_of(cells={"created": [{"op": "null_explicit", "rate": 1.0}]}).tables["t"]
    done, rows, ledger = applied(open_source(tmp_path / "people.csv"), mess, tmp_path)
    assert (done.rows, rows["created"].to_pylist()) == (2, [None, None])
    assert ledger["before"].to_pylist() == ["monday", "tuesday"]
    assert set(ledger["table"].to_pylist()) == {"people"}


def test_a_table_called_as_one_of_a_world_is_text_nevertheless(tmp_path):
    """Words move into `people.created` and `stripe.charges.amount` of other people's tables."""
    for name in ("people", "stripe.charges"):
        (tmp_path / f"{name}.csv").write_text("created,amount\nmonday,12.50\n")
        swap = {"op": "swap_columns", "rate": 1.0, "columns": ["created", "amount"]}
        mess = profile_of(rows=[swap]).tables["t"]
        source = open_source(tmp_path / f"{name}.csv")
        drift = {"op": "schema_drift", "rate": 1.0, "columns": ["amount"],
                 "options": {"to": "firm" if name == "people" else "amount_refunded"}}  # fmt: skip
        _, rows, _ = applied(source, profile_of(rows=[drift]).tables["t"], tmp_path)
        assert rows[drift["options"]["to"]].to_pylist() == ["12.50"]
        _, rows, _ = applied(source, mess, tmp_path)
        assert {column: cells.to_pylist() for column, cells in rows.items()} == {
            "created": ["12.50"],
            "amount": ["monday"],
        }


@pytest.mark.parametrize("name", ["one", "texts"])
def test_a_table_of_one_column_goes_all_the_way(tmp_path, name):
    """Learned from, damaged and judged, with a clean twin and without."""
    values = {"one": [str(n % 7) for n in range(300)], "texts": [f"Word {n}" for n in range(300)]}
    clean = tmp_path / "clean.csv"
    clean.write_text("a\n" + "\n".join(values[name]) + "\n")
    dirty = tmp_path / "dirty.csv"
    dirty.write_text("a\n" + "\n".join(v if n % 4 else "" for n, v in enumerate(values[name])))
    for twin in (clean, None):
        learn_mess(dirty, tmp_path / "p.yaml", twin)
        request = ApplyRequest(clean, str(tmp_path / "p.yaml"), 3, tmp_path / "made.csv")
        apply_mess(request, lambda *_: None)
        made = read_sample(tmp_path / "made.csv")
        assert len(made) == 300
        assert 40 < made.columns["a"].null_count < 110
        found = score_mess(ScoreRequest(dirty, tmp_path / "made.csv", twin), lambda *_: None)
        assert found.outcome != "fail", found.reason
