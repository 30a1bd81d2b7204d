"""A campaign's shards on a Dask cluster: one task a shard, its results at any fsspec location."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from understudy.campaign.runs.folder import RunFolder
from understudy.campaign.runs.shard import Shard
from understudy.model.errors import ConfigurationError, RecordingError

__all__ = ["Cluster", "ShardTask", "run_shard_task"]

_CONNECT_SECONDS = 15
_DONE = "DONE"
_FETCHED = "fetched.part"


@dataclass(frozen=True, slots=True)
class ShardTask:
    """One shard as a worker is told it: the command's arguments, and where its results go.

    A task may be run more than once, as clusters do: what is there already is not done again.
    """

    arguments: tuple[str, ...]
    folder: str
    location: str
    """Where the shard's run is put, whole: a folder of this task alone."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where shards are run: at a scheduler's address, or on so many workers of this machine."""

    scheduler: str | None
    workers: int
    location: str
    """Where results are put: a folder or a URL that fsspec knows, seen by every worker."""

    def shards(self, cases: int) -> list[Shard]:
        """As many parts as there are workers, and more where one would hold above 100 cases."""
        total = min(cases, max(self.workers, -(-cases // 100)))
        return [Shard(number, total) for number in range(1, total + 1)]

    def run(self, tasks: Sequence[ShardTask]) -> Iterator[int]:
        """Run every task, yielding the number of those that are done; in no order.

        Raises `ConfigurationError` where no scheduler answers, `RecordingError` where a shard
        fails; what is done by then stays at its location and is not done again.
        """
        with self._client() as client:
            futures = [
                client.submit(run_shard_task, task, key=task.location, pure=False) for task in tasks
            ]
            try:
                for done, future in enumerate(_distributed().as_completed(futures), 1):
                    future.result()
                    yield done
            except RecordingError:
                raise
            except Exception as error:  # whatever the cluster raises, its work is kept
                raise _broken(error, self.location) from error

    def fetch(self, task: ShardTask, reports: Path) -> RunFolder:
        """The run folder of a task that is done, brought here where it is not."""
        files, root = _files(task.location)
        names = [name.rpartition("/")[2] for name in files.ls(root, detail=False)]
        manifest = json.loads(files.cat_file(f"{root}/manifest.json"))
        folder = reports / manifest["campaign"] / manifest["run_id"]
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            if name != _DONE and not (folder / name).exists():
                # Under another name until it is whole: a fetch may be cut off.
                files.get_file(f"{root}/{name}", str(folder / _FETCHED))
                (folder / _FETCHED).replace(folder / name)
        return RunFolder(folder)

    @contextmanager
    def _client(self) -> Iterator[Any]:
        distributed = _distributed()
        if self.scheduler is None:
            with (
                distributed.LocalCluster(
                    n_workers=self.workers, threads_per_worker=1, dashboard_address=None
                ) as cluster,
                distributed.Client(cluster) as client,
            ):
                yield client
            return
        try:
            client = distributed.Client(self.scheduler, timeout=_CONNECT_SECONDS)
        except (OSError, ValueError, TimeoutError) as error:
            raise ConfigurationError(
                f"no Dask scheduler answers at `{self.scheduler}`: {error}",
                code="U153",
                where="--scheduler",
                hint="start one: dask scheduler --port 8786; then: --scheduler tcp://HOST:8786",
            ) from None
        with client:
            yield client


def run_shard_task(task: ShardTask) -> str:
    """Run one shard in a process of its own and put its run folder at the task's location."""
    files, root = _files(task.location)
    if files.exists(f"{root}/{_DONE}"):
        return task.location
    with tempfile.TemporaryDirectory(prefix="shard-") as place:
        done = subprocess.run(  # noqa: S603 -- our own command, its arguments from our own caller
            [sys.executable, "-m", "understudy", *task.arguments, "--reports", task.folder],
            capture_output=True, text=True, check=False, cwd=place,
            env={key: value for key, value in os.environ.items() if key != "UNDERSTUDY_SHARD"},
        )  # fmt: skip
    if done.returncode:
        raise RecordingError(
            f"a shard failed on a worker: {done.stderr.strip()[-1500:]}",
            code="U465",
            hint="mend what it says and run the same command again; finished shards are kept",
        )
    run = Path(json.loads(done.stdout)["shards"][0]["run"])
    files.makedirs(root, exist_ok=True)
    for path in sorted(run.iterdir()):
        if path.is_file():
            files.put_file(str(path), f"{root}/{path.name}")
    files.pipe_file(f"{root}/{_DONE}", b"")
    return task.location


def _files(location: str) -> tuple[Any, str]:
    try:
        import fsspec.core

        files, root = fsspec.core.url_to_fs(location)
    except (ImportError, ValueError) as error:
        raise ConfigurationError(
            f"results cannot be put at `{location}`: {error}",
            code="U154",
            where="--results",
            hint="a folder that every worker sees, or a URL such as s3://bucket/folder",
        ) from None
    return files, str(root).rstrip("/")


def _distributed() -> Any:
    try:
        import distributed
    except ImportError:
        raise ConfigurationError(
            "`--engine dask` needs the extra `dask`, which is not installed",
            code="U155",
            hint="pip install 'understudy[dask]'",
        ) from None
    return distributed


def _broken(error: Exception, location: str) -> RecordingError:
    return RecordingError(
        f"the cluster gave up: {type(error).__name__}: {str(error)[:500]}",
        code="U466",
        hint=f"run the same command again: finished shards are kept at {location}",
    )
