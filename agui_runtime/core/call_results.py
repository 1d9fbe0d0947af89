"""What became of a call, as its result says it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from agui_runtime.core import jsontext
from agui_runtime.core.jsontext import Json

FAILURES = frozenset({"error", "denied", "interrupted"})
"""States of a result, in its metadata, of calls that came to nothing."""


def failure_text(code: str, message: str) -> str:
    """The result of a call that failed, in the form that the reference gives it."""
    return jsontext.dumps({"error": {"code": code, "message": message}, "result": ""}).decode()


def has_failed(result: Mapping[str, Json]) -> bool:
    """Whether a result, as an event or as a message, is that of a call that came to nothing."""
    about = result.get("metadata")
    if isinstance(about, dict) and (about.get("state") in FAILURES or "cut" in about):
        return True
    content = result.get("content")
    is_failure = isinstance(content, str) and content.startswith('{"error":{"code":')
    return bool(result.get("error")) or is_failure
