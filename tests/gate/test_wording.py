"""The verdict's reasons, word for word: what a release manager reads first."""

from __future__ import annotations

import pytest

from understudy.gate.decide import decide
from understudy.gate.facts import StopCause
from understudy.gate.wording import floor_sentence
from understudy.model.gates import Gate, Gates, Metric
from understudy.model.money import Money
from understudy.model.verdict import Stage

NOTHING_SAFE = "nothing here says that the candidate is safe"


def gates_of(*metrics, **keys):
    gates = tuple(Gate(id=f"G{place}", metric=each) for place, each in enumerate(metrics, 1))
    return Gates(version=1, gates=gates, **keys)


COST = gates_of(Metric.ERROR_COST_PER_CASE)
VALUE = gates_of(Metric.NET_VALUE_PER_CASE)
BOTH = gates_of(Metric.NET_VALUE_PER_CASE, Metric.ERROR_COST_PER_CASE)


def test_a_go_says_within_what_scope_and_how_sure(summary, facts):
    """Scope, gates, the chance of being wrong; the cost only where a gate is about it."""
    lead = (
        "GO within this scope: refunds; all {} gates passed, and the chance of GO for a candidate "
        "that costs the limit or more is at most 5%"
    )
    bare = decide(summary([0] * 60), VALUE, facts(60, scope="refunds"))
    assert bare.reasons == (lead.format(1),)
    told = decide(summary([0] * 800), BOTH, facts(800, scope="refunds")).reasons
    assert told == (
        f"{lead.format(2)}; expected error cost is 0.00 EUR per case (between 0.00 EUR and "
        "2.46 EUR) against a limit of 6.00 EUR",
    )


def test_every_failed_gate_is_told_and_the_first_leads(summary, facts):
    """The verdict's word stands before the first of them only."""
    made = summary([90_000] * 100, critical=[1] * 100, net=-5)
    gates = gates_of(Metric.CRITICAL_FINDINGS, Metric.NET_VALUE_PER_CASE)
    assert decide(made, gates, facts(100)).reasons == (
        "NO-GO: gate G1 failed: 100 critical findings in 100 cases; the limit is 0",
        "gate G2 failed: -0.05 EUR per case, compared with people; it must be above 0.00 EUR",
    )


def test_open_gates_are_named_with_what_closes_them(summary, facts):
    """One gate or several, one case or many, and the most that any of them needs."""
    value = "compared with people; it must be above 0.00 EUR"
    assert decide(summary([0]), VALUE, facts(1)).reasons == (
        f"INCONCLUSIVE: gate G1 is undecided after 1 case; about 49 more cases like these are "
        f"needed; {NOTHING_SAFE}",
        f"gate G1: 2.50 EUR per case, {value}",
    )
    two = gates_of(Metric.NET_VALUE_PER_CASE, Metric.ERROR_COST_PER_CASE)
    told = decide(summary([0] * 20), two, facts(20)).reasons
    assert told[0] == (
        "INCONCLUSIVE: gates G1 and G2 are undecided after 20 cases; about 306 more cases like "
        f"these are needed; {NOTHING_SAFE}"
    )
    assert len(told) == 3
    three = gates_of(*[Metric.NET_VALUE_PER_CASE] * 3)
    assert "gates G1, G2 and G3 are" in decide(summary([0] * 20), three, facts(20)).reasons[0]


def test_beyond_what_was_registered_is_futile(summary, facts):
    """Exactly the registered maximum may still be run; one case more may not."""

    def told(most):
        gates = gates_of(Metric.ERROR_COST_PER_CASE, max_cases=most, budget=Money(150, "EUR"))
        return decide(summary([0] * 20), gates, facts(20)).reasons[0]

    more = int(told(10**6).split("about ")[1].split(" more")[0].replace(",", ""))
    assert f"20 cases; about {more:,} more cases like these are needed" in told(20 + more)
    assert (
        f"futile: about {more:,} more cases like these are needed, beyond the registered maximum "
        f"of {19 + more:,}"
    ) in told(19 + more)
    dear = decide(summary([2_000] * 20), COST, facts(20)).reasons[0]
    assert "futile: no number of further cases like these would lead to GO" in dear


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"chosen": True},
         "the cases were chosen by hand or by what came of them, so they say nothing about all "
         "others"),
        ({"stage": Stage.LIMITED_AUTONOMY},
         "the stage limited autonomy asks for cases that were held out and that this candidate "
         "has never seen: held_out in the campaign, and run --held-out"),
        ({"stage": Stage.DRAFT_ONLY, "prices_owned": False},
         "the prices have no owner, so they are illustrative, and no verdict for the stage draft "
         "only can be GO"),
    ],
)  # fmt: skip
def test_what_alone_forbids_a_go_is_one_sentence(summary, facts, changes, told):
    """All gates pass, and the one thing that forbids a GO is what is told."""
    found = decide(summary([0] * 60), VALUE, facts(60, **changes))
    assert found.reasons == (f"INCONCLUSIVE: {told}",)


def test_limits_that_were_changed_are_told_with_what_to_do(summary, facts):
    """The evidence restarts, and the run has to be done anew."""
    told = decide(summary([0] * 60), VALUE, facts(60, amended=True)).reasons
    assert told[-1] == (
        "INCONCLUSIVE: the gate file was changed after these cases, so the evidence restarts: run "
        "anew by the limits as they are now"
    )


def test_stopped_and_invalid_runs_say_so_first(summary, facts):
    """How far the run came, and each reason against a verdict in its own sentence."""
    stopped = decide(summary([0] * 60), VALUE, facts(60, planned=1200, stopped=StopCause.EGRESS))
    assert stopped.reasons[0] == (
        "NO-GO: the run was stopped because the candidate tried to reach the outside, after 60 of "
        "1,200 planned cases"
    )
    broken = decide(summary([0] * 60), VALUE, facts(60, broken=("the gate file was edited",)))
    assert broken.reasons == (
        "INVALID: the run cannot support a verdict: the gate file was edited",
    )
    failed = decide(
        summary([0] * 60, critical=[1] * 60), gates_of(Metric.CRITICAL_FINDINGS),
        facts(60, broken=("the gate file was edited",)),
    )  # fmt: skip
    assert failed.reasons[1] == (
        "gate G1 failed: 60 critical findings in 60 cases; the limit is 0"
    ), "of a run without a verdict no gate leads"


def test_evidence_that_turns_after_the_decision_is_told(summary, facts):
    """A GO stays one, and what speaks against it later is not kept back."""
    told = decide(summary([0] * 400 + [50_000] * 400), COST, facts(800))
    assert told.reasons[-1] == (
        "the cases after the deciding look speak against it: look at what changed over the run"
    )


def test_the_floor_is_told_with_the_number_there_is():
    """Enough cases are not mentioned; too few are, and that no GO can come of them."""
    lead = (
        "with a limit of 6.00 EUR a case, GO takes at least 326 cases even if none costs anything"
    )
    assert floor_sentence(COST, 326) == lead
    assert floor_sentence(COST, 325) == (
        f"{lead}; of cases that do not belong together there are 325, so it cannot end in GO"
    )
    assert floor_sentence(VALUE, 5) == ""
    alone = gates_of(Metric.ERROR_COST_PER_CASE, population="recording")
    assert floor_sentence(alone, 400, 10_000) != floor_sentence(alone, 400)
    assert floor_sentence(alone, 400) == floor_sentence(alone, 400, 400)
