"""Vectors from any provider that litellm speaks to: Cohere, Gemini, Bedrock, Voyage, ..."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from agui_runtime.connectors.shared import network
from agui_runtime.connectors.shared.chat.patience import Patience
from agui_runtime.connectors.shared.given import checked_key, checked_url
from agui_runtime.connectors.shared.litellm_failures import refusal
from agui_runtime.connectors.shared.litellm_library import (
    check_installed,
    imported,
    keys_of_the_environment,
)
from agui_runtime.core.demands import COUNT, FLAG, NAME, a, check
from agui_runtime.core.jsontext import Json
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.secrets import Secrets
from agui_runtime.memories.embedders.answers import vectors_of
from agui_runtime.memories.embedders.base import Vectors
from agui_runtime.memories.embedders.batches import in_batches
from agui_runtime.memories.embedders.openai import PATIENCE
from agui_runtime.off_loop import beside


@explains_arguments
class LiteLLMEmbedder:
    """Vectors of `size` numbers from `model`, for example `cohere/embed-multilingual-v3.0`.

    Keys are read by litellm from the variables that it documents, unless `api_key` is given.
    Otherwise it behaves as OpenAIEmbedder does.
    """

    def __init__(
        self,
        model: str,
        size: int,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        alike: float = 0.3,
        shortened: bool = False,
        batch: int = 32,
        patience: Patience = PATIENCE,
    ) -> None:
        """Raises MissingExtra without litellm, Misconfigured where it is a stolen release."""
        check_installed("LiteLLMEmbedder")
        check("model of LiteLLMEmbedder", model, NAME)
        check("size of LiteLLMEmbedder", size, COUNT)
        check("batch of LiteLLMEmbedder", batch, COUNT)
        check("shortened of LiteLLMEmbedder", shortened, FLAG)
        check("patience of LiteLLMEmbedder", patience, a(Patience))
        if api_key is not None:
            api_key = checked_key(api_key, "api_key of LiteLLMEmbedder")
        if base_url is not None:
            base_url = checked_url(base_url, "base_url of LiteLLMEmbedder")
        self._base_url = base_url or "https://provider.invalid"
        network.check(self._base_url)
        self.name = f"{model}-{size}"
        self.size = size
        self.alike = alike
        self._model = model
        self._batch = batch
        self._patience = patience
        self._fixed = {
            **({"dimensions": size} if shortened else {}),
            "model": model,
            "api_key": api_key,
            "api_base": base_url,
            "timeout": httpx.Timeout(patience.silence, connect=patience.connect),
            "max_retries": 0,  # attempts are counted here
        }
        self._secrets = Secrets([api_key or "", *keys_of_the_environment()])
        self._library: _Library | None = None

    async def prepare(self) -> None:
        """Import litellm, which takes seconds."""
        await self._loaded()

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return await in_batches(texts, self._batch, self.size, self._vectors)

    async def _vectors(self, texts: Sequence[str]) -> Vectors:
        library = await self._loaded()
        answer = await self._patience.first_success(lambda: self._attempt(library, texts))
        return vectors_of(answer, self._model, len(texts), self.size)

    async def _attempt(self, library: _Library, texts: Sequence[str]) -> object:
        try:
            response = await library.embed(**self._fixed, input=list(texts))
        except library.error as error:
            raise refusal(error, self._secrets, self._missing_keys(library)) from None
        return response.model_dump(warnings=False)

    async def _loaded(self) -> _Library:
        if self._library is None:
            network.spare_loopback(self._base_url)
            self._library = await beside(_load)
        return self._library

    def _missing_keys(self, library: _Library) -> list[str]:
        if self._fixed["api_key"] is not None:
            return []
        return [key for key in library.keys(self._model)["missing_keys"] if "KEY" in key]


@dataclass(frozen=True, slots=True)
class _Library:
    """What is used of litellm, which is imported too late for its types to be known."""

    embed: Callable[..., Awaitable[Any]]
    keys: Callable[[str], Mapping[str, Json]]
    error: type[Exception]


def _load() -> _Library:
    module, error = imported()
    return _Library(module.aembedding, module.validate_environment, error)
