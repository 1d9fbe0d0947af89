"""What the environment says. All that is named `AGUI_` is read here, and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from agui_runtime.core.errors import Misconfigured


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
    store: str | None = None
    """`sqlite:///...`, `redis://...` or `memory:`; a file at `data` when left out."""
    data: str | None = None
    """The file of threads (`.db`), or a folder for it; `.agui-runtime` when left out."""
    drain_seconds: float = 30.0
    """So long live runs may go on after SIGTERM."""
    path: str = "/copilotkit"
    """The `runtimeUrl` of front ends."""
    cors_origins: tuple[str, ...] = ("*",)
    """Origins that browsers may call from, comma-separated; listed ones may send credentials."""
    allowed_hosts: tuple[str, ...] | None = None
    """Names under which the server may be called, comma-separated, `*.` before one for all below
    it, `*` for any; left out, a connection on loopback must be for a name of this machine."""
    forward_headers: tuple[str, ...] = ("authorization",)
    """Request headers that agents may see, comma-separated, also `x-*`; empty for none."""
    development: bool = False
    """Serve what shows or wipes more than a user should: debug events, `/threads/clear`."""
    name_threads: bool = False
    """Ask a thread's agent for a title after its first exchange."""
    allow_anonymous: bool = False
    """Serve beyond loopback without an `authenticate` function: everybody shares all threads."""
    production: bool = False
    """Show nobody the playground or the GraphQL schema."""
    log_level: str = "info"
    header_seconds: float = 10.0
    """So long a client may take to send the headers of a request."""
    max_caller_requests: int = 4000
    """Requests that one caller may have open."""
    max_requests: int = 10_000
    """Requests that may be open in all."""
    max_body: int = 32_000_000
    """Bytes that a request may have at most, attachments included."""
    max_values: int = 250_000
    """Texts, numbers, objects and lists that its JSON may hold."""
    max_depth: int = 128
    """How deep these may be nested."""
    max_messages: int = 20_000
    """Messages that a conversation may have."""
    max_parts: int = 1000
    """Parts and tool calls that a message may have."""

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
            store=env.get("AGUI_STORE") or None,
            data=_data(env),
            drain_seconds=_seconds(
                "AGUI_DRAIN_SECONDS", env.get("AGUI_DRAIN_SECONDS"), default.drain_seconds
            ),
            header_seconds=_seconds(
                "AGUI_HEADER_SECONDS", env.get("AGUI_HEADER_SECONDS"), default.header_seconds
            ),
            path=_path(env.get("AGUI_PATH") or default.path),
            cors_origins=_named("AGUI_CORS_ORIGINS", env) or default.cors_origins,
            allowed_hosts=_named("AGUI_ALLOWED_HOSTS", env) or None,
            forward_headers=_listed(
                env.get("AGUI_FORWARD_HEADERS", ",".join(default.forward_headers))
            ),
            name_threads=_flag("AGUI_NAME_THREADS", env.get("AGUI_NAME_THREADS", "")),
            development=_flag("AGUI_DEVELOPMENT", env.get("AGUI_DEVELOPMENT", "")),
            allow_anonymous=_flag("AGUI_ALLOW_ANONYMOUS", env.get("AGUI_ALLOW_ANONYMOUS", "")),
            production=_flag("AGUI_PRODUCTION", env.get("AGUI_PRODUCTION", "")),
            log_level=env.get("AGUI_LOG_LEVEL", default.log_level).lower(),
            **_counts(env, default),
        )


def _data(env: Mapping[str, str]) -> str | None:
    if env.get("AGUI_DATA") and env.get("AGUI_STORE"):
        raise Misconfigured("AGUI_DATA and AGUI_STORE both say where threads are: leave out one")
    return env.get("AGUI_DATA") or None


def _path(value: str) -> str:
    if not value.startswith("/"):
        raise Misconfigured(f"AGUI_PATH must start with a slash, not {value!r}")
    return value.rstrip("/") or "/"


def _seconds(name: str, value: str | None, default: float) -> float:
    if not value:
        return default
    if not value.replace(".", "", 1).isdigit():
        raise Misconfigured(f"{name} must be a number of seconds, not {value!r}")
    return float(value)


def _counts(env: Mapping[str, str], default: Settings) -> dict[str, int]:
    """The limits of requests."""
    return {name: _count(f"AGUI_{name.upper()}", env, getattr(default, name)) for name in _COUNTS}


_COUNTS = (
    *("max_caller_requests", "max_requests"),
    *("max_body", "max_values", "max_depth", "max_messages", "max_parts"),
)


def _count(name: str, env: Mapping[str, str], default: int) -> int:
    value = env.get(name)
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and len(value) < 16):
        raise Misconfigured(f"{name} must be a whole number from 1, not {value!r}")
    return int(value)


def _listed(value: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (value or "").split(",") if part.strip())


def _named(name: str, env: Mapping[str, str]) -> tuple[str, ...]:
    """A list that must not be empty where it is given: it stands for a restriction."""
    value = env.get(name)
    found = _listed(value)
    if value and not found:
        raise Misconfigured(f"{name} must name something, not {value!r}")
    return found


def _flag(name: str, value: str) -> bool:
    known = {"": False, "0": False, "false": False, "no": False, "1": True, "true": True}
    try:
        return (known | {"yes": True})[value.strip().lower()]
    except KeyError:
        raise Misconfigured(f"{name} must be 1 or 0, not {value!r}") from None
