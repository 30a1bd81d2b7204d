"""Whose keys signed: the project's list of people, where it has one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from understudy.campaign.pilot.signature import public_key
from understudy.model.chain import Link
from understudy.model.document import load_document
from understudy.model.errors import ConfigurationError
from understudy.model.people import People, folded

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["own_key", "people_file", "people_of", "strangers"]


def people_file(reports: Path) -> Path:
    """The list of who signs with which key, beside the pilot's history."""
    return reports / "people.yaml"


def people_of(reports: Path | None) -> People | None:
    """The list, where there is one; raises `ConfigurationError` where it cannot be read."""
    path = None if reports is None else people_file(reports)
    return load_document(path, People) if path is not None and path.is_file() else None


def own_key(name: str, key: Ed25519PrivateKey, reports: Path) -> Ed25519PrivateKey:
    """The key, if it is that person's; anybody's where the project has no list of people."""
    people, public = people_of(reports), public_key(key)
    if people is None:
        return key
    owner = people.owner(public)
    if owner is None or folded(owner) != folded(name):
        whose = "nobody's" if owner is None else f"{owner}'s"
        raise ConfigurationError(
            f"this key is {whose} in `{people_file(reports)}`, and {name} signs",
            code="U494",
            where="--key",
            hint=f"sign with a key of {name}'s, or list it: keys: {{{name}: [{public}]}}",
        )
    return key


def strangers(link: Link, people: People) -> Iterator[str]:
    """What is wrong with whose keys a signed line carries, a sentence each."""
    names = [link.body.get("who"), link.body.get("second")]
    for name, each in zip(names, link.body.get("signatures") or (), strict=False):
        owner = people.owner(str(each.get("key")))
        if owner is None:
            yield f"the key that signed as {name} is unknown: it is nobody's in people.yaml"
        elif folded(owner) != folded(str(name)):
            yield f"the key that signed as {name} is {owner}'s"
