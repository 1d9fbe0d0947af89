"""Which queue a URL names. A new kind of queue is one more row in the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias
from urllib.parse import parse_qsl, urlencode

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.queueing import check_queue_name
from agui_runtime.queues.base import RunQueue
from agui_runtime.stores.shared.urls import is_legible

Loader: TypeAlias = Callable[[str, str], RunQueue]
"""Given the URL without our own options, and the prefix."""

PREFIX = "agui"
"""What the names in a server begin with, where `?prefix=` in the URL does not say it."""


def open_queue(url: str) -> RunQueue:
    """The queue that the URL names, not connected yet.

    Raises Misconfigured for a URL that names none, and MissingExtra, with the command that installs
    it, where a queue's packages are missing.
    """
    scheme, _, rest = url.partition("://")
    loader = _LOADERS.get(scheme.lower()) if rest else None
    if loader is None:
        # The URL itself may hold a password.
        raise Misconfigured(f"the URL of a queue starts with one of {', '.join(SCHEMES)}")
    if not is_legible(url):
        raise Misconfigured(
            "the URL of the queue cannot be read; say each option once, and percent-encode the"
            " user and the password"
        )
    return loader(*_without_prefix(url))


def _without_prefix(url: str) -> tuple[str, str]:
    plain, _, query = url.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    if "prefix" not in options:
        return url, PREFIX
    prefix = options.pop("prefix")
    check_queue_name(prefix, "prefix in the URL of the queue")
    return f"{plain}?{urlencode(options)}" if options else plain, prefix


def _redis(url: str, prefix: str) -> RunQueue:
    from agui_runtime.queues.taskiq import TaskiqQueue  # an extra: only when it is named

    return TaskiqQueue(url, prefix)


def _postgres(url: str, prefix: str) -> RunQueue:
    from agui_runtime.queues.postgres import PostgresQueue  # an extra: only when it is named

    return PostgresQueue(url, prefix)


_LOADERS: Mapping[str, Loader] = {
    "postgresql": _postgres,
    "postgres": _postgres,
    "redis": _redis,
    "rediss": _redis,
    "unix": _redis,
    "redis+sentinel": _redis,
    "rediss+sentinel": _redis,
}

SCHEMES = tuple(f"{scheme}://" for scheme in _LOADERS)
"""How the URL of a queue may start, as errors and documents name it."""
