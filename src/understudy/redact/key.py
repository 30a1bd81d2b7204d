"""The key behind every pseudonym: outside of any recording, readable by its owner only."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from understudy.model.errors import SafetyError

__all__ = ["RedactionKey", "default_key_path"]

_BYTES = 32
_PLACE = "UNDERSTUDY_REDACTION_KEY"


def default_key_path() -> Path:
    """The file that `UNDERSTUDY_REDACTION_KEY` names, else one in the user's state folder."""
    if named := os.environ.get(_PLACE):
        return Path(named)
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "understudy" / "redaction.key"


class RedactionKey:
    """Keyed hashes of what is redacted: equal values stay equal, and nobody can guess back.

    The file is read, or made with mode 0600, when the first hash is asked for; so a recording
    without anything to redact needs no key.
    """

    def __init__(self, path: Path | None = None, *, material: bytes | None = None) -> None:
        """`material` is for callers that hold a key of their own; else the file at `path`."""
        self._path = path
        self._material = material

    def digest(self, kind: str, value: str) -> bytes:
        """32 bytes that depend on the key, the kind and the value, and on nothing else."""
        message = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._bytes(), message, hashlib.sha256)

    def _bytes(self) -> bytes:
        if self._material is None:
            self._material = _load_or_make(self._path or default_key_path())
        return self._material


def _load_or_make(path: Path) -> bytes:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _make(path)
    except FileExistsError:
        return _load(path)
    except OSError as error:
        raise _unusable(path, error.strerror or "it cannot be written") from None


def _make(path: Path) -> bytes:
    """Make the file whole under another name first, so that nobody reads half a key."""
    material = secrets.token_bytes(_BYTES)
    aside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(material)
        os.link(aside, path)
    finally:
        aside.unlink()
    return material


def _load(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode & 0o777
        material = path.read_bytes()
    except OSError as error:
        raise _unusable(path, error.strerror or "it cannot be read") from None
    if mode & 0o077:
        raise _unusable(path, f"others may read it (mode {mode:04o})", f"chmod 600 {path}")
    if len(material) != _BYTES:
        raise _unusable(path, f"it has {len(material)} bytes, not {_BYTES}", f"rm {path}")
    return material


def _unusable(path: Path, reason: str, hint: str | None = None) -> SafetyError:
    return SafetyError(
        f"the redaction key `{path}` cannot be used: {reason}",
        code="U320",
        hint=hint or f"name another file: export {_PLACE}=FILE",
    )
