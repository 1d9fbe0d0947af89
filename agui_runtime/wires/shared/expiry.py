"""What is open ends with the credentials of whoever opened it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from time import time

from agui_runtime.core.errors import Unauthenticated
from agui_runtime.core.events import Caller

LONGEST = 24 * 3600.0
"""In seconds: event loops take no timers for years."""


class CredentialExpired(Unauthenticated):
    """Runs go on; their reader is to come back with new credentials."""

    code = "CREDENTIAL_EXPIRED"

    def __init__(self) -> None:
        super().__init__("your credentials have expired; come back with new ones, at your cursor")


def check_unexpired(caller: Caller) -> None:
    """Raises CredentialExpired."""
    if caller.expires_at is not None and caller.expires_at <= time():
        raise CredentialExpired


def while_known(caller: Caller) -> AbstractAsyncContextManager[None]:
    """Cancel the block when the caller's credentials expire; raises CredentialExpired then."""
    return nullcontext() if caller.expires_at is None else _until(caller.expires_at)


@asynccontextmanager
async def _until(expires_at: float) -> AsyncIterator[None]:
    seconds = min(max(0.0, expires_at - time()), LONGEST)
    try:
        async with asyncio.timeout(seconds) as limit:
            yield
    except TimeoutError:
        if limit.expired():
            raise CredentialExpired from None
        raise
