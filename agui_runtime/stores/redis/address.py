"""A Redis URL, read strictly: the clients that it describes. It sends no commands.

How replies are read is this package's own business, so options of the URL that say it are dropped.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException, RedisError

from agui_runtime.core.errors import Misconfigured
from agui_runtime.stores.shared.urls import is_legible

SENTINEL_SCHEMES = ("redis+sentinel", "rediss+sentinel")
SCHEMES = ("redis", "rediss", "unix", *SENTINEL_SCHEMES)

COMMAND_TIMEOUT = 5.0

OPTIONS: dict[str, Any] = {
    "socket_timeout": COMMAND_TIMEOUT,
    "socket_connect_timeout": COMMAND_TIMEOUT,
    "retry": Retry(NoBackoff(), 0),
    "protocol": 2,  # what was published comes as a plain reply
}

OF_READING = frozenset({"decode_responses", "encoding", "encoding_errors", "protocol"})
"""Options of redis-py that change replies."""


class RedisAddress:
    """Where the server is, and how to reach it; raises Misconfigured for what cannot be meant."""

    def __init__(self, url: str) -> None:
        if _scheme(url) not in SCHEMES:
            raise Misconfigured(
                f"a Redis URL starts with one of {', '.join(f'{each}://' for each in SCHEMES)}"
            )
        if not is_legible(url):
            raise _illegible()
        self._url = url
        self._sentinels: Sentinel | None = None

    @property
    def where(self) -> str:
        """For whoever starts the server; no user or password, and no options."""
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    def single(self, connections: int, patience: float) -> Redis:
        """The one server, or the master that sentinels name."""
        try:
            parts = urlsplit(self._url)
            if parts.scheme in SENTINEL_SCHEMES:
                client = self._master()
            else:
                client = Redis.from_pool(
                    BlockingConnectionPool.from_url(
                        self._plain(), max_connections=connections, timeout=patience, **OPTIONS
                    )
                )
            client.connection_pool.make_connection()  # type: ignore[no-untyped-call]  # redis-py
        except (ValueError, RedisError):
            raise _illegible() from None
        except TypeError as error:
            raise self._unknown_option(error) from None
        return client

    def cluster(self, connections: int) -> RedisCluster:
        """The cluster that the server belongs to."""
        try:
            options = OPTIONS | {"retry": None, "max_connections": connections}
            return RedisCluster.from_url(self._plain(), **options)
        except TypeError as error:
            raise self._unknown_option(error) from None
        except RedisClusterException:
            raise Misconfigured(
                "a Redis Cluster has database 0 only; leave out the other"
            ) from None

    async def close(self) -> None:
        sentinels, self._sentinels = self._sentinels, None
        if sentinels is not None:
            await sentinels.aclose()

    def _plain(self) -> str:
        """The URL without the options that are not its to decide."""
        parts = urlsplit(self._url)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        query = urlencode([(key, value) for key, value in pairs if key not in OF_READING])
        return urlunsplit(parts._replace(query=query))

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
        given: dict[str, Any] = {**parse_url(f"redis:///?{urlsplit(self._plain()).query}")}
        credentials = {"username": parts.username, "password": parts.password}
        login = {key: unquote(value) for key, value in credentials.items() if value}
        # A sentinel without a password takes any for the user `default`, none without a user.
        named = {"username": "default"} | login if login else {}
        manager: Any = Sentinel  # redis-py publishes it without types
        secure = {key: value for key, value in given.items() if key.startswith("ssl_")}
        tls = {"ssl": True, **secure} if parts.scheme.startswith("rediss") else {}
        sentinels = manager(addresses, sentinel_kwargs=OPTIONS | named | tls)
        self._sentinels = sentinels
        master = OPTIONS | {"db": 0} | given | login | tls
        found: Redis = sentinels.master_for(parts.path.strip("/"), **master)
        return found

    def _unknown_option(self, error: TypeError) -> Misconfigured:
        names = [key for key, _ in parse_qsl(urlsplit(self._url).query, keep_blank_values=True)]
        found = [name for name in names if f"'{name}'" in str(error)]
        return Misconfigured(
            f"this Redis URL has an option that does not exist here: {', '.join(found or names)}"
        )


def _scheme(url: str) -> str:
    """Raises Misconfigured for what is no URL at all."""
    try:
        return urlsplit(url).scheme
    except ValueError:
        raise _illegible() from None


def _illegible() -> Misconfigured:
    # What the reader of the URL says may be a part of the password.
    return Misconfigured(
        "this Redis URL cannot be read; check its port and options, and percent-encode"
        " the user and the password"
    )
