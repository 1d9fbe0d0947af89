"""What pages may do, on every wire alike: their origins, their cookies, and what they send."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.wires.graphql.serving import chat
from tests.wires.guarded import (
    ARCHIVE,
    CHANGES,
    EVIL,
    JSON,
    LISTED,
    NEW,
    PAGE,
    RUN,
    Change,
    Site,
    exchanged,
    name_of,
    send,
)


@pytest.mark.parametrize("change", CHANGES, ids=name_of)
async def test_a_page_of_an_unlisted_origin_changes_nothing(change: Change) -> None:
    site = Site(**LISTED)
    async with site.client() as client:
        before = await site.state()
        for told in (
            {"origin": EVIL},
            {"origin": "null"},
            {"origin": PAGE.replace("https", "http")},
            {"origin": PAGE + ":8443"},
            {"origin": PAGE + ".evil.example"},
            {"origin": EVIL, "sec-fetch-site": "none"},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site", "sec-fetch-mode": "navigate"},
            {"origin": str(client.base_url).rstrip("/"), "sec-fetch-site": "cross-site"},
        ):
            answer = await send(client, change, told)
            assert answer.status_code == 403, told
            assert answer.json()["code"] == "ORIGIN_NOT_ALLOWED"
            assert answer.json()["errors"][0]["extensions"] == {"code": "ORIGIN_NOT_ALLOWED"}
        assert await site.state() == before


ANY_PAGE_SENDS = [
    "text/plain",
    "text/plain;charset=UTF-8",
    "Text/Plain; application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "",
    None,
]


@pytest.mark.parametrize("change", CHANGES, ids=name_of)
async def test_a_body_that_any_page_may_send_changes_nothing(change: Change) -> None:
    site = Site()
    async with site.client() as client:
        before = await site.state()
        for kind in ANY_PAGE_SENDS:
            if change.path.endswith("transcribe") and kind and kind.startswith("multipart"):
                continue  # a recording may come as a form
            headers = {} if kind is None else {"content-type": kind}
            answer = await send(client, change, headers, content=b'{"threadId": "t1"}')
            assert answer.status_code == 415, kind
            assert "application/json" in answer.json()["message"]
        assert await site.state() == before


async def test_nor_where_the_base_path_is_the_root() -> None:
    async with Site(path="/").client() as client:
        for path in ("/", "/agent/default/run", "/threads/t1/archive", "/graphql"):
            answer = await client.post(path, content=b"{}", headers={"content-type": "text/plain"})
            assert answer.status_code == 415, path


async def chunked() -> AsyncIterator[bytes]:
    yield b""
    yield b'{"threadId": "t1"}'


async def test_a_body_of_unknown_length_needs_a_type_too() -> None:
    async with Site().client() as client:
        answer = await client.post(ARCHIVE.path, content=chunked())
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/vnd.api+json",
    ],
)
async def test_json_is_known_however_it_is_written(kind: str) -> None:
    async with Site().client() as client:
        answer = await client.post(RUN.path, content=b"{", headers={"content-type": kind})
        assert answer.status_code == 400  # somebody has looked into it
        archived = await send(client, ARCHIVE, {"content-type": kind})
    assert archived.json()["archived"] is True


@pytest.mark.parametrize("headers", [{}, {"content-type": "application/octet-stream"}])
async def test_a_request_without_a_body_needs_no_type(headers: dict[str, str]) -> None:
    async with Site().client() as client:
        answer = await send(client, ARCHIVE, headers)
    assert answer.json()["archived"] is True


async def test_but_from_a_page_it_does_as_any_page_may_send_it() -> None:
    site = Site()
    async with site.client() as client:
        token = {"origin": EVIL, "authorization": "token"}  # the browser's own, it may be
        answer = await send(client, ARCHIVE, token)
        typed = await send(client, ARCHIVE, token | JSON)
    assert answer.status_code == 415
    assert typed.status_code == 404  # by-token has no such thread


@pytest.mark.parametrize("change", CHANGES, ids=name_of)
async def test_cookies_of_other_pages_never_count_under_a_wildcard(change: Change) -> None:
    site = Site()
    async with site.client() as client:
        before = await site.state()
        answer = await send(client, change, {"origin": EVIL, **JSON})
        assert answer.status_code == 401 or change.path.startswith("/remote") or _refused(answer)
        assert await site.state() == before


def _refused(answer: httpx.Response) -> bool:
    return bool(answer.json()["errors"][0]["extensions"]["runtimeCode"] == "UNAUTHENTICATED")


async def test_nor_where_only_the_browser_tells_that_it_is_another_page() -> None:
    async with Site().client() as client:
        image = await client.get("/copilotkit/threads", headers={"sec-fetch-site": "cross-site"})
        link = await client.get(
            "/copilotkit/threads",
            headers={
                "sec-fetch-site": "cross-site",
                "sec-fetch-mode": "navigate",
                "sec-fetch-dest": "document",
            },
        )
    assert (image.status_code, link.status_code) == (401, 200)


@pytest.mark.parametrize("options", [{}, LISTED])
async def test_this_servers_own_pages_and_programs_keep_their_cookies(
    options: dict[str, Any],
) -> None:
    async with Site(**options).client() as client:
        own = str(client.base_url).rstrip("/")
        tls = own.replace("http:", "https:")  # which ends at a proxy
        for told in ({}, {"origin": own}, {"origin": own.upper()}, {"origin": tls}):
            assert (await client.post(RUN.path, json=NEW, headers=told)).status_code == 200, told
        behind = {"host": "localhost:8000", "origin": PAGE, "sec-fetch-site": "same-origin"}
        assert (await client.post(RUN.path, json=NEW, headers=behind)).status_code == 200


async def test_a_listed_page_keeps_its_cookies() -> None:
    async with Site(**LISTED).client() as client:
        for told in (PAGE, PAGE.upper(), f"{PAGE}:443"):
            answer = await client.post(RUN.path, json=NEW, headers={"origin": told})
            assert answer.status_code == 200
        spaced = f"host: localhost\r\norigin: {PAGE} \t\r\nconnection: close\r\n\r\n"
        info = await exchanged(client, f"GET /copilotkit/info HTTP/1.1\r\n{spaced}".encode())
        assert b"UNAUTHENTICATED" in info  # and not refused for its origin


async def test_the_authorization_of_a_page_counts_under_a_wildcard() -> None:
    """It set it itself: a browser adds none to a request that it had to ask for."""
    headers = {"origin": EVIL, "authorization": "token"}
    async with Site().client() as client:
        assert (await client.post(RUN.path, json=NEW, headers=headers)).status_code == 200


@pytest.mark.parametrize("change", CHANGES, ids=name_of)
async def test_nothing_changes_by_get(change: Change) -> None:
    query = {"query": "mutation { __typename }", "method": "agent/run"}
    site = Site()
    async with site.client() as client:
        before = await site.state()
        for method in ("GET", "HEAD", "OPTIONS"):
            for params in (None, query):
                over = {"x-http-method-override": change.method, **JSON}
                await client.request(method, change.path, params=params, headers=over)
        assert await site.state() == before


async def test_a_graphql_mutation_is_refused_by_get() -> None:
    async with Site().client() as client:
        params = {"query": chat()["query"], "variables": "{}"}
        assert (await client.get("/graphql", params=params)).status_code == 405


async def test_other_routes_of_the_app_are_guarded_too() -> None:
    site = Site()

    async def form(request: Request) -> Response:
        return JSONResponse({"session": request.cookies.get("session")})

    outer = FastAPI(lifespan=site.runtime.lifespan)
    site.app.add_route("/login", form, methods=["POST"])
    outer.mount("/deep", site.app)
    async with site.client(outer) as client:
        own = await client.post("/deep/login", data={"a": "b"})
        page = await client.post("/deep/login", data={"a": "b"}, headers={"origin": EVIL})
        host = await client.post("/deep/login", data={"a": "b"}, headers={"host": "evil.example"})
        wire = await client.post("/deep/copilotkit/agent/default/run", data={"a": "b"})
        run = await client.post("/deep/copilotkit/agent/default/run", json=NEW)
    assert (own.json(), page.json()) == ({"session": "ann"}, {"session": None})
    assert [host.status_code, wire.status_code, run.status_code] == [403, 415, 200]


HANDSHAKE = (
    "GET /graphql HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


@pytest.mark.parametrize(
    ("options", "headers", "status"),
    [
        (LISTED, {"origin": EVIL}, 403),
        (LISTED, {"origin": "null"}, 403),
        (LISTED, {"origin": "http://[::1"}, 403),
        (LISTED, {"origin": PAGE}, 101),
        (LISTED, {}, 101),
        ({}, {"origin": EVIL}, 101),
        ({}, {"host": "evil.example", "origin": "http://evil.example"}, 403),
    ],
)
async def test_the_same_holds_for_websockets(
    options: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    told = {"host": "localhost", **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    async with Site(**options).client() as client:
        answer = await exchanged(client, f"{HANDSHAKE}{lines}\r\n".encode(), b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 %d " % status)


async def test_a_page_in_another_network_is_let_in_where_it_is_listed() -> None:
    headers = {"access-control-request-method": "POST", "origin": PAGE}
    headers["access-control-request-private-network"] = "true"
    for site, granted in ((Site(), None), (Site(**LISTED), "true")):
        async with site.client() as client:
            answer = await client.options(RUN.path, headers=headers)
        assert answer.headers.get("access-control-allow-private-network") == granted
