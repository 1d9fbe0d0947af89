"""The server behind a URL: one server, a cluster or a master named by sentinels; and its commands.

Commands wait out short outages; what lasts longer is StoreUnavailable. It knows no keys' meaning.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Literal, TypeAlias, TypeVar

from redis import exceptions
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import AbstractConnection

from agui_runtime.core.errors import StoreFailed, StoreFull, StoreNotOpen, StoreUnavailable
from agui_runtime.core.jsontext import Json
from agui_runtime.stores.redis.address import COMMAND_TIMEOUT, RedisAddress
from agui_runtime.stores.redis.codec import Answer
from agui_runtime.stores.redis.pipe import Packed, Pipe, Word, cancellable
from agui_runtime.stores.shared.patience import SharedPatience

logger = logging.getLogger(__name__)

T = TypeVar("T")

Lane: TypeAlias = Literal["write", "look", "read"]
"""Each has a connection of its own, so that what is small and urgent never stands behind what is
large: what runs write; short questions; and parts of logs.
"""

CONNECTIONS = 8
"""At most so many beside the lanes', for what has no key or was sent to another node."""

SCANNED = 1000
"""Keys that the server looks at in one step."""

PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between attempts; the last one repeats."""

PASSING = (
    exceptions.ConnectionError,  # also: the server is loading its data, or has no room for clients
    exceptions.TimeoutError,
    exceptions.ReadOnlyError,  # a replica: the master moved
    exceptions.ClusterError,
    exceptions.RedisClusterException,  # no node answers, or nobody serves the slot
    exceptions.MasterDownError,
    exceptions.TryAgainError,
    exceptions.AskError,  # also: the slot moved
    OSError,
)
"""What may be over in a moment, unless it is `lasting`."""

OF_ALL = ("MISCONF", "NOREPLICAS", "BUSY", "UNKILLABLE")
"""How answers begin that any other command would have now, too."""

DENIED = re.compile(r"no permissions to|user executing the script can't")
"""What a refusal of the server says, as Redis 6 to 8 word it."""

DENIED_THING = re.compile(r"'([a-z|]+)' command|(key|channel)")


class Server:
    """Connections to the server; `patience` is the longest wait after a first failure, in seconds.

    `timeout` is the longest one for a reply, where the URL names none.
    """

    def __init__(self, url: str, patience: float, timeout: float = COMMAND_TIMEOUT) -> None:
        self.on_write: Callable[[int], None] | None = None
        self._address = RedisAddress(url)
        self._patience = patience
        self._outage = SharedPatience(patience)
        self._timeout = timeout
        self._client: Redis | RedisCluster | None = None
        self._pipes: dict[tuple[Lane, str], Pipe] = {}
        self._troubled_at = float("-inf")
        self._turns = asyncio.Semaphore(CONNECTIONS)

    @property
    def where(self) -> str:
        return self._address.where

    async def open(self) -> None:
        """Connect; raises StoreUnavailable, and Misconfigured for a URL that cannot be meant."""
        if self._client is not None:
            return
        single = self._client = self._address.single(CONNECTIONS, self._patience)
        async with AsyncExitStack() as unless_connected:
            unless_connected.push_async_callback(self.close)
            about = await self._patiently(lambda _: single.info("cluster"))
            if about.get("cluster_enabled"):
                await single.aclose()
                cluster = self._client = self._address.cluster(CONNECTIONS)
                await self._patiently(lambda _: cluster.initialize())  # learn the nodes
            unless_connected.pop_all()

    async def close(self) -> None:
        pipes, self._pipes = self._pipes, {}
        for pipe in pipes.values():
            await pipe.close()
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()
        await self._address.close()

    async def command(
        self,
        lane: Lane,
        key: str | bytes,
        *words: Word,
        first: asyncio.Future[Answer] | None = None,
    ) -> Answer:
        """A command's reply; it may be carried out twice when a connection breaks. `first` is an
        attempt that was begun.

        In its lane it waits for those before it, however many they are.
        """

        def attempt(again: bool) -> Awaitable[Answer]:
            begun = None if again else first
            return self._attempt(lane, key, words, again) if begun is None else begun

        return await self._patiently(attempt)

    def check_patience(self) -> None:
        """Raises StoreUnavailable while the server hangs, as was just found out."""
        self._outage.check(asyncio.get_running_loop().time())

    def ask(self, lane: Lane, key: str | bytes, *words: Word | Packed) -> asyncio.Future[Answer]:
        """One attempt, without patience: its reply, or what redis-py raises."""
        client = self._connected()
        node = None if isinstance(client, Redis) else client.get_node_from_key(_text(key))
        name = "" if node is None else node.name
        pipe = self._pipes.get((lane, name))
        if pipe is None:
            note = self._note_write if lane == "write" else None
            dial = partial(self.connection, node)
            pipe = self._pipes[lane, name] = Pipe(dial, self._timeout, note)
        return pipe.ask(words)

    def _note_write(self, commands: int) -> None:
        if self.on_write is not None:
            self.on_write(commands)

    async def scan(self, pattern: str) -> AsyncGenerator[bytes, None]:
        """The keys like that, on all nodes of a cluster; one may come twice. Once it has begun, it
        waits out no outage.
        """
        client = self._connected()
        await self._patiently(lambda _: client.ping())
        try:
            async for key in client.scan_iter(match=pattern, count=SCANNED):
                yield key
        except (exceptions.RedisError, OSError) as error:
            raise self._unavailable(error) from error

    async def ping(self) -> None:
        """One attempt, without patience; raises StoreUnavailable."""
        try:
            async with asyncio.timeout(2.0):
                await self._connected().ping()
        except (exceptions.RedisError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error

    async def about(self, section: str) -> Mapping[str, Json]:
        """What INFO says; nothing of a cluster, whose nodes may each be set up otherwise."""
        client = self._connected()
        if not isinstance(client, Redis):
            return {}
        return await self._patiently(lambda _: client.info(section))

    async def setting(self, name: str) -> str:
        """What CONFIG says of it; empty where the user may not ask, or there is none."""
        client = self._connected()
        try:
            found = await client.config_get(name) if isinstance(client, Redis) else {}
        except exceptions.ResponseError:
            return ""
        return str(found.get(name, ""))

    async def time(self) -> float | None:
        """The server's clock, in seconds since 1970; None in a cluster, which has several."""
        client = self._connected()
        if not isinstance(client, Redis):
            return None
        seconds, microseconds = await self._patiently(lambda _: client.time())
        return float(seconds) + microseconds / 1e6

    def calm_for(self) -> float:
        """Seconds since the last failure."""
        return asyncio.get_running_loop().time() - self._troubled_at

    def connection(self, node: ClusterNode | None = None) -> AbstractConnection:
        """A connection of its own, in a cluster to that node or any; not connected yet."""
        client = self._connected()
        if isinstance(client, Redis):
            made: AbstractConnection = client.connection_pool.make_connection()  # type: ignore[no-untyped-call]  # redis-py
            return made
        node = node or client.get_random_node()  # every node of a cluster hears all messages
        return node.connection_class(**node.connection_kwargs)

    async def _attempt(
        self, lane: Lane, key: str | bytes, words: tuple[Word, ...], again: bool
    ) -> Answer:
        client = self._connected()
        if isinstance(client, Redis) or not again:
            return await self.ask(lane, key, *words)
        async with self._turns:  # the client of a cluster goes where the key is now
            return await client.execute_command(*words)

    def _connected(self) -> Redis | RedisCluster:
        if self._client is None:
            raise StoreNotOpen
        return self._client

    async def _patiently(self, attempt: Callable[[bool], Awaitable[T]]) -> T:
        """Attempt it, again and again while that may help; it is given whether it was attempted
        before.
        """
        loop = asyncio.get_running_loop()
        begun, first_failed = loop.time(), None
        self._outage.check(begun)
        for number in range(10_000):
            try:
                found = await cancellable(attempt(number > 0))
                self._outage.succeeded()
                return found
            except PASSING as error:
                now = self._troubled_at = loop.time()
                first_failed = now if first_failed is None else first_failed
                pause = PAUSES[min(number, len(PAUSES) - 1)]
                until = self._outage.deadline(begun, first_failed, now)
                if lasting(error) or now + pause > until:
                    failure = self._unavailable(error)
                    hangs = isinstance(error, exceptions.TimeoutError)
                    self._outage.give_up(failure.message, hangs=hangs)
                    raise failure from error
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
        if reason := lasting(error):
            return StoreUnavailable(reason)
        if isinstance(error, PASSING) or str(error).startswith(OF_ALL):
            return StoreUnavailable("the store cannot be reached; try again later")
        return StoreFailed()


def _text(key: str | bytes) -> str:
    return key if isinstance(key, str) else key.decode()


def lasting(error: BaseException) -> str | None:
    """What is wrong if trying again does not help: the URL or the server has to change."""
    if isinstance(error, exceptions.AuthenticationError):
        return "the store refuses the user or password of its URL"
    if reason := denied(str(error)):
        return reason
    # redis-py raises an error of its own for it.
    if isinstance(error.__context__, ssl.SSLCertVerificationError):
        return "the store's certificate is not trusted; name its authority with ssl_ca_certs"
    return None


def denied(words: str, command: str = "") -> str | None:
    """Which right is missing, if that is what the server says; `command` is what was sent."""
    if not DENIED.search(words):
        return None
    found = DENIED_THING.search(words)
    name, thing = found.groups() if found else (None, None)
    name = name or (None if thing else command)
    lacking = f"command {name.upper()}" if name else f"{thing or 'command'}s that the store needs"
    return f"the user of the store's URL may not use the {lacking}; give it that right"
