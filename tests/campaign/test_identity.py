"""What a candidate is known by."""

from __future__ import annotations

from understudy.campaign.runs.identity import candidate_hash


def test_two_callables_of_one_module_are_two_candidates(tmp_path):
    """Neither inherits the other's evidence, and a comparison of them says what has changed."""
    (tmp_path / "bot.py").write_text("def careful(): ...\ndef hasty(): ...\n")
    careful = candidate_hash("bot:careful", tmp_path)
    assert careful == candidate_hash("bot:careful", tmp_path)
    assert careful != candidate_hash("bot:hasty", tmp_path)
