"""Every command that the documents show is one that there is, with the options that it has."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from understudy.reference.commands import every_command

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS = dict(every_command())
GENERAL = {"--version", "--help", "--debug"}


def shown(text: str) -> list[str]:
    """Command lines in blocks of code and between backticks, without what is said of them."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    lines += re.findall(
        r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    )
    return [
        found.group().partition("   ")[0].partition("  #")[0].partition(" # ")[0]
        for line in lines
        if (found := re.search(r"(?:^|&& |; )understudy( -| [a-z]).*", line))
    ]


def words(line: str) -> list[str]:
    lexer = shlex.shlex(line.split("understudy", 1)[1], posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        return list(lexer)
    except ValueError:
        return line.split()[1:]


def unknown(line: str) -> str | None:
    """What of a command line there is not; None where all of it is there."""
    parts = [word.strip("[]") for word in words(line)]
    while parts and parts[0] in GENERAL:
        parts.pop(0)
    if not parts or not re.fullmatch(r"[a-z|]+", parts[0]):
        return None
    path = next(
        (tuple(parts[:n]) for n in (2, 1) if tuple(parts[:n]) in COMMANDS),
        None,
    )
    if path is None:
        groups = {each[0] for each in COMMANDS if len(each) == 2}
        several = len(parts) == 1 or "|" in parts[1] or parts[1] in ("…", "COMMAND")
        return None if parts[0] in groups and several else f"no command `{' '.join(parts[:2])}`"
    known = {name for each in COMMANDS[path].params for name in (*each.opts, *each.secondary_opts)}
    for word in parts[len(path) :]:
        name = word.partition("=")[0].rstrip("…")
        if name.startswith("--") and name not in known | GENERAL:
            return f"`{' '.join(path)}` has no option `{name}`"
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_of_a_page_are_there(page):
    """Each command line of the document names a command and options that exist."""
    wrong = {
        line: why
        for line in shown(page.read_text(encoding="utf-8"))
        if (why := unknown(line)) is not None
    }
    assert wrong == {}


def test_the_documents_show_many_and_a_wrong_one_is_found():
    """The test itself reads command lines, and tells a wrong command and a wrong option."""
    assert sum(len(shown(page.read_text(encoding="utf-8"))) for page in PAGES) > 100
    assert unknown("understudy run campaign.yaml --last-failed") is None
    assert unknown("understudy runn campaign.yaml") == "no command `runn campaign.yaml`"
    assert unknown("understudy run c.yaml --lastfailed") == "`run` has no option `--lastfailed`"
