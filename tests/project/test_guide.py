"""Every code and word of the output has its text, and no text is of something that is not there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from understudy.campaign.projects.explanation import explain_word, known_words
from understudy.cli.main import app
from understudy.model import errors
from understudy.model.campaign import FaultKind
from understudy.model.errors import ConfigurationError, UnderstudyError
from understudy.model.exit_code import ExitCode
from understudy.model.finding import Kind
from understudy.model.gates import Metric
from understudy.model.guide import TOPICS, topic

SOURCE = Path(__file__).parents[2] / "src" / "understudy"
DEFAULTS = {
    name: each.default_code
    for name, each in vars(errors).items()
    if isinstance(each, type) and issubclass(each, UnderstudyError)
}


def raised_codes() -> set[str]:
    """Every code that stands in the source, and that of errors which are made without one."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found.update(_written(tree) if path.name != "errors.py" else ())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                named = any(keyword.arg in ("code", None) for keyword in node.keywords)
                if node.func.id in DEFAULTS and not named:
                    found.add(DEFAULTS[node.func.id])
    return found


def _written(tree: ast.AST) -> set[str]:
    documents = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return {
        code
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in documents
        for code in re.findall(r"\bU\d{3}\b", node.value)
    }


def test_every_code_has_its_text_and_every_text_its_code():
    """The codes that are raised anywhere are those of data/guide/errors.toml, and no others."""
    assert set(topic("errors")) == raised_codes()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("kinds", {kind.value for kind in Kind}),
        ("faults", {kind.value for kind in FaultKind}),
        ("metrics", {metric.value for metric in Metric}),
        ("exit_codes", {code.name for code in ExitCode}),
    ],
)
def test_every_word_has_its_text(name, words):
    """Kinds, faults, metrics, exit codes: each has a text in data/guide, and none is beside."""
    assert set(topic(name)) == words


def test_no_text_is_empty_and_no_two_are_equal():
    """Each entry says something, and nothing that another one says already."""
    for name in TOPICS:
        entries = list(topic(name).values())
        assert all(len(text) > 10 for entry in entries for text in entry.values() if text != "…")
        meanings = [entry["meaning"] for entry in entries]
        assert len(meanings) == len(set(meanings))
        assert all(meaning.endswith(".") for meaning in meanings)


@pytest.mark.slow
def test_every_word_can_be_explained():
    """What `understudy explain` lists it also explains, each word by its own text."""
    words = known_words()
    assert len(words) == len(set(words))
    assert all(explain_word(word).strip() for word in words)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("U105", "U105: A YAML file has a key that nothing reads"),
        ("u105", "`understudy schema NAME`"),
        ("wrong_target", "severity high; medium where the action's effect is read or draft"),
        ("wrong-target", "another customer's charge"),
        ("G2", "the metric error_cost_per_case with the metric's own limit"),
        ("net_value_per_case", "measured by G4 of the shipped gate files"),
        ("apply_then_reset", "whoever tries again without a key does it twice"),
        ("6", "exit code 6, INCONCLUSIVE"),
        ("NO-GO", "exit code 1, NO-GO"),
    ],
)
def test_a_word_is_explained_as_people_write_it(word, told):
    """Codes, kinds, gates, metrics and exit codes are found however they are typed."""
    answered = CliRunner().invoke(app, ["explain", word])
    assert answered.exit_code == 0
    assert told in answered.stdout


def test_a_wrong_word_is_told_with_the_nearest_one():
    """A word that nobody knows is an error that names the closest known one and how to see all."""
    with pytest.raises(ConfigurationError, match="did you mean `wrong_target`") as told:
        explain_word("wrong_tragets")
    assert "understudy explain" in (told.value.hint or "")
    assert CliRunner().invoke(app, ["explain"]).stdout.split() == known_words()
