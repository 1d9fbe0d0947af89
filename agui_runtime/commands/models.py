"""The agent that `AGUI_MODEL` asks for, or the demo where it asks for none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from agui_runtime.connectors.demo import DemoAgent
from agui_runtime.connectors.shared.given import checked_key
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.log_lines import logger_of
from agui_runtime.settings import OPENAI_KEY, OPENAI_URL, Settings

if TYPE_CHECKING:
    from agui_runtime.connectors.openai import OpenAIAgent

logger = logger_of(__name__)


def agent_of(settings: Settings) -> object:
    """Raises Misconfigured for a model without a provider, a name or a key."""
    if settings.model is None:
        return DemoAgent()
    if settings.openai_base_url is not None:
        return _compatible(settings.model, settings.openai_base_url, settings)
    provider, name = _split(settings.model)
    if provider == "openai":
        from agui_runtime.connectors.openai import OpenAIAgent

        return OpenAIAgent(name, api_key=openai_key(settings, f"AGUI_MODEL={settings.model}"))
    from agui_runtime.connectors.litellm import LiteLLMAgent  # heavy: only when asked for

    return LiteLLMAgent(settings.model, api_key=settings.api_key)


def _compatible(model: str, base_url: str, settings: Settings) -> OpenAIAgent:
    name = model.removeprefix("openai/")
    if not name or model == "openai":
        raise Misconfigured(f"AGUI_MODEL={model} names no model of the server's")
    if settings.openai_api_key and not settings.api_key:
        logger.warning(
            "OPENAI_API_KEY is sent to OpenAI alone; if the server at AGUI_OPENAI_BASE_URL wants a"
            " key, set AGUI_API_KEY"
        )
    from agui_runtime.connectors.openai import OpenAIAgent

    return OpenAIAgent(name, api_key=settings.api_key, base_url=base_url)


def _split(model: str) -> tuple[str, str]:
    """Provider and name; raises Misconfigured where one of them is missing or none of LiteLLM's."""
    provider, slash, name = model.partition("/")
    if re.search(r"\s", model):
        raise Misconfigured(f"AGUI_MODEL={model} has a space, which no name of a model has")
    if (slash and not name) or model in _PROVIDERS:
        raise Misconfigured(
            f"AGUI_MODEL={model} names no model; write {provider}/NAME-OF-THE-MODEL"
        )
    if not (provider and name):
        meant = _with_provider(model.strip("/"))
        raise Misconfigured(f"AGUI_MODEL={model} names no provider; did you mean {meant}?")
    known = _MISNAMED.get(provider.lower(), provider.lower())
    if known != provider and known in _PROVIDERS:
        raise Misconfigured(f"AGUI_MODEL={model}: did you mean {known}/{name}?")
    return provider, name


def _with_provider(model: str) -> str:
    prefix, colon, name = model.partition(":")
    if colon and prefix.lower() in _PROVIDERS:
        return f"{prefix.lower()}/{name}"
    found = (each for each, start in _FAMILIES.items() if re.match(start, model, re.IGNORECASE))
    return f"{next(found, 'openai')}/{model}"


def openai_key(settings: Settings, asking: str) -> str:
    """The key for OpenAI itself; raises Misconfigured, which names what asks for it, also where the
    environment has told OpenAI's own clients to talk to another server: nobody is to find out
    afterwards who was told what.
    """
    if settings.openai_elsewhere:
        raise Misconfigured(
            f"{asking} asks OpenAI itself, but {OPENAI_URL} names another server: set"
            f" AGUI_OPENAI_BASE_URL to it, or leave {OPENAI_URL} out"
        )
    if settings.api_key is not None:
        return settings.api_key
    if settings.openai_api_key is None:
        raise Misconfigured(f"{asking} needs {OPENAI_KEY}")
    return checked_key(settings.openai_api_key, OPENAI_KEY)


_FAMILIES: Mapping[str, str] = {
    "anthropic": "claude",
    "gemini": "gemini|gemma",
    "mistral": "mistral|codestral|magistral|ministral",
    "deepseek": "deepseek",
    "xai": "grok",
    "ollama": "llama|qwen|phi",
}
"""Providers as LiteLLM calls them, by how the names of their models begin."""

_PROVIDERS = frozenset({"openai", "azure", "bedrock", "groq", "openrouter", *_FAMILIES})
"""Those that people name most. LiteLLM, which knows a hundred more, judges the others."""

_MISNAMED: Mapping[str, str] = {
    "open-ai": "openai",
    "opena": "openai",
    "antropic": "anthropic",
    "anthropics": "anthropic",
    "claude": "anthropic",
    "google": "gemini",
    "mistralai": "mistral",
    "deep-seek": "deepseek",
    "grok": "xai",
    "x-ai": "xai",
    "aws": "bedrock",
}
"""What they are called by mistake, none of which is a provider of LiteLLM's."""
