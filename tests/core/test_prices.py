"""An operator's prices: what a usage costs by them, and what is wrong with a file."""

from __future__ import annotations

from decimal import Decimal

import pytest

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import RunInfo
from agui_runtime.core.figures import Cost, RunFigures, Tokens
from agui_runtime.core.prices import PriceTable, reported_cost, total
from agui_runtime.core.totals import summed

TABLE = PriceTable.read(
    b"""{
  "plain": {"input": 1, "output": 10},
  "parts": {"input": 1, "output": 10, "cached_input": 0.1, "cache_write_input": 2, "reasoning": 20},
  "openai/plain": {"input": 0.15, "output": 0.6},
  "free": {"input": 0, "output": 0}
}""",
    "prices.json",
)


@pytest.mark.parametrize(
    ("entry", "dollars"),
    [
        ({"model": "plain", "inputTokens": 1000, "outputTokens": 100}, "0.002"),
        ({"model": "plain", "inputTokens": 1000, "cachedInputTokens": 400}, "0.001"),
        ({"model": "parts", "inputTokens": 1000, "cachedInputTokens": 400}, "0.00064"),
        (
            {
                "model": "parts",
                "inputTokens": 1000,
                "cachedInputTokens": 400,
                "cacheWriteInputTokens": 500,
            },
            "0.00114",
        ),
        ({"model": "parts", "outputTokens": 100, "reasoningTokens": 40}, "0.0014"),
        ({"provider": "openai", "model": "plain", "inputTokens": 1000}, "0.00015"),
        ({"provider": "azure", "model": "plain", "inputTokens": 1000}, "0.001"),
        ({"model": "free", "inputTokens": 1000}, "0"),
    ],
)
def test_parts_of_the_counts_are_paid_once(entry: dict[str, object], dollars: str) -> None:
    assert TABLE.cost(entry) == Decimal(dollars)


@pytest.mark.parametrize("entry", [{"model": "other", "inputTokens": 3}, {"inputTokens": 3}, {}])
def test_a_model_without_a_price_costs_nobody_knows_what(entry: dict[str, object]) -> None:
    assert TABLE.cost(entry) is None


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (b"{\n  nothing", 2, ""),
        (b'{\n "m": {"input": -1, "output": 1}}', 2, "m.input"),
        (b'{\n "m": {"input": 1,\n "output": "dear"}}', 3, "m.output"),
        (b'{\n\n "m": {"input": 1}}', 3, "m.output"),
        (b'{"m": {"input": 1, "output": 1,\n "cached": 1}}', 2, "m.cached"),
        (b'{"m": {"input": "NaN", "output": 1}}', 1, "m.input"),
        (b"[]", 1, "object"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_with_its_line(
    text: bytes, line: int, says: str
) -> None:
    with pytest.raises(Misconfigured) as refusal:
        PriceTable.read(text, "prices.json")
    assert f"prices.json, line {line}:" in refusal.value.message
    assert says in refusal.value.message


@pytest.mark.parametrize(
    "cost", ["0.1", None, -0.1, True, float("nan"), float("inf"), {}, 1e7, 1e300]
)
def test_what_is_no_amount_is_no_cost(cost: object) -> None:
    assert reported_cost({"cost": cost}) is None


def test_sums_are_exact_and_name_their_prices() -> None:
    costs = [(Decimal("0.1"), "a"), (Decimal("0.2"), "b"), (Decimal("0.0000001"), "a")]
    assert total(costs) == Cost("0.3000001", "a, b")


def test_a_thread_whose_run_has_no_known_cost_has_none_and_says_of_how_many() -> None:
    def run(figures: RunFigures | None) -> RunInfo:
        return RunInfo("t", "r", "a", "o", 1.0, status="finished", ended_at=3.0, figures=figures)

    known = run(RunFigures(tokens=Tokens(input=1), cost=Cost("0.5", "a")))
    unknown = run(RunFigures(tokens=Tokens(input=2, output=1)))
    both = summed([known, unknown, run(None), RunInfo("t", "r", "a", "o", 1.0)])
    assert (both.runs, both.seconds, both.unpriced, both.cost) == (3, 6.0, 1, None)
    assert both.tokens == Tokens(input=3, output=1)
    assert summed([known, known, run(RunFigures())]).cost == Cost("1", "a")
