"""Vectors from any server with OpenAI's `/embeddings`: OpenAI, Ollama, vLLM, text-embeddings-
inference, and gateways.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import httpx

from agui_runtime.connectors.shared.chat.failures import parsed, refused, refused_without_key
from agui_runtime.connectors.shared.chat.patience import Patience
from agui_runtime.connectors.shared.chat.transport import unanswered
from agui_runtime.connectors.shared.given import checked_base_url, checked_key
from agui_runtime.connectors.shared.pool import Pool
from agui_runtime.core import jsontext
from agui_runtime.core.demands import COUNT, FLAG, NAME, TEXTS_BY_NAME, a, check, optional
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.secrets import secrets_of
from agui_runtime.memories.embedders.answers import vectors_of
from agui_runtime.memories.embedders.base import Vectors
from agui_runtime.memories.embedders.batches import in_batches

OPENAI = "https://api.openai.com/v1"

PATIENCE = Patience(silence=30.0)
"""Who recalls waits less; this is for what is remembered."""


@explains_arguments
class OpenAIEmbedder:
    """Vectors of `size` numbers from a model of a server, `batch` texts at a time.

    `alike` is from which product on a fact is recalled, and differs with the model. A model that
    can make shorter vectors than its own makes them of that size where they are `shortened`. Raises
    ModelFailure where the server refuses or fails, and Misconfigured where its vectors have another
    size.
    """

    def __init__(
        self,
        model: str,
        size: int,
        *,
        api_key: str | None = None,
        base_url: str = OPENAI,
        alike: float = 0.3,
        shortened: bool = False,
        batch: int = 32,
        patience: Patience = PATIENCE,
        headers: Mapping[str, str] | None = None,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        """`headers` go with every request; `client` is the caller's own to close.

        Raises Misconfigured for a URL or key that cannot be meant, and for OpenAI without a key.
        """
        check("model of OpenAIEmbedder", model, NAME)
        check("size of OpenAIEmbedder", size, COUNT)
        check("batch of OpenAIEmbedder", batch, COUNT)
        check("shortened of OpenAIEmbedder", shortened, FLAG)
        check("patience of OpenAIEmbedder", patience, a(Patience))
        check("headers of OpenAIEmbedder", headers, optional(TEXTS_BY_NAME))
        base_url = checked_base_url(base_url, "base_url of OpenAIEmbedder")
        if base_url == OPENAI and not (api_key or headers or client):
            raise Misconfigured("OpenAIEmbedder needs api_key=..., or another server's base_url")
        key = checked_key(api_key or "", "api_key of OpenAIEmbedder")
        self.name = f"{model}-{size}"
        self.size = size
        self.alike = alike
        self._model = model
        self._batch = batch
        self._url = f"{base_url}/embeddings"
        # No `encoding_format`: some servers know one of the two only, and all have a default.
        self._fixed = {"model": model} | ({"dimensions": size} if shortened else {})
        self._patience = patience
        self._timeout = httpx.Timeout(patience.silence, connect=patience.connect)
        self._headers = {"content-type": "application/json", **(headers or {})}
        if key:
            self._headers["authorization"] = f"Bearer {key}"
        self._has_key = bool(key or headers)
        self._secrets = secrets_of(key, (headers or {}).items())
        self._pool = Pool(base_url, client)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return await in_batches(texts, self._batch, self.size, self._vectors)

    async def close(self) -> None:
        """Close the connections; a later text opens new ones."""
        await self._pool.close()

    async def _vectors(self, texts: Sequence[str]) -> Vectors:
        body = jsontext.dumps({**self._fixed, "input": texts})
        answer = await self._patience.first_success(lambda: self._attempt(body))
        return vectors_of(answer, self._model, len(texts), self.size)

    async def _attempt(self, body: bytes) -> object:
        try:
            response = await self._pool.client().post(
                self._url, content=body, headers=self._headers, timeout=self._timeout
            )
        except httpx.HTTPError as error:
            raise unanswered(error) from None
        answer = parsed(response.content)
        if response.is_success and isinstance(answer, dict) and "data" in answer:
            return answer  # thousands of numbers, and no secrets
        answer = self._secrets.cut_all(answer)
        if response.is_success:
            return answer
        made = refused(response.status_code, answer, response.headers.get("retry-after"))
        raise made if self._has_key else refused_without_key(made)
