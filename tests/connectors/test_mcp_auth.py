"""MCP servers that want a token: the SDK's own, and a client of its that gets one by OAuth."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.server import MCPServer
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from agui_runtime.connectors.mcp import McpServer, servers
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import RunContext
from tests.connectors.test_mcp import World, world
from tests.ports import free_port
from tests.support import served


@dataclass
class Tokens:
    """Gives tokens to whoever knows the secret, each in place of the one before; it verifies them
    for the server, and is what the client has stored.
    """

    secret: str = "s3cret"
    given: list[str] = field(default_factory=list)
    valid: str = ""
    stored: OAuthToken | None = None

    async def give(self, request: Request) -> Response:
        form = await request.form()
        if form["client_secret"] != self.secret:
            return JSONResponse({"error": "invalid_client"}, 401)
        self.valid = f"token-{len(self.given)}"
        self.given.append(str(form["resource"]))
        return JSONResponse({"access_token": self.valid, "token_type": "Bearer"})

    async def verify_token(self, token: str) -> AccessToken | None:
        known = AccessToken(token=token, client_id="agui", scopes=[])
        return known if token == self.valid else None

    async def get_tokens(self) -> OAuthToken | None:
        return self.stored

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.stored = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return None

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        """It was registered by hand."""


@asynccontextmanager
async def guarded(tokens: Tokens) -> AsyncIterator[tuple[str, str]]:
    """The address of a server whose tokens those are, and who issues them."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/mcp"

    async def metadata(request: Request) -> Response:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token"}
        ends = {key: f"{issuer}/{name}" for key, name in names.items()}
        return JSONResponse({"issuer": issuer, "response_types_supported": ["code"], **ends})

    routes = [
        Route("/.well-known/oauth-authorization-server", metadata),
        Route("/token", tokens.give, methods=["POST"]),
    ]
    async with served(Starlette(routes=routes)) as issuer:
        about = {"issuer_url": issuer, "resource_server_url": url, "validate_token_resource": False}
        settings = AuthSettings.model_validate(about)
        server = MCPServer("guarded", auth=settings, token_verifier=tokens, log_level="ERROR")

        @server.tool()
        def add(a: int, b: int) -> int:
            """Adds two numbers."""
            return a + b

        async with served(server.streamable_http_app(), port):
            yield url, issuer


@asynccontextmanager
async def client_with(secret: str, tokens: Tokens) -> AsyncIterator[World]:
    async with guarded(tokens) as (url, issuer):
        auth = credentials(url, tokens, secret, issuer)
        async with world(McpServer(url=url, auth=auth)) as it:
            yield it


def credentials(
    url: str, tokens: Tokens, secret: str, issuer: str
) -> ClientCredentialsOAuthProvider:
    return ClientCredentialsOAuthProvider(
        url, tokens, "agui", secret, "client_secret_post", issuer=issuer
    )


async def test_a_token_is_fetched_and_fetched_again_when_it_counts_no_more() -> None:
    tokens = Tokens()
    async with client_with("s3cret", tokens) as it:
        assert await it.call("add", a=1, b=2) == "3"
        tokens.valid = "another one"
        assert await it.call("add", a=2, b=2) == "4"
    assert len(tokens.given) == 2


async def test_a_server_that_gives_no_token_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    tokens = Tokens()
    async with client_with("wrong", tokens) as it:
        with caplog.at_level(logging.WARNING, "agui_runtime"):
            assert await it.call("add", a=1, b=2) == ""
    assert it.agent.offered == []
    assert "HTTP 401 at /token" in caplog.text
    assert "wrong" not in caplog.text


async def test_a_caller_s_own_server_is_called_with_their_token_alone() -> None:
    tokens = Tokens(valid="token of ann")
    async with guarded(tokens) as (url, _):

        async def of_caller(context: RunContext) -> list[McpServer]:
            own = {"authorization": f"Bearer token of {context.caller.owner}"}
            return [McpServer(url=url, headers=own)]

        async with world(for_caller=of_caller) as it:
            assert await it.call("add", a=1, b=2) == "3"
            tokens.valid = "token of bob"
            assert await tokens.verify_token("token of ann") is None
            assert await it.call("add", a=1, b=2) == ""
    assert it.agent.offered == []


async def fails(context: RunContext) -> list[McpServer]:
    raise KeyError("no calendar")


async def forgets(context: RunContext) -> None:
    """Returns nothing."""


async def gives_addresses(context: RunContext) -> list[str]:
    return ["http://127.0.0.1:1/mcp"]


async def never_ends(context: RunContext) -> list[McpServer]:
    await asyncio.Event().wait()
    return []


@pytest.mark.parametrize(
    ("for_caller", "words"),
    [
        (fails, "no calendar"),
        (forgets, "must be a list of McpServer(...), not None"),
        (gives_addresses, "must be a list of McpServer(...), not a list"),
        (never_ends, "TimeoutError"),
    ],
)
async def test_a_run_goes_on_where_a_caller_s_own_servers_are_not_given(
    for_caller: object,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(servers, "FOR_CALLER_SECONDS", 0.05)
    async with world(for_caller=for_caller) as it:
        with caplog.at_level(logging.WARNING, "agui_runtime"):
            assert await it.call("add", a=1, b=2) == ""
    assert words in caplog.text


@pytest.mark.parametrize(
    "given",
    [{"auth": "Bearer x"}, {"auth": httpx.BasicAuth("ann", "x")}, {"only": "add"}, {"prefix": 7}],
)
def test_what_cannot_be_obeyed_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(Misconfigured, match=next(iter(given))):
        McpServer(url="http://127.0.0.1:1/mcp", **given)  # type: ignore[arg-type]  # it is wrong


def test_a_process_takes_no_auth() -> None:
    auth = credentials("https://x.test/mcp", Tokens(), "x", "https://y.test")
    with pytest.raises(Misconfigured, match="env"):
        McpServer(command=["x"], auth=auth)
