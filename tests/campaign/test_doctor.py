"""What the doctor says of the wall, from what the self-test has found."""

from __future__ import annotations

import pytest

from understudy.campaign.doctor import examine
from understudy.doors import self_test
from understudy.doors.self_test import SelfTest


@pytest.mark.parametrize(
    ("level", "native", "said"),
    [
        ("hook+netns", {"native connect": "blocked"}, None),
        ("hook+netns", {"native connect": "blocked, not counted"}, "native connect: blocked, and"),
        ("hook", {"native kill": "blocked, not counted"}, "native kill: blocked, and not counted"),
        ("hook", {"native connect": "open"}, "open to it: native connect"),
    ],
)
def test_what_becomes_of_native_calls_is_said(monkeypatch, level, native, said):
    """What is refused without being counted is named, and what is not refused as well."""
    tested = SelfTest(level, {"a raw socket": "blocked"}, native=native)
    monkeypatch.setattr(self_test, "self_test", lambda: tested)
    found = examine()
    assert found.sound
    assert ("not counted" in found.text) is ("not counted" in str(native))
    assert said is None or said in found.text
