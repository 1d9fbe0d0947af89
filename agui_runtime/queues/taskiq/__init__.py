"""A doorbell over any broker of Taskiq: Redis streams by a URL, others by a function that makes
them. Taskiq carries bells alone: no results, no worker processes of its own.
"""

from agui_runtime.core.errors import MissingExtra

try:
    from agui_runtime.queues.taskiq.queue import BrokerOf, TaskiqQueue
except ModuleNotFoundError as error:  # pragma: no cover - needs an installation without taskiq
    if error.name not in {"taskiq", "taskiq_redis", "redis"}:
        raise
    raise MissingExtra("a queue over Taskiq", "taskiq") from None

__all__ = ["BrokerOf", "TaskiqQueue"]
