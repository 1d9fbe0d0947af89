"""How this wire behaves; every default is safe on a public network."""

from __future__ import annotations

from dataclasses import dataclass

from agui_runtime.wires.mcp.protected_resource import ProtectedResource
from agui_runtime.wires.shared.options import WireOptions

PACE = 0.25
"""Each note of progress holds the whole text so far, so there are few of them."""


@dataclass(frozen=True, slots=True)
class McpOptions(WireOptions):
    """The rest are the fields of McpWire; `resource` is there where clients may log in with a
    browser.
    """

    pace: float = PACE
    foreign_pages: bool = False
    resource: ProtectedResource | None = None
