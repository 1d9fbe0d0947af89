"""Whom a server of AgentScope takes a caller for; no header of a front end's request says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from agui_runtime.connectors.shared.remote import RemoteOptions
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import RunContext

IDENTITY = "x-user-id"
"""The header by which the service knows who asks; it believes whatever is in it."""

Identity: TypeAlias = Callable[[RunContext], str]


def owner(context: RunContext) -> str:
    """The one that is taken where an operator says nothing."""
    return context.caller.owner


def identified(options: RemoteOptions, user: Identity | None) -> RemoteOptions:
    """The same options with the header of the caller's identity, which nothing else may set."""
    who = user or owner
    if any(name.lower() == IDENTITY for name in options.headers):
        raise Misconfigured(f"headers: {IDENTITY} is set by `user` alone")
    more = options.on_before_request

    async def headers(context: RunContext) -> Mapping[str, str]:
        made = more(context) if more is not None else {}
        found = made if isinstance(made, Mapping) else await made
        others = {name: value for name, value in found.items() if name.lower() != IDENTITY}
        return {**others, IDENTITY: who(context)}

    return replace(options, on_before_request=headers)
