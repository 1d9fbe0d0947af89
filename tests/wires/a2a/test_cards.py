"""Agents' cards, and the addresses that they name."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from agui_runtime import A2AWire, CopilotRuntime, create_app
from agui_runtime.core.errors import Misconfigured, MissingExtra
from tests.support import client_of
from tests.wires.a2a.serving import plain_client_of, sdk_client, sending, serving
from tests.wires.graphql.serving import by_header
from tests.wires.openai.serving import Recorder


async def test_a_card_names_each_version_and_binding_at_one_address() -> None:
    runtime = CopilotRuntime({"default": Recorder(), "a b": Recorder()})
    async with plain_client_of(runtime) as client:
        card = (await client.get("/a2a/default/.well-known/agent-card.json")).json()
        other = (await client.get("/a2a/a%20b/.well-known/agent-card.json")).json()
        address = f"{client.base_url}"
    spoken = [
        (each["protocolBinding"], each["protocolVersion"]) for each in card["supportedInterfaces"]
    ]
    assert spoken == [
        ("JSONRPC", "1.0"),
        ("HTTP+JSON", "1.0"),
        ("JSONRPC", "0.3"),
        ("HTTP+JSON", "0.3"),
    ]
    assert {each["url"] for each in card["supportedInterfaces"]} == {f"{address}/a2a/default"}
    assert card["capabilities"] == {"streaming": True, "pushNotifications": False}
    assert card["description"] == "Plays events"
    assert (card["url"], card["protocolVersion"]) == (f"{address}/a2a/default", "0.3")
    assert (other["name"], other["url"]) == ("a b", f"{address}/a2a/a%20b")


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/agent-card.json",
        "/.well-known/agent.json",
        "/a2a/default/.well-known/agent.json",
    ],
)
async def test_the_default_agent_has_its_card_at_the_root_and_older_clients_find_it(
    path: str,
) -> None:
    async with plain_client_of(CopilotRuntime({"default": Recorder()})) as client:
        card = await client.get(path)
        head = await client.head(path)
        posted = await client.post(path, json={})
        address = f"{client.base_url}/a2a/default"
    assert card.json()["supportedInterfaces"][0]["url"] == address
    assert (head.status_code, head.content) == (200, b"")
    assert posted.status_code == 405


async def test_a_card_that_a_client_holds_is_not_sent_again() -> None:
    async with plain_client_of(CopilotRuntime({"default": Recorder()})) as client:
        first = await client.get("/.well-known/agent-card.json")
        again = await client.get(
            "/.well-known/agent-card.json", headers={"if-none-match": first.headers["etag"]}
        )
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"] == "private, max-age=300"
    assert "last-modified" in first.headers


async def test_cards_are_for_strangers_only_where_the_operator_wants_it() -> None:
    runtime = CopilotRuntime({"default": Recorder()}, authenticate=lambda request: None)
    async with plain_client_of(runtime, A2AWire(public_cards=True)) as client:
        card = await client.get("/a2a/default/.well-known/agent-card.json")
        tasks = await client.get("/a2a/default/tasks")
    assert (card.status_code, tasks.status_code) == (200, 401)
    assert card.headers["cache-control"].startswith("public")


async def test_a_card_that_may_not_be_read_is_forbidden() -> None:
    runtime = CopilotRuntime({"default": Recorder()}, authorize=lambda *given: False)
    async with plain_client_of(runtime) as client:
        card = await client.get("/a2a/default/.well-known/agent-card.json")
    assert card.status_code == 403


async def test_credentials_that_the_official_client_is_given_are_those_of_its_caller() -> None:
    runtime = CopilotRuntime({"default": Recorder()}, authenticate=by_header)
    async with (
        serving(runtime) as origin,
        sdk_client(origin, headers={"x-user": "ann"}) as client,
    ):
        updates = [each async for each in client.send_message(sending("hi"))]
        thread = await runtime.store.threads.get(updates[0].task.context_id)
    assert thread is not None
    assert thread.owner == "ann"


async def test_a_card_names_the_ways_to_authenticate_that_the_operator_names() -> None:
    schemes = {
        "bearer": {"httpAuthSecurityScheme": {"scheme": "Bearer"}},
        "key": {"apiKeySecurityScheme": {"location": "header", "name": "X-Key"}},
    }
    wire = A2AWire(public_cards=True, security_schemes=schemes)
    async with plain_client_of(CopilotRuntime({"default": Recorder()}), wire) as client:
        card = (await client.get("/a2a/default/.well-known/agent-card.json")).json()
    assert card["securitySchemes"]["key"]["apiKeySecurityScheme"] == {
        "location": "header",
        "name": "X-Key",
    }
    required = [name for each in card["securityRequirements"] for name in each["schemes"]]
    assert required == ["bearer", "key"]
    assert card["security"] == [{"bearer": []}, {"key": []}]  # of 0.3


@pytest.mark.parametrize(
    "scheme", [{}, {"x": 1}, {"httpAuthSecurityScheme": {}}, "Bearer", {"mtlsSecurityScheme": 1}]
)
def test_what_is_no_way_to_authenticate_is_no_setting(scheme: Any) -> None:  # noqa: ANN401
    wire = A2AWire(security_schemes={"bearer": scheme})
    with pytest.raises(Misconfigured, match="security_schemes: 'bearer'"):
        create_app(CopilotRuntime({"default": Recorder()}), wires=[wire])


async def test_the_wire_is_there_by_its_name_and_with_a_slash() -> None:
    app = create_app(CopilotRuntime({"default": Recorder()}), wires=["a2a"])
    async with client_of(app) as client:
        body = {"jsonrpc": "2.0", "id": 1, "method": "tasks/get", "params": {"id": "x"}}
        answers: list[httpx.Response] = [
            await client.post(path, json=body) for path in ("/a2a/default", "/a2a/default/")
        ]
    assert [each.json()["error"]["code"] for each in answers] == [-32001, -32001]


def test_without_the_sdk_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins
    import sys

    real = builtins.__import__

    def missing(name: str, *given: object) -> object:
        if name == "a2a" or name.startswith("a2a."):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *given)  # type: ignore[arg-type]  # as it came

    for name in [each for each in sys.modules if each.startswith("agui_runtime.wires.a2a.")]:
        if name not in {"agui_runtime.wires.a2a.wire", "agui_runtime.wires.a2a.options"}:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingExtra, match="a2a"):
        create_app(CopilotRuntime({"default": Recorder()}), wires=["a2a"])
