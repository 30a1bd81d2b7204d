"""The verdict in sentences that need no knowledge of statistics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from understudy.gate.cost_evidence import CostEvidence, floor_of
from understudy.gate.measured import Measured, amount, cost_limit
from understudy.model.gates import Gates, Metric, Population
from understudy.model.verdict import GateOutcome, GateResult, Stage, VerdictWord

__all__ = ["ALONE", "Told", "explain", "floor_sentence"]


ALONE = (Stage.LIMITED_AUTONOMY, Stage.FULL)
"""The stages at which nobody looks at an action before it takes effect."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is put into words: the verdict, the gates, what forbids a verdict, the evidence."""

    word: VerdictWord
    results: tuple[GateResult, ...]
    against: tuple[str, ...]
    evidence: CostEvidence


def explain(told: Told, measured: Measured) -> tuple[str, ...]:
    """The reasons for a verdict; the first is the reason in one sentence."""
    return tuple(_sentences(told, measured))


def floor_sentence(gates: Gates, clusters: int, population: int | None = None) -> str:
    """What can be said before the first case: how many cases GO takes at the very least (F12).

    `clusters` is how many planned cases do not belong together, `population` how many there are
    of them in the recording, where they are not all planned. Empty where no gate is about cost.

    >>> from understudy.model.gates import Gate
    >>> gates = Gates(version=1, gates=(Gate(id="G2", metric="error_cost_per_case"),))
    >>> floor_sentence(gates, 800)
    'with a limit of 6.00 EUR a case, GO takes at least 326 cases even if none costs anything'
    """
    metric = Metric.ERROR_COST_PER_CASE
    limits = [cost_limit(gate, gates) for gate in gates.gates if gate.metric is metric]
    if not limits:
        return ""
    whole = (population or clusters) if gates.population is Population.RECORDING else None
    floor = floor_of(min(limits) / gates.cap.minor, gates.alpha, whole)
    text = (
        f"with a limit of {amount(min(limits), gates.budget.currency)} a case, GO takes at least "
        f"{floor:,} cases even if none costs anything"
    )
    if clusters >= floor:
        return text
    return f"{text}; of cases that do not belong together there are {clusters:,}, so it cannot " + (
        "end in GO"
    )


def _sentences(told: Told, measured: Measured) -> Iterator[str]:
    stopped = measured.facts.stopped
    if stopped is not None:
        yield f"{told.word}: {stopped.value}, after {measured.facts.run:,} of " + (
            f"{measured.facts.planned:,} planned cases"
        )
    for reason in told.against:
        yield f"{VerdictWord.INVALID}: the run cannot support a verdict: {reason}"
    if told.word is VerdictWord.GO:
        yield _go(told, measured)
    yield from _failed(told)
    if told.word is VerdictWord.INCONCLUSIVE:
        yield from _undecided(told, measured)
    if told.evidence.contradicted and not told.against:
        yield (
            "the cases after the deciding look speak against it: look at what changed over the run"
        )


def _go(told: Told, measured: Measured) -> str:
    gates, currency = measured.gates, measured.cost.currency
    segments = "".join(
        f"; {result.reason}"
        for result in told.results
        if result.metric == Metric.SEGMENT_ERROR_COST
    )
    text = f"{VerdictWord.GO} within this scope: {measured.facts.scope}{segments}; " + (
        f"all {len(told.results)} gates passed, and the chance of GO for a candidate that costs "
        f"the limit or more is at most {gates.alpha:.0%}"
    )
    if any(result.metric == Metric.ERROR_COST_PER_CASE for result in told.results):
        text += f"; {_cost_sentence(told.evidence, currency)}"
    return text


def _cost_sentence(evidence: CostEvidence, currency: str) -> str:
    if evidence.last is None:
        return "no cost was measured"
    low, high = evidence.interval_minor
    return (
        f"expected error cost is {amount(evidence.last.mean_minor, currency)} per case (between "
        f"{amount(low, currency)} and {amount(high, currency)}) against a limit of "
        f"{amount(evidence.limit_minor, currency)}"
    )


def _failed(told: Told) -> Iterator[str]:
    lead = f"{told.word}: " if told.word is VerdictWord.NO_GO else ""
    for result in told.results:
        if result.outcome is GateOutcome.FAIL:
            yield f"{lead}gate {result.id} failed: {result.reason}"
            lead = ""


def _undecided(told: Told, measured: Measured) -> Iterator[str]:
    open_gates = [one for one in told.results if one.outcome is GateOutcome.UNDECIDED]
    if open_gates:
        names = _listed([result.id for result in open_gates])
        verb = "gates {} are" if len(open_gates) > 1 else "gate {} is"
        yield (
            f"{VerdictWord.INCONCLUSIVE}: {verb.format(names)} undecided after "
            f"{_cases(measured.cost.cases)}; {_what_it_takes(open_gates, measured)}; "
            "nothing here says that the candidate is safe"
        )
        yield from (f"gate {result.id}: {result.reason}" for result in open_gates)
    facts = measured.facts
    if facts.chosen:
        yield (
            f"{VerdictWord.INCONCLUSIVE}: the cases were chosen by hand or by what came of them, "
            "so they say nothing about all others"
        )
    if facts.amended:
        yield (
            f"{VerdictWord.INCONCLUSIVE}: the gate file was changed after these cases, so the "
            "evidence restarts: run anew by the limits as they are now"
        )
    if facts.stage in ALONE and not facts.held_out:
        yield (
            f"{VerdictWord.INCONCLUSIVE}: the stage {facts.stage.value.replace('_', ' ')} asks for "
            "cases that were held out and that this candidate has never seen: held_out in the "
            "campaign, and run --held-out"
        )
    if facts.stage is not Stage.SHADOW and not facts.prices_owned:
        yield (
            f"{VerdictWord.INCONCLUSIVE}: the prices have no owner, so they are illustrative, and "
            f"no verdict for the stage {facts.stage.value.replace('_', ' ')} can be GO"
        )


def _what_it_takes(open_gates: Sequence[GateResult], measured: Measured) -> str:
    needs = [result.cases_needed for result in open_gates]
    known = [need for need in needs if need is not None]
    if len(known) < len(needs):
        return "futile: no number of further cases like these would lead to GO"
    more, most = max(known), measured.gates.max_cases
    if measured.cost.cases + more > most:
        return (
            f"futile: about {more:,} more cases like these are needed, beyond the registered "
            f"maximum of {most:,}"
        )
    return f"about {more:,} more cases like these are needed"


def _cases(count: int) -> str:
    return "1 case" if count == 1 else f"{count:,} cases"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
