"""The HTTP client of the `mcp` package, which goes by the environment as all of our clients do.

It is one of `httpx2`, which comes with `mcp`: import this when a server is called, not before.
"""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import httpx2

from agui_runtime.connectors.mcp.requests import LastAnswer
from agui_runtime.connectors.mcp.response_repair import without_cuts
from agui_runtime.connectors.shared import network

_UNLIMITED = httpx2.Limits(max_connections=None, max_keepalive_connections=20)


def client(
    headers: Mapping[str, str],
    timeout: httpx2.Timeout,
    http: LastAnswer,
    *,
    follow_redirects: bool,
    auth: httpx2.Auth | None,
) -> httpx2.AsyncClient:
    """A client whose answers are noted, and mended; the caller closes it.

    MCP's own client follows redirections within the server's origin only, or none at all.
    """
    made = httpx2.AsyncClient(
        headers={"accept-encoding": "identity", **headers},
        timeout=timeout,
        auth=auth,
        transport=_Transport(),
        trust_env=False,  # its transport goes by the environment
    )
    hooks = [http.note, without_cuts]
    made.event_hooks["response"] += hooks if follow_redirects else [*hooks, _going_nowhere]
    return made


async def _going_nowhere(response: httpx2.Response) -> None:
    response.headers.pop("location", None)


class _Transport(httpx2.AsyncBaseTransport):
    """One pool of connections for each proxy, and one without."""

    def __init__(self) -> None:
        self._proxies = network.Proxies()
        self._pools: dict[str | None, httpx2.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = str(request.url)
        proxy = self._proxies.of(httpx.URL(url))
        if proxy not in self._pools:
            network.check(url)
            self._pools[proxy] = httpx2.AsyncHTTPTransport(limits=_UNLIMITED, proxy=proxy)
        return await self._pools[proxy].handle_async_request(request)

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()
