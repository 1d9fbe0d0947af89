"""How long an agent waits for its model provider, and when it asks again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

from agui_runtime.connectors.shared.chat.failures import FailedAttempt
from agui_runtime.connectors.shared.chat.remedies import remedied
from agui_runtime.core.demands import NATURAL, SECONDS, SOME_SECONDS, check_fields
from agui_runtime.core.errors import ModelFailure
from agui_runtime.core.events import RETRIED, Event
from agui_runtime.core.jsontext import Json
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.log_lines import logger_of

logger = logger_of(__name__)

T = TypeVar("T")


_DEMANDS = {
    **dict.fromkeys(("connect", "silence"), SOME_SECONDS),
    **dict.fromkeys(("first_wait", "longest_wait"), SECONDS),
    "retries": NATURAL,
}


@explains_arguments
@dataclass(frozen=True, slots=True)
class Patience:
    """Limits in seconds, and the policy for requests that fail before their first token.

    `silence` is the longest pause between two pieces of an answer; models that think without
    telling take minutes. A run has limits of its own besides. `sleep` is how the agent waits.
    Raises Misconfigured for what is no number of seconds or retries.
    """

    connect: float = 10.0
    silence: float = 300.0
    retries: int = 2
    first_wait: float = 0.5
    longest_wait: float = 20.0
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    def __post_init__(self) -> None:
        check_fields(self, _DEMANDS)

    async def first_success(
        self, attempt: Callable[[], Awaitable[T]], retried: list[Event] | None = None
    ) -> T:
        """The result of the first attempt that is not refused; the last refusal's failure else.

        `retried` gets an event for each refusal after which there was another attempt.
        """
        for failed in count(1):
            try:
                return await attempt()
            except FailedAttempt as refusal:
                wait = self._wait(failed, refusal)
                if wait is None:
                    raise refusal.failure from refusal.failure.__cause__
                if retried is not None:
                    retried.append(_retry_event(refusal))
            await self.sleep(wait)
        raise AssertionError("count() ends nowhere")

    async def first_answer(
        self,
        body: Mapping[str, Json],
        attempt: Callable[[Mapping[str, Json]], Awaitable[T]],
        retried: list[Event],
    ) -> T:
        """The same for a request to a model, which is mended once where it is refused for what can
        be mended.
        """
        try:
            return await self.first_success(lambda: attempt(body), retried)
        except ModelFailure as failure:
            mended = remedied(body, failure)
            if mended is None:
                raise
            logger.info("the model is asked again: %s", failure.message)
        return await self.first_success(lambda: attempt(mended), retried)

    def _wait(self, failed: int, refusal: FailedAttempt) -> float | None:
        """Seconds until the next attempt, None to give up.

        The wait doubles each time. Where the provider asks for a longer one than anybody in front
        of a page would wait, there is no next attempt.
        """
        seconds = self.first_wait * 2 ** (failed - 1) if refusal.wait is None else refusal.wait
        if failed > self.retries or not refusal.passing or seconds > self.longest_wait:
            return None
        return seconds


def _retry_event(refusal: FailedAttempt) -> Event:
    failure = refusal.failure
    value = {"message": failure.message, "code": failure.code}
    return {"type": "CUSTOM", "name": RETRIED, "value": value}
