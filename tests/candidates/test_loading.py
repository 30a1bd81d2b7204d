"""Importing a candidate, and what is said where that does not work."""

from __future__ import annotations

import sys

import pytest

from understudy.candidates.loading import load, where_it_failed
from understudy.candidates.use import PythonUse
from understudy.model.errors import CandidateError

FILES = {
    "goodbot.py": "def handle(case, systems):\n    return case\n"
    "class Agent:\n    def __call__(self, case, systems):\n        return 'called'\n"
    "agent = Agent()\nNUMBER = 7\ndef lonely():\n    pass\n",
    "brokenbot.py": "value = 1\nraise RuntimeError('no key \\x1b[31m')\n",
    "leavingbot.py": "import sys\nsys.exit('bye')\n",
    "typobot.py": "def handle(case, systems)\n    return None\n",
    "needybot.py": "import module_that_nobody_has\n",
    "package/__init__.py": "",
    "package/inner.py": "def handle(case, systems):\n    return 1\n",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("module", "attribute", "given"),
    [("goodbot", "handle", "c"), ("goodbot", "agent", "called"), ("package.inner", "handle", 1)],
)
def test_a_candidate_is_imported_from_the_project(project, module, attribute, given):
    """A function, an object that can be called and a module in a package are all found."""
    assert load(PythonUse(module, attribute), project)("c", None) == given


@pytest.mark.parametrize(
    ("module", "attribute", "code", "said"),
    [
        ("godbot", "handle", "U202", "did you mean `goodbot`?"),
        ("package.iner", "handle", "U202", "did you mean `package.inner`?"),
        ("nowhere.at.all", "handle", "U202", "there is no module `nowhere`"),
        ("needybot", "handle", "U202", "pip install module_that_nobody_has"),
        ("brokenbot", "handle", "U203", "raises RuntimeError: no key \\x1b[31m"),
        ("leavingbot", "handle", "U203", "raises SystemExit: bye"),
        ("typobot", "handle", "U203", "raises SyntaxError"),
        ("goodbot", "handel", "U204", "did you mean `handle`?"),
        ("goodbot", "agent.hurry", "U204", "has no `agent.hurry`"),
        ("goodbot", "NUMBER", "U204", "is a int, not a callable"),
        ("goodbot", "lonely", "U205", "def handle(case, systems)"),
    ],
)
def test_what_cannot_be_loaded_says_how_to_mend_it(project, module, attribute, code, said):
    """Each way to get it wrong has a code, the nearest match or the reason, and a hint."""
    with pytest.raises(CandidateError) as caught:
        load(PythonUse(module, attribute), project)
    assert caught.value.code == code
    assert said in caught.value.describe()
    assert caught.value.hint


@pytest.mark.parametrize(("module", "line"), [("brokenbot", 2), ("leavingbot", 2), ("typobot", 1)])
def test_the_place_in_the_candidates_own_file_is_named(project, module, line):
    """An import that raises is reported with file and line, not with a traceback."""
    with pytest.raises(CandidateError) as caught:
        load(PythonUse(module, "handle"), project)
    assert caught.value.where == f"{project / module}.py:{line}"


def test_the_innermost_own_frame_counts(tmp_path):
    """An error deep in a library is placed where the candidate called it."""
    try:
        int("no number")
    except ValueError as error:
        assert where_it_failed(error, tmp_path) is None


def test_what_is_wrong_with_its_tools_keeps_its_own_hint(project):
    """Tools are wrapped while the module is imported: the error is theirs, with file and line."""
    (project / "toolbot.py").write_text(
        "from understudy.candidates.tool_door import shadow_tools\n"
        "def refund(charge): pass\n"
        "shadow_tools([refund], {'refnud': 'stripe.refunds.create'})\n",
        encoding="utf-8",
    )
    with pytest.raises(CandidateError, match="did you mean `refund`") as caught:
        load(PythonUse("toolbot", "handle"), project)
    assert caught.value.code == "U214"
    assert caught.value.where == f"{project / 'toolbot.py'}:3"
    assert caught.value.hint == "the tools are refund"
