"""The one-route form of requests: `{"method", "params"?, "body"?}` stands for a method and a path.
Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import unquote

from agui_runtime.wires.agui.errors import invalid_request, not_found


@dataclass(frozen=True, slots=True)
class Enveloped:
    """The request that an envelope stands for; `segments` are those of its path, decoded."""

    method: str
    segments: Sequence[str]
    query: str = ""
    body: Any = None


class _MethodForm(NamedTuple):
    """What a method stands for: an HTTP method, a path with parameters, whether it has a body."""

    method: str
    path: str
    needs_body: bool = False


FORMS = {
    "info": _MethodForm("GET", "info"),
    "agent/run": _MethodForm("POST", "agent/{agentId}/run", needs_body=True),
    "agent/connect": _MethodForm("POST", "agent/{agentId}/connect", needs_body=True),
    "agent/suggest": _MethodForm("POST", "agent/{agentId}/suggest", needs_body=True),
    "agent/stop": _MethodForm("POST", "agent/{agentId}/stop/{threadId}"),
    "transcribe": _MethodForm("POST", "transcribe", needs_body=True),
    "inspector/metadata": _MethodForm("GET", "inspector-metadata"),
    "inspector/learning": _MethodForm("GET", "inspector-learning"),
}
_RESOURCES = frozenset({"threads", "memories", "annotate"})


def unwrap(envelope: object) -> Enveloped:
    """The request in an envelope; raises HttpRefusal."""
    if not isinstance(envelope, dict):
        raise invalid_request("Invalid JSON payload")
    method = envelope.get("method")
    if not isinstance(method, str) or not method:
        raise invalid_request("Missing method field")
    params = envelope.get("params")
    params = params if isinstance(params, dict) else {}
    if method == "resource/request":
        return _resource(params, envelope.get("body"))
    form = FORMS.get(method)
    if form is None:
        raise invalid_request(f"Unsupported method '{method}'")
    segments = [_filled(part, params) for part in form.path.split("/")]
    if form.needs_body and envelope.get("body") is None:
        raise invalid_request("Missing request body for JSON handler")
    return Enveloped(form.method, segments, body=envelope.get("body"))


def _filled(part: str, params: Mapping[str, Any]) -> str:
    if not part.startswith("{"):
        return part
    name = part[1:-1]
    value = params.get(name)
    if not isinstance(value, str) or not value:
        raise invalid_request(f"Missing or invalid parameter '{name}'")
    return value


def _resource(params: Mapping[str, Any], body: object) -> Enveloped:
    """A path of its own, but only to what a page may ask for in this way."""
    path, method = params.get("path"), params.get("httpMethod") or "GET"
    if not isinstance(path, str) or not path.startswith("/") or path.startswith("//"):
        raise invalid_request("Resource path must be Runtime-relative")
    if not isinstance(method, str):
        raise invalid_request("Missing or invalid parameter 'httpMethod'")
    path, _, query = path.partition("?")
    segments = [unquote(part) for part in path[1:].split("/")]
    if segments[0] not in _RESOURCES:
        raise not_found()
    return Enveloped(method.upper(), segments, query, body)
