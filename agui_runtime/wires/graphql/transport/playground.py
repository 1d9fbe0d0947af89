"""GraphiQL for browsers, from files that were built from npm packages and ship with this one.

Nothing comes from elsewhere: the page's policy lets it load and reach this server only.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from agui_runtime.wires.shared.missing_files import as_html, remedy
from agui_runtime.wires.shared.pages import BUILT, html_page, page_headers
from agui_runtime.wires.shared.paths import ends_with_slash

FILES = Path(__file__).parents[1] / "graphiql" / "dist"

STYLES = ("graphiql.css", "explorer.css", "page.css")
SCRIPTS = ("react.js", "react-dom.js", "graphiql.js", "explorer.js", "page.js")

KINDS = {
    **dict.fromkeys(STYLES, "text/css"),
    **dict.fromkeys(SCRIPTS, "text/javascript"),
    "LICENSES.txt": "text/plain",
}
"""What a browser may ask for, and nothing else that lies there."""

# GraphiQL's dialogs would add a style against scrolling; the page does not scroll anyway.
HEADERS = page_headers(BUILT)


class Playground:
    """The page and its files, out of the folder `files`."""

    def __init__(self, files: Path = FILES) -> None:
        self._files = files

    async def show(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the page, or with what to do where its files are missing."""
        built = (self._files / "page.js").is_file()
        text = _page(scope) if built else _MISSING
        await HTMLResponse(text, headers=HEADERS)(scope, receive, send)

    async def file(self, request: Request) -> Response:
        """Answer with one of the page's files."""
        name = request.path_params["name"]
        kind = KINDS.get(name)
        file = self._files / name
        if kind is None or not file.is_file():
            return PlainTextResponse("no such file\n", 404, headers=HEADERS)
        return FileResponse(file, media_type=kind, headers=HEADERS)


def _page(scope: Scope) -> str:
    # Relative to the page's own address: wherever the app is mounted, whatever a proxy cuts off.
    last = "" if ends_with_slash(scope) else f"{scope['path'].rstrip('/').rpartition('/')[2]}/"
    base = escape(quote(f"./{last}playground/"))
    styles = (f'<link rel="stylesheet" href="{base}{name}">' for name in STYLES)
    scripts = (f'<script defer src="{base}{name}"></script>' for name in SCRIPTS)
    head = "\n".join((*styles, *scripts))
    return html_page(_TITLE, '<div id="graphiql">Loading</div>', head)


_TITLE = "agui_runtime playground"

_MISSING = html_page(
    _TITLE,
    f"""<h1>The files of the playground are missing</h1>
<p>To have them, {as_html(remedy("playground"))}, then load this page again.
GraphQL itself is served at this address without them.</p>""",
)
