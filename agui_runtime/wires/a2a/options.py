"""How this wire behaves; every default is safe on a public network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agui_runtime.core.jsontext import Json
from agui_runtime.wires.a2a.webhook_hosts import WebhookHosts
from agui_runtime.wires.shared.options import WireOptions


@dataclass(frozen=True, slots=True)
class A2AOptions(WireOptions):
    """The rest are the fields of A2AWire."""

    path: str = "/a2a"
    public_cards: bool = False
    webhooks: WebhookHosts = field(default_factory=lambda: WebhookHosts(()))
    security_schemes: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
