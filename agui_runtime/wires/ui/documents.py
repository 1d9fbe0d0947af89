"""The HTML of the page, and of the page in its place while its files are missing. Pure."""

from __future__ import annotations

import base64
from hashlib import sha256
from html import escape

COMMAND = "python3 scripts.py ui"


def document(built: str, prefix: str) -> str:
    """The built page as it is at an address from which `prefix` leads to its files."""
    return built.replace('="./', f'="{escape(prefix)}')


def missing(runtime_url: str, progress: str | None) -> str:
    """What to do, or what is being done, so that there is a page. It looks again by itself."""
    words = _COMING.format(progress=escape(progress)) if progress else _COMMAND
    return _MISSING.format(style=_STYLE, words=words, url=escape(runtime_url))


_STYLE = """body{max-width:40rem;margin:20vh auto;padding:0 1rem;font:1em/1.6 system-ui,sans-serif}
code{padding:.1em .35em;border-radius:4px;background:#8882}
:root{color-scheme:light dark}"""

_STYLE_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()

_SOURCES = (
    "default-src 'none'",
    "script-src 'self'",
    f"style-src 'self' 'sha256-{_STYLE_HASH}'",
    "img-src 'self' data: blob:",
    "media-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
)

HEADERS = {
    "content-security-policy": "; ".join(_SOURCES),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}
"""What goes with each answer of this wire."""

_COMING = "<p>It is being built: {progress}. This page looks again every few seconds.</p>"

_COMMAND = f"<p>Bring it once with <code>{COMMAND}</code> (it uses npm), then load this again.</p>"

_MISSING = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="3">
<title>agui_runtime</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<main>
<h1>The page is not here yet</h1>
{words}
<p>The server itself is up: front ends reach it at <code>{url}</code>.</p>
</main>
</body>
</html>
"""
