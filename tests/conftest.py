"""What holds for all tests."""

from __future__ import annotations

import hypothesis

# The same examples in every run, and no clock that another process on the machine could move.
hypothesis.settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("repeatable")
