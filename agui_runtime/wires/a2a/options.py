"""How this wire behaves; every default is safe on a public network."""

from __future__ import annotations

from dataclasses import dataclass

from agui_runtime.wires.shared.options import ServerOptions


@dataclass(frozen=True, slots=True)
class A2AOptions:
    """`server` is for all wires of an app, the rest are the fields of A2AWire."""

    server: ServerOptions
    path: str
    keep_alive: float
    public_cards: bool
