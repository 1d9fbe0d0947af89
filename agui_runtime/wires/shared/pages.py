"""Pages for browsers: the frame of their HTML, and headers that shut out what a page does not need.
Pure.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from types import MappingProxyType

BUILT = MappingProxyType(
    {
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
    }
)
"""What a page may use that was built into files of its own and asks its own server alone."""

_SHUT = MappingProxyType(
    {"base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'"}
)


def page_headers(allowed: Mapping[str, str]) -> dict[str, str]:
    """What goes with a page that may use what is `allowed`, by directives of its policy, and
    nothing else.
    """
    policy = {"default-src": "'none'", **_SHUT, **allowed}
    return {
        "content-security-policy": "; ".join(f"{name} {it}" for name, it in policy.items()),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-cache",
    }


def style_source(style: str) -> str:
    """How a policy allows this text as a `<style>` of the page."""
    return f"'sha256-{base64.b64encode(sha256(style.encode()).digest()).decode()}'"


def html_page(title: str, body: str, head: str = "") -> str:
    """A document with this HTML as its body, and in its head besides what each page has there."""
    return _DOCUMENT.format(title=escape(title), body=body.strip(), head=head)


_DOCUMENT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
{head}
</head>
<body>
{body}
</body>
</html>
"""
