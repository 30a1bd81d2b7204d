"""`people.yaml`: whose key is whose, so that a signature is a person's and not only a name's."""

from __future__ import annotations

from typing import Annotated, Self

import pydantic
from pydantic import Field

from understudy.model.configuration import Configuration, Version

__all__ = ["People", "folded"]

_PublicKey = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class People(Configuration):
    """The people who sign, each with the public halves of their keys."""

    version: Version
    keys: dict[str, tuple[_PublicKey, ...]] = Field(
        description="By name, what `understudy audit key` printed for that person"
    )

    @pydantic.model_validator(mode="after")
    def _one_person_for_a_key(self) -> Self:
        owners: dict[str, str] = {}
        for name, keys in self.keys.items():
            for key in keys:
                other = owners.setdefault(key, name)
                if other != name:
                    raise ValueError(f"{other} and {name} have one key, {key[:16]}…")
        return self

    def owner(self, key: str) -> str | None:
        """Whose key it is; None where it is nobody's."""
        return next((name for name, keys in self.keys.items() if key in keys), None)


def folded(name: str) -> str:
    """A name without what people write in one way or another.

    >>> folded(" Maria  MAIER")
    'maria maier'
    """
    return " ".join(name.split()).casefold()
