"""Under which names a server may be called, and what is no name or origin at all."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from agui_runtime import CopilotRuntime, ServerLimits, create_app
from agui_runtime.core.errors import Misconfigured
from tests.wires.guarded import CHANGES, EVIL, PAGE, RUN, Change, Site, exchanged, send


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ((f"Origin: {EVIL}", f"Origin: {EVIL}"), "BAD_ORIGIN"),
        ((f"Origin: {PAGE} {EVIL}",), "BAD_ORIGIN"),
        ((f"Origin: {PAGE}, {EVIL}",), "BAD_ORIGIN"),
        (("Origin:",), "BAD_ORIGIN"),
        (("Origin: http://[::1",), "BAD_ORIGIN"),
        (("Origin: http://a:99999",), "BAD_ORIGIN"),
        (("Origin: http://\xff\xfe",), "BAD_ORIGIN"),
        ((f"Origin: {PAGE}/",), "BAD_ORIGIN"),
        (("Host: localhost", "Host: localhost"), "BAD_HOST"),
        (("Host: [::1",), "BAD_HOST"),
        (("Host: a b",), "BAD_HOST"),
        (("Host: localhost:x",), "BAD_HOST"),
        (("Host: \xff",), "BAD_HOST"),
        (("Host:",), "BAD_HOST"),
    ],
)
async def test_what_no_browser_writes_is_refused(lines: tuple[str, ...], code: str) -> None:
    host = () if lines[0].startswith("Host") else ("Host: localhost",)
    async with Site().client() as client:
        for path in ("/copilotkit/info", "/graphql", "/remote/info", "/nowhere"):
            for method in ("GET", "POST"):
                head = (f"{method} {path} HTTP/1.1", *host, *lines, "Connection: close", "", "")
                answer = await exchanged(client, "\r\n".join(head).encode("latin-1"))
                assert answer.startswith(b"HTTP/1.1 400 ")
                assert code.encode() in answer


@pytest.mark.parametrize(
    ("hosts", "known", "unknown"),
    [
        (
            None,
            "localhost LOCALHOST.:8000 app.localhost 127.0.0.1 127.1.2.3:80 [::1] 0.0.0.0:8000"
            " [::ffff:127.0.0.1]",
            "evil.example localhost.evil.example notlocalhost 10.0.0.1 [2001:db8::1]",
        ),
        (
            ["app.example", "*.apps.example", "2001:db8::1"],
            "app.example APP.example.:8000 a.apps.example a.b.apps.example [2001:db8::1]:8000",
            "localhost 127.0.0.1 apps.example x.app.example evilapps.example",
        ),
        (["*"], "evil.example localhost 10.0.0.1", ""),
    ],
)
async def test_a_server_answers_to_its_names_only(
    hosts: list[str] | None, known: str, unknown: str
) -> None:
    """Otherwise a page could make its own name point to this machine, and be one of its own."""
    site = Site(allowed_hosts=hosts)
    async with site.client() as client:
        for name in known.split():
            for change in (RUN, Change("GET", "/copilotkit/threads")):
                answer = await send(client, change, {"host": name, "origin": f"http://{name}"})
                assert answer.status_code == 200, name
        before = await site.state()
        for name in unknown.split():
            for change in (*CHANGES, Change("GET", "/copilotkit/threads"), Change("GET", "/")):
                answer = await send(client, change, {"host": name, "origin": f"http://{name}"})
                assert answer.status_code == 403, name
                assert answer.json()["code"] == "HOST_NOT_ALLOWED"
        assert await site.state() == before


async def test_probes_may_call_a_server_by_its_address() -> None:
    async with Site(allowed_hosts=("app.example",)).client() as client:
        for path in ("/healthz", "/readyz"):
            by_address = await client.get(path, headers={"host": "10.1.2.3:8000"})
            by_name = await client.get(path, headers={"host": "evil.example"})
            assert (by_address.status_code, by_name.status_code) == (200, 403)


async def test_a_program_that_tells_no_host_is_answered() -> None:
    async with Site().client() as client:
        answer = await exchanged(client, b"GET /healthz HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_elsewhere_than_on_loopback_any_name_will_do() -> None:
    """Where a server listens is known by its connections."""
    for server in (("172.17.0.2", 8000), ("/run/app.sock", None), None):
        answer = await status_of(Site().app, server, host="app.example")
        assert answer == 200, server
    assert await status_of(Site().app, ("::1", 8000), host="app.example") == 403


async def status_of(app: ASGIApp, server: tuple[str, int | None] | None, *, host: str) -> int:
    """The status with which the app answers a connection that came in there."""

    async def there(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "server": server}, receive, send)

    transport = httpx.ASGITransport(there)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
        return (await client.get("/healthz")).status_code


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"allowed_hosts": []}, "at least one"),
        ({"allowed_hosts": "localhost"}, "give a list"),
        ({"cors_origins": "https://app.example"}, "give a list"),
        ({"allowed_hosts": ["http://app.example"]}, "allowed_hosts"),
        ({"allowed_hosts": ["app.example:80"]}, "no ports"),
        ({"cors_origins": ["app.example"]}, "https://app.example.com"),
        ({"cors_origins": ["https://app.example/"]}, "without a path"),
        ({"cors_origins": ["null"]}, "sandboxed"),
        ({"limits": {"body_rate": 0}}, "body_rate"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(options: dict[str, Any], hint: str) -> None:
    with pytest.raises(Misconfigured, match=hint):
        if "limits" in options:
            options["limits"] = ServerLimits(**options["limits"])
        create_app(CopilotRuntime({}), **options)
