"""Shell completion: the script that a shell is given, and what it is told for what was typed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = str(Path(sys.executable).with_name("understudy"))


def told(**variables):
    """What the command answers to a shell that asks for completions."""
    done = subprocess.run(
        [COMMAND], env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    return done.stdout


@pytest.mark.parametrize(
    ("shell", "variables"),
    [
        ("bash", {"COMP_WORDS": "understudy {}", "COMP_CWORD": "{count}"}),
        ("zsh", {"_TYPER_COMPLETE_ARGS": "understudy {}"}),
        (
            "fish",
            {"_TYPER_COMPLETE_ARGS": "understudy {}", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
        ),
    ],
)
def test_commands_and_options_are_completed(shell, variables):
    """Commands by their beginning and a command's own options, and nothing else of the rest."""

    def asked(typed):
        words = {
            name: value.format(typed, count=len(typed.split())) for name, value in variables.items()
        }
        return told(_UNDERSTUDY_COMPLETE=f"complete_{shell}", **words)

    commands, options = asked("expl"), asked("run --held")
    assert "explain" in commands and "doctor" not in commands
    assert "--held-out" in options and "--candidate" not in options


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_is_given_a_script_that_asks_the_command(shell):
    """The script names the command, and the variable by which it asks for completions."""
    script = told(_UNDERSTUDY_COMPLETE=f"source_{shell}")
    assert f"_UNDERSTUDY_COMPLETE=complete_{shell}" in script
    assert "understudy" in script
