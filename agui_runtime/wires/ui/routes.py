"""Answers below the page's path: views, files, and the configuration that the page reads first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from agui_runtime.core.jsontext import Json
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.runtime.titles import ThreadNamer
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.paths import ends_with_slash, listener_of, public_root, segments_of
from agui_runtime.wires.ui.documents import FRAME, FRAME_HEADERS, HEADERS, document, missing
from agui_runtime.wires.ui.files import Files
from agui_runtime.wires.ui.places import file_of, is_view, prefix


class PageEndpoint:
    """An ASGI app for whatever is at and below `/ui`. Unless the options say that there is a page,
    there is one for connections that come in on loopback alone.
    """

    def __init__(self, runtime: CopilotRuntime, options: ServerOptions, files: Files) -> None:
        self._runtime = runtime
        self._options = options
        self._files = files
        self._version = version("agui-runtime")  # reads a file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await self._answer(request, segments_of(scope)[1:])(scope, receive, send)

    def _answer(self, request: Request, parts: Sequence[str]) -> Response:
        if request.method not in {"GET", "HEAD"}:
            return self._refusal(405, "this is a page: GET it\n", allow="GET, HEAD")
        if not self._options.shows_ui(listener_of(request.scope)):
            return self._refusal(404, "the page is for this machine alone: set AGUI_UI=1\n")
        if is_view(parts):
            return self._view(request, parts)
        if list(parts) == ["config.json"]:
            return JSONResponse(self._config(), headers=HEADERS)
        if list(parts) == ["frame.html"]:
            return HTMLResponse(FRAME, headers=FRAME_HEADERS)
        gzip = "gzip" in request.headers.get("accept-encoding", "")
        name = file_of(parts)
        found = name and self._files.response(name, gzip=gzip, headers=HEADERS)
        return found or self._refusal(404, "there is no such view or file\n")

    def _config(self) -> Mapping[str, Json]:
        """What the page has to know before it requests anything of the runtime."""
        return {
            "runtime": f"..{self._options.base}",  # from `/ui/`, where the page's files are
            "version": self._version,
            "titles": self._runtime.hook_of(ThreadNamer) is not None,
        }

    def _view(self, request: Request, parts: Sequence[str]) -> Response:
        built = self._files.page()
        if built is None:
            text = missing(self._runtime_url(request), self._files.progress())
            return HTMLResponse(text, 503, headers=HEADERS)
        lead = prefix(parts, slash=ends_with_slash(request.scope))
        return HTMLResponse(document(built, lead), headers=HEADERS)

    def _runtime_url(self, request: Request) -> str:
        return public_root(request.scope) + self._options.path

    def _refusal(self, status: int, text: str, **more: str) -> Response:
        return PlainTextResponse(text, status, headers={**HEADERS, **more})
