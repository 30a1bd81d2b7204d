"""What every code and word of the output means: the texts that ship, as data.

`understudy explain` prints them, and the pages of the documentation are made of them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

from understudy.model.package import package_file

__all__ = ["TOPICS", "topic"]

TOPICS = ("errors", "kinds", "faults", "metrics", "exit_codes")
"""The files of texts: each holds words of one sort."""


def topic(name: str) -> Mapping[str, Mapping[str, str]]:
    """The texts of one file by word: `meaning`, and what else its sort has.

    >>> topic("errors")["U106"]["meaning"]
    'A key that must be there is missing.'
    """
    return tomllib.loads(package_file("guide", f"{name}.toml").read_text(encoding="utf-8"))
