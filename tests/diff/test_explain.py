"""What is found between two lists of actions, and at what price."""

from __future__ import annotations

import msgspec
import pytest

from understudy.cost.price_list import PriceList
from understudy.diff.explain import explain
from understudy.diff.fields import Edge, FieldRule, Rules
from understudy.model.action import Action, Effect, Origin, Target
from understudy.model.baseline import Baseline, Outcome
from understudy.model.case import Case, Trigger
from understudy.model.errors import ConfigurationError
from understudy.model.policy import Policy
from understudy.model.proposal import Failure, FailureCause, Proposal


def test_doing_the_same_costs_nothing(judge, refund, tag, reply):
    """Equal lists give no finding, and every action agrees."""
    actions = [refund(8000), tag(), reply("We refunded 80.00 EUR.")]
    told = judge(actions, actions)
    assert (told.findings, told.cost_minor, told.agreeing, told.stray) == ((), 0, 3, ())


def test_the_worked_case(judge, refund, tag):
    """Refund of 96 for 80, the e-mail left out, tagged twice, premium: 36 + 3 + 0 = 39.00."""
    mail = Action(system="mail", operation="mail.confirm", effect=Effect.SEND)
    told = judge(
        [refund(9600), tag(), tag(changed=False)],
        [refund(8000), mail, tag()],
        tier="premium",
        policy={"operations": {"mail.confirm": {"severity": "low"}}},
    )
    found = {each.kind.value: each.cost_minor for each in told.findings}
    assert found == {"wrong_value": 3600, "missing_action": 300, "duplicate_benign": 0}
    assert told.cost_minor == 3900
    assert told.findings[0].explanation == ("refunded 96.00 EUR (charge ch_1) instead of 80.00 EUR")


def test_the_cheapest_pairs_are_told(judge, refund):
    """Refunds of 80 and 51 against 50 and 80 are one cent-exact slip of 1.00, not of 59.00."""
    told = judge([refund(8000), refund(5100)], [refund(5000), refund(8000)])
    assert [each.exposure_minor for each in told.findings] == [100]
    assert told.agreeing == 1


def test_too_little_exposes_less_than_too_much(judge, refund):
    """An underpaid amount exposes 0.4 of the difference, an overpaid one all of it."""
    under, over = judge([refund(7000)], [refund(8000)]), judge([refund(9000)], [refund(8000)])
    assert (under.findings[0].exposure_minor, over.findings[0].exposure_minor) == (400, 1000)


def test_another_currency_exposes_the_whole_amount(judge, refund):
    """80 dollars are not 80 euros, whatever the figure."""
    told = judge(
        [refund(8000, currency="USD")],
        [refund(8000)],
        policy={"rates": {"USD": "0.92", "date": "2026-11-01"}},
    )
    assert (told.findings[0].expected, told.findings[0].actual) == ("80.00 EUR", "80.00 USD")
    assert told.cost_minor == 2000 + 1840


def test_a_currency_without_a_rate_stops_the_judgement(judge, refund):
    """What cannot be priced is an error and never free."""
    with pytest.raises(ConfigurationError, match="USD"):
        judge([refund(8000, currency="USD")], [refund(8000)])


def test_money_to_the_wrong_place_is_critical(judge, refund, kinds):
    """A refund on another charge is critical, and costs no more than extra and missing."""
    told = judge([refund(8000, "ch_2")], [refund(8000, "ch_1")])
    assert kinds(told) == [("wrong_target", "critical")]
    both = judge([refund(8000)], []).cost_minor + judge([], [refund(8000)]).cost_minor
    assert told.cost_minor == both


def test_an_own_other_object_is_less_than_a_strangers(judge, kinds):
    """The wrong object of the same customer is high, not critical."""

    def credit(invoice):
        return Action(
            system="billing",
            operation="billing.credit",
            target=Target(type="invoice", id=invoice),
            fields={"customer": "cus_1"},
            effect=Effect.PAY,
        )

    assert kinds(judge([credit("a")], [credit("b")])) == [("wrong_target", "high")]


def test_unrelated_changes_of_two_objects_are_no_mix_up(judge, kinds):
    """An update here and another there are one too many and one too few."""

    def update(contact, **fields):
        return Action(
            system="hubspot",
            operation="hubspot.objects.update",
            target=Target(type="contacts", id=contact),
            fields=fields,
        )

    told = judge([update("1", phone="+49 1")], [update("2", city="Bonn")])
    assert sorted(kinds(told)) == [("extra_action", "medium"), ("missing_action", "medium")]
    told = judge([update("1", city="Bonn")], [update("2", city="Bonn")])
    assert kinds(told) == [("wrong_target", "high")]


@pytest.mark.parametrize(
    ("effect", "severity"),
    [("draft", "low"), ("write", "medium"), ("pay", "high"), ("send", "high"), ("delete", "high"),
     ("publish", "high")],
)  # fmt: skip
def test_what_nobody_did_costs_by_its_effect(judge, kinds, effect, severity):
    """An extra note is a nuisance, an extra payment, message or deletion is high."""
    action = Action(system="s", operation="s.do", effect=Effect(effect))
    assert kinds(judge([action], [])) == [("extra_action", severity)]


def test_doing_nothing_is_never_free(judge, refund, tag, kinds):
    """Each action that people took and the candidate did not is a finding."""
    told = judge([], [refund(8000), tag()], outcome=Outcome.ABSTAINED)
    assert kinds(told) == [("missing_action", "high"), ("missing_action", "medium")]
    assert told.cost_minor == 15_000 + 1_600 + 2_000


def test_refunding_by_another_means_is_the_wrong_operation(judge, refund, kinds):
    """A credit to the balance instead of a refund is told as one mistake of the means."""
    credit = Action(
        system="stripe",
        operation="stripe.customer_balance.create",
        target=Target(type="customer", id="cus_1"),
        fields={"amount": -8000},
        amount_minor=-8000,
        currency="EUR",
        effect=Effect.PAY,
    )
    assert kinds(judge([credit], [refund(8000)])) == [("wrong_operation", "medium")]


def test_different_intents_are_never_paired(judge, refund, tag, kinds):
    """A tag is no refund done wrongly."""
    told = judge([tag()], [refund(8000)])
    assert sorted(kinds(told)) == [("extra_action", "medium"), ("missing_action", "high")]


def test_a_second_payment_is_harmful_and_a_second_tag_is_not(judge, refund, tag, kinds):
    """Whether a duplicate harms is what it changed, not how it was worded."""
    assert kinds(judge([refund(8000), refund(8000)], [refund(8000)])) == [
        ("duplicate_harmful", "high")
    ]
    assert kinds(judge([tag(), tag(changed=False)], [tag()])) == [("duplicate_benign", "none")]


@pytest.mark.parametrize("pieces", [1, 12])
def test_the_later_of_two_equal_payments_is_the_one_too_many(judge, refund, pieces):
    """A duplicate names the fault that befell it, by the plain search and by the solver."""
    known = [refund(8000, charge=f"ch_{number}") for number in range(pieces)]
    again = [refund(8000, charge=f"ch_{n}", fault="webhook_duplicate") for n in range(pieces)]
    found = judge([*known, *again], known).findings
    assert [each.kind for each in found] == ["duplicate_harmful"] * pieces
    assert {each.fault for each in found} == {"webhook_duplicate"}


def test_a_duplicate_of_what_lost_its_answer_names_that_fault(judge, refund):
    """Who never saw the answer to a payment makes it again; the fault befell the first one."""
    lost = refund(8000, fault="apply_then_reset", candidate_saw_response=False)
    (found,) = judge([lost, refund(8000)], [refund(8000)]).findings
    assert (found.kind, found.fault) == ("duplicate_harmful", "apply_then_reset")
    twice = [lost, refund(8000, fault="slow"), refund(8000)]
    told = judge(twice, [refund(8000)]).findings
    assert [each.fault for each in told] == ["slow", "apply_then_reset"]


def test_a_wrong_payment_made_twice_is_wrong_and_a_duplicate(judge, refund, kinds):
    """Of two equal wrong refunds one is the wrong value and the other the duplicate."""
    told = judge([refund(5100), refund(5100)], [refund(5000)])
    assert sorted(kinds(told)) == [("duplicate_harmful", "high"), ("wrong_value", "medium")]


def test_refused_attempts_are_shown_and_have_no_effect(judge, refund):
    """What a system refused is kept as an attempt and is neither an extra nor a duplicate."""
    refused = refund(9900, response_status=402)
    told = judge([refused, refund(8000)], [refund(8000)])
    assert (told.findings, told.attempts) == ((), (refused,))


def test_over_escalation_costs_a_handover(judge, refund, escalate, kinds):
    """Handing over what people solved costs H + X as exposure; what is left out is theirs then."""
    told = judge([escalate()], [refund(8000)])
    assert kinds(told) == [("over_escalation", "low")]
    assert told.findings[0].exposure_minor == 350
    assert told.cost_minor == 218


def test_the_returned_outcome_counts_as_the_escalation(judge, refund, kinds):
    """A candidate that says `escalated` is judged as if it had written to the desk."""
    assert kinds(judge([], [refund(8000)], outcome=Outcome.ESCALATED)) == [
        ("over_escalation", "low")
    ]


def test_under_escalation_is_high(judge, refund, escalate, kinds):
    """Keeping what people handed over is high, and what was done instead comes on top."""
    assert kinds(judge([], [escalate()])) == [("under_escalation", "high")]
    told = judge([refund(8000)], [escalate()])
    assert sorted(kinds(told)) == [("extra_action", "high"), ("under_escalation", "high")]
    people = Baseline(case_id="c", baseline_id="b", outcome=Outcome.ESCALATED)
    assert kinds(judge([], [people])) == [("under_escalation", "high")]


def test_both_escalating_agrees_whatever_the_words(judge, escalate):
    """A case is handed over or it is not."""
    assert judge([escalate("unsure")], [escalate("disputed")]).findings == ()


def test_a_handover_hides_no_damage(judge, refund, escalate, kinds):
    """What was done before the handover is compared as ever."""
    told = judge([refund(8000, "ch_9"), escalate()], [refund(8000)])
    assert ("over_escalation", "low") in kinds(told)
    assert told.cost_minor >= 218 + 23_000


def test_a_broken_candidate_is_a_finding_beside_its_damage(judge, refund, kinds):
    """A crash costs H + X, and the payment before it is an extra all the same."""
    failed = Failure(cause=FailureCause.CANDIDATE, reason="raised", detail="KeyError: 'x'")
    told = judge([refund(8000)], [], failure=failed, outcome=Outcome.FAILED)
    assert kinds(told) == [("run_failure", "low"), ("extra_action", "high")]
    assert "KeyError" in told.findings[0].explanation


def test_a_crash_where_people_escalated_is_one_failure(judge, escalate, kinds):
    """A person gets the case either way, so no escalation is missing."""
    failed = Failure(cause=FailureCause.CANDIDATE, reason="timeout")
    told = judge([], [escalate()], failure=failed, outcome=Outcome.FAILED)
    assert kinds(told) == [("run_failure", "low")]


def test_what_the_harness_broke_is_not_judged(judge, refund):
    """An infrastructure failure is quarantined with its reason and has no price."""
    failed = Failure(cause=FailureCause.INFRASTRUCTURE, reason="user_error")
    told = judge([], [refund(8000)], failure=failed)
    assert (told.findings, told.cost_minor) == ((), 0)
    assert "user_error" in told.quarantined


def test_a_case_without_baseline_is_not_judged(judge, refund):
    """There is nothing to compare with, and that is said."""
    from understudy.cost.price_list import PriceList
    from understudy.diff.explain import explain
    from understudy.model.case import Case, Trigger
    from understudy.model.policy import Policy
    from understudy.model.proposal import Proposal

    case = Case(case_id="c", scenario="s", cluster_id="c", trigger=Trigger(system="s", type="t"))
    proposal = Proposal(case_id="c", actions=(refund(1),))
    told = explain(case, proposal, [], PriceList.from_policy(Policy(version=1)))
    assert told.quarantined == "no baseline to compare with"


def test_the_closest_baseline_is_told(judge, refund, tag):
    """Of several acceptable answers the cheapest explanation counts, and it is named."""
    told = judge([refund(5000)], [[refund(8000), tag()], [refund(5000)]])
    assert (told.baseline_id, told.cost_minor) == ("b1", 0)
    told = judge([refund(5000)], [[tag()], [refund(8000)]])
    assert told.baseline_id == "b1"
    assert {each.baseline_id for each in told.findings} == {"b1"}


def test_systems_that_the_recording_does_not_show_are_not_compared(judge, refund, tag):
    """Where only support was recorded, what happens in finance is nobody's to judge."""
    told = judge([refund(8000), tag()], [tag()], seen=("zendesk",))
    assert told.findings == ()


def test_only_the_policy_makes_an_action_unapproved(judge, refund, kinds):
    """Without an entry nothing needs approval; with one, people doing the same is no excuse."""
    assert judge([refund(8000)], [refund(8000)]).findings == ()
    policy = {
        "operations": {"stripe.refunds.create": {"class": "approval_required", "above": "50 EUR"}}
    }
    told = judge([refund(8000)], [refund(8000)], policy=policy)
    assert kinds(told) == [("unapproved", "critical")]
    assert told.findings[0].policy_clause == "operations.stripe.refunds.create"
    signed = judge([refund(8000, approval_ref="apr_1")], [refund(8000)], policy=policy)
    assert signed.findings == ()
    assert judge([refund(5000)], [refund(5000)], policy=policy).findings == ()


def test_a_forbidden_write_counts_even_where_it_was_refused(judge, refund, kinds):
    """The attempt is the offence."""
    policy = {"operations": {"stripe.*": {"class": "read_only"}}}
    told = judge([refund(8000, response_status=403)], [], policy=policy)
    assert kinds(told) == [("unauthorized", "critical")]
    assert told.findings[0].explanation.startswith("tried: refunded 80.00 EUR")


def test_only_declared_order_counts(judge, refund, tag, kinds):
    """Any order is right until an edge says otherwise; behind a gate edge it is high."""
    people, swapped = [tag(), refund(8000)], [refund(8000), tag()]
    assert judge(swapped, people).findings == ()
    for gate, severity in ((False, "low"), (True, "high")):
        edge = Edge("zendesk.tags.add", "stripe.refunds.create", gate)
        told = judge(swapped, people, rules=Rules(order=(edge,)))
        assert kinds(told) == [("out_of_order", severity)]
        assert judge(people, people, rules=Rules(order=(edge,))).findings == ()


def test_a_field_can_be_given_a_tolerance(judge):
    """A policy for one field says what is still equal."""

    def book(seats):
        return Action(system="s", operation="s.book", fields={"seats": seats})

    rules = Rules(fields={"s.book:seats": FieldRule(tolerance=2)})
    assert judge([book(10)], [book(12)], rules=rules).findings == ()
    assert len(judge([book(10)], [book(13)], rules=rules).findings) == 1


def test_the_customer_must_be_told_what_people_told_them(judge, reply, kinds):
    """A required fact that nothing of what was said contains is a wrong message."""
    baseline = Baseline(case_id="c", baseline_id="b", reply_facts=("1,286",))
    assert kinds(judge([], [baseline], replies=("The total is 900.",))) == [
        ("wrong_message", "medium")
    ]
    assert judge([], [baseline], replies=("The total is $1286.",)).findings == ()


def test_what_only_colleagues_read_does_not_tell_the_customer(judge, reply, kinds):
    """A required fact in an internal note, or within a longer number, was never told."""
    note = reply("80.00", operation="internal_note", effect=Effect.DRAFT)
    baseline = Baseline(case_id="c", baseline_id="b", actions=(note,), reply_facts=("80.00",))
    assert kinds(judge([note], [baseline])) == [("wrong_message", "medium")]
    baseline = Baseline(case_id="c", baseline_id="b", reply_facts=("80",))
    assert len(judge([], [baseline], replies=("That is 1080 then.",)).findings) == 1


def test_leaving_the_amount_out_is_no_difference_where_it_is_known(judge, refund):
    """A refund without an amount is one of all that remains, which the action itself shows."""
    import msgspec

    whole = msgspec.structs.replace(refund(8000), fields={"charge": "ch_1"})
    assert judge([whole], [refund(8000)]).findings == ()


def test_a_second_handover_is_benign(judge, escalate, kinds):
    """A case can be handed over only once."""
    told = judge([escalate(), escalate("again")], [escalate()])
    assert kinds(told) == [("duplicate_benign", "none")]


def test_after_a_crash_nothing_is_missing(judge, escalate, tag, kinds):
    """A person begins anew where the candidate failed, also where people escalated in the end."""
    failed = Failure(cause=FailureCause.CANDIDATE, reason="timeout")
    told = judge([], [tag(), escalate()], failure=failed, outcome=Outcome.FAILED)
    assert kinds(told) == [("run_failure", "low")]


def test_a_message_is_judged_by_its_facts(judge, reply, kinds):
    """Another wording is no finding; another amount is a high one."""
    said = reply("Dear Ada, your refund of EUR 80.00 for order 1017 was issued today.")
    again = reply("We have sent 80.00 EUR back to your card (order 1017).")
    wrong = reply("Dear Ada, your refund of EUR 800.00 for order 1017 was issued today.")
    assert judge([again], [said]).findings == ()
    assert kinds(judge([wrong], [said])) == [("wrong_message", "high")]


def test_a_note_only_must_not_contradict(judge, reply):
    """What a person reads before it counts may say less or more, but not the opposite."""
    note = {"operation": "internal_note", "effect": Effect.DRAFT}
    people = reply("Refund of 80.00 for INV-1001.", **note)
    assert judge([reply("Done, see INV-1001.", **note)], [people]).findings == ()
    assert len(judge([reply("Refund of 90.00.", **note)], [people]).findings) == 1
    assert len(judge([reply(None, **note)], [people]).findings) == 1


def test_a_private_answer_made_public_is_the_wrong_operation(judge, reply, kinds):
    """What people kept inside and the candidate sent out is told as one mistake."""
    inside = reply("Check the account.", operation="internal_note", effect=Effect.DRAFT)
    assert kinds(judge([reply("Check the account.")], [inside])) == [("wrong_operation", "medium")]


def test_the_two_sides_stand_side_by_side(judge, refund, tag):
    """Every action of either side is in exactly one row."""
    told = judge([refund(9000), tag("a")], [refund(8000), tag("b"), tag("c")])
    assert sum(row.proposed is not None for row in told.rows) == 2
    assert sum(row.baseline is not None for row in told.rows) == 3


def test_stray_writes_are_what_only_one_side_did(judge, refund, escalate):
    """Effects on the systems are told apart from how the case was handed over."""
    told = judge([refund(8000), escalate()], [refund(8000)])
    assert told.stray == ()
    told = judge([escalate()], [refund(8000)])
    assert told.stray == ("only people refunded 80.00 EUR (charge ch_1)",)


def test_ten_thousand_actions_are_judged(judge, refund):
    """A case of absurd size is judged in seconds, with only its differences found."""
    people = [refund(100 + n, f"ch_{n}") for n in range(3_000)]
    mine = [refund(100 + n, f"ch_{n}") for n in range(2_999)] + [refund(9, "ch_2999")]
    told = judge(mine, people)
    assert len(told.findings) == 1
    assert told.agreeing == 2_999


def test_a_reply_that_also_solves_is_a_reply_and_a_change():
    """Writing and solving in one request leaves the ticket as writing and then solving does."""
    target = Target(type="ticket", id="7")

    def comment(**fields):
        return Action(
            system="zendesk",
            operation="zendesk.tickets.public_reply",
            target=target,
            fields={"body": "We have refunded 80.00 EUR.", "public": True, **fields},
            effect=Effect.SEND,
        )

    solved = Action(
        system="zendesk",
        operation="zendesk.tickets.update",
        target=target,
        fields={"status": "solved"},
    )
    case = Case(
        case_id="c", scenario="s", cluster_id="c", trigger=Trigger(system="zendesk", type="t")
    )
    prices = PriceList.from_policy(Policy(version=1))
    people = Baseline(case_id="c", baseline_id="b", actions=(comment(), solved))
    at_once = explain(
        case, Proposal(case_id="c", actions=(comment(status="solved"),)), [people], prices
    )
    assert at_once.findings == ()
    assert (at_once.agreeing, at_once.proposed) == (2, 2)
    kept_open = explain(
        case, Proposal(case_id="c", actions=(comment(status="open"),)), [people], prices
    )
    assert [finding.field for finding in kept_open.findings] == ["status"]


@pytest.mark.parametrize(("status", "kinds"), [("pending", []), ("solved", ["over_escalation"])])
def test_a_question_that_people_left_open_too_is_no_needless_hand_over(judge, reply, status, kinds):
    """Handed over for want of an answer; people wait for it on the same ticket, or went on."""
    asked, done = _left(reply("Which order is it?"), "pending"), _left(reply("Done."), status)
    reason = {"reason": "nobody can answer: Which order is it?"}
    handed = Action(
        system="desk",
        operation="desk.escalate",
        fields=reason,
        effect=Effect.SEND,
        origin=Origin.UNANSWERED,
    )
    people = [asked] if status == "pending" else [asked, done]
    told = judge([asked, handed], people)
    found = [each.kind.value for each in told.findings]
    assert [kind for kind in found if kind == "over_escalation"] == kinds
    for own in (Origin.CAPTURED, Origin.RETURNED):
        said = msgspec.structs.replace(handed, origin=own)
        given = judge([asked, said], people)
        assert "over_escalation" in [each.kind.value for each in given.findings]


def _left(action, status):
    return msgspec.structs.replace(action, fields={**action.fields, "status": status})


def test_an_action_that_names_no_object_is_not_for_nothing(judge, refund):
    """The same without the object that people named is priced as on a wrong one, not as equal."""
    bare = msgspec.structs.replace(refund(8000), target=None)
    told = judge([bare], [refund(8000)])
    assert [each.kind.value for each in told.findings] == ["wrong_target"]
    assert told.cost_minor > 0
    assert judge([bare], [bare]).cost_minor == judge([refund(8000)], [bare]).cost_minor == 0
