"""The Model Context Protocol over streamable HTTP, as a wire."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from starlette.routing import BaseRoute

from agui_runtime.core.demands import FLAG, SECONDS, check_fields
from agui_runtime.core.errors import Misconfigured, MissingExtra
from agui_runtime.core.jsontext import Json
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.mcp.errors import refusal_of
from agui_runtime.wires.mcp.options import PACE, McpOptions
from agui_runtime.wires.mcp.protected_resource import ProtectedResource, check_servers
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.paths import base_of
from agui_runtime.wires.shared.streaming import KEEP_ALIVE
from agui_runtime.wires.shared.wire import WireRoute


@explains_arguments
@dataclass(frozen=True, slots=True)
class McpWire:
    """It is among an app's wires only where somebody wants it, and needs the package `mcp`.

    `pace` is the seconds between two notes of progress at least, `keep_alive` those of silence
    before a sign of life. Pages of other origins may call where `cors_origins` lists theirs; with
    `foreign_pages` also where it is `*`. Clients may log in at the `authorization_servers`, whose
    tokens the runtime's `authenticate` has to know. Raises Misconfigured for a value of another
    kind, and MissingExtra.
    """

    path: str = "/mcp"
    pace: float = PACE
    keep_alive: float = KEEP_ALIVE
    foreign_pages: bool = False
    authorization_servers: Sequence[str] = ()
    name: ClassVar[str] = "mcp"

    def __post_init__(self) -> None:
        check_fields(self, {"pace": SECONDS, "keep_alive": SECONDS, "foreign_pages": FLAG})
        base_of(self.path, "path of McpWire")
        check_servers(self.authorization_servers)
        if importlib.util.find_spec("mcp") is None:
            raise MissingExtra("McpWire", "mcp")

    def routes(self, runtime: CopilotRuntime, options: ServerOptions) -> Sequence[BaseRoute]:
        from agui_runtime.wires.mcp.routes import McpEndpoint, MetadataEndpoint  # need the package

        path = base_of(self.path, "path of McpWire") or "/"
        resource = self._resource(path, runtime)
        own = McpOptions(options, self.keep_alive, self.pace, self.foreign_pages, resource)
        endpoint, refusal = McpEndpoint(runtime, own), partial(refusal_of, id_=None)
        found = [WireRoute(path, endpoint, direct=True, refusal=refusal)]
        if resource is not None:
            found.append(WireRoute(resource.path, MetadataEndpoint(resource), direct=True))
        return found

    def _resource(self, path: str, runtime: CopilotRuntime) -> ProtectedResource | None:
        if not self.authorization_servers:
            return None
        if runtime.authenticate is None:
            raise Misconfigured(
                "authorization_servers: nobody looks at their tokens; give the runtime"
                " `authenticate`, such as JsonWebTokens"
            )
        return ProtectedResource(path, self.authorization_servers)

    def claims(self, body: Mapping[str, Json]) -> bool:
        return body.get("jsonrpc") == "2.0"
