"""The page for people as a wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from starlette.routing import BaseRoute

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.jsontext import Json
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.wire import Wire, WireRoute
from agui_runtime.wires.ui.files import BUILT, Files
from agui_runtime.wires.ui.places import PATH
from agui_runtime.wires.ui.routes import PageEndpoint


@explains_arguments
@dataclass(frozen=True, slots=True)
class UiWire:
    """Chat, threads, runs and state in the browser, below `/ui`. It serves files, out of the
    folder `files`; everything else the page requests from the GraphQL and AG-UI wires.

    There is no page where `ServerOptions.ui` is False or the base path begins with `/ui`; in
    production there is one only where it is True.
    """

    files: Path = BUILT
    name: ClassVar[str] = "ui"

    def routes(self, runtime: CopilotRuntime, options: ServerOptions) -> Sequence[BaseRoute]:
        if not _has_page(options):
            return []
        endpoint = PageEndpoint(runtime, options, Files(self.files))
        return [WireRoute(PATH, endpoint), WireRoute(f"{PATH}/{{rest:path}}", endpoint)]

    def claims(self, body: Mapping[str, Json]) -> bool:
        return False


def page_of(wires: Sequence[Wire], options: ServerOptions) -> str | None:
    """The path of the page for people; None where the wires or the options have none. Raises
    Misconfigured where the options demand one that there cannot be.
    """
    shown = _has_page(options) and any(isinstance(wire, UiWire) for wire in wires)
    if options.ui and not shown:
        raise Misconfigured(
            "there is no page to show: give create_app a UiWire among its wires, and a path that is"
            f" not below {PATH}, or leave out AGUI_UI"
        )
    return PATH if shown else None


def _has_page(options: ServerOptions) -> bool:
    return options.has_ui and not f"{options.base}/".startswith(f"{PATH}/")
