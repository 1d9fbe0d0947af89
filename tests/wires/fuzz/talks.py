"""Conversations on WebSockets, in each protocol spoken on one, damaged like requests are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.typing import Subprotocol

from tests.wires.fuzz.jsons import Json, junk, mutated, written
from tests.wires.fuzz.raw import PATIENCE
from tests.wires.fuzz.speech import Speech
from tests.wires.fuzz.speech_of_graphql import GRAPHQL
from tests.wires.fuzz.speech_of_responses import RESPONSES
from tests.wires.fuzz.speech_of_socket import SOCKET

SPEECHES = (GRAPHQL, RESPONSES, SOCKET)

ORIGINS = (*[None] * 12, "http://[::1", "null", "", "http://evil.test", "http://127.0.0.1", "\xff")

CLOSE_CODES = {1000, 1001, 1002, 1003, 1007, 1009, 1013}
"""Of RFC 6455, what a server may say to a client; the protocol's own begin at 4400."""


@dataclass(frozen=True, slots=True)
class Talk:
    """How a connection is opened, and what a client sends on it."""

    speech: Speech
    path: str
    protocols: Sequence[str]
    origin: str | None
    frames: Sequence[str | bytes]


def talk(random: Random) -> Talk:
    """A conversation with few things wrong, or none."""
    speech = random.choice(SPEECHES)
    messages: list[Json] = [random.choice(speech.begins)(random)]
    messages += [random.choice(speech.messages)(random) for _ in range(random.randint(1, 5))]
    for _ in range(random.choice((0, 1, 1, 2, 3))):
        random.choice(_WAYS)(random, messages, speech.key)
    sent = [_frame(random, message) for message in messages]
    path, protocols = random.choice(speech.paths), random.choice(speech.protocols)
    return Talk(speech, path, protocols, random.choice(ORIGINS), sent)


async def fault(port: int, talk: Talk) -> str:
    """What is wrong with how the server takes it; empty if nothing is. Raises TimeoutError for a
    server that does not answer any more.
    """
    url = f"ws://127.0.0.1:{port}{talk.path}"
    named = [Subprotocol(each) for each in talk.protocols] or None
    headers = {"origin": talk.origin} if talk.origin is not None else {}
    async with asyncio.timeout(PATIENCE):
        try:
            async with connect(
                url,
                subprotocols=named,
                additional_headers=headers,
                max_size=None,
                max_queue=None,
                proxy=None,
            ) as connection:
                await _send(connection, talk)
        except InvalidStatus as refused:
            status = refused.response.status_code
            return f"the handshake got {status}" if status >= 500 else ""
        except InvalidMessage:
            return "the handshake got no answer"
    code = connection.close_code
    fine = code in CLOSE_CODES or (code is not None and 4400 <= code < 4500)
    return "" if fine else f"closed with {code} {connection.close_reason!r}"


async def _send(connection: ClientConnection, talk: Talk) -> None:
    """Send all, and read until the server has answered what came after them, or closed."""
    with suppress(ConnectionClosed):
        for frame in talk.frames:
            await connection.send(frame)
        await connection.send(talk.speech.last)
        while True:
            received = await connection.recv()
            if isinstance(received, str) and talk.speech.ends(received):
                return


def _in_one(random: Random, messages: list[Json], key: str) -> None:
    place = random.randrange(len(messages))
    messages[place] = mutated(random, messages[place])


def _kind(random: Random, messages: list[Json], key: str) -> None:
    kind = random.choice((*_KINDS, junk(random)))
    messages.insert(random.randrange(len(messages) + 1), {"type": kind, key: "a"})


_KINDS = (
    "🙂" * 200,
    "é" * 41,
    "a" * 5000,
    "",
    "next",
    "error",
    "connection_ack",
    "\ud83d",
    "start",
)


def _identity(random: Random, messages: list[Json], key: str) -> None:
    place = random.randrange(len(messages))
    message = messages[place]
    if isinstance(message, dict):
        names: tuple[Json, ...] = ("", "🙂" * 500, "x" * 70_000, "\x00", "\ud800", 7, None, [], {})
        messages[place] = {**message, key: random.choice(names)}


def _shuffled(random: Random, messages: list[Json], key: str) -> None:
    random.shuffle(messages)


def _less(random: Random, messages: list[Json], key: str) -> None:
    if len(messages) > 1:
        del messages[random.randrange(len(messages))]


def _again(random: Random, messages: list[Json], key: str) -> None:
    messages.insert(random.randrange(len(messages) + 1), random.choice(messages))


def _nonsense(random: Random, messages: list[Json], key: str) -> None:
    messages.insert(random.randrange(len(messages) + 1), junk(random))


def _frame(random: Random, message: Json) -> str | bytes:
    """As text, but some as bytes, and what is no UTF-8 always so."""
    data = written(message)
    chance = random.random()
    if chance < 0.02:
        return data
    if chance < 0.03:
        return data[: random.randrange(len(data) + 1)].decode("utf-8", "replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


_WAYS = (_in_one, _in_one, _in_one, _kind, _identity, _shuffled, _less, _again, _nonsense)
