"""A server with OpenAI's `/embeddings`, as servers really answer: each dialect is a function."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from struct import pack
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SIZE = 3

ONE_ANSWER = {"connection": "close", "content-type": "application/json"}
"""litellm closes no connection of its own accord."""

Item = dict[str, Any]


def vector_of(text: str) -> list[float]:
    """Not of length 1, and another one for each letter that a text begins with."""
    return [float(ord(text[0])), float(len(text)), 1.0]


def plain(texts: Sequence[str]) -> list[Item]:
    made = map(vector_of, texts)
    return [{"object": "embedding", "index": at, "embedding": each} for at, each in enumerate(made)]


def backwards(texts: Sequence[str]) -> list[Item]:
    return plain(texts)[::-1]


def without_index(texts: Sequence[str]) -> list[Item]:
    return [{"embedding": item["embedding"]} for item in plain(texts)]


def in_base64(texts: Sequence[str]) -> list[Item]:
    def spelt(numbers: list[float]) -> str:
        return base64.b64encode(pack(f"<{len(numbers)}f", *numbers)).decode()

    return [{**item, "embedding": spelt(item["embedding"])} for item in plain(texts)]


@dataclass
class EmbeddingServer:
    """Answers in that dialect, after the `refusals` (status, body) are used up."""

    dialect: Callable[[Sequence[str]], list[Item]] = plain
    refusals: list[tuple[int, bytes]] = field(default_factory=list)
    seen: list[tuple[Mapping[str, str], Any]] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/v1/embeddings", self._answer, methods=["POST"])])

    async def _answer(self, request: Request) -> Response:
        body = orjson.loads(await request.body())
        self.seen.append((dict(request.headers), body))
        if self.refusals:
            status, text = self.refusals.pop(0)
            return Response(text, status, ONE_ANSWER)
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        answer = {"object": "list", "model": body["model"], "data": self.dialect(texts)}
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return Response(orjson.dumps({**answer, "usage": usage}), 200, ONE_ANSWER)
