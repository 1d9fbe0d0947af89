"""What a wire is: a protocol that clients speak, as one object that `create_app` is given."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from agui_runtime.core.jsontext import Json
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.words import Refusal


class Wire(Protocol):
    """One way in which clients speak to a runtime."""

    @property
    def name(self) -> str:
        """By which errors and logs name it; unique among the wires of an app."""

    def routes(self, runtime: CopilotRuntime, options: ServerOptions) -> Sequence[BaseRoute]:
        """All that it answers, once for each app. Which pages and which callers' names get in was
        decided in front of it; whom `authenticate` knows it decides itself, with `caller_of`.
        """

    def claims(self, body: Mapping[str, Json]) -> bool:
        """Whether a POST on the base path with this JSON object is for this wire. It must have a
        route at that path, then.
        """


class WireRoute(Route):
    """A route that says more of itself. A `direct` one is served past the framework's own routing
    and error handling, which would do nothing for a stream but hold 7 kB and take part in each of
    its writes; so its app answers every error itself. The body of a POST on one with `forms` may be
    a form, which pages of other origins can send without a preflight. The app of one with
    `any_type` refuses bodies that are no JSON itself, in the words of its protocol. A `refusal` is
    how that protocol says why a request does not even come to the app. Without `methods` the app
    is given requests of all.
    """

    def __init__(
        self,
        path: str,
        app: ASGIApp,
        *,
        direct: bool = False,
        forms: bool = False,
        any_type: bool = False,
        refusal: Refusal | None = None,
        methods: Collection[str] | None = None,
    ) -> None:
        super().__init__(path, app)
        self.app = app  # Starlette takes a function for a handler of requests
        self.methods = None if methods is None else set(methods)
        self.direct = direct
        self.forms = forms
        self.any_type = any_type
        self.refusal = refusal
