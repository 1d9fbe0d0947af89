"""Headers of answers that pages of other origins may read, besides those that every page may."""

EXPOSED = (
    "X-Request-Id",
    "Retry-After",
    "Location",
    "ETag",
    "Stream-Next-Offset",
    "Stream-Cursor",
    "Stream-Up-To-Date",
    "Stream-Closed",
    "Mcp-Session-Id",
)
