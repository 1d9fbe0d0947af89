"""The server behind a URL: one server, a cluster or a master named by sentinels; and its commands.

Commands wait out short outages; what lasts longer is StoreUnavailable. It knows no keys.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from redis import exceptions
from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

from agui_runtime.errors import Misconfigured, StoreFull, StoreUnavailable

logger = logging.getLogger(__name__)

T = TypeVar("T")

SENTINEL_SCHEMES = ("redis+sentinel", "rediss+sentinel")
SCHEMES = ("redis", "rediss", "unix", *SENTINEL_SCHEMES)

CONNECTIONS = 32
"""So many commands are under way at most; others wait for a connection."""

COMMAND_TIMEOUT = 5.0
SCANNED = 1000
"""Keys that the server looks at in one step."""

PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between attempts; the last one repeats."""

PASSING = (
    exceptions.ConnectionError,  # also: the server is loading its data
    exceptions.TimeoutError,
    exceptions.ReadOnlyError,  # a replica: the master moved
    exceptions.ClusterError,
    exceptions.RedisClusterException,  # no node answers, or nobody serves the slot
    exceptions.MasterDownError,
    exceptions.TryAgainError,
    OSError,
)
"""What may be over in a moment, unless it is `lasting`."""

OPTIONS: dict[str, Any] = {
    "socket_timeout": COMMAND_TIMEOUT,
    "socket_connect_timeout": COMMAND_TIMEOUT,
    "retry": Retry(NoBackoff(), 0),
    "protocol": 2,  # what was published comes as a plain reply
}


class Server:
    """Connections to the server; `patience` is the longest wait for it, in seconds."""

    def __init__(self, url: str, patience: float) -> None:
        if urlsplit(url).scheme not in SCHEMES:
            raise Misconfigured(
                f"a Redis URL starts with one of {', '.join(f'{each}://' for each in SCHEMES)}"
            )
        self._url = url
        self._patience = patience
        self._client: Redis | RedisCluster | None = None
        self._sentinels: Sentinel | None = None
        self._troubled_at = float("-inf")
        self._turns = asyncio.Semaphore(CONNECTIONS)

    async def open(self) -> None:
        """Connect; raises StoreUnavailable, and Misconfigured for a URL that cannot be meant."""
        if self._client is not None:
            return
        single = self._client = self._single()
        try:
            about = await self._patiently(lambda: single.info("cluster"))
        except BaseException:
            await self.close()
            raise
        if about.get("cluster_enabled"):
            await single.aclose()
            cluster = RedisCluster.from_url(
                self._url, max_connections=CONNECTIONS, **OPTIONS | {"retry": None}
            )
            self._client = cluster
            await self._patiently(cluster.initialize)  # learn the nodes

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()
        sentinels, self._sentinels = self._sentinels, None
        if sentinels is not None:
            await sentinels.aclose()

    async def command(self, *words: Any) -> Any:  # noqa: ANN401  # replies are of any type
        """A command's reply; it may be carried out twice when a connection breaks."""
        return await self._patiently(lambda: self._in_turn(*words))

    async def scan(self, pattern: str) -> AsyncGenerator[bytes, None]:
        """The keys like that, on all nodes of a cluster; one may come twice."""
        try:
            async for key in self._connected().scan_iter(match=pattern, count=SCANNED):
                yield key
        except (exceptions.RedisError, OSError) as error:
            raise self._unavailable(error) from error

    async def ping(self) -> None:
        """One attempt, without patience; raises StoreUnavailable."""
        try:
            await asyncio.wait_for(self._connected().ping(), 2.0)
        except (exceptions.RedisError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error

    def calm_for(self) -> float:
        """Seconds since the last failure."""
        return asyncio.get_running_loop().time() - self._troubled_at

    def connection(self) -> AbstractConnection:
        """A connection of its own, for whoever listens; not connected yet."""
        client = self._connected()
        if isinstance(client, Redis):
            made: AbstractConnection = client.connection_pool.make_connection()  # type: ignore[no-untyped-call]  # redis-py
            return made
        node = client.get_random_node()  # every node of a cluster hears all messages
        return node.connection_class(**node.connection_kwargs)

    async def _in_turn(self, *words: Any) -> Any:  # noqa: ANN401  # the same
        # In the order of asking: redis-py's pool lets newcomers pass, and in a crowd some would
        # never get a connection.
        async with asyncio.timeout(self._patience):
            await self._turns.acquire()
        try:
            return await self._connected().execute_command(*words)
        finally:
            self._turns.release()

    def _connected(self) -> Redis | RedisCluster:
        if self._client is None:
            raise StoreUnavailable("the store is not open")
        return self._client

    def _single(self) -> Redis:
        try:
            if urlsplit(self._url).scheme in SENTINEL_SCHEMES:
                return self._master()
            pool = BlockingConnectionPool.from_url(
                self._url, max_connections=CONNECTIONS, timeout=self._patience, **OPTIONS
            )
        except ValueError:
            # Its words may be a part of the password.
            raise Misconfigured(
                "this Redis URL cannot be read; check its port and options, and percent-encode"
                " the user and the password"
            ) from None
        return Redis.from_pool(pool)

    def _master(self) -> Redis:
        """`redis+sentinel://[user:password@]host:port[,host:port...]/<master's name>[?db=0]`.

        The sentinels have the same credentials as the master, or none; with `rediss+sentinel` both
        speak TLS, by the authority of `ssl_ca_certs` if that is given.
        """
        parts = urlsplit(self._url)
        hosts = parts.netloc.rpartition("@")[2].split(",")
        addresses = [
            (host, int(port or 26379)) for host, _, port in (h.partition(":") for h in hosts)
        ]
        given: dict[str, Any] = dict(parse_qsl(parts.query))
        credentials = {"username": parts.username, "password": parts.password}
        login = {key: unquote(value) for key, value in credentials.items() if value}
        # A sentinel without a password takes any for the user `default`, none without a user.
        named = {"username": "default"} | login if login else {}
        manager: Any = Sentinel  # redis-py publishes it without types
        secure = {key: value for key, value in given.items() if key == "ssl_ca_certs"}
        tls = {"ssl": True, **secure} if parts.scheme.startswith("rediss") else {}
        sentinels = manager(addresses, sentinel_kwargs=named | tls | OPTIONS)
        self._sentinels = sentinels
        found: Redis = sentinels.master_for(
            parts.path.strip("/"), db=int(given.get("db", 0)), **login, **tls, **OPTIONS
        )
        return found

    async def _patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience
        for number in range(10_000):
            try:
                return await cancellable(attempt())
            except PASSING as error:
                self._troubled_at = loop.time()
                pause = PAUSES[min(number, len(PAUSES) - 1)]
                if lasting(error) or loop.time() + pause > deadline:
                    raise self._unavailable(error) from error
                await asyncio.sleep(pause)
            except exceptions.NoScriptError:
                raise
            except exceptions.RedisError as error:
                raise self._unavailable(error) from error
        raise AssertionError("unreachable")

    @staticmethod
    def _unavailable(error: Exception) -> StoreUnavailable:
        logger.warning("Redis: %s: %s", type(error).__name__, error)
        if isinstance(error, exceptions.OutOfMemoryError):
            return StoreFull()
        return StoreUnavailable(lasting(error) or "the store cannot be reached; try again later")


def lasting(error: BaseException) -> str | None:
    """What is wrong if trying again does not help: the URL or the server has to change."""
    if isinstance(error, exceptions.AuthenticationError):
        return "the store refuses the user or password of its URL"
    if isinstance(error, exceptions.NoPermissionError):
        return "the user of the store's URL may not do what is needed; give it more rights"
    # redis-py raises an error of its own for it.
    if isinstance(error.__context__, ssl.SSLCertVerificationError):
        return "the store's certificate is not trusted; name its authority with ssl_ca_certs"
    return None


async def cancellable(reply: Awaitable[T]) -> T:
    """The reply; raises CancelledError if its waiter was cancelled, and redis-py's errors.

    redis-py waits with `asyncio.wait_for`, which before Python 3.12 forgets a cancellation that
    comes in the same moment as the reply.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        found = await reply
    except RuntimeError as error:
        if "closed" not in str(error):
            raise
        # What uvloop says of a write to a connection that was just reset; redis-py passes it on.
        raise exceptions.ConnectionError(str(error)) from error
    if task is not None and task.cancelling() > before:
        raise asyncio.CancelledError
    return found
