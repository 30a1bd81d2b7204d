"""What `understudy explain` says of a code, a kind, a fault, a gate, a metric or an exit code."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from understudy.cost.kinds import default_severity
from understudy.model.action import Effect
from understudy.model.document import load_document
from understudy.model.errors import ConfigurationError, nearest
from understudy.model.exit_code import ExitCode
from understudy.model.finding import Kind
from understudy.model.gates import Gates
from understudy.model.guide import topic
from understudy.model.package import resolve_document

__all__ = ["explain_word", "known_words", "severities"]


def explain_word(word: str) -> str:
    """The text of a word, as typed in any case; raises `ConfigurationError` for an unknown one."""
    known = {each.lower(): each for each in known_words()}
    found = known.get(word.strip().lower().replace("-", "_").replace(" ", "_"))
    if found is None:
        raise ConfigurationError(
            f"nothing is known of `{word}`{nearest(word, known_words())}",
            hint="an error code as U105, a kind, a fault, a gate as G1, a metric, or an exit code; "
            "understudy explain lists them all",
        )
    return _TOLD[_sort(found)](found)


def known_words() -> list[str]:
    """Every word that has a text, in the order of the guide; exit codes by name and number."""
    gates = [gate.id for gate in _gates().gates]
    codes = [str(code.value) for code in ExitCode]
    return [
        *topic("errors"), *topic("kinds"), *topic("faults"), *gates, *topic("metrics"),
        *topic("exit_codes"), *codes,
    ]  # fmt: skip


def severities(kind: Kind) -> Mapping[str, list[str]]:
    """How bad a kind is by default, and for the effects where it is something else.

    >>> severities(Kind.EXTRA_ACTION)["high"]
    ['send', 'pay', 'delete', 'publish']
    """
    found: dict[str, list[str]] = {}
    usual = default_severity(kind)
    found[usual.value] = []
    for effect in Effect:
        severity = default_severity(kind, effect)
        if severity is not usual:
            found.setdefault(severity.value, []).append(effect.value)
    return found


def _sort(word: str) -> str:
    for name in ("errors", "kinds", "faults", "metrics"):
        if word in topic(name):
            return name
    return "exit_codes" if word in topic("exit_codes") or word.isdecimal() else "gates"


def _error(word: str) -> str:
    text = topic("errors")[word]
    return f"{word}: {text['meaning']}\n\n  {text['mend']}"


def _kind(word: str) -> str:
    text = topic("kinds")[word]
    usual, *others = severities(Kind(word)).items()
    bad = f"severity {usual[0]}" + "".join(
        f"; {severity} where the action's effect is {' or '.join(effects)}"
        for severity, effects in others
    )
    return (
        f"{word}: {text['meaning']}\n\n  for example: {text['example']}\n"
        f"  {bad}\n  a policy says otherwise under `kinds: {{{word}: {{severity: …}}}}`"
    )


def _fault(word: str) -> str:
    return f"{word}: {topic('faults')[word]['meaning']}\n\n  its options: docs/faults.md"


def _metric(word: str) -> str:
    text = topic("metrics")[word]
    gates = [gate.id for gate in _gates().gates if gate.metric.value == word]
    shipped = f"\n  measured by {', '.join(gates)} of the shipped gate files" if gates else ""
    return (
        f"{word}: {text['meaning']}\n\n  evidence: {text['evidence']}\n"
        f"  limit: {text['limit']}{shipped}"
    )


def _gate(word: str) -> str:
    gate = next(each for each in _gates().gates if each.id == word)
    limit = "the metric's own limit" if gate.limit is None else f"a limit of {gate.limit:g}"
    return (
        f"{word}: the metric {gate.metric.value} with {limit}, in the gate file `standard`\n\n"
        + (_metric(gate.metric.value))
    )


def _exit_code(word: str) -> str:
    code = ExitCode(int(word)) if word.isdecimal() else ExitCode[word]
    text = topic("exit_codes")[code.name]
    name = code.name.replace("_", "-" if code is ExitCode.NO_GO else " ")
    return f"exit code {code.value}, {name}: {text['meaning']}\n\n  {text['next']}"


def _gates() -> Gates:
    return load_document(resolve_document("standard", "policies", prefix="gates-"), Gates)


_TOLD: Mapping[str, Callable[[str], str]] = {
    "errors": _error,
    "kinds": _kind,
    "faults": _fault,
    "metrics": _metric,
    "gates": _gate,
    "exit_codes": _exit_code,
}
