"""What the usage of models costs: by the operator's prices, else as the provider reports it, else
by genai-prices, which knows the list prices of many models and asks nobody for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.figures import Cost
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.log_lines import lasting_logger_of
from agui_runtime.core.meter import tokens_of
from agui_runtime.core.prices import PROVIDERS_OWN, PriceTable, reported_cost, total

logger = lasting_logger_of(__name__)

COMPATIBLE = "-compatible"
"""How providers' names end that say what a server speaks, and not whose it is."""

Entry: TypeAlias = JsonObject
ListPrice: TypeAlias = Callable[[Entry], "Decimal | None"]


class Costs:
    """`Pricing` of a runtime. `table` are the operator's prices."""

    def __init__(self, table: PriceTable | None = None) -> None:
        self._table = table
        self._loading: asyncio.Task[tuple[ListPrice, str]] | None = None

    def prepare(self) -> None:
        # Loading the list takes a second, which the run's model takes, too.
        if self._loading is None or self._loading.get_loop() is not asyncio.get_running_loop():
            self._loading = asyncio.create_task(asyncio.to_thread(_list_prices))

    async def cost(self, usage: Sequence[Entry]) -> Cost | None:
        try:
            return await self._sum(usage)
        except Exception:  # a foreign SDK: its prices must not keep a run from its end
            logger.exception("the cost of a run is not known")
            return None

    async def _sum(self, usage: Sequence[Entry]) -> Cost | None:
        costs = []
        for entry in usage:
            found = self._known(entry) or await self._listed(entry)
            if found is None:
                return None  # a sum without it would be too low
            costs.append(found)
        return total(costs)

    def _known(self, entry: Entry) -> tuple[Decimal, str] | None:
        if self._table is not None and (own := self._table.cost(entry)) is not None:
            return own, self._table.name
        reported = reported_cost(entry)
        return None if reported is None else (reported, PROVIDERS_OWN)

    async def _listed(self, entry: Entry) -> tuple[Decimal, str] | None:
        self.prepare()
        assert self._loading is not None  # prepare() has just seen to it
        price, name = await asyncio.shield(self._loading)
        amount = price(entry)
        return None if amount is None else (amount, name)


def prices_in(path: str) -> PriceTable:
    """The prices of a file; raises Misconfigured."""
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        raise Misconfigured(f"AGUI_PRICES={path}: {error.strerror}") from None
    try:
        return PriceTable.read(text, Path(path).name)
    except Misconfigured as error:
        raise Misconfigured(f"AGUI_PRICES={path}: {error.message}") from None


def _list_prices() -> tuple[ListPrice, str]:
    try:
        from genai_prices import Usage, calc_price
    except ModuleNotFoundError:  # an extra: then only the prices above are known
        return (lambda entry: None), ""

    def price(entry: Entry) -> Decimal | None:
        provider, model, tokens = entry.get("provider"), entry.get("model"), tokens_of([entry])
        # A model's name alone does not say who sells it: the same model runs on one's own machine.
        if not (isinstance(provider, str) and isinstance(model, str) and tokens):
            return None
        if provider.endswith(COMPATIBLE):
            return None  # the list would take it for the provider that it is compatible with
        counts = {
            "input_tokens": tokens.input,
            "output_tokens": tokens.output,
            "cache_read_tokens": tokens.cached_input,
            "cache_write_tokens": tokens.cache_write_input,
        }
        known = {name: count for name, count in counts.items() if count is not None}
        try:
            return calc_price(Usage(**known), model, provider_id=provider).total_price
        except (LookupError, ValueError) as error:
            logger.debug("no price of %s/%s: %s", provider, model, error)
            return None

    return price, f"genai-prices {version('genai-prices')}"
