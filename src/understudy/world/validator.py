"""Runs Great Expectations in a process of its own, which sees no network and leaves nothing."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from understudy.model.errors import ConfigurationError, EvidenceError
from understudy.world.expectation import Outcome, Suite

__all__ = ["main", "validate"]

_JOB, _RESULT, _SAID = "job.json", "result.json", "stderr"
_ONE_DONE = b"one suite is done\n"
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "PYTHONPATH", "SYSTEMROOT")
_REFUSED = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen")
_SITE = {
    "class_name": "SiteBuilder",
    "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
}


def validate(
    suites: Sequence[Suite],
    docs: Path | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> tuple[Outcome, ...]:
    """Check every suite in one checkpoint; with `docs` its pages are written there.

    `progress` is told how many suites of all are done. Raises `ConfigurationError` where the extra
    is not installed, and `EvidenceError` where the validator itself fails.
    """
    if importlib.util.find_spec("great_expectations") is None:
        raise ConfigurationError(
            "checking needs Great Expectations, which is not installed",
            code="U126",
            hint="pip install 'understudy[quality]'",
        )
    with tempfile.TemporaryDirectory(prefix="check-") as folder:
        place = Path(folder)
        job = {"suites": suites, "docs": str(docs.resolve()) if docs else None}
        (place / _JOB).write_bytes(msgspec.json.encode(job))
        progress(0, len(suites))
        failed, complaint = _in_a_child(place, lambda done: progress(done, len(suites)))
        if failed or not (place / _RESULT).exists():
            said = complaint.strip().splitlines()
            raise EvidenceError(f"the validator failed: {said[-1] if said else 'no word'}")
        return msgspec.json.decode((place / _RESULT).read_bytes(), type=tuple[Outcome, ...])


def _in_a_child(place: Path, told: Callable[[int], None]) -> tuple[int, str]:
    """Do the job in a process of its own; returns how it ended, and what it complained of."""
    with (
        (place / _SAID).open("wb") as said,
        subprocess.Popen(  # noqa: S603 -- our own module in our own interpreter
            [sys.executable, "-P", "-m", "understudy.world.validator", str(place)],
            env=_environment(place),
            cwd=place,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
        ) as child,
    ):
        try:
            lines = (line for line in child.stdout or () if line == _ONE_DONE)
            for done, _ in enumerate(lines, 1):
                told(done)
        except BaseException:
            child.kill()
            raise
    return child.returncode, (place / _SAID).read_text(encoding="utf-8", errors="replace")


def _environment(place: Path) -> dict[str, str]:
    """Only what the interpreter needs; home and temporary folder are gone afterwards."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    home = place / "home"
    home.mkdir()
    return {**kept, "HOME": str(home), "TMPDIR": str(home), "GX_ANALYTICS_ENABLED": "False"}


def main(folder: Path) -> None:
    """Do the job in a folder; nothing is reached over the network, whatever a library tries."""
    job = json.loads((folder / _JOB).read_bytes())
    sys.addaudithook(_refuse)
    suites = msgspec.convert(job["suites"], tuple[Suite, ...])
    outcomes = _checked(suites, Path(job["docs"]) if job["docs"] else None)
    (folder / _RESULT).write_bytes(msgspec.json.encode(outcomes))


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _REFUSED:
        raise PermissionError(f"a check reaches nothing: {event} {arguments!r:.100}")


def _checked(suites: Sequence[Suite], docs: Path | None) -> list[Outcome]:
    import warnings

    # Third parties' warnings are theirs; here they would hide the one line that matters.
    warnings.simplefilter("ignore")
    import great_expectations as gx

    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    if docs is not None:
        store = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs)}
        context.add_data_docs_site(site_name="pages", site_config={**_SITE, "store_backend": store})
    _tell_each(gx.ValidationDefinition)
    source = context.data_sources.add_pandas("tables")
    definitions = [_definition(gx, context, source, suite) for suite in suites]
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(
            name="contract", validation_definitions=definitions,
            result_format={"result_format": "COMPLETE"},
        )
    )  # fmt: skip
    found = checkpoint.run()
    if docs is not None:
        context.build_data_docs(site_names=["pages"])
    return [each for suite in suites for each in _outcomes(suite, found)]


def _tell_each(kind: Any) -> None:
    """Let each validation say when it is done, which a checkpoint keeps to itself."""
    run = kind.run

    def told(*given: Any, **named: Any) -> Any:
        result = run(*given, **named)
        sys.stdout.buffer.write(_ONE_DONE)
        sys.stdout.flush()
        return result

    kind.run = told


def _definition(gx: Any, context: Any, source: Any, suite: Suite) -> Any:
    """One table with its suite."""
    reader = source.add_parquet_asset(suite.table, path=suite.file)
    made = context.suites.add(gx.ExpectationSuite(name=suite.table))
    for number, each in enumerate(suite.expectations):
        expectation = getattr(gx.expectations, each.kind)
        made.add_expectation(expectation(**each.arguments, meta={"number": number}))
    batch = reader.add_batch_definition("whole")
    return context.validation_definitions.add(
        gx.ValidationDefinition(name=suite.table, data=batch, suite=made)
    )


def _outcomes(suite: Suite, found: Any) -> list[Outcome]:
    results = [
        result
        for one in found.run_results.values()
        if one.suite_name == suite.table
        for result in one.results
    ]
    return [
        _outcome(suite, suite.expectations[result.expectation_config.meta["number"]], result)
        for result in sorted(results, key=lambda each: each.expectation_config.meta["number"])
    ]


def _outcome(suite: Suite, expectation: Any, result: Any) -> Outcome:
    given = expectation.arguments
    columns = given.get("column") or f"{given.get('column_A')}, {given.get('column_B')}"
    shown = {name: value for name, value in given.items() if not name.startswith("column")}
    return Outcome(
        table=suite.table,
        column=str(columns),
        kind=expectation.kind,
        expected=expectation.shown or json.dumps(shown),
        observed=_observed(result),
        why=expectation.why,
        success=bool(result.success),
    )


def _observed(result: Any) -> str:
    raised = result.exception_info or {}
    if isinstance(raised, dict) and raised.get("raised_exception"):
        return f"an error: {raised.get('exception_message')}"
    found = dict(result.result or {})
    if "observed_value" in found:
        return str(found["observed_value"])
    share = found.get("unexpected_percent")
    examples = ", ".join(map(repr, (found.get("partial_unexpected_list") or [])[:3]))
    return f"{share or 0:.4g} % otherwise" + (f", as {examples}" if examples else "")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
