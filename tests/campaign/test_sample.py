"""The sample report that the project ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from understudy.campaign.sample import write_sample

SAMPLE = Path(__file__).parents[2] / "reports" / "sample"


@pytest.mark.slow
def test_the_sample_report_is_current(tmp_path):
    """What lies in the project is, byte for byte, what `understudy report --sample` writes now."""
    write_sample(tmp_path / "elsewhere" / "sample", lambda *_: None)
    for path in sorted(SAMPLE.iterdir()):
        now = tmp_path / "elsewhere" / "sample" / path.name
        assert now.read_bytes() == path.read_bytes(), "run: understudy report --sample"
    assert {path.name for path in SAMPLE.iterdir()} == {
        path.name for path in (tmp_path / "elsewhere" / "sample").iterdir()
    }
