"""The HTTP connections of one connector: the caller's client, or one made when it is needed."""

from __future__ import annotations

import asyncio

import httpx

from agui_runtime.connectors.shared import network


class Pool:
    """Lends a client for the running event loop. A `client` that is given is not closed here.

    Raises Misconfigured where the environment does not let one be made for the `url`.
    """

    def __init__(self, url: str, client: httpx.AsyncClient | None = None) -> None:
        if client is None:
            network.check(url)
        self._given = client
        self._own: tuple[asyncio.AbstractEventLoop, httpx.AsyncClient] | None = None

    def client(self) -> httpx.AsyncClient:
        """The caller's client, or one for the running loop: connections belong to their loop."""
        if self._given is not None:
            return self._given
        loop = asyncio.get_running_loop()
        if self._own is None or self._own[0] is not loop:
            self._own = loop, network.client()
        return self._own[1]

    async def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        own, self._own = self._own, None
        if own is not None:
            await own[1].aclose()
