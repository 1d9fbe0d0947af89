"""The public keys of whoever issues tokens (RFC 7517): from a file or a URL, and again when they
are old or a token names a key that is not among them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import orjson

from agui_runtime.connectors.shared.network import client, is_this_machine
from agui_runtime.core.errors import AguiError, Misconfigured
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.secrets import redact_urls

logger = logger_of(__name__)

LONGEST = 1_000_000
"""Bytes of a key set."""

MOST_KEYS = 100
PATIENCE = 5.0
"""Seconds for the answer of a URL."""


class KeysUnavailable(AguiError):
    """No keys are known, so that no token can be checked."""

    code, status = "IDENTITY_UNAVAILABLE", 503

    def __init__(self) -> None:
        super().__init__("nobody can be identified now; try again later")


@dataclass(frozen=True, slots=True)
class KeyAge:
    """Keys are read again when they are `fresh` seconds old, and for a key that is not among them
    at most once in `pause` seconds, as anybody may name any key.
    """

    fresh: float = 600.0
    pause: float = 30.0


USUAL_AGE = KeyAge()


class KeySet:
    """The keys at a place, which is a path or an `https://` URL (`http://` on this machine alone).

    While they cannot be read again, those that are known stay. Raises Misconfigured for a URL of
    another kind.
    """

    def __init__(
        self,
        place: str | Path,
        age: KeyAge = USUAL_AGE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.place = str(place)
        self._is_remote = _is_url(self.place)
        self._age = age
        self._clock = clock
        self._keys: Sequence[JsonObject] | None = None
        self._read_at = 0.0
        self._reading: asyncio.Task[Sequence[JsonObject]] | None = None

    async def open(self) -> None:
        """Read the keys unless they are known; raises Misconfigured, naming the place."""
        if self._keys is None:
            await self._read()

    async def keys(self, wanted: str | None) -> Sequence[JsonObject]:
        """All keys there are, read again first where none has the `wanted` id; raises
        KeysUnavailable.
        """
        if self._is_due(wanted):
            try:
                await self._read()
            except Misconfigured as error:
                self._read_at = self._clock()
                logger.warning("%s", error.message)
        if self._keys is None:
            raise KeysUnavailable
        return self._keys

    def _is_due(self, wanted: str | None) -> bool:
        if self._keys is None:
            return self._read_at == 0.0 or self._since() >= self._age.pause
        missing = wanted is not None and all(key.get("kid") != wanted for key in self._keys)
        return self._since() >= (self._age.pause if missing else self._age.fresh)

    def _since(self) -> float:
        return self._clock() - self._read_at

    async def _read(self) -> None:
        """Once for all who wait for it; one who gives up does not end it for the others."""
        if self._reading is None or self._reading.get_loop() is not asyncio.get_running_loop():
            self._reading = asyncio.create_task(self._fetched())
            self._reading.add_done_callback(self._settle)
        await asyncio.shield(self._reading)

    def _settle(self, reading: asyncio.Task[Sequence[JsonObject]]) -> None:
        self._reading = None
        if not reading.cancelled() and reading.exception() is None:
            self._keys, self._read_at = reading.result(), self._clock()

    async def _fetched(self) -> Sequence[JsonObject]:
        try:
            if self._is_remote:
                text = await _downloaded(self.place)
            else:
                text = await asyncio.to_thread(Path(self.place).read_bytes)
        except OSError as error:
            raise Misconfigured(
                f"the keys at {redact_urls(self.place)}: {error.strerror}"
            ) from None
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise Misconfigured(f"the keys at {redact_urls(self.place)}: {reason}") from None
        return _parsed(text, self.place)


async def _downloaded(url: str) -> bytes:
    async with client(timeout=PATIENCE) as http, http.stream("GET", url) as answer:
        if answer.status_code != 200:
            raise Misconfigured(f"the keys at {redact_urls(url)}: it answers {answer.status_code}")
        body = bytearray()
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > LONGEST:
                raise Misconfigured(f"the keys at {redact_urls(url)}: more than {LONGEST} bytes")
        return bytes(body)


def _parsed(text: bytes, place: str) -> Sequence[JsonObject]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Misconfigured(f"the keys at {redact_urls(place)}: {error}") from None
    keys = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise Misconfigured(
            f'the keys at {redact_urls(place)}: a key set is {{"keys": [...]}} (RFC 7517, 5)'
        )
    if not 0 < len(keys) <= MOST_KEYS:
        raise Misconfigured(
            f"the keys at {redact_urls(place)}: there are {len(keys)}; 1 to {MOST_KEYS} can be"
        )
    return keys


def _is_url(place: str) -> bool:
    if "://" not in place:
        return False
    try:
        httpx.URL(place)  # which reads it when it is called
        parts = urlsplit(place)
    except (httpx.InvalidURL, ValueError) as error:
        raise Misconfigured(f"the keys at {redact_urls(place)}: this is no URL: {error}") from None
    local = parts.scheme == "http" and is_this_machine(parts.hostname or "")
    if not (parts.hostname and (parts.scheme == "https" or local)):
        raise Misconfigured(
            f"the keys at {redact_urls(place)}: give a path, or a URL that begins with https://"
        )
    if parts.username or parts.password:
        raise Misconfigured("the URL of the keys must not hold a password")
    return True
