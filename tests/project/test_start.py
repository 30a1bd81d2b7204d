"""How fast the command answers, and what it must not load to do so."""

from __future__ import annotations

import subprocess
import sys
from resource import RUSAGE_CHILDREN, getrusage

HEAVY = ["pandas", "numpy", "scipy", "pyarrow", "httpx", "respx", "great_expectations"]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)


def test_help_loads_nothing_heavy():
    """`understudy --help` imports none of pandas, numpy, scipy, pyarrow, httpx, respx and GX."""
    script = (
        "import sys\n"
        "sys.argv = ['understudy', '--help']\n"
        "from understudy.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print('LOADED', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    assert _run("-c", script).stdout.splitlines()[-1] == "LOADED []"


def test_the_command_modules_load_no_types():
    """The modules of the command line load neither the domain's types nor pydantic."""
    script = (
        "import sys, understudy.cli.main\n"
        "print([name for name in sys.modules if name.startswith('understudy.model')"
        " or name == 'pydantic'])"
    )
    assert _run("-c", script).stdout.strip() == "[]"


def test_help_starts_fast():
    """`understudy --help` takes at most twice as long as importing typer, in the same run."""

    def seconds(*arguments: str) -> float:
        # Of the processor, so that what else runs on the machine matters little; and not from
        # `os.times`, which counts in hundredths of a second.
        before = getrusage(RUSAGE_CHILDREN)
        _run(*arguments)
        after = getrusage(RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    pairs = [
        (seconds("-m", "understudy", "--help"), seconds("-c", "import typer")) for _ in range(7)
    ]
    ours, typer = (min(side) for side in zip(*pairs, strict=True))
    assert ours <= 2 * typer
