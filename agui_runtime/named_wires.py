"""The wires that an app speaks beside CopilotKit's own where they are named, by AGUI_WIRES or in
`create_app(wires=[...])`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from agui_runtime.core.errors import Misconfigured
from agui_runtime.wires.shared.wire import Wire


def _a2a() -> Wire:
    from agui_runtime.wires.a2a.wire import A2AWire

    return A2AWire()


def _copilotkit_remote() -> Wire:
    from agui_runtime.wires.copilotkit_remote.wire import CopilotKitRemoteWire

    return CopilotKitRemoteWire()


def _mcp() -> Wire:
    from agui_runtime.wires.mcp.wire import McpWire

    return McpWire()


def _openai() -> Wire:
    from agui_runtime.wires.openai.wire import OpenAIWire

    return OpenAIWire()


def _rest() -> Wire:
    from agui_runtime.wires.rest.wire import RestWire

    return RestWire()


def _websocket() -> Wire:
    from agui_runtime.wires.websocket.wire import WebSocketWire

    return WebSocketWire()


_WIRES: Mapping[str, Callable[[], Wire]] = {
    "a2a": _a2a,
    "copilotkit_remote": _copilotkit_remote,
    "mcp": _mcp,
    "openai": _openai,
    "rest": _rest,
    "websocket": _websocket,
}
"""How each is made, imported only when it is; one with options of its own is made by whoever wants
it otherwise.
"""

USUAL = ("rest",)
"""Those of an app that names none."""


def check_wires(names: Sequence[str]) -> None:
    """Raises Misconfigured for a name that none has, and for one that is there twice."""
    if unknown := [name for name in names if name not in _WIRES]:
        raise Misconfigured(f"wires: there is no {unknown[0]!r}; there are {', '.join(_WIRES)}")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Misconfigured(f"wires: {twice[0]} is named twice")


def wires_named(names: Sequence[str]) -> list[Wire]:
    """Those wires as they are without options; raises Misconfigured, and MissingExtra for a library
    that one needs.
    """
    check_wires(names)
    return [_WIRES[name]() for name in names]
