"""`AGUI_MEMORY=1`: the agent that is served without an app knows its users."""

from __future__ import annotations

from pathlib import Path

import pytest

from agui_runtime.commands.embedders import embedder_of
from agui_runtime.commands.hosting import hosted
from agui_runtime.commands.stores import examine_stores
from agui_runtime.core.errors import Misconfigured
from agui_runtime.memories.embedders.hashing import HashingEmbedder
from agui_runtime.memories.embedders.litellm import LiteLLMEmbedder
from agui_runtime.memories.embedders.minilm import MiniLMEmbedder
from agui_runtime.memories.embedders.openai import OpenAIEmbedder
from agui_runtime.settings import Settings
from agui_runtime.wrappers.memory import RECALLED
from tests.support import client_of
from tests.wires.agui.serving import run_body

AT = "/api/v1/agent/memory"
ALONE = {"AGUI_ALLOW_ANONYMOUS": "1", "AGUI_STORE": "memory:"}


async def test_the_agent_is_given_what_is_remembered_and_may_remember(tmp_path: Path) -> None:
    env = {"AGUI_MEMORY": "1", "AGUI_DATA": str(tmp_path), "AGUI_TOKENS": "ann:token-of-ann-0001"}
    made = hosted(Settings.read(env))
    examine_stores(made.runtimes, made.settings)
    async with client_of(made.app) as client:
        client.headers["authorization"] = "Bearer token-of-ann-0001"
        entry = {"tier": "core", "key": "name", "text": "Ann"}
        assert (await client.post(AT, json=entry)).status_code == 201
        ran = await client.post("/copilotkit/agent/default/run", json=run_body())
        assert RECALLED in ran.text
    assert [each.name for each in made.runtimes[0].actions] == ["remember", "recall", "forget"]
    assert (tmp_path / "threads.db.key").exists()


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({}, "nobody says who they are"),
        ({"AGUI_MEMORY": "", "AGUI_MEMORY_EMBEDDER": "hashing"}, "set AGUI_MEMORY=1"),
        ({**ALONE, "AGUI_MEMORY_EMBEDDER": "nomic"}, "=nomic: write hashing, minilm, or a model"),
        ({**ALONE, "AGUI_MEMORY_EMBEDDER": "openai/m:0"}, "=openai/m:0 needs OPENAI_API_KEY"),
        ({"AGUI_APP": "a:b"}, "AGUI_APP=a:b has agents of its own: leave out AGUI_MEMORY"),
    ],
)
def test_what_cannot_be_obeyed_is_refused(env: dict[str, str], words: str) -> None:
    with pytest.raises(Misconfigured, match=words):
        hosted(Settings.read({"AGUI_MEMORY": "1", **env}))


async def test_all_share_a_memory_where_an_operator_wants_that(tmp_path: Path) -> None:
    env = {"AGUI_MEMORY": "1", **ALONE}
    async with client_of(hosted(Settings.read(env)).app) as client:
        assert (await client.get(AT)).json() == {"entries": [], "nextCursor": None}


@pytest.mark.parametrize(
    ("chosen", "made", "name"),
    [
        ({}, HashingEmbedder, "hashing-256-2"),
        ({"AGUI_MEMORY_EMBEDDER": "minilm"}, MiniLMEmbedder, "all-MiniLM-L6-v2"),
        (
            {"AGUI_MEMORY_EMBEDDER": "openai/small:1536", "OPENAI_API_KEY": "sk-of-openai"},
            OpenAIEmbedder,
            "small-1536",
        ),
        (
            {
                "AGUI_MEMORY_EMBEDDER": "nomic-embed-text:latest:768",
                "AGUI_MODEL": "llama",
                "AGUI_OPENAI_BASE_URL": "http://127.0.0.1:11434/v1",
            },
            OpenAIEmbedder,
            "nomic-embed-text:latest-768",
        ),
        ({"AGUI_MEMORY_EMBEDDER": "cohere/multi:1024"}, LiteLLMEmbedder, "cohere/multi-1024"),
    ],
)
def test_an_operator_chooses_what_finds_facts_again(
    chosen: dict[str, str], made: type[object], name: str
) -> None:
    embedder = embedder_of(Settings.read({"AGUI_MEMORY": "1", **ALONE, **chosen}))
    assert isinstance(embedder, made)
    assert embedder.name == name
