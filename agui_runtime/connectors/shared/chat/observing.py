"""One call of a model, as those see it who measure runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from ag_ui.core import RunAgentInput

from agui_runtime.connectors.shared.chat.reply import ChatReply, Provider
from agui_runtime.core.jsontext import Json
from agui_runtime.core.observation import Observed, Operation, observed


class ModelCall(NamedTuple):
    """The reply to come, and what is to be told when it comes."""

    reply: ChatReply
    seen: Observed


@contextmanager
def model_call(
    request: RunAgentInput, provider: Provider, body: Mapping[str, Json]
) -> Iterator[ModelCall]:
    """The provider is asked with this body while the block lasts."""
    operation = Operation(
        "chat",
        provider.model,
        provider=provider.name,
        server="" if provider.origin.startswith("litellm:") else provider.origin,
        request=body.get("messages"),
    )
    with observed(operation) as seen:
        reply = ChatReply(request, provider)
        try:
            yield ModelCall(reply, seen)
        finally:
            operation.usage, operation.finish = reply.usage, reply.reason
            operation.answer = reply.text
