"""An agent that is a model of any provider that litellm speaks to: Anthropic, Gemini, Bedrock, ...

litellm takes seconds and 150 MB to import, so that happens in a thread, while the server starts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import httpx
from ag_ui.core import RunAgentInput

from agui_runtime.connectors.shared import network
from agui_runtime.connectors.shared.chat.media import Media
from agui_runtime.connectors.shared.chat.observing import ModelCall, model_call
from agui_runtime.connectors.shared.chat.patience import Patience
from agui_runtime.connectors.shared.chat.reply import Provider
from agui_runtime.connectors.shared.chat.request import ChatOptions, chat_request
from agui_runtime.connectors.shared.chat.senses import known_senses
from agui_runtime.connectors.shared.given import checked_key, checked_url
from agui_runtime.connectors.shared.litellm_failures import advice, broken, refusal
from agui_runtime.connectors.shared.litellm_library import (
    check_installed,
    imported,
    keys_of_the_environment,
)
from agui_runtime.core.demands import NAME, TEXT, a, check, optional
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import Json
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.secrets import Secrets
from agui_runtime.off_loop import beside, is_much, unless_long

__all__ = ["ChatOptions", "LiteLLMAgent", "Media", "Patience"]

logger = logger_of(__name__)


@explains_arguments
class LiteLLMAgent:
    """Answers each run with one streamed completion of `model`, for example `anthropic/claude-...`.

    Keys are read by litellm from the variables that it documents, unless `api_key` is given.
    Otherwise it behaves as OpenAIAgent does: the same events, failures and patience. litellm fills
    in what is missing at the end of an answer, so one that was cut off there may look complete.
    """

    calls_at_once = True

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        name: str = "litellm",
        description: str = "",
        instructions: str | None = None,
        options: ChatOptions | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Raises MissingExtra without litellm, Misconfigured where it is a stolen release."""
        check_installed("LiteLLMAgent")
        check("model of LiteLLMAgent", model, NAME)
        check("instructions of LiteLLMAgent", instructions, optional(TEXT))
        check("options of LiteLLMAgent", options, optional(a(ChatOptions)))
        check("patience of LiteLLMAgent", patience, optional(a(Patience)))
        if api_key is not None:
            api_key = checked_key(api_key, "api_key of LiteLLMAgent")
        if base_url is not None:
            base_url = checked_url(base_url, "base_url of LiteLLMAgent")
        self.name = name
        self.description = description or f"the model {model}"
        self._model = model
        self._instructions = instructions
        options = options or ChatOptions()
        if options.models is None and "/" not in model:
            # Only the prefix says which provider, and hence whose key, another name means.
            options = replace(options, models=())
        self._options = options
        self._patience = patience or Patience()
        self._base_url = base_url or "https://provider.invalid"
        network.check(self._base_url)
        self._fixed = {
            "api_key": api_key,
            "api_base": base_url,
            "timeout": httpx.Timeout(self._patience.silence, connect=self._patience.connect),
            # Attempts are counted here, not in every layer below once more.
            "max_retries": 0,
            # Providers differ in what they know; what one does not know is not worth a refusal.
            "drop_params": True,
            # Tools would make it import its own proxy server, which fails beside mcp < 2.
            "_skip_mcp_handler": True,
        }
        self._secrets = Secrets([api_key or "", *keys_of_the_environment()])
        self._miscounting: set[str] = set()
        self._library: _Library | None = None

    async def prepare(self) -> None:
        """Import litellm, and write into the log what would make the first run fail."""
        library = await self._loaded()
        if problem := self._problem(library):
            logger.warning("the model %s: %s", self._model, problem)

    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        """The events of one answer, up to RUN_FINISHED with its `usage`."""
        library = await self._loaded()
        name, slash, model = self._model.partition("/")
        origin = f"litellm:{name if slash else ''}"
        options = self._options
        if options.senses is None:
            options = replace(options, senses=await asyncio.to_thread(library.senses, self._model))
        given = (self._model, request, options, self._instructions, origin)
        body = await unless_long(is_much(request), chat_request, *given)
        name, slash, model = body["model"].partition("/")
        label = name if slash else None
        thinks_first = self._options.thinks_first
        known = (self._secrets, thinks_first, self._miscounting)
        provider = Provider(label, model or name, origin, *known)
        with model_call(request, provider, body) as call:
            async with aclosing(self._answered(library, body, call)) as events:
                async for event in events:
                    yield event

    async def _answered(
        self, library: _Library, body: Mapping[str, Json], call: ModelCall
    ) -> AsyncGenerator[Event, None]:
        retried: list[Event] = []
        headers = call.seen.headers()
        attempt = partial(self._attempt, library, {"extra_headers": headers} if headers else {})
        chunks = await self._patience.first_answer(body, attempt, retried)
        async with aclosing(chunks):
            for event in retried:
                yield event
            try:
                async for chunk in chunks:
                    call.seen.answered()
                    value = chunk.model_dump(warnings=False, exclude_none=True)
                    for event in call.reply.feed(value):
                        yield event
            except library.error as error:
                stopped = broken(error, self._secrets)
                raise stopped from stopped.__cause__
        for event in call.reply.close():
            yield event

    async def _attempt(
        self, library: _Library, more: Mapping[str, Json], body: Mapping[str, Json]
    ) -> AsyncGenerator[Any, None]:
        try:
            return await library.complete(**self._fixed, **more, **body)
        except library.error as error:
            raise refusal(error, self._secrets, self._missing_keys(library)) from None

    async def _loaded(self) -> _Library:
        if self._library is None:
            network.spare_loopback(self._base_url)
            self._library = await beside(_load)
        return self._library

    def _problem(self, library: _Library) -> str:
        chosen = self._options.extra.get("custom_llm_provider")
        try:
            library.provider(self._model, custom_llm_provider=chosen)
        except library.error:
            return "LiteLLM knows no such provider; its name begins the model's, anthropic/..."
        missing = [key for key in self._missing_keys(library) if not key.startswith("AWS_")]
        return "" if chosen or not missing else advice(missing)

    def _missing_keys(self, library: _Library) -> list[str]:
        if self._fixed["api_key"] is not None:
            return []
        return [key for key in library.keys(self._model)["missing_keys"] if "KEY" in key]


@dataclass(frozen=True, slots=True)
class _Library:
    """What is used of litellm, which is imported too late for its types to be known."""

    complete: Callable[..., Awaitable[AsyncGenerator[Any, None]]]
    keys: Callable[[str], Mapping[str, Json]]
    error: type[Exception]
    senses: Callable[[str], tuple[str, ...]]
    provider: Callable[..., object]


def _load() -> _Library:
    module, error = imported()

    def senses(model: str) -> tuple[str, ...]:
        """What litellm knows of the model, and what its name says."""
        known = {"image": module.supports_vision, "audio": module.supports_audio_input}
        return (*known_senses(model), *(kind for kind, takes in known.items() if takes(model)))

    return _Library(
        module.acompletion, module.validate_environment, error, senses, module.get_llm_provider
    )
