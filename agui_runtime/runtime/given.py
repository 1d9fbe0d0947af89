"""What a runtime is given by mistake, refused with what to write instead. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import get_args

from agui_runtime.core.errors import Misconfigured

_METHODS: Mapping[str, tuple[str, str]] = {
    "actions": ("__call__", "functions, [get_weather]"),
    "hooks": ("on_event", "hooks, [RunLogger()]"),
    "remotes": ("offer", "servers to ask, [McpServers([...])] or [RemoteEndpoint(...)]"),
    "guardrails": ("check", "objects with a `check` method, [TopicChecker(...)]"),
}
"""What the members of each list can do, and what the list is to hold."""

_STORE = ("log", "threads", "states")


def named_agents(agents: object) -> Mapping[str, object]:
    """The agents by their names; raises Misconfigured for anything else."""
    if isinstance(agents, Mapping):
        return agents
    raise Misconfigured(
        f"agents: give each one a name, {{'default': my_agent}}, not a {type(agents).__name__}"
    )


def check_lists(**lists: object) -> None:
    """Raises Misconfigured for an argument that is no list of what it is to hold."""
    for name, members in lists.items():
        method, hint = _METHODS[name]
        if isinstance(members, str | Mapping) or not isinstance(members, Iterable):
            raise Misconfigured(f"{name}: give a list of {hint}, not a {type(members).__name__}")
        for member in members:
            fits = hasattr(member, method) or (name == "actions" and hasattr(member, "call"))
            if not fits or isinstance(member, type):
                raise Misconfigured(f"{name}: {_shown(member)} is none; give {hint}")


def check_functions(**functions: Callable[..., object] | None) -> None:
    """Raises Misconfigured for an argument that is neither a function nor left out."""
    for name, function in functions.items():
        if function is not None and not callable(function):
            raise Misconfigured(f"{name}: give a function, not {_shown(function)}")


def check_store(store: object) -> None:
    """Raises Misconfigured for what is no store, no URL of one, and not left out."""
    is_one = all(hasattr(store, part) for part in _STORE) and not isinstance(store, type)
    if not (store is None or isinstance(store, str) or is_one):
        raise Misconfigured(
            f"store: give a store or its URL, 'sqlite:///threads.db', not {_shown(store)}"
        )


def check_choice(name: str, value: object, choice: object) -> None:
    """Raises Misconfigured for a value that is none of those of a Literal."""
    known: Sequence[object] = get_args(choice)
    if value not in known:
        raise Misconfigured(f"{name} must be {' or '.join(map(repr, known))}, not {value!r}")


def _shown(value: object) -> str:
    """A value as a sentence names it; what may hold a secret is named by its type."""
    if isinstance(value, type):
        return f"the class {value.__name__}, which is to be called first,"
    return repr(value)[:80] if isinstance(value, str | int | float) else type(value).__name__
