"""Learning, applying and scoring mess, as a person types it."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest


@pytest.fixture
def understudy(tmp_path):
    """The command, run in a folder with a damaged table and its clean twin."""
    draw = random.Random(3)
    clean, dirty = ["id,source,when,note"], ["id,source,when,note"]
    for number in range(400):
        source = draw.choice(["web", "feed"])
        when = f"2026-0{draw.randint(1, 9)}-1{draw.randint(0, 9)}"
        clean.append(f"{number},{source},{when},n{number % 7}")
        lost = source == "feed" and draw.random() < 0.6
        dirty.append(
            f"{number},{source},{'' if lost else when},{'N/A' if lost else f'n{number % 7}'}"
        )
    (tmp_path / "clean.csv").write_text("\n".join(clean) + "\n")
    (tmp_path / "dirty.csv").write_text("\n".join(dirty) + "\n")

    def command(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "understudy", "world", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return command


@pytest.mark.slow
def test_profile_apply_and_score_work_together(understudy, tmp_path):
    """Learned, applied and scored: the table passes, and all files are there."""
    made = understudy("profile", "dirty.csv", "--clean", "clean.csv", "--out", "p.yaml")
    assert made.returncode == 0, made.stderr
    assert "told by source" in made.stdout
    assert made.stderr.splitlines()[-1] == "columns: 4 of 4"
    made = understudy(
        "apply", "clean.csv", "--profile", "p.yaml", "--seed", "4", "--out", "out.parquet",
        "--ledger", "ledger.csv",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert "null_explicit" in made.stdout
    assert (tmp_path / "ledger.csv").read_text().startswith("table,id,column,operator,before")
    made = understudy(
        "score", "dirty.csv", "out.parquet", "--clean", "clean.csv", "--json", "--html", "q.html"
    )
    assert made.returncode == 0, made.stderr
    found = json.loads(made.stdout)
    assert [one["id"] for one in found["measures"]] == [f"F{n}" for n in range(1, 11)]
    assert found["outcome"] in ("pass", "warn")
    assert "<svg" in (tmp_path / "q.html").read_text()


def test_the_score_is_told_in_words(understudy):
    """Without --json the verdict comes first, then a line for each measure with its yardsticks."""
    lines = understudy("score", "dirty.csv", "dirty.csv", "--quiet").stdout.splitlines()
    assert lines[0].partition(":")[0] in ("PASS", "WARN", "NOT DECIDABLE")
    assert sum(line.startswith("F") for line in lines) == 10
    assert any("naive" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("profile", "nowhere.csv", "--out", "p.yaml"), "`nowhere.csv` is not there"),
        (("profile", "dirty.csv", "--clean", "clean.csv", "--key", "sauce", "--out", "p"),
         "no column `sauce`; did you mean `source`"),
        (("apply", "clean.csv", "--profile", "nothing", "--out", "o.csv"),
         "neither a file nor one of the shipped profiles"),
        (("apply", "clean.csv", "--profile", "mid_market", "--out", "o.csv"), "name one with"),
        (("apply", "clean.csv", "--profile", "p.yaml", "--out", "clean.csv"), "written over"),
        (("apply", "clean.csv", "--profile", "p.yaml", "--out", "p.yaml"), "written over"),
        (("apply", "clean.csv", "--profile", "p.yaml", "--out", "o.csv", "--ledger", "./o.csv"),
         "written over"),
        (("profile", "dirty.csv", "--clean", "clean.csv", "--out", "dirty.csv"), "written over"),
        (("profile", "dirty.csv", "--clean", "clean.csv", "--out", "./clean.csv"), "written over"),
        (("score", "dirty.csv", "clean.csv", "--html", "dirty.csv"), "written over"),
        (("score", "dirty.csv", "dirty.csv", "--link", "id=clean.csv:id", "--html", "clean.csv"),
         "written over"),
        (("score", "dirty.csv", "empty.csv"), "has a header and no rows"),
    ],
)  # fmt: skip
def test_mistakes_are_told_and_leave_nothing(understudy, tmp_path, arguments, said):
    """Wrong files, keys and profiles exit with 2, name what is wrong, and change no file."""
    (tmp_path / "empty.csv").write_text("id,when\n")
    (tmp_path / "p.yaml").write_text("version: 1\nname: p\ntables: {clean: {}}\n")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    made = understudy(*arguments)
    assert made.returncode == 2
    assert said in made.stderr
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
