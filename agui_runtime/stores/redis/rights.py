"""Whether the user of the URL may do all that the store does; seen before anything starts."""

from __future__ import annotations

import uuid

from redis.exceptions import RedisError

from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.stores.redis.pipe import cancellable
from agui_runtime.stores.redis.script import Lua
from agui_runtime.stores.redis.server import Server, denied, lasting

KINDS = ("hash", "stream", "list", "set", "sorted", "text")


async def check_rights(server: Server, prefix: str) -> None:
    """Raises StoreUnavailable, with the first right that is missing."""
    tag = f"{prefix}:{{rights-{uuid.uuid4().hex}}}"
    keys = [f"{tag}:{kind}" for kind in KINDS]
    refused = await Lua(server, "rights.lua").run("write", keys, f"{tag}:news")
    for command, words in refused:
        if reason := denied(words.decode(), command.decode()):
            raise StoreUnavailable(reason)
    await _check_listening(server, f"{tag}:news")


async def _check_listening(server: Server, channel: str) -> None:
    connection = server.connection()
    try:
        await cancellable(connection.connect())  # type: ignore[no-untyped-call]  # redis-py
        await cancellable(connection.send_command("SUBSCRIBE", channel))
        await cancellable(connection.read_response())
    except RedisError as error:
        reason = lasting(error)
        if reason is not None:
            raise StoreUnavailable(reason) from error
    finally:
        await connection.disconnect()
