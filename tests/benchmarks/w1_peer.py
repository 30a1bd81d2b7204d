"""Runs in a peer's own environment: python w1_peer.py inspect|deepeval DATA; prints what it found.

The same cases, tables and rule as on all other sides; each tool answers from a layer of its own
case. Inspect AI makes real tool calls and writes its log; DeepEval makes none itself, so a plain
loop does, and it scores them.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

NAMES = ("get_customer", "list_invoices", "get_invoice", "get_ticket", "refund", "solve")


class Shop:
    """The six tools over one case's own layer."""

    def __init__(self, tables: dict[str, dict[str, Any]]) -> None:
        self.tables = tables
        self.own: dict[str, Any] = {}

    def get_customer(self, row_id: str) -> Any:
        """A customer."""
        return self.tables["stripe.customers"][row_id]

    def list_invoices(self, row_id: str) -> Any:
        """A customer's invoices."""
        return BY_CUSTOMER[row_id][:10]

    def get_invoice(self, row_id: str) -> Any:
        """An invoice."""
        return self.tables["stripe.invoices"][row_id]

    def get_ticket(self, row_id: str) -> Any:
        """A ticket."""
        return self.own.get(row_id) or self.tables["zendesk.tickets"][row_id]

    def refund(self, row_id: str, amount: int) -> Any:
        """A refund of a charge."""
        return {"object": "refund", "charge": row_id, "amount": amount}

    def solve(self, row_id: str) -> Any:
        """A ticket solved."""
        self.own[row_id] = {**self.get_ticket(row_id), "status": "solved"}
        return self.own[row_id]


BY_CUSTOMER: dict[str, list[Any]] = {}


def steps(case: dict[str, Any], amount: int) -> list[tuple[str, dict[str, Any]]]:
    """The six calls of a case."""
    return [
        ("get_customer", {"row_id": case["customer"]}),
        ("list_invoices", {"row_id": case["customer"]}),
        ("get_invoice", {"row_id": case["invoice"]}),
        ("get_ticket", {"row_id": case["ticket"]}),
        ("refund", {"row_id": case["charge"], "amount": amount}),
        ("solve", {"row_id": case["ticket"]}),
    ]


def inspect_tools(shop: Shop) -> list[Any]:
    """The six tools as Inspect AI wants them."""
    from inspect_ai.tool import ToolDef

    def of(name: str) -> Any:
        method = getattr(shop, name)

        async def simple(row_id: str) -> str:
            return json.dumps(method(row_id))

        async def paid(row_id: str, amount: int) -> str:
            return json.dumps(method(row_id, amount))

        about = {"row_id": "an id"} | ({"amount": "in minor units"} if name == "refund" else {})
        run = paid if name == "refund" else simple
        return ToolDef(run, name=name, description=name, parameters=about).as_tool()

    return [of(name) for name in NAMES]


def inspect_rule(tables: dict[str, Any]) -> Any:
    """The rule as a solver with real tool calls."""
    from inspect_ai.model import ChatMessageAssistant, ModelOutput, execute_tools
    from inspect_ai.solver import solver
    from inspect_ai.tool import ToolCall

    @solver
    def rule() -> Any:
        async def solve(state: Any, generate: Any) -> Any:
            del generate
            case, shop = state.metadata, Shop(tables)
            amount = shop.get_invoice(case["invoice"])["amount_paid"]
            tools = inspect_tools(shop)
            for number, (name, given) in enumerate(steps(case, amount)):
                call = ToolCall(id=f"c{number}", function=name, arguments=given, type="function")
                state.messages.append(ChatMessageAssistant(content="", tool_calls=[call]))
                answered, _ = await execute_tools(state.messages, tools)
                state.messages.extend(answered)
            state.output = ModelOutput.from_content("none", str(amount))
            return state

        return solve

    return rule()


def with_inspect(data: dict[str, Any]) -> tuple[list[float], int]:
    """Every case a sample, every call a tool call of Inspect AI."""
    from inspect_ai import Task
    from inspect_ai import eval as evaluate
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.model import get_model
    from inspect_ai.scorer import Score, mean, scorer

    @scorer(metrics=[mean()])
    def agreed() -> Any:
        async def score(state: Any, target: Any) -> Any:
            return Score(value=(8 - (state.output.completion != target.text)) / 8)

        return score

    samples = [
        Sample(
            input=case["ticket"], target=str(case["expected"]), metadata=case,
            id=str(case["number"]),
        )
        for case in data["cases"]
    ]  # fmt: skip
    task = Task(
        dataset=MemoryDataset(samples), solver=inspect_rule(data["tables"]), scorer=agreed()
    )
    logs = evaluate(
        task, model=get_model("mockllm/model"), log_dir="logs", display="none", log_format="eval"
    )
    scores = [float(sample.scores["agreed"].value) for sample in logs[0].samples]
    return scores, sum(path.stat().st_size for path in Path("logs").iterdir())


def with_deepeval(data: dict[str, Any]) -> tuple[list[float], int]:
    """A plain loop makes the calls; DeepEval's own tool metric scores them."""
    from deepeval.metrics import ToolCorrectnessMetric
    from deepeval.test_case import LLMTestCase, ToolCall, ToolCallParams

    scores = []
    for case in data["cases"]:
        shop = Shop(data["tables"])
        amount = shop.get_invoice(case["invoice"])["amount_paid"]
        made = steps(case, amount)
        for name, given in made:
            json.loads(json.dumps(getattr(shop, name)(**given)))
        called = [ToolCall(name=name, input_parameters=given) for name, given in made]
        wanted = [
            ToolCall(name=name, input_parameters=given)
            for name, given in steps(case, case["expected"])
        ]
        metric = ToolCorrectnessMetric(
            evaluation_params=[ToolCallParams.INPUT_PARAMETERS], include_reason=False,
            async_mode=False,
        )  # fmt: skip
        test = LLMTestCase(input=case["ticket"], actual_output=str(amount), tools_called=called,
                           expected_tools=wanted)  # fmt: skip
        metric.measure(test, _show_indicator=False)
        # Its own partial credit is another one; whether the case differs is the same.
        scores.append(1.0 if metric.score == 1 else 7 / 8)
    return scores, 0


def main() -> None:
    """Do the work and print score, differing cases, CPU seconds and the size of the log."""
    data = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    for row in data["tables"]["stripe.invoices"].values():
        BY_CUSTOMER.setdefault(row["customer"], []).append(row)
    peer = {"inspect": with_inspect, "deepeval": with_deepeval}[sys.argv[1]]
    began = time.process_time()
    scores, size = peer(data)
    took = time.process_time() - began
    work = {"score": sum(scores) / len(scores), "differing": sum(one < 1 for one in scores)}
    sys.stdout.write("\n" + json.dumps({"work": work, "cpu": took, "log": size}) + "\n")


if __name__ == "__main__":
    main()
