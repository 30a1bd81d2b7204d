"""What a candidate needs besides the systems."""

from __future__ import annotations

import socket

import pytest

from understudy.candidates.needs import parse_need, silent_needs
from understudy.model.errors import ConfigurationError


@pytest.mark.parametrize("text", ["http://localhost:6379", "redis://127.0.0.1:6379", "a/b:1"])
def test_an_address_with_a_scheme_is_no_need(text):
    """It is told, though what stands behind its last colon is a port."""
    with pytest.raises(ConfigurationError, match="leave out the scheme and the path"):
        parse_need(text)


def test_a_need_that_nothing_answers_at_is_told_before_the_first_case():
    """Whoever listens is not mentioned; where nobody does, the address and the reason are."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert silent_needs([f"127.0.0.1:{port}"]) == []
    assert silent_needs([f"127.0.0.1:{port}"]) == [
        f"`needs: 127.0.0.1:{port}`: nothing answers there (Connection refused)"
    ]
