"""What a usage costs: the operator's price comes first, then the provider's own figure, then the
list, and an unknown part makes the whole unknown.
"""

from __future__ import annotations

import sys

import pytest

from agui_runtime.core.prices import PriceTable
from agui_runtime.runtime.costs import Costs

MINI = {"provider": "openai", "model": "gpt-4o-mini", "inputTokens": 1000, "outputTokens": 100}
OWN = PriceTable.read(b'{"gpt-4o-mini": {"input": 1, "output": 1}}', "ours.json")


async def test_the_operators_price_comes_first() -> None:
    cost = await Costs(OWN).cost([MINI | {"cost": 9.5}])
    assert cost is not None
    assert (cost.usd, cost.prices) == ("0.0011", "ours.json")


async def test_the_providers_own_figure_comes_before_the_list() -> None:
    cost = await Costs().cost([MINI | {"cost": 0.25}])
    assert cost is not None
    assert (cost.usd, cost.prices) == ("0.25", "provider")


async def test_the_list_knows_many_models_and_says_which_list_it_is() -> None:
    cost = await Costs().cost([MINI])
    assert cost is not None
    assert cost.usd == "0.00021"
    assert cost.prices.startswith("genai-prices 0.")


@pytest.mark.parametrize(
    "entry",
    [
        MINI | {"model": "no-such-model"},
        MINI | {"provider": "openai-compatible"},
        {key: MINI[key] for key in MINI if key != "provider"},  # it may run on one's own machine
    ],
)
async def test_an_unknown_part_makes_the_whole_unknown(entry: dict[str, object]) -> None:
    assert await Costs().cost([MINI, entry]) is None


async def test_of_no_usage_nothing_is_known() -> None:
    assert await Costs(OWN).cost([]) is None


async def test_without_the_list_only_the_other_prices_are_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    assert await Costs().cost([MINI]) is None
    assert await Costs(OWN).cost([MINI]) is not None
