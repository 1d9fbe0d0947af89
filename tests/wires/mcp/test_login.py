"""Clients that log in with a browser find out where, and come back with a token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)
from pydantic import AnyUrl

from agui_runtime import BearerTokens, CopilotRuntime, McpWire, create_app
from agui_runtime.core.errors import Misconfigured
from tests.fakes.authorization_server import TOKEN, Logins, authorization_server
from tests.support import served
from tests.wires.mcp.serving import GENERATIONS, Echo, message, plain, serving

BACK = "http://127.0.0.1:1/callback"
METADATA = "/.well-known/oauth-protected-resource/mcp"


@dataclass
class Browser:
    """Goes where a client sends its user, and remembers the code that it comes back with; it is
    what the client has stored, too.
    """

    code: AuthorizationCodeResult | None = None
    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def visit(self, address: str) -> None:
        async with httpx.AsyncClient() as http:
            answer = await http.get(address)
        given = parse_qs(urlsplit(answer.headers["location"]).query)
        self.code = AuthorizationCodeResult(code=given["code"][0], state=given["state"][0])

    async def callback(self) -> AuthorizationCodeResult:
        assert self.code is not None
        return self.code

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


@asynccontextmanager
async def guarded() -> AsyncIterator[tuple[str, str, Logins]]:
    """The origin of a server that wants tokens of an authorization server; that, and its logins."""
    async with authorization_server() as (issuer, logins):
        runtime = CopilotRuntime({"default": Echo()}, authenticate=BearerTokens({TOKEN: "ann"}))
        async with serving(runtime, McpWire(authorization_servers=[issuer])) as origin:
            yield origin, issuer, logins


@pytest.mark.parametrize("generation", GENERATIONS)
async def test_a_client_of_the_sdk_logs_in_and_calls(generation: str) -> None:
    browser = Browser()
    about = OAuthClientMetadata(redirect_uris=[AnyUrl(BACK)], client_name="a test")
    async with guarded() as (origin, _, logins):
        auth = OAuthClientProvider(f"{origin}/mcp", about, browser, browser.visit, browser.callback)
        async with httpx2.AsyncClient(auth=auth, timeout=60) as http:
            transport = streamable_http_client(f"{origin}/mcp", http_client=http)
            async with Client(transport, mode=generation) as client:
                result = await client.call_tool("default", {"message": "hi"})
    assert result.structured_content is not None
    assert result.structured_content["text"] == "1: hi"
    assert logins.resources == [f"{origin}/mcp"]


async def test_who_is_unknown_learns_where_to_log_in() -> None:
    async with guarded() as (origin, issuer, _), plain(origin) as client:
        refused = await client.post("/mcp", json=message("tools/list"))
        found = await client.get(METADATA)
        wrong = await client.post(METADATA, json={})
    assert refused.status_code == 401
    challenge = f'Bearer resource_metadata="{origin}{METADATA}"'
    assert refused.headers.get_list("www-authenticate") == [challenge]
    assert found.json() == {
        "resource": f"{origin}/mcp",
        "authorization_servers": [issuer],
        "bearer_methods_supported": ["header"],
    }
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD")


async def test_an_app_that_is_mounted_is_found_by_its_challenge() -> None:
    from starlette.applications import Starlette

    runtime = CopilotRuntime({"default": Echo()}, authenticate=BearerTokens({TOKEN: "ann"}))
    app = create_app(
        runtime, wires=[McpWire("/tools", authorization_servers=["https://a.example"])]
    )
    outer = Starlette()
    outer.mount("/agents", app)
    async with served(outer) as origin, plain(origin) as client:
        refused = await client.post("/agents/tools", json=message("tools/list"))
        address = refused.headers["www-authenticate"].split('"')[1]
        found = await client.get(address)
    assert found.json()["resource"] == f"{origin}/agents/tools"


async def test_without_authorization_servers_there_is_nothing_to_find() -> None:
    runtime = CopilotRuntime({"default": Echo()}, authenticate=BearerTokens({TOKEN: "ann"}))
    async with serving(runtime) as origin, plain(origin) as client:
        assert (await client.get(METADATA)).status_code == 404


@pytest.mark.parametrize(
    "servers",
    [
        "https://a.example",
        ["http://a.example"],
        ["a.example"],
        ["https://"],
        ["https://a.example?x=1"],
        ["https://a.example#x"],
        ["https://[a"],
        [7],
        7,
    ],
)
def test_what_is_no_address_of_an_authorization_server_is_refused(servers: list[str]) -> None:
    with pytest.raises(Misconfigured, match="authorization_servers"):
        McpWire(authorization_servers=servers)


async def test_authorization_servers_whose_tokens_nobody_looks_at_are_refused() -> None:
    wire = McpWire(authorization_servers=["https://a.example"])
    with pytest.raises(Misconfigured, match="authenticate"):
        create_app(CopilotRuntime({"default": Echo()}), wires=[wire])
