"""The runtime as a remote endpoint of Node runtimes, as a wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from starlette.routing import BaseRoute

from agui_runtime.core.jsontext import Json
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.copilotkit_remote.routes import routes
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.paths import base_of


@explains_arguments
@dataclass(frozen=True, slots=True)
class CopilotKitRemoteWire:
    """It is among an app's wires only where somebody wants it, because at its `path` actions are
    called directly.
    """

    path: str = "/copilotkit_remote"
    name: ClassVar[str] = "copilotkit_remote"

    def __post_init__(self) -> None:
        base_of(self.path, "remote_path")

    def routes(self, runtime: CopilotRuntime, options: ServerOptions) -> Sequence[BaseRoute]:
        return routes(runtime, base_of(self.path, "remote_path"), options)

    def claims(self, body: Mapping[str, Json]) -> bool:
        return False
