"""Plays recorded requests to our runtime, set up as the recorded one was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from tests.wires.agui.comparator import Answer, answer
from tests.wires.agui.serving import PATH

FILE = Path(__file__).parents[2] / "data" / "copilotkit" / "transcripts.jsonl"


@dataclass(frozen=True, slots=True)
class Transcript:
    """One recorded exchange with the reference runtime."""

    name: str
    request: Mapping[str, Any]
    status: int
    headers: Mapping[str, str]
    raw: str

    @property
    def recorded(self) -> Answer:
        return answer(self.status, self.headers, self.raw)

    def sent(self) -> dict[str, Any]:
        """The arguments of httpx's `request`, with a URL below the base path."""
        body = self.request["body"]
        content = body if isinstance(body, str) else json.dumps(body)
        return {
            "method": self.request["method"],
            "url": self.request["url"].removeprefix(PATH).replace("/any/prefix", ""),
            "headers": self.request["headers"],
            "content": None if body is None else content,
        }

    async def play(self, client: httpx.AsyncClient) -> Answer:
        got = await client.request(**self.sent())
        return answer(got.status_code, got.headers, got.text)


@cache
def transcripts() -> Mapping[str, Transcript]:
    """All of them by name, in the order in which they were recorded."""
    rows = [json.loads(line) for line in FILE.read_text().splitlines()]
    return {row["name"]: Transcript(**row) for row in rows}
