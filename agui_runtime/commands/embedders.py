"""What makes vectors of memories, as `AGUI_MEMORY_EMBEDDER` says."""

from __future__ import annotations

from agui_runtime.commands.models import openai_key
from agui_runtime.core.errors import Misconfigured
from agui_runtime.memories.embedders.base import Embedder
from agui_runtime.memories.embedders.hashing import HashingEmbedder
from agui_runtime.settings import Settings


def embedder_of(settings: Settings) -> Embedder:
    """Raises Misconfigured for a model without the size of its vectors, or without a key."""
    chosen = settings.memory_embedder
    if chosen in {None, "hashing"}:
        return HashingEmbedder()
    if chosen == "minilm":
        from agui_runtime.memories.embedders.minilm import MiniLMEmbedder  # an extra

        return MiniLMEmbedder()
    return _of_a_model(str(chosen), settings)


def _of_a_model(chosen: str, settings: Settings) -> Embedder:
    model, _, size = chosen.rpartition(":")
    provider, slash, name = model.partition("/")
    if not (model and size.isdecimal() and (slash or settings.openai_base_url)):
        raise Misconfigured(
            f"AGUI_MEMORY_EMBEDDER={chosen}: write hashing, minilm, or a model and how many numbers"
            " its vectors have, such as openai/text-embedding-3-small:1536"
        )
    from agui_runtime.memories.embedders.openai import OpenAIEmbedder

    if settings.openai_base_url is not None:
        name, url = model.removeprefix("openai/"), settings.openai_base_url
        return OpenAIEmbedder(name, int(size), api_key=settings.api_key, base_url=url)
    if provider == "openai":
        key = openai_key(settings, f"AGUI_MEMORY_EMBEDDER={chosen}")
        return OpenAIEmbedder(name, int(size), api_key=key)
    from agui_runtime.memories.embedders.litellm import LiteLLMEmbedder  # heavy

    return LiteLLMEmbedder(model, int(size), api_key=settings.api_key)
