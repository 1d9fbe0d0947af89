"""What the environment says. The only module that reads it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from agui_runtime.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Settings:
    """The environment of `agui-runtime serve`; field names are the variables' without `AGUI_`."""

    model: str | None = None
    """`openai/gpt-4o-mini`, or any model name of LiteLLM (`anthropic/...`, `ollama/...`)."""
    openai_base_url: str | None = None
    """An OpenAI-compatible endpoint, for example `http://127.0.0.1:11434/v1`."""
    api_key: str | None = None
    """The key of whatever serves the model."""
    openai_api_key: str | None = None
    """`OPENAI_API_KEY`, used for OpenAI itself and sent nowhere else."""
    app: str | None = None
    """`module:name` of your own CopilotRuntime; then the model variables are not used."""
    path: str = "/copilotkit"
    """The `runtimeUrl` of front ends."""
    cors_origins: tuple[str, ...] = ("*",)
    """Origins that browsers may call from, comma-separated; listed ones may send credentials."""
    allow_anonymous: bool = False
    """Serve beyond loopback without an `authenticate` function: everybody shares all threads."""
    log_level: str = "info"

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the environment; raises Misconfigured for a value that cannot be meant."""
        env = os.environ if environ is None else environ
        default = cls()
        return cls(
            model=env.get("AGUI_MODEL") or None,
            openai_base_url=env.get("AGUI_OPENAI_BASE_URL") or None,
            api_key=env.get("AGUI_API_KEY") or None,
            openai_api_key=env.get("OPENAI_API_KEY") or None,
            app=env.get("AGUI_APP") or None,
            path=_path(env.get("AGUI_PATH") or default.path),
            cors_origins=_listed(env.get("AGUI_CORS_ORIGINS")) or default.cors_origins,
            allow_anonymous=_flag("AGUI_ALLOW_ANONYMOUS", env.get("AGUI_ALLOW_ANONYMOUS", "")),
            log_level=env.get("AGUI_LOG_LEVEL", default.log_level).lower(),
        )


def _path(value: str) -> str:
    if not value.startswith("/"):
        raise Misconfigured(f"AGUI_PATH must start with a slash, not {value!r}")
    return value.rstrip("/")


def _listed(value: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (value or "").split(",") if part.strip())


def _flag(name: str, value: str) -> bool:
    known = {"": False, "0": False, "false": False, "no": False, "1": True, "true": True}
    try:
        return (known | {"yes": True})[value.strip().lower()]
    except KeyError:
        raise Misconfigured(f"{name} must be 1 or 0, not {value!r}") from None
