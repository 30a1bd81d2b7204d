"""A key that is nobody's, so that pseudonyms are the same in every run."""

from __future__ import annotations

import pytest

from understudy.redact.key import RedactionKey
from understudy.redact.redactor import Redactor


@pytest.fixture
def key():
    return RedactionKey(material=bytes(range(32)))


@pytest.fixture
def redactor(key):
    return Redactor(key)
