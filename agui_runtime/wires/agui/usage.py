"""`/usage`: what the caller's runs took."""

from __future__ import annotations

from typing import get_args

from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.moments import moment_of
from agui_runtime.core.totals import UsageBy
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.agui.exchange import AguiExchange
from agui_runtime.wires.shared.figures import shown_totals


class UsageRoute:
    """The handler of `/usage`."""

    def __init__(self, runtime: CopilotRuntime) -> None:
        self._runtime = runtime

    async def usage(self, exchange: AguiExchange) -> None:
        """`since` and `by` in the query: a week and the model when left out."""
        given = exchange.query.get("since")
        since = moment_of(given, "since") if given else None
        by = _by(exchange.query.get("by") or "model")
        found = await self._runtime.usage(exchange.caller, since, by)
        shown = [{"key": each.key, **shown_totals(each.totals)} for each in found]
        await exchange.answer_list("usage", shown)


def _by(text: str) -> UsageBy:
    known: tuple[UsageBy, ...] = get_args(UsageBy)
    for each in known:
        if each == text:
            return each
    raise InvalidInput(f"by: one of {', '.join(known)}")
