"""What signs the requests to an MCP server."""

from __future__ import annotations

from agui_runtime.core.demands import Demand, check
from agui_runtime.core.errors import MissingExtra

_WORDS = (
    "an httpx2.Auth(...), such as httpx2.BasicAuth(...) or an OAuth client of `mcp` "
    "(those of httpx do not fit)"
)


def check_auth(auth: object) -> None:
    """Raises Misconfigured for any other object, and MissingExtra without the `mcp` package."""
    try:
        import httpx2  # heavy, and comes with `mcp`: only where it is needed
    except ImportError:
        raise MissingExtra("auth of an MCP server", "mcp") from None
    kind = httpx2.Auth
    check("auth of an MCP server", auth, Demand(_WORDS, lambda value: isinstance(value, kind)))
