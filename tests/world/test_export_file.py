"""Export files are read record by record, whatever is wrong with them."""

from __future__ import annotations

import gzip
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.model.errors import RecordingError
from understudy.world.export_file import Broken, Exported, ExportFile, ExportLimits

LISTS = frozenset(("tickets", "data", "audits"))


def read(path, **limits):
    return list(ExportFile(path, LISTS, ExportLimits(**limits)).records())


def values(found):
    return [each.value for each in found if isinstance(each, Exported)]


def broken(found):
    return [each for each in found if isinstance(each, Broken)]


def written(tmp_path, data):
    path = tmp_path / "file.json"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


RECORDS = [{"id": n, "text": "žluť " * 3} for n in range(5)]
LINES = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in RECORDS)


@pytest.mark.parametrize(
    "data",
    [
        LINES,
        json.dumps(RECORDS),
        json.dumps({"tickets": RECORDS, "count": 5}, indent=2),
        json.dumps({"tickets": RECORDS[:2]}) + "\n" + json.dumps({"tickets": RECORDS[2:]}),
        b"\xef\xbb\xbf" + LINES.encode(),
        LINES.encode("utf-16"),
        gzip.compress(LINES.encode()),
        gzip.compress(json.dumps({"data": RECORDS}).encode()),
        LINES.replace("\n", "\r\n\r\n"),
    ],
    ids=["lines", "array", "page", "pages", "mark", "utf-16", "gzip", "gzip page", "crlf"],
)
def test_every_form_gives_the_same_records(tmp_path, data):
    """Pages, arrays, lines, marks, encodings and gzip are all read as the records in them."""
    assert values(read(written(tmp_path, data))) == RECORDS


@pytest.mark.parametrize("cut", [1, 30, 190, 399])
@pytest.mark.parametrize("page", ["lines", "array", "page"])
def test_a_file_that_breaks_off_gives_its_whole_records(tmp_path, cut, page):
    """What was whole before the break is kept, and the break is told once with its place."""
    whole = {
        "lines": "".join(json.dumps(each) + "\n" for each in RECORDS),
        "array": json.dumps(RECORDS),
        "page": json.dumps({"tickets": RECORDS}),
    }[page]
    found = read(written(tmp_path, whole[: min(cut, len(whole) - 3)]))
    kept = values(found)
    assert kept == RECORDS[: len(kept)]
    assert len(broken(found)) == 1
    assert 0 <= broken(found)[0].offset <= cut


def test_a_broken_line_costs_that_line_only(tmp_path):
    """The lines around it are kept, and the place of the broken one is its first byte."""
    lines = [json.dumps(each, ensure_ascii=False) for each in RECORDS]
    lines[2] = '{"id": 2, "text": '
    found = read(written(tmp_path, "\n".join(lines)))
    assert values(found) == [each for each in RECORDS if each["id"] != 2]
    (lost,) = broken(found)
    assert lost.offset == len("\n".join(lines[:2]).encode()) + 1


def test_a_broken_item_of_a_page_costs_that_item_only(tmp_path):
    """Reading goes on at the next item that looks like the first."""
    text = json.dumps({"tickets": RECORDS}).replace('"id": 2,', '"id": oops,')
    found = read(written(tmp_path, text))
    assert [each["id"] for each in values(found)] == [0, 1, 3, 4]
    assert len(broken(found)) == 1


def test_a_nesting_bomb_is_one_broken_record(tmp_path):
    """Depth is no crash and no hang, and the records around it are kept."""
    bomb = '{"id": 9, "deep": ' + "[" * 100_000 + "]" * 100_000 + "}"
    found = read(written(tmp_path, LINES + bomb + "\n" + LINES))
    assert values(found) == RECORDS * 2
    assert [each.reason for each in broken(found)] == ["nested too deep"]


def test_bytes_of_another_encoding_come_through_marked(tmp_path):
    """A byte that is no UTF-8 is a lone surrogate, which the importer mends and counts."""
    (record,) = values(read(written(tmp_path, b'{"text": "caf\xe9"}')))
    assert record == {"text": "caf\udce9"}


@pytest.mark.parametrize("data", [b"", b"  \n", b"\x00\x01\x02{}"])
def test_what_holds_nothing_is_one_clear_error(tmp_path, data):
    """An empty or binary file is refused by name."""
    with pytest.raises(RecordingError, match=r"file\.json` cannot be read"):
        read(written(tmp_path, data))


def test_a_gzip_bomb_is_refused(tmp_path, monkeypatch):
    """Content that unpacks to hundreds of times its file is one clear error."""
    monkeypatch.setattr("understudy.world.export_file._PACKED_ENOUGH", 1 << 20)
    path = written(tmp_path, gzip.compress(b" " * (8 << 20)))
    with pytest.raises(RecordingError, match="unpacks to more than 250 times"):
        read(path)


def test_a_cut_gzip_file_gives_what_could_be_unpacked(tmp_path):
    """The records before the break are kept, and the break is told."""
    lines = "".join(json.dumps({"id": n}) + "\n" for n in range(200_000))
    data = gzip.compress(lines.encode())
    found = read(written(tmp_path, data[: len(data) // 2]))
    assert len(values(found)) > 1000
    assert "compressed file" in broken(found)[-1].reason


def test_a_giant_record_is_refused_and_the_rest_read(tmp_path):
    """One record has a limit, and those around it are kept."""
    giant = json.dumps({"id": 7, "text": "x" * (5 << 20)})
    found = read(written(tmp_path, f"{LINES}{giant}\n{LINES}"), record_bytes=1 << 20)
    assert values(found) == RECORDS * 2
    assert "a record of more than" in broken(found)[0].reason


@pytest.mark.parametrize("page", [True, False])
def test_memory_does_not_grow_with_the_file(tmp_path, page):
    """Sixteen megabytes of records are read in three, as lines and as one page."""
    path = tmp_path / "large.json"
    with path.open("w") as file:
        file.write('{"tickets": [' if page else "")
        for n in range(16_000):
            file.write(("," if page and n else "") + json.dumps({"id": n, "text": "y" * 1000}))
            file.write("" if page else "\n")
        file.write("]}" if page else "")
    tracemalloc.start()
    count = sum(1 for _ in ExportFile(path, LISTS).records())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 16_000
    assert peak < 8 << 20


@given(st.binary(max_size=400) | st.text(alphabet='{}[]",:\\ \n0etickdat', max_size=400))
def test_no_bytes_crash_or_hang_the_reader(tmp_path_factory, data):
    """Whatever stands in a file, it is read to its end or refused in one clear error."""
    path = tmp_path_factory.mktemp("any") / "file.json"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    try:
        found = read(path)
    except RecordingError:
        return
    assert all(each.offset >= 0 for each in found)
