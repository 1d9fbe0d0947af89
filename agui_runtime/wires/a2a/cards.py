"""An agent's card: what A2A clients are told before they talk to it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from a2a.types.a2a_pb2 import (
    AgentCapabilities,
    AgentCard,
    AgentInterface,
    AgentSkill,
    SecurityRequirement,
    SecurityScheme,
    StringList,
)
from a2a.utils.constants import (
    PROTOCOL_VERSION_0_3,
    PROTOCOL_VERSION_1_0,
    TransportProtocol,
)

INPUTS = (
    "text/plain",
    "text/markdown",
    "application/json",
    "application/pdf",
    "application/octet-stream",
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/gif",
    "audio/mpeg",
    "audio/wav",
    "video/mp4",
)
OUTPUTS = ("text/plain", "application/json")

_SPOKEN = [
    (binding, spoken)
    for spoken in (PROTOCOL_VERSION_1_0, PROTOCOL_VERSION_0_3)
    for binding in (TransportProtocol.JSONRPC, TransportProtocol.HTTP_JSON)
]
"""Bindings and versions, all of them at one URL."""


def card_of(
    name: str,
    description: str,
    url: str,
    release: str,
    *,
    pushes: bool,
    schemes: Mapping[str, SecurityScheme],
) -> AgentCard:
    """The card of the agent at that URL, as that release of the server has it; `pushes` says
    whether webhooks are called, and any one of the `schemes` is enough to be known.
    """
    about = description or f"The agent {name}"
    return AgentCard(
        name=name,
        description=about,
        version=release,
        supported_interfaces=[_interface(url, *each) for each in _SPOKEN],
        capabilities=AgentCapabilities(streaming=True, push_notifications=pushes),
        default_input_modes=INPUTS,
        default_output_modes=OUTPUTS,
        skills=[AgentSkill(id=name, name=name, description=about, tags=["chat"])],
        security_schemes=schemes,
        security_requirements=[
            SecurityRequirement(schemes={each: StringList()}) for each in schemes
        ],
    )


def _interface(url: str, binding: TransportProtocol, version: str) -> AgentInterface:
    return AgentInterface(url=url, protocol_binding=binding.value, protocol_version=version)
