"""A real browser that opens the pages; without one these tests are skipped, and say so."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from tests.report.conftest import make_input

from understudy.report.write import write_report

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
WATCH = """
window.readyAt = null;
new MutationObserver(() => {
  const app = document.getElementById("explorer-app");
  if (app && !app.hidden && window.readyAt === null) window.readyAt = performance.now();
}).observe(document, {subtree: true, childList: true, attributes: true});
"""


@pytest.fixture(scope="session")
def chromium():
    """The browser of this machine, through the Playwright client."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        reason = "no Chromium on this machine: apt-get install chromium"
        if os.environ.get("UNDERSTUDY_BROWSER") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--enable-precise-memory-info", "--js-flags=--expose-gc"]
    with sync_playwright() as client:
        browser = client.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


class Opened:
    """A page with everything that it asked for and complained about."""

    def __init__(self, page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._refuse)
        page.add_init_script(WATCH)

    def _refuse(self, dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def goto(self, path: Path, fragment: str = "") -> None:
        self.page.goto(path.as_uri() + fragment)
        if self.page.locator("#explorer-app").count():
            self.page.wait_for_function("window.readyAt !== null", timeout=30_000)


@pytest.fixture
def opened(chromium):
    """Opens pages: at a width, in a colour scheme."""
    contexts = []

    def make(width: int = 1280, scheme: str = "light", height: int = 900) -> Opened:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        contexts.append(context)
        return Opened(context.new_page())

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """Reports of any size, each written once."""
    known: dict[tuple[int, bool, str], Path] = {}

    def write(cases: int = 400, *, critical: bool = True, text: str = "") -> Path:
        at = (cases, critical, text[:40])
        if at not in known:
            folder = tmp_path_factory.mktemp("page")
            known[at] = write_report(folder, make_input(cases, critical=critical, text=text))
        return known[at]

    return write
