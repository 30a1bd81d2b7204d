"""The page that is served for reviewing, in a real browser."""

from __future__ import annotations

import pytest
from tests.browser.axe import WIDE, violations
from tests.campaign.conftest import judged, reports, run, small_world

from understudy.campaign.review.decisions import DecisionFile
from understudy.campaign.review.server import ReviewServer

__all__ = ["judged", "reports", "run", "small_world"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def _reviewing(one, server, run, name):
    one.page.goto(server.address(run))
    one.page.wait_for_selector("#review-app:not([hidden])")
    one.page.fill("#r-who", name)


def test_reviewers_see_each_others_decisions_and_an_outage_until_it_is_over(opened, reports, run):
    """What one decides the other sees as a conflict; a lost server is told, and no longer after."""
    server = ReviewServer(reports, 0.5)
    server.start()
    try:
        ana, ben = opened(), opened()
        for one, name, choice in ((ana, "Ana", "1"), (ben, "Ben", "2")):
            _reviewing(one, server, run, name)
            one.page.fill("#r-reason", "the contract says so")
            one.page.focus("#review")
            one.page.keyboard.press(choice)
            one.page.locator("#r-log li", has_text=name).wait_for(state="attached")
        ana.page.locator("#r-count", has_text="1 in conflict").wait_for()
        ana.page.route("**/decisions", lambda route: route.abort())
        ana.page.locator("#r-count", has_text="does not answer").wait_for()
        ana.page.unroute("**/decisions")
        ana.page.locator("#r-count", has_not_text="does not answer").wait_for()
        assert ben.page.locator("#r-log li").count() == 2
    finally:
        server.stop()
    assert {one.reviewer for one in DecisionFile.of(run.path).read().all} == {"Ana", "Ben"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_served_pages_shut_nobody_out(opened, reports, run, width, scheme):
    """Axe finds nothing where it is reviewed: as opened, decided, in conflict; nor among runs."""
    server = ReviewServer(reports, 0.5)
    server.start()
    try:
        one = opened(width, scheme)
        one.page.goto(server.address(None))
        views = [("all runs", violations(one.page), one.page.evaluate(WIDE))]
        _reviewing(one, server, run, "Ana")
        for name, choice in (("Ana", "1"), ("Ben", "2")):
            views.append((f"before {name}", violations(one.page), one.page.evaluate(WIDE)))
            one.page.fill("#r-who", name)
            one.page.select_option("#r-show", "all")
            one.page.fill("#r-reason", "the contract says so")
            one.page.focus("#review")
            one.page.keyboard.press(choice)
            one.page.locator("#r-log li", has_text=name).wait_for(state="attached")
            one.page.keyboard.press("p")
        one.page.locator("#r-count", has_text="1 in conflict").wait_for()
        one.page.evaluate(
            "for (const each of document.querySelectorAll('details')) each.open = true"
        )
        views.append(("in conflict", violations(one.page), one.page.evaluate(WIDE)))
    finally:
        server.stop()
    assert [(name, found) for name, found, _ in views if found] == []
    assert [(name, wide) for name, _, wide in views if wide[0] > 0 or wide[1]] == []
    assert one.complaints == []
