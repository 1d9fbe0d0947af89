"""One session with one MCP server, over its standard input and output or over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import PurePath
from time import monotonic
from typing import TYPE_CHECKING

import httpx
from pydantic import AnyUrl, ValidationError

from agui_runtime.connectors.mcp.answers import UNREADABLE, ReadableAnswers
from agui_runtime.connectors.mcp.auth import check_auth
from agui_runtime.connectors.mcp.requests import LastAnswer, Requests
from agui_runtime.connectors.mcp.results import McpResult
from agui_runtime.connectors.mcp.tools import McpTool, chosen, tool_of
from agui_runtime.connectors.shared import network
from agui_runtime.connectors.shared.given import checked_url
from agui_runtime.core.demands import FLAG, TEXT, a, check, check_texts, optional
from agui_runtime.core.errors import InvalidInput, Misconfigured, RemoteFailure
from agui_runtime.core.jsontext import Json
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.log_lines import lasting_logger_of
from agui_runtime.sandbox.box import Sandbox

if TYPE_CHECKING:
    import httpx2
    from mcp import ClientSession, MCPError
    from mcp.client.session import MessageHandlerFnT
    from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher

logger = lasting_logger_of(__name__)

PAGE_TYPE = "text/html;profile=mcp-app"
"""The content type of a server's pages (SEP-1865)."""

MOST_PAGES = 100
"""So many pages a list may have."""

_CLOSED = (-32000, "Connection closed")
"""The client's own error where the connection is gone."""

_NO_SESSIONS = frozenset({-32601, -32602, -32020, -32022})
"""Errors of a server to which `initialize` means nothing."""

_FORGOTTEN = 404
"""The status by which a server says that it does not know the session any more (Streamable HTTP).
"""

_SHOWS_PAGES = {"io.modelcontextprotocol/ui": {"mimeTypes": [PAGE_TYPE]}}
"""What a host says that shows a server's pages; some servers list tools with pages only then."""


@explains_arguments
@dataclass(frozen=True, slots=True)
class McpServer:
    """Where a server is: at a `url` (streamable HTTP, or SSE where its path ends in `/sse`), or in
    a process of its own that `command` starts.

    `headers` go with every request. `env` is added to the few variables that a process inherits.
    Times are in seconds: `connect_timeout` for the start of a session, `timeout` for one call.
    `id` names it in messages, in place of its address. Redirections are followed within the
    server's own origin, or not at all. With a `sandbox` the process is started in it, and has of
    variables `env` alone.

    Of its tools, `only` those are there that this names, without any all; models see their names
    behind the `prefix`. With `resources` they may list and read the server's resources, too, by two
    tools of ours. `auth` signs each request: any of the `mcp` package, which gets tokens by
    OAuth and renews them, or another one of `httpx2`.
    """

    url: str = ""
    command: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    connect_timeout: float = 10.0
    timeout: float = 60.0
    follow_redirects: bool = True
    id: str = ""
    sandbox: Sandbox | None = None
    only: Sequence[str] = ()
    prefix: str = ""
    resources: bool = False
    auth: httpx2.Auth | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if bool(self.url) == bool(self.command):
            raise Misconfigured("an MCP server has either a url or a command")
        check("sandbox of an MCP server", self.sandbox, optional(a(Sandbox)))
        if self.sandbox and not self.command:
            raise Misconfigured("an MCP server at a url has no process to put into a sandbox")
        if self.sandbox:
            self.sandbox.check()
        if self.url:
            checked_url(self.url, "the url of an MCP server")
            network.check(self.url)
        check_texts("only of an MCP server", self.only)
        check("prefix of an MCP server", self.prefix, TEXT)
        check("resources of an MCP server", self.resources, FLAG)
        if self.auth is not None:
            check_auth(self.auth)
        if self.auth is not None and not self.url:
            raise Misconfigured("an MCP server in a process takes no auth; give it what is in env")

    @property
    def label(self) -> str:
        """Names the server in messages, without what its address or arguments may keep secret."""
        if self.id:
            return f"MCP server {self.id!r}"
        if self.command:
            return f"MCP server {PurePath(self.command[0]).name!r}"
        url = httpx.URL(self.url)
        return f"MCP server {url.scheme}://{url.netloc.decode().rpartition('@')[2]}"


class McpSession:
    """A session that is open; made by `opened`, ended by `close`.

    A task of its own holds it, because it must be closed in the task that opened it. `broken` tells
    that it is of no more use.
    """

    def __init__(self, server: McpServer, *, shows_pages: bool = False) -> None:
        self.broken = False
        self.changed = False
        """The server says that its tools are other ones now."""
        self._open = 0
        self._server = server
        self._shows_pages = shows_pages
        self._session: asyncio.Future[Requests] = asyncio.get_running_loop().create_future()
        self._leave = asyncio.Event()
        self._http = LastAnswer()
        self._keeper = asyncio.create_task(self._keep())

    @classmethod
    async def opened(cls, server: McpServer, *, shows_pages: bool = False) -> McpSession:
        """Connect, and say whether its pages can be shown; raises RemoteFailure."""
        session = cls(server, shows_pages=shows_pages)
        async with AsyncExitStack() as unless_opened:
            unless_opened.push_async_callback(session.close)
            try:
                async with asyncio.timeout(server.connect_timeout):
                    await asyncio.shield(session._session)
            except TimeoutError:
                raise session._failure("TIMEOUT", " does not answer") from None
            unless_opened.pop_all()
        return session

    async def close(self) -> None:
        """End the session, and its process."""
        self.broken = True
        self._leave.set()
        if not self._session.done():
            self._keeper.cancel()
        await asyncio.wait((self._keeper,))
        if self._session.done():
            self._session.exception()  # seen, also where nobody waits for it any more

    async def tools(self) -> list[McpTool]:
        """The tools that the server lists now; raises RemoteFailure."""
        self.changed = False
        listed = [tool_of(each, self._server) for each in await self._all("tools")]
        return chosen([tool for tool in listed if tool is not None], self._server)

    async def resources(self) -> list[Json]:
        """What the server lists as resources; raises RemoteFailure."""
        return await self._all("resources")

    async def _all(self, kind: str) -> list[Json]:
        """What the server lists, page by page: all of them have the time of one call."""
        session = await self._session
        until = monotonic() + self._server.timeout
        found: list[Json] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await self._answer_to(session.listing(kind, cursor), until)
            listed = page.get(kind) or []
            if not isinstance(listed, list):
                raise self._failure("BROKEN", f" answers {kind}/list with no list")
            found += listed
            cursor = page.get("nextCursor")
            if not cursor:
                return found
        raise self._failure("BROKEN", f" lists more than {MOST_PAGES} pages of {kind}")

    async def call(self, name: str, arguments: Mapping[str, Json]) -> McpResult:
        """What the tool returns, also that it failed; raises RemoteFailure."""
        session = await self._session
        return {"isError": False, **await self._answer_to(session.calling(name, arguments))}

    async def read(self, address: str) -> McpResult:
        """The resource; raises InvalidInput if that is no address, and RemoteFailure."""
        session = await self._session
        try:
            url = AnyUrl(address)
        except ValidationError:
            raise InvalidInput("not the address of a resource") from None
        return await self._answer_to(session.reading(str(url)))

    async def _answer_to(
        self, question: Coroutine[None, None, McpResult], until: float | None = None
    ) -> McpResult:
        """The server's answer; what it refuses does not break the session, all else does.

        A call that takes too long breaks it only where it was alone: others may well be served.
        """
        from mcp import MCPError

        asking = asyncio.create_task(question)
        self._open += 1
        patience = self._server.timeout
        try:
            first = asyncio.FIRST_COMPLETED
            rest = patience if until is None else until - monotonic()
            done, _ = await asyncio.wait((asking, self._keeper), timeout=rest, return_when=first)
            if asking in done:
                return asking.result()
        except MCPError as error:
            lost = (error.code, error.message) == _CLOSED or self._http.refusal == _FORGOTTEN
            self.broken = self.broken or lost
            kind = "BROKEN" if error.error.code == UNREADABLE else "REFUSED"
            raise self._failure(kind, f": {error}") from error
        except Exception as error:  # a foreign SDK: the client of `mcp`
            self.broken = True
            raise self._failure("BROKEN", " failed") from error
        finally:
            self._open -= 1
            asking.cancel()
            await asyncio.wait((asking,))
        if self._keeper in done:
            raise self._failure("BROKEN", " is gone")
        self.broken = self._open == 0
        raise self._failure("TIMEOUT", f" took longer than {patience:g} s")

    def _failure(self, kind: str, problem: str) -> RemoteFailure:
        """A failure of this server, with the HTTP status that it came with, if there was one."""
        words = f"{self._server.label}{problem}{self._http.words}"
        return RemoteFailure(kind, words, self._http.refusal)

    async def _keep(self) -> None:
        try:
            session = _requests(
                self._server, self._http, self._on_message, shows_pages=self._shows_pages
            )
            async with session as requests:
                self._session.set_result(requests)
                await self._leave.wait()
        except Exception as error:  # noqa: BLE001  # a foreign SDK: its task groups raise groups of anything
            self._lost(error)
        finally:
            self.broken = True

    def _lost(self, error: Exception) -> None:
        if self._session.done():
            logger.warning("%s was lost", self._server.label, exc_info=error)
            return
        problem = " cannot be used" if self._http.words else " cannot be reached"
        failure = self._failure("UNREACHABLE", problem)
        failure.__cause__ = error
        self._session.set_exception(failure)

    async def _on_message(self, message: object) -> None:
        """Told of all that the server says unasked."""
        if getattr(message, "method", "") == "notifications/tools/list_changed":
            self.changed = True


@asynccontextmanager
async def _requests(
    server: McpServer, http: LastAnswer, on_message: MessageHandlerFnT, *, shows_pages: bool
) -> AsyncIterator[Requests]:
    """A session that has begun."""
    from mcp import ClientSession  # heavy: only when a server is called
    from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher
    from mcp.types import Implementation

    from agui_runtime.connectors.mcp.transports import connected

    async with connected(server, http) as (read, write):
        dispatcher = JSONRPCDispatcher(ReadableAnswers(read), write)
        session = ClientSession(
            message_handler=on_message,
            client_info=Implementation(name="agui-runtime", version=version("agui-runtime")),
            extensions=_SHOWS_PAGES if shows_pages else None,
            dispatcher=dispatcher,
        )
        async with session:
            yield await _begun(session, dispatcher, http, shows_pages=shows_pages)


async def _begun(
    session: ClientSession, dispatcher: JSONRPCDispatcher, http: LastAnswer, *, shows_pages: bool
) -> Requests:
    """Begin the session; a server that knows none, as since 2026-07-28, is asked what it is."""
    from mcp import MCPError

    try:
        begun = await session.initialize()
    except MCPError as refused:
        if refused.code not in _NO_SESSIONS or not http.may_be_mcp:
            raise
        spoken = await _spoken(session, refused)
        return Requests(dispatcher, spoken, _about(spoken, shows_pages=shows_pages))
    return Requests(dispatcher, begun.protocol_version, {})


async def _spoken(session: ClientSession, refused: MCPError) -> str:
    """The version of a server without sessions; raises `refused` where it is not one either."""
    from mcp import MCPError

    try:
        await session.discover()
    except (MCPError, ValidationError):
        raise refused from None
    assert session.protocol_version is not None
    return session.protocol_version


def _about(version_: str, *, shows_pages: bool) -> Mapping[str, Json]:
    """What each request to such a server says of us."""
    from mcp.types import (
        CLIENT_CAPABILITIES_META_KEY,
        CLIENT_INFO_META_KEY,
        PROTOCOL_VERSION_META_KEY,
    )

    return {
        PROTOCOL_VERSION_META_KEY: version_,
        CLIENT_INFO_META_KEY: {"name": "agui-runtime", "version": version("agui-runtime")},
        CLIENT_CAPABILITIES_META_KEY: {"extensions": _SHOWS_PAGES} if shows_pages else {},
    }
