"""What goes wrong at a PostgreSQL server: what may pass, and what callers are told of the rest."""

from __future__ import annotations

import asyncio
import logging

import asyncpg

from agui_runtime.core.errors import (
    AguiError,
    Misconfigured,
    StoreFailed,
    StoreFull,
    StoreUnavailable,
)

logger = logging.getLogger(__name__)

PASSING = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,  # the connection was closed under a statement
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,  # it starts, stops, or is in recovery
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ReadOnlySQLTransactionError,  # a standby: the primary moved
    asyncpg.ObjectNotInPrerequisiteStateError,  # recovery, as functions say it
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.QueryCanceledError,
    asyncio.TimeoutError,
    OSError,
)
"""What may be over in a moment."""

OF_THE_SERVER = (asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, OSError)


def failure_of(error: BaseException, level: int = logging.WARNING) -> AguiError:
    """What callers are told: nothing that the server's message holds, which is logged."""
    logger.log(level, "PostgreSQL: %s: %s", type(error).__name__, error)
    for kinds, made in _TOLD:
        if isinstance(error, kinds):
            return made()
    if isinstance(error, asyncpg.PostgresError) and not isinstance(error, _OF_ALL):
        return StoreFailed()
    return StoreUnavailable("the store cannot be reached; try again later")


_OF_ALL = (
    *PASSING,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
)
"""What any other statement would meet now, too."""

_TOLD = (
    ((asyncpg.DiskFullError, asyncpg.OutOfMemoryError), StoreFull),
    (
        (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError),
        lambda: StoreUnavailable("the store refuses the user or password of its URL"),
    ),
    (
        (asyncpg.InvalidCatalogNameError,),
        lambda: Misconfigured("the database of the store's URL does not exist"),
    ),
    (
        (asyncpg.ReadOnlySQLTransactionError, asyncpg.ObjectNotInPrerequisiteStateError),
        lambda: StoreUnavailable(
            "the store's server takes no writes: it is a standby, in recovery or set to read-only;"
            " name the primary, or try again later"
        ),
    ),
    (
        (asyncpg.CannotConnectNowError,),
        lambda: StoreUnavailable("the store's server starts, stops or recovers; try again later"),
    ),
    (
        (asyncpg.InsufficientPrivilegeError,),
        lambda: StoreUnavailable("the user of the store's URL lacks a right; the log says which"),
    ),
    (
        (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError),
        lambda: StoreUnavailable("the store's tables are missing; run `agui-runtime db upgrade`"),
    ),
)
