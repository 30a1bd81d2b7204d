"""What a policy does with writes, and the reviewer at the desk, through `understudy run`."""

import json

import pytest

ASKS = """
def handle(case, systems):
    charge = systems.call("stripe.charges.list", limit=1)["data"][0]
    asked = systems.call(
        "desk.approvals.create",
        action={"operation": "stripe.refunds.create", "target": charge["id"], "amount": 1},
    )
    seen = systems.call("desk.approvals.get", id=asked["id"])
    print("approval", asked["status"], seen["status"])
    for name, given in (
        ("stripe.refunds.create", {"charge": charge["id"], "amount": 1,
                                   "metadata": {"approval": asked["id"]}}),
        ("stripe.customers.update", {"id": charge["customer"], "name": "Somebody Else"}),
    ):
        try:
            print(name, systems.call(name, **given).get("status"))
        except Exception as error:
            print(name, "refused", getattr(error, "status", error))
    after = systems.call("stripe.charges.retrieve", id=charge["id"])
    print("refunded", after["amount_refunded"] - charge["amount_refunded"])
"""


def _policy(project, **keys):
    lines = ["version: 1", *(f"{key}: {value}" for key, value in keys.items())]
    return project.write("policy.yaml", "\n".join(lines) + "\n")


def _run(project, policy, limit="1"):
    project.write("bot.py", ASKS)
    campaign = project.campaign("bot:handle", policy=str(policy))
    return project.command("run", str(campaign), "-q", "--json", "--limit", limit)


def _records(project):
    (store,) = project.folder.glob("reports/*/*/cases-*.jsonl")
    return [json.loads(line) for line in store.read_text(encoding="utf-8").splitlines()]


def test_a_policy_queues_and_denies_writes(project):
    """`writes:` of the policy reaches the systems: by operation, pattern and class."""
    policy = _policy(
        project,
        writes='{"stripe.refunds.*": queue, automated: deny, "desk.*": observe}',
        operations='{"stripe.customers.update": {class: automated}}',
    )
    finished = _run(project, policy)
    (record,) = _records(project)
    printed = record["trace"]["printed"]
    assert "stripe.refunds.create pending" in printed, finished.stderr
    assert "refunded 0" in printed
    assert "stripe.customers.update refused" in printed
    statuses = {a["operation"]: a["response_status"] for a in record["proposal"]["actions"]}
    assert statuses["stripe.refunds.create"] == 200
    assert statuses["stripe.customers.update"] == 403


def test_an_unknown_operation_among_the_writes_is_an_error(project):
    """A key that names nothing is told with the nearest name."""
    finished = _run(project, _policy(project, writes='{"stripe.refund.create": deny}'))
    assert finished.returncode == 2
    assert "stripe.refund.create" in finished.stderr
    assert "did you mean `stripe.refunds.create`" in finished.stderr


@pytest.mark.slow
def test_the_desk_answers_as_the_policy_says(project):
    """A reviewer who sees everything rejects what nobody did; the refund carries no approval."""
    rates = "{date: 2026-11-02, USD: 0.9, GBP: 1.1, CHF: 1, JPY: 0.006, KWD: 3, PLN: 0.2}"
    review = "{catch_rate: 1.0, seeded: 100%}"
    finished = _run(project, _policy(project, review=review, rates=rates))
    (record,) = _records(project)
    assert "approval rejected rejected" in record["trace"]["printed"], finished.stderr
    refs = {a["operation"]: a["approval_ref"] for a in record["proposal"]["actions"]}
    assert refs["stripe.refunds.create"] is None
    assert finished.stdout, finished.stderr
    (run,) = json.loads(finished.stdout)["runs"]
    seen = run["oversight"]
    assert (seen["asked"], seen["wrong"], seen["caught"]) == (1, 1, 1)
    assert (seen["seeded"], seen["seeded_caught"], seen["catch_rate"]) == (1, 1, 1.0)
    (page,) = project.folder.glob("reports/*/*/report.html")
    assert "1 approval asked for, 1 not as people did, 1 of them seen" in page.read_text("utf-8")


def test_a_reviewer_who_sees_nothing_approves_late(project):
    """With a delay the approval is pending at first; a pending one covers nothing."""
    _run(project, _policy(project, review="{catch_rate: 0.0, delay: 1h}"))
    (record,) = _records(project)
    assert "approval pending pending" in record["trace"]["printed"]
    refs = {a["operation"]: a["approval_ref"] for a in record["proposal"]["actions"]}
    assert refs["stripe.refunds.create"] is None
