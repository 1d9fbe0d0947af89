"""Runs that wait for a worker: what queues may be called, and how such a run fails. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agui_runtime.core.errors import Misconfigured, OwnerLost, RunFailure

QUEUED = "queued"
"""The status of a run that waits for a worker."""

LIVE = frozenset({QUEUED, "running"})
"""The status of a run that has not ended."""

DEFAULT_QUEUE = "default"
"""The queue of agents for which nothing else is said."""

WAITED = "agui_runtime.waited"
"""The CUSTOM event of a run that waited for a worker so long that a user may have noticed. Its
value is `{"seconds"}`.
"""

OF_VERSION = "@"
"""Between the name of a queue and the version of the app whose runs wait in it."""

VERSION = re.compile(r"[0-9]{1,18}(?:[.-][0-9]{1,18}){0,7}")

WAITING = "agui_runtime.queued"
"""The CUSTOM event that readers of a run get from time to time while it waits. It is in no log. Its
value is `{"position", "seconds"}`, the position from 1 on.
"""

QUEUE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """How many runs wait in a queue, for how many seconds the first of them, and how many workers
    have looked into it of late.
    """

    waiting: int = 0
    oldest_seconds: float = 0.0
    workers: int = 0


class QueueTimeout(RunFailure):
    """No worker took the run for as long as it may wait."""

    code, status = "QUEUE_TIMEOUT", 504

    def __init__(self) -> None:
        super().__init__("no worker was free for this run in time; try again later")


class JobLost(OwnerLost):
    """The store has forgotten a run that waited, as one may that starts again empty."""

    code = "JOB_LOST"
    text = "this run was lost before a worker took it; send the message again"


class QueuedAgentGone(RunFailure):
    """No worker has the run's agent any more."""

    code, status = "AGENT_NOT_FOUND", 404

    def __init__(self, name: str) -> None:
        super().__init__(f"no worker has the agent {name!r}; was it left out of a new version?")


class JobUnreadable(RunFailure):
    """What was posted with the run cannot be read by the worker that took it."""

    code, status = "JOB_UNREADABLE", 500

    def __init__(self) -> None:
        super().__init__("the worker cannot read this run: is it of another release?")


def check_version(version: str, where: str) -> None:
    """Raises Misconfigured, which says where it stands. Of two versions it is to be seen which is
    the newer one.
    """
    if not VERSION.fullmatch(version):
        raise Misconfigured(
            f"{where}: {version!r} does not say which of two versions is newer: give numbers"
            " that grow, with '.' or '-' between, such as 142, 1.4.2 or 2026-11-27"
        )


def queue_of(name: str, version: str | None) -> str:
    """Where the runs of the queue wait that this version of the app posts."""
    return name if version is None else f"{name}{OF_VERSION}{version}"


def older_than(version: str | None, queue: str) -> str | None:
    """The queue's plain name if runs of an older version wait in it, else None."""
    name, _, other = queue.partition(OF_VERSION)
    if version is None or not other:
        return None
    return name if _numbers(other) < _numbers(version) else None


def _numbers(version: str) -> list[int]:
    return [int(each) for each in re.split("[.-]", version)]


def check_queue_name(name: str, where: str) -> None:
    """Raises Misconfigured, which says where the name stands."""
    if not QUEUE_NAME.fullmatch(name):
        raise Misconfigured(
            f"{where}: {name!r} is no name of a queue: up to 64 letters, digits, '.', '_' and '-'"
        )
