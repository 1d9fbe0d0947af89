"""What tests say about a remote server, as its connector takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from agui_runtime.connectors.shared.remote import RemoteOptions

_NAMES = {field.name for field in fields(RemoteOptions)}


def as_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with those of `RemoteOptions` in one, unless they are so already."""
    if "options" in given:
        return dict(given)
    rest = {name: value for name, value in given.items() if name not in _NAMES}
    return {
        **rest,
        "options": RemoteOptions(**{name: given[name] for name in _NAMES & given.keys()}),
    }
