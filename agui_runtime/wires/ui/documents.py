"""The HTML of the page, and of the page in its place while its files are missing. Pure."""

from __future__ import annotations

from html import escape

from agui_runtime.wires.shared.missing_files import as_html, remedy
from agui_runtime.wires.shared.pages import BUILT, html_page, page_headers, style_source


def document(built: str, prefix: str) -> str:
    """The built page as it is at an address from which `prefix` leads to its files."""
    return built.replace('="./', f'="{escape(prefix)}')


def missing(runtime_url: str, progress: str | None) -> str:
    """What to do, or what is being done, so that there is a page. It looks again by itself."""
    words = _COMING.format(progress=escape(progress)) if progress else _COMMAND
    body = _MISSING.format(words=words, url=escape(runtime_url))
    return html_page("agui_runtime", body, _HEAD)


_STYLE = """body{max-width:40rem;margin:20vh auto;padding:0 1rem;font:1em/1.6 system-ui,sans-serif}
code{padding:.1em .35em;border-radius:4px;background:#8882}
:root{color-scheme:light dark}"""

_HEAD = f'<meta http-equiv="refresh" content="3">\n<style>{_STYLE}</style>'

_SPIN = "@keyframes ck-spin { to { transform: rotate(360deg) } }"
"""Which CopilotKit adds to a page where a model draws."""

HEADERS = page_headers(
    {
        **BUILT,
        "style-src": f"'self' {style_source(_STYLE)} {style_source(_SPIN)}",
        "img-src": "'self' data: blob:",
        "media-src": "'self' data: blob:",
        "frame-src": "'self' blob:",  # documents of blobs have this policy, too
    }
)
"""What goes with each answer of this wire."""

FRAME = html_page(
    "agui_runtime",
    "",
    """<script>
addEventListener("message", ({ source, data }) => {
  if (source !== parent || typeof data?.html !== "string") return;
  document.open();
  document.write(data.html);
  document.close();
});
</script>""",
)
"""Shows the HTML that the page around it sends, which an agent or an MCP server has written."""

_IN_FRAME = "data: blob:"

FRAME_HEADERS = page_headers(
    {
        "script-src": f"'unsafe-inline' 'unsafe-eval' {_IN_FRAME}",
        "style-src": f"'unsafe-inline' {_IN_FRAME}",
        "img-src": _IN_FRAME,
        "media-src": _IN_FRAME,
        "font-src": _IN_FRAME,
        "frame-ancestors": "'self'",
        "sandbox": "allow-scripts allow-forms",
    }
)
"""Its scripts run in an origin of their own, and may load nothing from anywhere: what they need is
in the HTML, and they reach others only through the page, by CopilotKit's messages.
"""

_COMING = "<p>It is being built: {progress}. This page looks again every few seconds.</p>"

_COMMAND = f"<p>Its files are missing: {as_html(remedy('ui'))}, then load this again.</p>"

_MISSING = """<main>
<h1>The page is not here yet</h1>
{words}
<p>The server itself is up: front ends reach it at <code>{url}</code>.</p>
</main>"""
