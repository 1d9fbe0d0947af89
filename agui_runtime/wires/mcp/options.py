"""How this wire behaves; every default is safe on a public network."""

from __future__ import annotations

from dataclasses import dataclass, field

from agui_runtime.wires.mcp.protected_resource import ProtectedResource
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.streaming import KEEP_ALIVE

PACE = 0.25
"""Each note of progress holds the whole text so far, so there are few of them."""


@dataclass(frozen=True, slots=True)
class McpOptions:
    """What the handlers of this wire obey: `server` is for all wires of an app, the rest are the
    fields of McpWire; `resource` is there where clients may log in with a browser.
    """

    server: ServerOptions = field(default_factory=ServerOptions)
    pace: float = PACE
    keep_alive: float = KEEP_ALIVE
    foreign_pages: bool = False
    resource: ProtectedResource | None = None
