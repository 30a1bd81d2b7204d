"""The environment of a candidate's process: an allow-list, and tokens that open nothing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

__all__ = ["built_environment", "module_folders"]

_KEPT = {"LANG", "LANGUAGE", "PATH", "SYSTEMROOT", "TMPDIR", "TZ", "VIRTUAL_ENV"}
_KEPT_PREFIXES = ("LC_",)

_OWN = __name__.partition(".")[0]

# In the vendors' shapes, so that code that checks the shape of its key goes the way it would go.
_CANARIES = {
    "ANTHROPIC_API_KEY": "sk-ant-api03-{}",
    "AWS_ACCESS_KEY_ID": "AKIA{:.16}",
    "AWS_SECRET_ACCESS_KEY": "{:.40}",
    "HUBSPOT_ACCESS_TOKEN": "pat-eu1-{:.36}",
    "OPENAI_API_KEY": "sk-proj-{}",
    "STRIPE_API_KEY": "sk_test_{:.24}",
    "STRIPE_SECRET_KEY": "sk_test_{:.24}",
    "ZENDESK_API_TOKEN": "{:.40}",
    "ZENDESK_EMAIL": "agent@example.com",
    "ZENDESK_SUBDOMAIN": "acme",
}


def built_environment(outside: Mapping[str, str], home: str, seed: int) -> dict[str, str]:
    """What the process sees: nothing of the outside but how to find programs and write text.

    No credential is among it; where an integration looks for one it finds a canary, a token that
    no service knows. `home` is an empty folder, so that no file of credentials is found either.
    """
    kept = {
        name: value
        for name, value in outside.items()
        if name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }
    canaries = {
        name: shape.format(hashlib.sha256(f"{name} {seed}".encode()).hexdigest().upper())
        for name, shape in _CANARIES.items()
    }
    own = [each for each in module_folders(outside) if (Path(each) / _OWN).is_dir()]
    if own:
        kept["PYTHONPATH"] = os.pathsep.join(own)
    return {**kept, **canaries, "HOME": home, "PYTHONHASHSEED": "0", "PYTHONUTF8": "1"}


def module_folders(outside: Mapping[str, str]) -> list[str]:
    """The folders of `PYTHONPATH`, which a process is told when it is running.

    In its environment they would have Python run a `sitecustomize` of theirs before the wall
    stands. Only the one that this package lies in, where it is not installed, stays there.
    """
    return [each for each in outside.get("PYTHONPATH", "").split(os.pathsep) if each]
