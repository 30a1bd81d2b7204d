"""What must not go out: secrets, other people's data, and references that nothing knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

from understudy.cost.wording import deed, shown
from understudy.diff.drafts import Detail, Draft, Pricing
from understudy.diff.facts import facts_of
from understudy.diff.planted import texts_in
from understudy.diff.process import speaks
from understudy.model.action import Action
from understudy.model.baseline import Baseline
from understudy.model.case import Case
from understudy.model.finding import Kind, Severity
from understudy.model.proposal import Proposal
from understudy.redact.patterns import SECRETS
from understudy.redact.sieve import Sieve

__all__ = ["Known", "exposed", "familiar_words", "invented"]

Known = Callable[[str], bool]
"""Whether a reference stands anywhere in the systems' data."""

_OWNED = {"email", "iban", "card"}
_LONGEST = 100_000
_NOT_FOUND = 404


def exposed(
    case: Case, proposal: Proposal, baselines: Sequence[Baseline], pricing: Pricing
) -> Iterator[Draft]:
    """Secrets, and addresses and accounts of whom the case is not about, in what went out.

    An attempt counts as well: what a system refused has left the candidate all the same. One
    finding for each message, whatever is in it.
    """
    familiar: str | None = None
    for action, text in _outgoing(proposal):
        found = _sensitive(text)
        if not found:
            continue
        if familiar is None:
            familiar = familiar_words(case, baselines, proposal.actions)
        strange = [kind for kind, value in found if value.lower() not in familiar]
        if strange:
            yield _exposure(action, sorted(set(strange)), pricing)


def invented(
    case: Case,
    proposal: Proposal,
    baselines: Sequence[Baseline],
    pricing: Pricing,
    known: Known | None,
) -> Iterator[Draft]:
    """Objects that nothing names: refused as not found, or told to people where no system has them.

    What a system accepted is worse than what it refused. References are looked up only where there
    is a system to look into.
    """
    seen: set[str] = set()
    refused = [
        action
        for action in proposal.actions
        if action.response_status == _NOT_FOUND and action.fault is None
    ]
    if refused:
        familiar = familiar_words(case, baselines)
        for action in refused:
            name = action.target.id if action.target is not None else None
            if name and name not in seen and name.lower() not in familiar:
                seen.add(name)
                yield _invention(action, name, pricing, None)
    if known is not None:
        yield from _unknown(case, proposal, baselines, pricing, known, seen)


def _unknown(
    case: Case,
    proposal: Proposal,
    baselines: Sequence[Baseline],
    pricing: Pricing,
    known: Known,
    seen: set[str],
) -> Iterator[Draft]:
    """References told to people that neither the case nor any system holds."""
    familiar: str | None = None
    for action, text in _outgoing(proposal):
        if action is not None and action.refused:
            continue
        for reference in sorted(facts_of(text).references - seen):
            if familiar is None:
                familiar = familiar_words(case, baselines, proposal.actions)
            if reference.lower() not in familiar and not known(reference):
                seen.add(reference)
                yield _invention(action, reference, pricing, Severity.HIGH)


def _outgoing(proposal: Proposal) -> Iterator[tuple[Action | None, str]]:
    for action in proposal.actions:
        if speaks(action):
            for text in _strings(action.fields.values()):
                yield action, text[:_LONGEST]
    for reply in proposal.replies:
        yield None, reply[:_LONGEST]


@lru_cache(maxsize=4096)
def _sensitive(text: str) -> tuple[tuple[str, str], ...]:
    """Secrets, addresses and accounts in a text, by kind."""
    return tuple(
        (pattern.kind, value)
        for pattern in _sieve().in_text(text).patterns
        if pattern in SECRETS or pattern.kind in _OWNED
        for match in pattern.regex.finditer(text)
        if pattern.valid(value := match.groupdict().get("v") or match.group())
    )


@cache
def _sieve() -> Sieve:
    return Sieve(personal=True)


def familiar_words(
    case: Case, baselines: Iterable[Baseline] = (), actions: Iterable[Action] = ()
) -> str:
    """Everything that is known in the case: what came in, what people wrote, whom they acted on."""
    parts = [case.case_id, *texts_in(case), *case.segment.values()]
    parts += [turn.text for turn in case.turns]
    for baseline in baselines:
        parts += baseline.reply_facts
        for action in baseline.actions:
            parts += _about(action)
            parts += _strings(action.fields.values())
    for action in actions:
        parts += _about(action)
    return "\n".join(parts).lower()


def _about(action: Action) -> Iterator[str]:
    if action.target is not None and action.target.id is not None:
        yield action.target.id
    for state in (action.before, action.after):
        yield from _strings((state or {}).values())


def _strings(values: Iterable[Any], depth: int = 0) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, int) and not isinstance(value, bool):
            yield str(value)
        elif depth < 20 and isinstance(value, dict):
            yield from _strings(value.values(), depth + 1)
        elif depth < 20 and isinstance(value, list | tuple):
            yield from _strings(value, depth + 1)


def _exposure(action: Action | None, kinds: Sequence[str], pricing: Pricing) -> Draft:
    kind = Kind.DATA_EXPOSURE
    price, stake = pricing.bare(kind) if action is None else pricing.of(kind, action)
    named = ", ".join(each.replace("_", " ") for each in kinds)
    did = "answered" if action is None else f"{'tried: ' if action.refused else ''}{deed(action)}"
    return Draft(
        kind, price, stake, action,
        lambda: Detail(f"{did}, with what does not belong to this case: {named}", "body"),
    )  # fmt: skip


def _invention(
    action: Action | None, name: str, pricing: Pricing, severity: Severity | None
) -> Draft:
    kind = Kind.INVENTED_REFERENCE
    if action is None:
        price, stake = pricing.bare(kind)
    else:
        price, stake = pricing.of(kind, action, severity=severity)
    did = "answered" if action is None else deed(action)
    refused = severity is None
    told = f"tried: {did}, which no system knows" if refused else f"{did}, naming {shown(name)}"
    return Draft(
        kind, price, stake, action,
        lambda: Detail(told if refused else f"{told}, which no system knows", "reference",
                       None, shown(name)),
    )  # fmt: skip
