"""Variables that a campaign gives its candidate."""

from __future__ import annotations

import sys

import pytest

from understudy.model.campaign import CandidateSpec
from understudy.model.errors import CandidateError

SAYING = """
import os
CURRENCY = os.environ["CURRENCY"]

def handle(case, systems):
    return {"rationale": CURRENCY}
"""
PROCESS = """
import json, os, sys
for line in sys.stdin:
    print(json.dumps({"rationale": os.environ["CURRENCY"]}), flush=True)
"""


@pytest.fixture
def plan(project):
    """A plan of one case whose candidate is given variables."""

    def made(use, env):
        project.write("saying.py", SAYING)
        project.write("process.py", PROCESS)
        return project.plan(1, candidate=CandidateSpec(name="bot", use=use, env=env))

    return made


@pytest.mark.parametrize("use", ["saying:handle", f"exec: {sys.executable} process.py"])
def test_a_candidate_has_the_variables_of_its_campaign(run, plan, use):
    """Before its code is imported or started, whatever the outside has."""
    (record,) = run(plan(use, {"CURRENCY": "EUR"}))[1]
    assert record.trace.rationale == "EUR"


def test_a_variable_that_is_missing_is_told_with_where_to_write_it(run, plan, monkeypatch):
    """That of the outside is not seen; the command shows the same by itself."""
    monkeypatch.setenv("CURRENCY", "USD")
    with pytest.raises(CandidateError, match="raises KeyError") as raised:
        run(plan("saying:handle", {}))
    assert "at the candidate, env: {CURRENCY: …}" in raised.value.hint
    assert 'env -i PATH="$PATH"' in raised.value.hint
