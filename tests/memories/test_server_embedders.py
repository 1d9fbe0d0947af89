"""Vectors from servers: what compatible ones answer, and what is refused of it."""

from __future__ import annotations

import asyncio
import re
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from agui_runtime.connectors.shared.chat.patience import Patience
from agui_runtime.core.errors import AguiError, Misconfigured, ModelFailure
from agui_runtime.memories.embedders.litellm import LiteLLMEmbedder
from agui_runtime.memories.embedders.openai import OpenAIEmbedder
from tests.fakes.embeddings import (
    SIZE,
    EmbeddingServer,
    Item,
    backwards,
    in_base64,
    plain,
    vector_of,
    without_index,
)
from tests.support import served

TEXTS = ["Bello is a dog", "a cat", "zebra", "Ödön"]
KEY = "sk-proj-abcdefghijklmnop"


async def no_wait(_: float) -> None:
    pass


QUICK = Patience(sleep=no_wait)


def expected(texts: Sequence[str]) -> Any:  # noqa: ANN401  # an array
    found = np.array([vector_of(each) for each in texts], np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.mark.parametrize("dialect", [plain, backwards, without_index, in_base64])
async def test_any_dialect_gives_each_text_its_vector_of_length_one(
    dialect: Callable[[Sequence[str]], list[Item]],
) -> None:
    server = EmbeddingServer(dialect)
    async with served(server.app) as origin:
        embedder = OpenAIEmbedder("m", SIZE, base_url=f"{origin}/v1", api_key=KEY, batch=3)
        found = await embedder.embed(TEXTS)
        assert (await embedder.embed([])).shape == (0, SIZE)
        await embedder.close()
    assert found.dtype == np.float32
    assert np.allclose(found, expected(TEXTS), atol=1e-6)
    assert [body for _, body in server.seen] == [
        {"model": "m", "input": TEXTS[:3]},
        {"model": "m", "input": TEXTS[3:]},
    ]
    assert {headers["authorization"] for headers, _ in server.seen} == {f"Bearer {KEY}"}


async def test_a_model_that_can_is_told_to_shorten_its_vectors_and_long_texts_are_cut() -> None:
    server = EmbeddingServer()
    async with served(server.app) as origin:
        embedder = OpenAIEmbedder("m", SIZE, base_url=f"{origin}/v1", shortened=True)
        await embedder.embed(["long " * 10_000])
        await embedder.close()
    (_, body) = server.seen[0]
    assert body["dimensions"] == SIZE
    assert len(body["input"][0]) == 4000
    assert "authorization" not in server.seen[0][0]


def changed(**fields: object) -> Callable[[Sequence[str]], list[Item]]:
    return lambda texts: [{**item, **fields} for item in plain(texts)]


@pytest.mark.parametrize(
    ("dialect", "reason"),
    [
        (lambda texts: plain(texts)[1:], "3 vectors for 4 texts"),
        (lambda _: [], "0 vectors for 4 texts"),
        (changed(index=0), "indexes are not those"),
        (changed(embedding=[0.0, 0.0, 0.0]), "no direction"),
        (changed(embedding=[1e39, 1.0, 1.0]), "no direction"),
        (changed(embedding=[None, 1.0, 1.0]), "no list of numbers|no direction"),
        (changed(embedding="no base64!"), "no list of numbers"),
        (changed(embedding={"a": 1}), "no list of numbers"),
        (changed(embedding=[[1.0, 2.0, 3.0]]), "no list of numbers"),
        (lambda _: ["text"] * 4, "no list of numbers"),
    ],
)
async def test_what_are_no_vectors_is_refused(
    dialect: Callable[[Sequence[str]], list[Item]], reason: str
) -> None:
    async with served(EmbeddingServer(dialect).app) as origin:
        embedder = OpenAIEmbedder("m", SIZE, base_url=f"{origin}/v1")
        with pytest.raises(ModelFailure) as refused:
            await embedder.embed(TEXTS)
        await embedder.close()
    assert refused.value.code == "MODEL_UNAVAILABLE"
    assert re.search(reason, str(refused.value.__cause__))


async def test_vectors_of_another_size_name_the_setting_that_is_wrong() -> None:
    async with served(EmbeddingServer().app) as origin:
        embedder = OpenAIEmbedder("m", 768, base_url=f"{origin}/v1")
        with pytest.raises(Misconfigured, match=r"m gives vectors of 3 numbers.*size=3"):
            await embedder.embed(TEXTS)
        await embedder.close()


@pytest.mark.parametrize(
    ("refusals", "code"),
    [
        ([(500, b"failed to encode response: json: unsupported value: NaN")] * 3, "UNAVAILABLE"),
        ([(401, b'{"error":{"message":"Incorrect API key: %s"}}' % KEY.encode())], "AUTHENTIC"),
        ([(200, b'{"error":{"message":"no such model, %s"}}' % KEY.encode())], "UNAVAILABLE"),
        ([(400, b'{"message":"batch size must not be larger than 2"}')], "BAD_REQUEST"),
        ([(200, b"<html>Sign in</html>")], "UNAVAILABLE"),
    ],
)
async def test_a_refusal_is_a_failure_of_the_model_and_shows_no_key(
    refusals: list[tuple[int, bytes]], code: str
) -> None:
    server = EmbeddingServer(refusals=refusals)
    async with served(server.app) as origin:
        url = f"{origin}/v1"
        embedder = OpenAIEmbedder("m", SIZE, base_url=url, api_key=KEY, patience=QUICK)
        with pytest.raises(ModelFailure) as failed:
            await embedder.embed(TEXTS)
        await embedder.close()
    assert failed.value.code.startswith(f"MODEL_{code}")
    assert KEY not in "".join(traceback.format_exception(failed.value))
    assert server.refusals == []


async def test_a_fault_that_passes_is_tried_again_and_silence_is_not_waited_for_long() -> None:
    server = EmbeddingServer(refusals=[(503, b"starting"), (429, b"slow down")])
    async with served(server.app) as origin:
        embedder = OpenAIEmbedder("m", SIZE, base_url=f"{origin}/v1", patience=QUICK)
        assert np.allclose(await embedder.embed(TEXTS), expected(TEXTS), atol=1e-6)
        await embedder.close()

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hung.wait()
        writer.close()

    hung = asyncio.Event()
    silent = await asyncio.start_server(say_nothing, "127.0.0.1")
    port = silent.sockets[0].getsockname()[1]
    patience = Patience(silence=0.05)
    embedder = OpenAIEmbedder("m", SIZE, base_url=f"http://127.0.0.1:{port}", patience=patience)
    with pytest.raises(ModelFailure) as late:
        await embedder.embed(TEXTS)
    assert late.value.code == "MODEL_TIMEOUT"
    hung.set()
    silent.close()
    await embedder.close()


@pytest.mark.parametrize(
    "step",
    [
        lambda: OpenAIEmbedder("m", 3),
        lambda: OpenAIEmbedder("m", 0, api_key=KEY),
        lambda: OpenAIEmbedder("", 3, api_key=KEY),
        lambda: OpenAIEmbedder("m", 3, base_url="nowhere"),
        lambda: OpenAIEmbedder("m", 3, api_key=KEY, batch=0),
        lambda: LiteLLMEmbedder("m", 3, base_url="ftp://x"),
    ],
)
def test_what_cannot_be_meant_is_refused_when_it_is_made(step: Callable[[], object]) -> None:
    with pytest.raises(Misconfigured, match="Embedder") as refused:
        step()
    assert KEY not in str(refused.value)


async def test_litellm_gives_the_same_and_fails_the_same() -> None:
    server = EmbeddingServer(backwards)
    async with served(server.app) as origin:
        url = f"{origin}/v1"
        embedder = LiteLLMEmbedder("openai/m", SIZE, base_url=url, api_key=KEY, patience=QUICK)
        assert np.allclose(await embedder.embed(TEXTS), expected(TEXTS), atol=1e-6)
        assert server.seen[0][0]["authorization"] == f"Bearer {KEY}"
        server.refusals += [(503, b"starting"), (401, b'{"error":{"message":"bad %b"}}' % b"key")]
        with pytest.raises(AguiError) as failed:
            await embedder.embed(TEXTS)
    assert failed.value.code == "MODEL_AUTHENTICATION"
