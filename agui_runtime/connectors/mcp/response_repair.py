"""The bytes of MCP servers' answers over HTTP, with halves of characters replaced as they come.

MCP's own client cannot read halves: it would log that, and leave whoever called the tool waiting.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx2

from agui_runtime.core.jsontext import without_halves

_CUT = re.compile(
    rb"\\+(u[0-9a-fA-F]{0,3}|u[dD][89abAB][0-9a-fA-F]{2}(\\(u[0-9a-fA-F]{0,3})?)?)?\Z"
)
"""The beginning of an escape at the end of a block, whose rest may come with the next one."""


async def without_cuts(response: httpx2.Response) -> None:
    """A hook for a client's responses: what is read of this one has whole characters only."""
    packed = "content-encoding" in response.headers
    if isinstance(response.stream, httpx2.AsyncByteStream) and not packed:
        response.stream = _Whole(response.stream)


class _Whole(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        rest = b""
        async for block in self._stream:
            text = rest + block
            cut = _CUT.search(text, max(0, len(text) - 16))
            end = cut.start() if cut else len(text)
            rest = text[end:]
            if end:
                yield without_halves(text[:end])
        if rest:
            yield without_halves(rest)

    async def aclose(self) -> None:
        await self._stream.aclose()
