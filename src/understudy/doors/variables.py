"""The names under which integrations look for their credentials in the environment."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

__all__ = ["assignments", "credential_variables", "credentials_from", "served_elsewhere"]

_LOOPBACK = "127.0.0.1:"
_ZENPY = "ZENPY_FORCE_NETLOC"
_ALSO = {
    "STRIPE_API_KEY": ("STRIPE_SECRET_KEY",),
    "ZENDESK_TOKEN": ("ZENDESK_API_TOKEN",),
}


def credential_variables(credentials: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Credentials by system, under the names that are usual for them.

    >>> credential_variables({"stripe": {"api_key": "sk_test_1"}})
    {'STRIPE_API_KEY': 'sk_test_1', 'STRIPE_SECRET_KEY': 'sk_test_1'}
    """
    found: dict[str, str] = {}
    for system, given in credentials.items():
        for part, text in given.items():
            name = f"{system}_{part}".upper()
            found |= dict.fromkeys((name, *_ALSO.get(name, ())), text)
    return found


def assignments(variables: Mapping[str, str]) -> list[str]:
    """Lines that a shell can source, by name.

    >>> assignments({"B": "two words", "A": "1"})
    ['export A=1', "export B='two words'"]
    """
    return [f"export {name}={shlex.quote(text)}" for name, text in sorted(variables.items())]


def credentials_from(
    environment: Mapping[str, str], shapes: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    """The other way: the credentials of every system whose parts all stand in the environment.

    `shapes` name the parts by system; their values do not matter.

    >>> credentials_from({"STRIPE_SECRET_KEY": "sk_test_1"}, {"stripe": {"api_key": ""}})
    {'stripe': {'api_key': 'sk_test_1'}}
    """
    found = {}
    for system, parts in shapes.items():
        given = {part: _value(environment, f"{system}_{part}".upper()) for part in parts}
        if all(given.values()):
            found[system] = given
    return found


def served_elsewhere(environment: Mapping[str, str], systems: Iterable[str]) -> dict[str, str]:
    """The variables, sourced from a served world, that lead clients of these systems to it.

    >>> served_elsewhere({"ZENPY_FORCE_NETLOC": "127.0.0.1:4003", "A": "1"}, ["zendesk"])
    {'ZENPY_FORCE_NETLOC': '127.0.0.1:4003'}
    """
    names = [f"{system.upper()}_API_BASE" for system in systems]
    led = {name: environment.get(name, "") for name in (*names, _ZENPY)}
    return {name: text for name, text in led.items() if _LOOPBACK in text}


def _value(environment: Mapping[str, str], name: str) -> str:
    names = (name, *_ALSO.get(name, ()))
    return next((environment[each] for each in names if environment.get(each)), "")
