"""Ed25519 keys, and what one of them signs: a record that is bound to a verdict's bytes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from understudy.campaign.runs.folder import RunFolder
from understudy.model.canonical import canonical_bytes
from understudy.model.chain import Link
from understudy.model.errors import ConfigurationError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = [
    "DECIDED",
    "SIGNED",
    "WAIVED",
    "load_key",
    "make_key",
    "public_key",
    "seal",
    "signature_problem",
]

DECIDED, WAIVED = "signed", "waived"
SIGNED = (DECIDED, WAIVED)


def make_key(path: Path) -> str:
    """Write a new private key that only its owner can read; returns its public half in hex."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigurationError(
            f"`{path}` is there already, and a key that is written over is lost",
            code="U480",
            hint="name another file",
        ) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
    return public_key(key)


def load_key(path: Path, folder: RunFolder) -> Ed25519PrivateKey:
    """The private key in a file that lies outside of the run it signs."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if path.resolve().is_relative_to(folder.path.resolve()):
        raise ConfigurationError(
            f"the key `{path}` lies in the run that it is to sign, where anybody who has the run "
            "has it",
            code="U481",
            hint="keep it elsewhere: understudy audit key ~/.config/understudy/sign.pem",
        )
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no unencrypted PEM key"
        raise ConfigurationError(
            f"the key `{path}` cannot be used: {reason}",
            code="U482",
            hint=f"make one: understudy audit key {path}",
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError(
            f"the key `{path}` is no Ed25519 key",
            code="U482",
            hint="make one: understudy audit key FILE",
        )
    return key


def seal(record: dict[str, Any], keys: list[Ed25519PrivateKey]) -> dict[str, Any]:
    """The record with the signature of each key over all of it."""
    text = canonical_bytes(record)
    signatures = [{"key": public_key(key), "signature": key.sign(text).hex()} for key in keys]
    return {**record, "signatures": signatures}


def signature_problem(link: Link, folder: RunFolder) -> str | None:
    """What is wrong with a signed line, where something is; the chain is checked elsewhere."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    record = {name: value for name, value in link.body.items() if name != "signatures"}
    signatures = link.body.get("signatures") or []
    if not signatures:
        return "this decision carries no signature"
    text = canonical_bytes(record)
    for each in signatures:
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(each["key"]))
            key.verify(bytes.fromhex(each["signature"]), text)
        except (InvalidSignature, ValueError, KeyError, TypeError):
            return f"the signature of {record.get('who')} does not fit what stands there"
    if record.get("head") != link.prev:
        return f"{record.get('who')} signed another chain than the one that stands before this line"
    if record.get("run_id") != folder.read_manifest().run_id:
        return f"{record.get('who')} signed another run, {record.get('run_id')}"
    return None


def public_key(key: Ed25519PrivateKey) -> str:
    """The half of a key that everybody may know, in hex."""
    return key.public_key().public_bytes_raw().hex()
