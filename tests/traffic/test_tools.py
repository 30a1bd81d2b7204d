"""What tools do, against the benchmarks' own labels."""

from __future__ import annotations

import pytest

from understudy.model.action import ActionClass
from understudy.traffic.traces.tools import KNOWN_DOMAINS, ToolRole, classify, domain_of

WRITES = {
    "airline": {
        "book_reservation", "cancel_reservation", "send_certificate",
        "update_reservation_baggages", "update_reservation_flights",
        "update_reservation_passengers",
    },
    "retail": {
        "cancel_pending_order", "exchange_delivered_order_items", "modify_pending_order_address",
        "modify_pending_order_items", "modify_pending_order_payment", "modify_user_address",
        "return_delivered_order_items",
    },
}  # fmt: skip


@pytest.mark.parametrize("domain", WRITES)
def test_the_writes_are_exactly_those_that_the_benchmark_labels(domain):
    """Six writes for airline and seven for retail; no read is ever an action."""
    table = KNOWN_DOMAINS[domain]
    writes = {name for name, tool in table.items() if tool.role is ToolRole.WRITE}
    assert writes == WRITES[domain]
    for tool in table.values():
        needs_approval = tool.action_class is ActionClass.APPROVAL_REQUIRED
        assert needs_approval == (tool.role is ToolRole.WRITE)


def test_thinking_and_calculating_touch_no_system():
    """They are neither reads nor writes."""
    assert classify("airline", "think").role is ToolRole.THINK
    assert classify("retail", "calculate").role is ToolRole.THINK


def test_an_ambiguous_set_of_tools_names_no_domain():
    """A domain is told only from tools that it alone has."""
    assert domain_of(["get_user_details", "think"]) is None
    assert domain_of(["cancel_reservation", "cancel_pending_order"]) is None
    assert domain_of(["refuel_data"]) == "telecom"
    assert domain_of([]) is None
