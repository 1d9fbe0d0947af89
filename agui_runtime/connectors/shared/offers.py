"""What servers offer, remembered for a while: a source is asked with every request."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

import orjson

from agui_runtime.agents.agent import Offer
from agui_runtime.core import jsontext
from agui_runtime.core.errors import RemoteFailure
from agui_runtime.core.jsontext import Json

FRESH = 60.0
"""Seconds for which an offer is used again."""

DOWN = 10.0
"""Seconds for which a server that did not answer is not called again."""

MOST_CACHED = 256
"""Offers that are remembered; each caller may get another one."""


class Offers:
    """Those of one server, by what it was asked with. A server that goes down is taken for what it
    was; one that was never reached is left alone for `down` seconds.
    """

    def __init__(
        self,
        fresh: float = FRESH,
        down: float = DOWN,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fresh = fresh
        self._down = down
        self._clock = clock
        self._cached: dict[bytes, _Cached] = {}

    async def get(self, key: bytes, learn: Callable[[], Awaitable[Offer]]) -> Offer:
        """The offer under that key, as `learn` finds it out; raises RemoteFailure."""
        cached = self._cached.pop(key, None)
        if cached is None or cached.until <= self._clock():
            cached = await self._learned(learn, cached)
        self._cached[key] = cached
        while len(self._cached) > MOST_CACHED:
            del self._cached[
                next(iter(self._cached))
            ]  # the one that was not used for the longest time
        if cached.failure is not None:
            raise cached.failure
        return cached.offer

    async def _learned(
        self, learn: Callable[[], Awaitable[Offer]], known: _Cached | None
    ) -> _Cached:
        try:
            offer = await learn()
        except RemoteFailure as failure:
            until = self._clock() + self._down
            if known is not None and known.failure is None:
                return known._replace(until=until)
            return _Cached(Offer(), until, failure)
        return _Cached(offer, self._clock() + self._fresh)


class _Cached(NamedTuple):
    """What a server offered, or why it did not answer, and until when that holds."""

    offer: Offer
    until: float
    failure: RemoteFailure | None = None


def key_of(body: Json, headers: Mapping[str, str]) -> bytes:
    """A digest, so that no token is kept longer than its request; raises Unencodable."""
    return hashlib.sha256(jsontext.dumps([body, headers], option=orjson.OPT_SORT_KEYS)).digest()
