"""What a candidate needs besides the systems."""

from __future__ import annotations

import socket

from understudy.candidates.needs import silent_needs


def test_a_need_that_nothing_answers_at_is_told_before_the_first_case():
    """Whoever listens is not mentioned; where nobody does, the address and the reason are."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert silent_needs([f"127.0.0.1:{port}"]) == []
    assert silent_needs([f"127.0.0.1:{port}"]) == [
        f"`needs: 127.0.0.1:{port}`: nothing answers there (Connection refused)"
    ]
