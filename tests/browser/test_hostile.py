"""Text from outside, shown in a real browser: nothing of it runs, loads, hides or reorders."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

HOSTILE = (
    "</script><script>window.hacked=1</script><img src=x onerror='window.hacked=2'>"
    "<svg onload='window.hacked=3'><style>*{display:none}</style></style>"
    "<a href='javascript:window.hacked=4'>x</a>\u202e\u2066\x00\x1b[31m\x07"
    "';window.hacked=5;//{{7*7}}${7*7}<!--<iframe src='https://evil.example/'>=cmd|'/c calc'!A0"
)


def _attacked(one, path):
    one.goto(path)
    page = one.page
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    page.focus("#list")
    page.keyboard.press("Enter")
    page.wait_for_selector("#detail .columns")
    page.fill("#r-who", HOSTILE)
    page.fill("#r-reason", HOSTILE)
    page.focus("#review")
    page.keyboard.press("1")
    page.wait_for_timeout(200)
    return page


def test_hostile_text_in_every_field_is_inert(opened, written):
    """Scripts, handlers, styles, frames and bidi marks are shown as text and do nothing."""
    path = written(60, text=HOSTILE)
    one = opened()
    page = _attacked(one, path)
    assert page.evaluate("window.hacked") is None
    assert one.requests == [path.as_uri()] and one.complaints == []
    assert page.locator("img, iframe, object, embed, link").count() == 0
    assert page.locator("script:not([type]), style").count() == 4  # three scripts of its own
    assert page.locator("a:not([href^='#'])").count() == 0
    assert page.is_visible("h1")
    shown = page.evaluate("document.body.innerText")
    assert "window.hacked=1" in shown and "\u202e" not in shown and "\x1b" not in shown


def test_strings_of_five_megabytes_are_cut_and_the_page_stays_small(opened, written):
    """A giant text in every field neither freezes the page nor makes it large."""
    path = written(12, text="A" * 5_000_000)
    assert path.stat().st_size < 2_000_000
    one = opened()
    _attacked(one, path)
    assert one.complaints == []
