"""Prices of tokens as an operator writes them down, and what a usage costs by them. Pure.

    {"gpt-4o-mini": {"input": 0.15, "output": 0.6, "cached_input": 0.075}, "openai/o3": {...}}

Prices are US dollars for a million tokens. A key is a model, or a provider and a model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

import orjson
from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.figures import Cost, Tokens
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.meter import tokens_of

MILLION = Decimal(1_000_000)

PROVIDERS_OWN = "provider"
"""The name of the prices where the provider reports the cost itself."""

MOST_USD = 1_000_000
"""Of one price, one answer of a model, and a day's budget; more is no amount that is meant."""

Dollars = Annotated[Decimal, Field(ge=0, le=MOST_USD, allow_inf_nan=False)]


class Price(BaseModel):
    """Of a million tokens. Parts that have no price of their own cost what the whole does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: Dollars
    output: Dollars
    cached_input: Dollars | None = None
    cache_write_input: Dollars | None = None
    reasoning: Dollars | None = None

    def of(self, tokens: Tokens) -> Decimal:
        cached, written = tokens.cached_input or 0, tokens.cache_write_input or 0
        thought = tokens.reasoning or 0
        parts = (
            (max(0, (tokens.input or 0) - cached - written), self.input),
            (cached, _or(self.cached_input, self.input)),
            (written, _or(self.cache_write_input, self.input)),
            (max(0, (tokens.output or 0) - thought), self.output),
            (thought, _or(self.reasoning, self.output)),
        )
        return sum((count * price for count, price in parts), Decimal()) / MILLION


class _Prices(RootModel[dict[str, Price]]):
    pass


@dataclass(frozen=True, slots=True)
class PriceTable:
    """The prices of an operator; `name` is what costs are said to come from."""

    prices: Mapping[str, Price]
    name: str

    @classmethod
    def read(cls, text: bytes, name: str) -> PriceTable:
        """Raises Misconfigured, with the line of what is wrong."""
        try:
            orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise Misconfigured(f"{name}, line {error.lineno}: {error.msg}") from None
        try:
            return cls(_Prices.model_validate_json(text).root, name)
        except ValidationError as error:
            raise Misconfigured(_fault(error, text, name)) from None

    def cost(self, entry: JsonObject) -> Decimal | None:
        """What one entry of a usage costs; None for a model that has no price here."""
        provider, model = entry.get("provider"), entry.get("model")
        price = self.prices.get(f"{provider}/{model}") or self.prices.get(str(model))
        tokens = tokens_of([entry])
        return price.of(tokens) if price and tokens else None


def reported_cost(entry: JsonObject) -> Decimal | None:
    """What the provider itself says that this entry of a usage cost, in US dollars."""
    cost = entry.get("cost")
    if not isinstance(cost, int | float) or isinstance(cost, bool):
        return None
    return Decimal(str(cost)) if 0 <= cost <= MOST_USD else None


def total(costs: Sequence[tuple[Decimal, str]]) -> Cost | None:
    """The sum of amounts with the names of their prices; None of nothing."""
    if not costs:
        return None
    names = dict.fromkeys(name for _, name in costs)
    amount = sum((amount for amount, _ in costs), Decimal())
    return Cost(format(amount.normalize(), "f"), ", ".join(names))


def _or(price: Decimal | None, otherwise: Decimal) -> Decimal:
    return otherwise if price is None else price


def _fault(error: ValidationError, text: bytes, name: str) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    keys = [str(each) for each in first["loc"]]
    where = ": ".join([f"{name}, line {_line(text, *keys)}", *([".".join(keys)] if keys else [])])
    return f"{where}: {first['msg']}"


def _line(text: bytes, *keys: str) -> int:
    """The line of the innermost of the keys that is there, as far as a search finds it."""
    place = 0
    for key in keys:
        found = text.find(orjson.dumps(key), place)
        place = place if found < 0 else found
    return text.count(b"\n", 0, place) + 1
