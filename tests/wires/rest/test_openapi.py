"""The description of the agent routes is whole, true, and shown without anything from elsewhere."""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from agui_runtime import CopilotRuntime, ServerOptions, create_app
from agui_runtime.wires.rest.operations import OPERATIONS
from agui_runtime.wires.rest.options import RestOptions
from agui_runtime.wires.rest.refusals import REFUSALS
from agui_runtime.wires.rest.routes import RestEndpoint
from tests.runtime.worlds import Scripted, text
from tests.support import client_of
from tests.wires.callers.routes import REST, cases
from tests.wires.callers.world import deny, world
from tests.wires.rest.serving import HELLO, asks, events_at, serving, started


async def described() -> dict[str, Any]:
    async with client_of(create_app(CopilotRuntime({"default": Scripted()}))) as client:
        found: dict[str, Any] = (await client.get("/openapi.json")).json()
        return found


def schema_of(document: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """That of a JSON answer, with all that it refers to."""
    schema: dict[str, Any] = answer["content"]["application/json"]["schema"]
    return {"components": document["components"], **schema}


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


async def test_every_route_is_described_and_nothing_else() -> None:
    runtime = CopilotRuntime({})
    endpoint = RestEndpoint(runtime, RestOptions(ServerOptions(), 15, None))
    found = {(m, p.replace("Id}", "}")) for m, p in operations(await described())}
    assert found == {(method, f"{REST}/{path}") for method, path in endpoint.offered}
    await runtime.close()


async def test_every_schema_is_one_and_every_reference_leads_somewhere() -> None:
    document = await described()
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    references = re.findall(r"'\$ref': '#/components/schemas/([^']*)'", str(document))
    assert set(references) <= set(schemas)
    assert set(schemas) - set(references) == set()


def test_every_code_is_of_some_route() -> None:
    used = {code for each in OPERATIONS for code in each.codes}
    assert used == set(REFUSALS)


async def test_answers_are_as_they_are_described() -> None:
    document = await described()
    found = operations(document)
    agent = asks()
    async with serving(agent) as client:
        run = await started(client, threadId="t1", runId="r1")
        await events_at(client, run["events"])
        history = await client.get("/threads/t1/history")
        agent.events = tuple(text("m2", "Well"))
        answer = {"interruptId": "i1", "status": "resolved"}
        resumed = await client.post("/runs/r1/resume", json={"threadId": "t1", "resume": [answer]})
        stopped = await client.post("/runs/r1/stop", json={"threadId": "t1"})
        again = await client.post("/runs", json={"messages": HELLO})
    for method, path, sent in (
        ("POST", "runs", again),
        ("POST", "runs/{runId}/resume", resumed),
        ("POST", "runs/{runId}/stop", stopped),
        ("GET", "threads/{threadId}/history", history),
    ):
        operation = found[method, f"{REST}/{path}"]
        schema = schema_of(document, operation["responses"][str(sent.status_code)])
        Draft202012Validator(schema).validate(sent.json())
        assert isinstance(sent.json(), dict)


@pytest.mark.parametrize("owner", ["ann", "bob"])
async def test_every_refusal_is_described(owner: str) -> None:
    document = await described()
    found = {(m, p.replace("Id}", "}")): it for (m, p), it in operations(document).items()}
    for case in cases():
        method, _, path = case.name.partition(" ")
        if (method, path) not in found:
            continue
        async with world(owner, deny if owner == "ann" else None) as site:
            refused = await site.client.request(method, case.path, json=case.body)
            malformed = await site.client.request(method, case.path, content=b"x")
        for answer in (refused, malformed):
            if answer.status_code < 400:
                continue
            known = found[method, path]["responses"][str(answer.status_code)]
            Draft202012Validator(schema_of(document, known)).validate(answer.json())


class Sources(HTMLParser):
    """Collects what a page loads or leads to, and its ids."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: set[str] = set()
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        named = dict(attrs)
        self.links |= {str(named[key]) for key in ("href", "src") if key in named}
        self.ids |= {str(named["id"])} if "id" in named else set()


async def test_the_page_for_people_needs_nothing_from_elsewhere() -> None:
    async with client_of(create_app(CopilotRuntime({"default": Scripted()}))) as client:
        page = await client.get("/docs")
    sources = Sources()
    sources.feed(page.text)
    assert page.headers["content-type"].startswith("text/html")
    assert {"script", "iframe", "object", "img"}.isdisjoint(sources.tags)
    rest = {each for each in sources.links if not each.startswith("#")}
    assert rest == {"openapi.json", "data:,"}
    assert {each[1:] for each in sources.links - rest} <= sources.ids
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    style = page.text.partition("<style>")[2].partition("</style>")[0]
    assert base64.b64encode(sha256(style.encode()).digest()).decode() in policy
    for each in OPERATIONS:
        assert f"{each.method} {REST}/{each.path}" in page.text


async def test_in_production_nobody_is_shown_it() -> None:
    app = create_app(CopilotRuntime({"default": Scripted()}), production=True)
    async with client_of(app) as client:
        for path in ("/openapi.json", "/docs"):
            assert (await client.get(path)).status_code == 404
