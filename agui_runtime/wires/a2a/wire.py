"""The A2A protocol over the runtime's agents, as a wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from starlette.routing import BaseRoute

from agui_runtime.core.demands import FIELDS, FLAG, SECONDS, check_fields
from agui_runtime.core.errors import MissingExtra
from agui_runtime.core.jsontext import Json
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.a2a.options import A2AOptions
from agui_runtime.wires.a2a.webhook_hosts import WebhookHosts
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.paths import base_of
from agui_runtime.wires.shared.streaming import KEEP_ALIVE
from agui_runtime.wires.shared.wire import WireRoute

WELL_KNOWN = ("agent-card.json", "agent.json")
"""What an agent's card is called in 1.0 and 0.3, and before."""


@explains_arguments
@dataclass(frozen=True, slots=True)
class A2AWire:
    """It is among an app's wires only where somebody wants it. Clients are given
    `<path>/<agent>` as the base URL of an agent; the card at the host's root is that of the agent
    named `default`.

    `keep_alive` is the seconds of silence before a comment, 0 for none. With `public_cards`,
    whoever may call the server is shown the cards, also without credentials. `webhooks` are the
    hosts that clients may have called when a task ends or asks something: without any, there are no
    push notifications. `security_schemes` are the ways to authenticate that cards name, as A2A 1.0
    has them: each by a name, and any one of them enough. Raises Misconfigured for a value of
    another kind.
    """

    path: str = "/a2a"
    keep_alive: float = KEEP_ALIVE
    public_cards: bool = False
    webhooks: Sequence[str] = ()
    security_schemes: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    name: ClassVar[str] = "a2a"

    def __post_init__(self) -> None:
        demands = {"keep_alive": SECONDS, "public_cards": FLAG, "security_schemes": FIELDS}
        check_fields(self, demands)
        base_of(self.path, "path of A2AWire")
        WebhookHosts(self.webhooks)

    def routes(self, runtime: CopilotRuntime, options: ServerOptions) -> Sequence[BaseRoute]:
        """Raises MissingExtra where the protocol's SDK is not installed."""
        try:
            from agui_runtime.wires.a2a.endpoint import A2AEndpoint
        except ImportError as error:
            if (error.name or "").partition(".")[0] not in _OF_THE_SDK:
                raise
            raise MissingExtra("the wire a2a", "a2a") from None
        path = base_of(self.path, "path of A2AWire")
        chosen = A2AOptions(
            options,
            self.keep_alive,
            path,
            self.public_cards,
            WebhookHosts(self.webhooks),
            self.security_schemes,
        )
        endpoint = A2AEndpoint(runtime, chosen)
        below = WireRoute(f"{path}/{{rest:path}}", endpoint, direct=True, any_type=True)
        roots = [f"/.well-known/{name}" for name in WELL_KNOWN]
        return [below, *(WireRoute(each, endpoint.of_default, direct=True) for each in roots)]

    def claims(self, body: Mapping[str, Json]) -> bool:
        return False


_OF_THE_SDK = frozenset({"a2a", "google", "jsonrpc", "sse_starlette"})
