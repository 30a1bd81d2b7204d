"""A secret in any part of any format never reaches the disk."""

from __future__ import annotations

import base64
import binascii
import re

import pytest
from tests.traffic.canaries import WRITERS, Canaries

from understudy.redact.fields import kind_of_field
from understudy.traffic.detect import import_traffic

_TOKEN = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")


@pytest.mark.parametrize("format", WRITERS)
def test_no_secret_in_any_part_reaches_the_disk(format, tmp_path, monkeypatch):
    """Header, cookie, query, body, form, part, stream, base64, user of a URL, name of the file."""
    monkeypatch.setenv("UNDERSTUDY_REDACTION_KEY", str(tmp_path / "key"))
    of = Canaries()
    file = tmp_path / f"{of.mail()}-{of.key()}.log"
    file.write_text(WRITERS[format](of), encoding="utf-8")
    out = tmp_path / "out"
    report = import_traffic("auto", [file], out)
    assert report.format == format and not report.manifest.quarantined
    written = report.summary().replace(str(tmp_path), "").encode()
    written += b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    shown = written + b"".join(map(_decoded, _TOKEN.findall(written)))
    assert [one for one in of.made if one.encode() in shown] == []
    assert len(of.made) >= 7 and report.manifest.redactions


def _decoded(token: bytes) -> bytes:
    try:
        return base64.b64decode(token + b"=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return b""


@pytest.mark.parametrize("name", ["metadata[token]", "card[0][password]", "api_key[]", "a[b][pin]"])
def test_a_form_s_name_in_brackets_says_what_it_holds(name):
    """Forms write nested fields in brackets; the innermost word is the field's name."""
    assert kind_of_field(name) in ("secret", "customer_secret")
