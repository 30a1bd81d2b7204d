"""The shape of the code itself."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "understudy"
FILES = sorted(SOURCE.rglob("*.py"))
VAGUE = {"utils", "helpers", "common", "manager", "base", "misc"}


def name_of(path: Path) -> str:
    return str(path.relative_to(SOURCE))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_is_one_noun_of_at_most_350_lines(path):
    """A file has at most 350 lines, a name that says something, and a docstring."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 350
    assert path.stem not in VAGUE
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_function_has_at_most_40_lines(path):
    """No function is longer than 40 lines."""
    long = [
        f"{node.name}: {(node.end_lineno or 0) - node.lineno + 1}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > 40
    ]
    assert long == []


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_public_names_are_listed_sorted(path):
    """Where a module lists its public names, the list is sorted and each name exists."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            names = ast.literal_eval(node.value)
            assert len(names) == len(set(names))
            assert set(names) <= _defined(tree)


def _defined(tree: ast.Module) -> set[str]:
    names = {"__version__"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names.update(alias.asname or alias.name for alias in node.names)
    return names


def test_data_flows_one_way():
    """Every package keeps its layer, and pandas and the like stay where they belong."""
    finished = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "tests").rglob("test_*.py")),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_test_states_its_promise(path):
    """Each test function has a docstring that says what it proves."""
    silent = [
        node.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_an_error_code_belongs_to_one_package():
    """A code means one thing: no two packages raise different errors under the same code."""
    owners: dict[str, set[str]] = {}
    for path in FILES:
        for code in re.findall(r'code="(U\d+)"', path.read_text(encoding="utf-8")):
            owners.setdefault(code, set()).add(path.relative_to(SOURCE).parts[0])
    assert {code: names for code, names in owners.items() if len(names) > 1} == SHARED_CODES


SHARED_CODES = {"U401": {"model", "traffic"}, "U402": {"model", "shadow", "traffic"}}
"""What cannot be read, and a line that is damaged, wherever the file lies."""
