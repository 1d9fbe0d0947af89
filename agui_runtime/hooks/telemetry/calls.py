"""What spans and figures say of a call of a model, when it begins."""

from __future__ import annotations

from agui_runtime.core.observation import Operation
from agui_runtime.hooks.telemetry import names


def attributes_of_call(operation: Operation) -> dict[str, str | int]:
    """Its provider, its model, and the server that answers."""
    provider = operation.provider or "_OTHER"
    return {
        names.OPERATION: operation.kind,
        names.PROVIDER: names.PROVIDERS.get(provider, provider),
        names.REQUEST_MODEL: operation.name,
        **_server(operation.server),
    }


def _server(address: str) -> dict[str, str | int]:
    host, _, port = address.rpartition(":")
    if port.isdigit():
        return {names.SERVER: host.strip("[]"), names.PORT: int(port)}
    return {names.SERVER: address} if address else {}
