"""Every generated page by the name of its file."""

from __future__ import annotations

from collections.abc import Mapping

from understudy.campaign.operations import operations_page
from understudy.reference.commands import commands_page
from understudy.reference.faults import faults_page
from understudy.reference.files import files_page
from understudy.reference.mess import mess_page
from understudy.reference.words import errors_page, exit_codes_page, gates_page, kinds_page

__all__ = ["pages"]

_MADE = "<!-- Made from the code by `make docs`; change it there. -->\n"


def pages() -> Mapping[str, str]:
    """The pages, as they are committed in docs/."""
    made = {
        "commands.md": commands_page(),
        "errors.md": errors_page(),
        "exit-codes.md": exit_codes_page(),
        "faults.md": faults_page(),
        "files.md": files_page(),
        "gates.md": gates_page(),
        "kinds.md": kinds_page(),
        "mess.md": mess_page(),
    }
    return {
        **{name: _MADE + text for name, text in made.items()},
        "operations.md": operations_page(),
    }
