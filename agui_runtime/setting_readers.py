"""How the text of each environment variable of ours is read, by the name of its setting. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import agui_runtime.setting_texts as texts
from agui_runtime.core.forwarded_headers import for_agents
from agui_runtime.named_wires import check_wires
from agui_runtime.sandbox.actions import check_shipped
from agui_runtime.wires.shared.admission import Hosts, any_origin, listed

LIMITS = frozenset(
    {"caller_starts", "starts", "caller_tokens_per_day", "tokens_per_day"}
    | {"caller_usd_per_day", "usd_per_day"}
)
"""The settings of how much may be started."""

_COUNTS = frozenset(
    {"caller_runs", "runs", "caller_streams", "streams", "run_events", "run_bytes"}
    | {"caller_schedules"}
)
_TIMES = frozenset(
    {"run_seconds", "run_first_event_seconds", "run_idle_seconds", "authorize_every"}
    | {"schedule_seconds"}
)
_TIMES_OR_NONE = frozenset({"run_stop_seconds", "run_save_seconds"})

OPEN_LIMITS = _COUNTS | _TIMES | _TIMES_OR_NONE
"""The settings of how much may be open, and how long, and how long a run may become."""

READERS: Mapping[str, Callable[[str, str], Any]] = {
    **dict.fromkeys(("model", "app", "store", "data", "prices", "telemetry_key"), texts.as_it_is),
    **dict.fromkeys(
        ("tokens", "tokens_file", "jwt_jwks", "jwt_issuer", "jwt_owner"), texts.as_it_is
    ),
    **dict.fromkeys(
        ("keys", "jwt_audience", "jwt_algorithms", "proxy_addresses"), texts.some_items
    ),
    **dict.fromkeys(("memory_embedder", "queue"), texts.as_it_is),
    "queues": texts.queue_names,
    "app_version": texts.version,
    "openai_base_url": texts.base_url,
    "api_key": texts.key,
    "proxy_header": texts.as_it_is,
    "jwt_leeway": texts.seconds,
    **dict.fromkeys(
        ("development", "name_threads", "allow_anonymous", "production", "ui"), texts.flag
    ),
    **dict.fromkeys(("db_upgrade", "memory"), texts.flag),
    "drain_seconds": texts.seconds,
    "header_seconds": texts.some_seconds,
    "path": texts.path,
    "actions": texts.accepted(check_shipped, texts.items),
    "wires": texts.accepted(check_wires, texts.items),
    "cors_origins": texts.accepted(any_origin, texts.accepted(listed, texts.some_items)),
    "allowed_hosts": texts.accepted(Hosts, texts.some_items),
    "forward_headers": texts.accepted(for_agents, texts.items),
    "log_level": texts.log_level,
    "log_format": texts.either("text", "json"),
    "metrics": texts.address,
    "genai_names": texts.either("0.1.0", "1.41"),
    **dict.fromkeys(("max_caller_requests", "max_requests", "processes"), texts.count),
    **dict.fromkeys(LIMITS | _COUNTS, texts.count),
    **dict.fromkeys(_TIMES | {"worker_timeout"}, texts.some_seconds),
    **dict.fromkeys(_TIMES_OR_NONE, texts.seconds),
    **dict.fromkeys(("caller_usd_per_day", "usd_per_day"), texts.amount),
    **dict.fromkeys(
        ("max_body", "max_values", "max_depth", "max_messages", "max_parts"), texts.count
    ),
}
"""How the text of each variable is read, by the name of its setting."""
