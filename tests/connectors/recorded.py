"""The remote endpoints of two releases of CopilotKit's SDK, as their answers were recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FOLDER = Path(__file__).parents[1] / "data" / "remote"
RELEASES = ("0.1.70", "0.1.96")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One recorded request and its answer."""

    path: str
    body: Mapping[str, Any]
    answer: Mapping[str, Any]

    def is_for(self, path: str, body: Mapping[str, Any]) -> bool:
        """It answers a request to this path that names the same thing, and resumes as it does."""
        key = (body.get("name"), body.get("threadId"), bool(body.get("metaEvents")))
        known = (
            self.body.get("name"),
            self.body.get("threadId"),
            bool(self.body.get("metaEvents")),
        )
        return self.path == path and key == known


def recorded(release: str, *, without: tuple[str, ...] = ()) -> Starlette:
    """The endpoint of that release; paths that start with one of `without` are not there."""
    exchanges = [_read(file) for file in sorted(FOLDER.glob(f"{release}-*.json"))]

    async def answer(request: Request) -> Response:
        path = request.url.path
        body = await request.json()
        known = [it for it in exchanges if it.is_for(path, body)]
        if not known or any(map(path.startswith, without)):
            return Response('{"detail":"Not found"}', 404, media_type="application/json")
        answer = known[0].answer
        return Response(answer["body"], answer["status"], media_type=answer["content_type"])

    return Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])


def _read(file: Path) -> Exchange:
    recording = json.loads(file.read_text())
    return Exchange(recording["request"]["path"], recording["request"]["body"] or {}, recording)
