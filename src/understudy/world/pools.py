"""The committed pools of values that rows are gathered from, with their hashes."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import msgspec
import pyarrow as pa

from understudy.model.errors import RecordingError
from understudy.model.package import package_file

__all__ = ["load_pool", "load_texts", "pool_hashes"]


@lru_cache(maxsize=64)
def load_pool(locale: str) -> dict[str, pa.Array]:
    """The pools of one locale as Arrow arrays; `RecordingError` where a file was changed."""
    data = _checked(locale)
    content = msgspec.json.decode(data, type=dict[str, list[str]])
    return {kind: pa.array(values, pa.string()) for kind, values in content.items()}


@lru_cache(maxsize=1)
def load_texts() -> dict[str, dict[str, list[str]]]:
    """Sentences of support tickets by language and purpose."""
    return msgspec.json.decode(_checked("texts"), type=dict[str, dict[str, list[str]]])


@lru_cache(maxsize=1)
def pool_hashes() -> dict[str, str]:
    """The sha256 of each pool file by name, as committed."""
    return msgspec.json.decode(
        package_file("pools", "index.json").read_bytes(), type=dict[str, str]
    )


def _checked(name: str) -> bytes:
    path = package_file("pools", f"{name}.json")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != pool_hashes().get(name):
        raise RecordingError(
            f"the pool `{path}` is not the one that was committed",
            hint="python -m understudy.world.pool_builder",
        )
    return data
