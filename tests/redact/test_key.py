"""The key behind the pseudonyms."""

from __future__ import annotations

import pytest

from understudy.model.errors import SafetyError
from understudy.redact.key import RedactionKey, default_key_path


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path):
    """A second recording finds the key of the first, so people stay the same across recordings."""
    path = tmp_path / "state" / "redaction.key"
    first = RedactionKey(path).digest("email", "ann@corp.com")
    assert path.stat().st_mode & 0o777 == 0o600
    assert RedactionKey(path).digest("email", "ann@corp.com") == first
    assert [item.name for item in path.parent.iterdir()] == [path.name]


def test_no_key_is_made_before_it_is_needed(tmp_path):
    """A recording with nothing to redact leaves no file behind."""
    RedactionKey(tmp_path / "redaction.key")
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_others_may_read_is_refused(tmp_path):
    """Pseudonyms of a shared key could be guessed back; the error says how to mend it."""
    path = tmp_path / "redaction.key"
    RedactionKey(path).digest("email", "a")
    path.chmod(0o644)
    with pytest.raises(SafetyError, match="others may read it") as caught:
        RedactionKey(path).digest("email", "a")
    assert caught.value.hint == f"chmod 600 {path}"


def test_a_damaged_key_is_refused(tmp_path):
    """Half a key would silently break the equality of pseudonyms between recordings."""
    path = tmp_path / "redaction.key"
    path.write_bytes(b"short")
    path.chmod(0o600)
    with pytest.raises(SafetyError, match="5 bytes, not 32"):
        RedactionKey(path).digest("email", "a")


def test_a_place_that_cannot_be_written_is_one_clear_error(tmp_path):
    """The error names the file and how to name another."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(SafetyError, match="cannot be used") as caught:
        RedactionKey(tmp_path / "file" / "redaction.key").digest("email", "a")
    assert "UNDERSTUDY_REDACTION_KEY" in (caught.value.hint or "")


def test_the_environment_names_the_place_of_the_key(monkeypatch, tmp_path):
    """Teams share one key by one variable; otherwise it lies in the user's state folder."""
    monkeypatch.setenv("UNDERSTUDY_REDACTION_KEY", str(tmp_path / "team.key"))
    assert default_key_path() == tmp_path / "team.key"
    monkeypatch.delenv("UNDERSTUDY_REDACTION_KEY")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_key_path() == tmp_path / "understudy" / "redaction.key"
