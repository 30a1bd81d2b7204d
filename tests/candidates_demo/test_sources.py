"""The candidates stand on their own feet."""

from __future__ import annotations

import ast
import sys
from importlib import resources
from pathlib import Path

import pytest

from understudy.candidates.demo.letters import TEXTS
from understudy.workflows.recipe import load_recipes

FOLDER = Path(str(resources.files("understudy.candidates.demo")))
FILES = sorted(FOLDER.glob("*.py"))
OWN = "understudy.candidates.demo"
_NAMES = {
    "invoice_number": "invoice", "second_number": "second",
}  # fmt: skip


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module))
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_candidate_imports_only_httpx_and_the_standard_library(path):
    """A demo candidate is an integration like a user's: nothing of understudy but its own files."""
    for name in imported(path):
        top = name.partition(".")[0]
        own = name == OWN or name.startswith(f"{OWN}.")
        assert own or top == "httpx" or top in sys.stdlib_module_names, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_candidate_draws_no_lots(path):
    """Nothing in a demo candidate is random or looks at the clock."""
    assert not imported(path) & {"random", "secrets", "time", "uuid", "numpy", "os"}


def test_the_candidates_know_the_companys_standard_texts():
    """Every text that a candidate sends is one of the written policies', word for word."""
    written = {text for recipe in load_recipes().values() for text in recipe.texts.values()}
    for name, text in TEXTS.items():
        facts = text
        for policy, own in _NAMES.items():
            facts = facts.replace(f"{{{own}}}", f"{{{policy}}}")
        assert facts in written, name
