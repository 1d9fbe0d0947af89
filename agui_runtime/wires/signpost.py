"""What a server answers where nothing is: a browser at its root gets a page that says what this is,
and every other path that there is not says where the runtime is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from agui_runtime.core.errors import AguiError, RequestError
from agui_runtime.core.log_lines import logger_of
from agui_runtime.runtime.catalog import AgentInfo, described
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.shared.http import log_failure
from agui_runtime.wires.shared.identity import OwnAnswer, caller_of
from agui_runtime.wires.shared.nowhere import nowhere
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.pages import html_page, page_headers, style_source
from agui_runtime.wires.shared.paths import ends_with_slash, listener_of, public_root
from agui_runtime.wires.shared.request_ids import identified

logger = logger_of(__name__)

DOCUMENTATION = "https://github.com/agui-runtime/agui-runtime#readme"


class Place(NamedTuple):
    """A runtime with its options and its path below this app, and that of its page for people,
    where it has one.
    """

    path: str
    runtime: CopilotRuntime
    options: ServerOptions
    ui: str | None


class Signpost:
    """An ASGI app for whatever no route of an app matches. A browser at the root is sent to the
    page of the one runtime that there is; where that has none, or there are several, it gets a page
    that lists the agents which the caller may see, or nothing in production.
    """

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
            return
        send = identified(scope, send)
        request = Request(scope, receive)
        shown = [each for each in self._places if not each.options.production]
        if _wants_page(request) and len(self._places) == 1 and _ui(request, self._places[0]):
            answer: Response = RedirectResponse(_there(request), headers=_UNKEPT)
        elif shown and _wants_page(request):
            answer = await _answer(request, shown)
        else:
            answer = self._nothing_here(request)
        await answer(scope, receive, send)

    def _nothing_here(self, request: Request) -> Response:
        found = nowhere(request.scope, [each.path for each in self._places])
        return JSONResponse(found.body, found.status)


def _wants_page(request: Request) -> bool:
    within = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    is_read = request.method in {"GET", "HEAD"}
    return is_read and within in {"", "/"} and "text/html" in request.headers.get("accept", "")


def _ui(request: Request, place: Place) -> str | None:
    """The path of its page, if this caller is shown it."""
    return place.ui if place.options.shows_ui(listener_of(request.scope)) else None


def _there(request: Request) -> str:
    """From the root of an app to its page, relative: a proxy may have cut off what is before."""
    last = request.scope["path"].rstrip("/").rpartition("/")[2]
    return "ui/" if ends_with_slash(request.scope) else f"./{quote(last)}/ui/"


def _address(request: Request, place: Place) -> str:
    return public_root(request.scope) + place.path


async def _answer(request: Request, places: Sequence[Place]) -> Response:
    try:
        return HTMLResponse(await _page(request, places), headers=_HEADERS)
    except AguiError as error:
        log_failure(logger, error)
        sorry = _document(_SORRY.format(message=escape(error.message)))
        return HTMLResponse(sorry, error.status, headers=_HEADERS)


async def _page(request: Request, places: Sequence[Place]) -> str:
    parts = [_part(request, each, await _visible(request, each)) for each in places]
    health = escape(f"{public_root(request.scope)}/healthz")
    return _document(_WHAT.format(parts="".join(parts), docs=DOCUMENTATION, health=health))


def _document(body: str) -> str:
    return html_page("agui_runtime", f"<h1>agui_runtime</h1>\n{body}", f"<style>{_STYLE}</style>")


async def _visible(request: Request, place: Place) -> list[AgentInfo] | None:
    """The runtime's own agents that the caller may see; None where nobody knows the caller. Raises
    AguiError for what is not the caller's fault.
    """
    runtime = place.runtime
    try:
        caller = await caller_of(request, runtime.authenticate)
        agents = await runtime.permissions.of_agents(caller, "read", runtime.agents)
    except (RequestError, OwnAnswer):
        return None
    return described(agents)


def _part(request: Request, place: Place, agents: Iterable[AgentInfo] | None) -> str:
    url, ui = _address(request, place), _ui(request, place)
    rows = [
        f"<li><b>{escape(each.name)}</b> {escape(each.description)}</li>" for each in agents or ()
    ]
    hidden = "<p>Agents are shown to callers whom the server knows.</p>"
    listed = hidden if agents is None else f"<ul>{''.join(rows)}</ul>"
    page = _PAGE.format(url=escape(public_root(request.scope) + ui)) if ui else ""
    return _PART.format(url=escape(url), page=page, agents=listed, snippet=escape(_SNIPPET % url))


_SNIPPET = """import { CopilotChat, CopilotKitProvider } from "@copilotkit/react-core/v2";
import "@copilotkit/react-core/v2/styles.css";

export default function App() {
  return (
    <CopilotKitProvider runtimeUrl="%s">
      <div style={{ height: "100vh" }}>
        <CopilotChat threadId="my-first-chat" />
      </div>
    </CopilotKitProvider>
  );
}"""

_STYLE = """body{max-width:46rem;margin:3rem auto;padding:0 1rem;font:16px/1.5 system-ui,sans-serif}
pre{padding:1rem;overflow:auto;background:#8881;border-radius:8px}
:root{color-scheme:light dark}"""

_PAGE = '<p><a href="{url}">Chat, threads and runs</a> in the browser.</p>\n'

_PART = """
<h2><code>{url}</code></h2>
{page}<p>This is a runtimeUrl for CopilotKit front ends, and in a browser a
<a href="{url}">GraphQL playground</a>. Its agents:</p>
{agents}
<p>A front end of today's CopilotKit (<code>npm install @copilotkit/react-core</code>):</p>
<pre>{snippet}</pre>
"""

_WHAT = """<p>A server for AI agents: CopilotKit front ends talk to it, over GraphQL or AG-UI.</p>
{parts}
<p><a href="{docs}">Documentation</a> · <a href="{health}">Health</a></p>"""

_SORRY = "<p>This page cannot be shown now: {message}</p>"

_UNKEPT = {"cache-control": "no-store", "vary": "accept"}

_HEADERS = {
    **page_headers({"img-src": "data:", "style-src": style_source(_STYLE)}),
    **_UNKEPT,
}
