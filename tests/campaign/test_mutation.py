"""The judge is judged: a baseline with one thing spoilt is found, and named rightly."""

from __future__ import annotations

import pytest

from understudy.campaign.judging.mutation import Mutation, SelfTest, self_test
from understudy.cost.price_list import PriceList
from understudy.model.action import Action, Effect, Target
from understudy.model.baseline import Baseline
from understudy.model.case import Case, Trigger
from understudy.model.policy import KindPolicy, Policy


class Kept:
    """A recording in memory."""

    def __init__(self, *actions):
        trigger = Trigger(system="stripe", type="ticket")
        self.cases = [Case(case_id="c", scenario="s", cluster_id="c", trigger=trigger)]
        self.baseline = Baseline(case_id="c", baseline_id="b", actions=actions)

    def baselines_of(self, case_id):
        return (self.baseline,)


def refund(charge, cents, **more):
    return Action(
        system="stripe", operation="stripe.refunds.create", effect=Effect.PAY,
        target=Target(type="charge", id=charge), amount_minor=cents, currency="EUR",
        fields={"charge": charge, "amount": cents, "reason": "asked for"}, **more,
    )  # fmt: skip


def spoil(*actions, **policy):
    return self_test(Kept(*actions), PriceList.from_policy(Policy(version=1, **policy)))


def test_every_mutant_of_a_baseline_is_found():
    """Dropped, altered, doubled and swapped writes are each flagged by a kind that fits."""
    tested = spoil(refund("ch_1", 1000), refund("ch_2", 2500))
    assert tested.missed == ()
    assert tested.found == tested.made == {
        Mutation.DROP: 2, Mutation.DOUBLE: 2, Mutation.ALTER: 6, Mutation.SWAP: 1
    }  # fmt: skip
    assert tested.passed


def test_what_is_the_same_again_is_no_mutant():
    """Two equal writes on two objects, exchanged, are the same two writes."""
    assert Mutation.SWAP not in spoil(refund("ch_1", 1000), refund("ch_2", 1000)).made


def test_what_the_system_refused_is_not_spoilt():
    """An attempt has no effect, so that without it nothing is missing."""
    assert not spoil(refund("ch_1", 1000, response_status=402)).made


def test_a_miss_is_told_and_fails():
    """A mutant that the judge lets pass is printed, and the test as a whole fails."""
    assert not SelfTest(spoil(refund("ch_1", 5)).made, spoil().found, ("c, dropped",)).passed
    assert not spoil().passed
    text = str(SelfTest(spoil(refund("ch_1", 5)).made, spoil().found, ("c, dropped",) * 9))
    assert "0 of 1 found by the right kind" in text
    assert "missed: c, dropped" in text
    assert "and 4 more" in text


@pytest.mark.parametrize("severity", ["none", "critical"])
def test_prices_do_not_decide_whether_a_mutant_is_found(severity):
    """A policy that prices a kind at nothing still has it flagged."""
    kinds = {"missing_action": KindPolicy(severity=severity)}
    assert spoil(refund("ch_1", 1000), kinds=kinds).passed


@pytest.mark.slow
def test_the_command_prints_the_figures(project):
    """`judge --self-test` works on a recording, and says what is missing without one."""
    project.write("log.json", LOG)
    done = project.command("traffic", "import", "tau", "log.json", "--out", "rec")
    assert done.returncode == 0, done.stderr
    tested = project.command("judge", "--recording", "rec", "--self-test")
    assert tested.returncode == 0, tested.stdout
    assert "one write dropped:     1 of 1 found by the right kind" in tested.stdout
    assert "two targets swapped:   none can be made" in tested.stdout
    assert project.command("judge", "--self-test").returncode == 2


LOG = """[{"task_id": 0, "trial": 0, "reward": 1.0, "info": {
  "task": {"user_id": "u", "instruction": "i", "outputs": [], "actions": [
    {"name": "cancel_reservation", "kwargs": {"reservation_id": "AAAAAA"}}]},
  "source": "user", "user_cost": 0.1,
  "reward_info": {"reward": 1.0, "info": {"r_actions": 1.0, "gt_data_hash": "x"}, "actions": []}},
  "traj": [{"role": "system", "content": "policy"}, {"role": "user", "content": "Cancel AAAAAA."},
           {"role": "assistant", "content": "Done."}]}]
"""
