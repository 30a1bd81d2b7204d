"""What shuts people out of a page: what axe finds, and what is wider than the window."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe

__all__ = ["WIDE", "violations"]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDE = """
() => {
  const inner = document.documentElement.clientWidth, found = [];
  for (const node of document.querySelectorAll("body *")) {
    const box = node.getBoundingClientRect();
    if (box.width && box.right > inner + 1 && !node.closest(".scroll, #list, .skip, thead, pre"))
      found.push(node.tagName + "." + node.className + " " + Math.round(box.right));
  }
  return [document.documentElement.scrollWidth - inner, found.slice(0, 5)];
}
"""


def violations(page):
    """What axe finds against WCAG 2.2 AA: rule and first element of each."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    return [(one["id"], one["nodes"][0]["html"][:160]) for one in found.response["violations"]]
