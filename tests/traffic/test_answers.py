"""Bodies of answers that are remembered, and what that may hold."""

from __future__ import annotations

import json

import pytest

from understudy.redact.key import RedactionKey
from understudy.redact.redactor import Redactor
from understudy.traffic.http.answers import Answers

JSON = {"content-type": "application/json"}


def written_long(text: str) -> str:
    return json.dumps({"a": text[:8], "b": list(range(2_000))}, indent=8)


def written_short(text: str) -> str:
    return json.dumps({"a": text + "木" * 10_000}, ensure_ascii=False)


@pytest.mark.parametrize("body", [written_long, written_short])
def test_as_many_answers_are_remembered_however_they_are_written(body):
    """Bodies longer or shorter than their JSON's bytes fill the memory to its limit, never over."""
    answers = Answers(Redactor(RedactionKey(material=bytes(range(32)))))
    for number in range(450):
        raw = body(f"w{number}")
        clean, answer = answers.clean(raw, JSON, [])
        assert answer is not None
        assert json.loads(answer.data) == clean == json.loads(raw)
    held = sum(len(raw) for raw, _ in answers._known)
    assert 1_900_000 < held <= 1 << 21
