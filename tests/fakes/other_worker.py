"""gunicorn's worker as the docs write it: it closes the app before gunicorn kills it."""

from __future__ import annotations

from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]


class Worker(UvicornWorker):  # type: ignore[misc]  # untyped
    CONFIG_KWARGS = {**UvicornWorker.CONFIG_KWARGS, "timeout_graceful_shutdown": 1}  # noqa: RUF012  # as its base has it
