"""The pages of docs/ are those that the code makes, and say something of everything."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from understudy.campaign.projects.file_models import FILES, every_schema
from understudy.model.field_texts import field_texts, models_in, place_of
from understudy.model.guide import topic
from understudy.reference.commands import every_command
from understudy.reference.pages import pages

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.mark.parametrize("name", pages())
def test_a_page_is_current(name):
    """A generated page that is committed is what the code makes now."""
    assert (DOCS / name).read_text(encoding="utf-8") == pages()[name], "run: make docs"


def test_pages_that_the_code_names_are_there():
    """A hint, a text or an error that sends somebody to a page of docs/ names one that exists."""
    named = {
        name
        for file in (ROOT / "src").rglob("*.*")
        if file.suffix in {".py", ".toml", ".yaml", ".html", ".js"}
        for name in re.findall(r"docs/([\w.-]+\.md)", file.read_text(encoding="utf-8"))
    }
    assert {name for name in named if not (DOCS / name).is_file()} == set()
    assert "policy.md" in named


def test_every_command_and_option_is_described():
    """No command, argument or option is without a word on what it is."""
    silent = [
        " ".join((*path, parameter.name))
        for path, command in every_command()
        for parameter in command.params
        if not parameter.help and parameter.name != "help"
    ]
    assert silent == [], "give each of them a `help`"
    assert all(command.help for _, command in every_command())


def test_every_field_is_described():
    """Each key of each YAML file has a text: its model's own, or one in data/guide/fields.toml."""
    silent = [
        f"{place_of(model)}.{key}"
        for file in FILES.values()
        for model in models_in(file)
        for key, text in field_texts(model).items()
        if not text
    ]
    assert silent == [], "Field(…, description=…), or an entry in data/guide/fields.toml"


def test_no_text_is_of_a_field_that_is_gone():
    """data/guide/fields.toml has no entry for a model or key that no file has."""
    known = {place_of(model): model for file in FILES.values() for model in models_in(file)}
    gone = [
        f"{place}.{key}"
        for place, texts in topic("fields").items()
        for key in texts
        if place not in known or key not in field_texts(known[place])
    ]
    assert gone == []


def test_editors_are_told_what_a_field_is():
    """The JSON Schemas carry the descriptions, in nested parts too."""
    campaign = every_schema()["campaign"]
    assert campaign["properties"]["seed"]["description"].startswith("Equal seeds")
    fault = campaign["$defs"]["FaultMatch"]["properties"]
    assert "counted from 1" in fault["nth"]["description"]
    json.dumps(every_schema())


@pytest.mark.parametrize(
    "path",
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "ARCHITECTURE.md", *DOCS.glob("*.md")],
    ids=lambda path: path.name,
)
def test_links_lead_somewhere(path):
    """Every relative link of a document leads to a file of the project, and to a heading of it."""
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _, anchor = target.partition("#")
        if "://" in target:
            continue
        found = (path.parent / file).resolve() if file else path
        assert found.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in heads}
