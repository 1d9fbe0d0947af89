"""The examples of other frameworks' agents in our process, each served in an environment of its own
over the local model server, and asked by a CopilotKit 1.10 front end.
"""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from scripts import ROOT
from tests.fakes.model import ModelServer
from tests.peers.conftest import QUIET
from tests.peers.environments import environment
from tests.wires.graphql.merging import merged
from tests.wires.graphql.serving import ACCEPT, PATH, body, chat, payloads, user

EXAMPLES = {
    "ag2_app": "adapters",
    "agno_app": "adapters",
    "copilotkit_langgraph_app": "adapters",
    "langgraph_app": "adapters",
    "pydantic_ai_app": "adapters",
    "strands_app": "adapters-strands",
}
SHOW = {
    "name": "show",
    "description": "Shows a city",
    "jsonSchema": '{"type":"object","properties":{"city":{"type":"string"}}}',
    "available": "enabled",
}


@contextmanager
def serving(example: str, folder: Path) -> Iterator[httpx.Client]:
    python = str(environment(EXAMPLES[example]))
    # The package is used where it lies; that it is installed is all that its version needs.
    about = folder / "agui_runtime-0.dist-info" / "METADATA"
    about.parent.mkdir()
    about.write_text("Metadata-Version: 2.1\nName: agui-runtime\nVersion: 0\n")
    with ModelServer() as model:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
            served = ["uvicorn", f"examples.{example}:app", "--fd", str(listener.fileno())]
            keys = {"OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "sk-1"}
            process = subprocess.Popen(
                [python, "-m", *served, "--log-level", "warning"],
                pass_fds=[listener.fileno()],
                cwd=ROOT,
                env={**os.environ, **QUIET, **keys, "PYTHONPATH": str(folder)},
            )
        try:
            with httpx.Client(base_url=origin, headers={"accept": ACCEPT}, timeout=60) as client:
                yield client
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(scope="module")
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """A front end of the example that is the parameter."""
    with serving(request.param, tmp_path_factory.mktemp("about")) as made:
        yield made


def said(client: httpx.Client, thread: str, text: str, **data: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """The messages of one answer."""
    asked = chat(
        threadId=thread,
        messages=[user(f"{thread}-u", text)],
        agentSession={"agentName": "default"},
        **data,
    )
    answer = merged(payloads(client.post(PATH, json=asked).content))
    response = answer["data"]["generateCopilotResponse"]
    assert response["status"]["code"] == "Success", response["status"]
    messages: list[dict[str, Any]] = response["messages"]
    return messages


def texts(messages: list[dict[str, Any]]) -> list[str]:
    return ["".join(message["content"]) for message in messages if "content" in message]


def of(*examples: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("client", examples, indirect=True)


@of(*EXAMPLES)
def test_it_answers(client: httpx.Client) -> None:
    assert texts(said(client, "t-text", "Good morning")) == ["You said: Good morning"]


@of(*(example for example in EXAMPLES if example != "langgraph_app"))
def test_a_front_ends_tool_is_called(client: httpx.Client) -> None:
    offered = {"actions": [SHOW], "url": "http://page.test/"}
    messages = said(client, "t-show", '[tool:show {"city":"Oslo"}]', frontend=offered)

    [call] = [message for message in messages if message.get("name") == "show"]
    assert orjson.loads("".join(call["arguments"])) == {"city": "Oslo"}


@of(*(example for example in EXAMPLES if example != "copilotkit_langgraph_app"))
def test_its_own_tool_is_carried_out(client: httpx.Client) -> None:
    messages = said(client, "t-tool", '[tool:weather {"city":"Oslo"}]')
    assert "sunny in Oslo" in texts(messages)[-1]


@of("copilotkit_langgraph_app", "langgraph_app")
def test_a_thread_is_loaded_from_the_checkpointer(client: httpx.Client) -> None:
    said(client, "t-kept", "Remember me")
    asked = {"data": {"threadId": "t-kept", "agentName": "default"}}
    loaded = client.post(PATH, json=body("loadAgentState", asked)).json()["data"]["loadAgentState"]

    assert loaded["threadExists"] is True
    kept = orjson.loads(loaded["messages"])
    assert [message["content"] for message in kept] == ["Remember me", "You said: Remember me"]
