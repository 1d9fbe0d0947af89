"""What a runtime is given by mistake, refused with what to write instead. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import get_args

from agui_runtime.agents.actions import Action, action
from agui_runtime.agents.border import EventAgent, wrap
from agui_runtime.core.demands import NAME, Demand, check, optional, shown, takes
from agui_runtime.core.errors import Misconfigured
from agui_runtime.stores.states import StateSchema
from agui_runtime.wrappers.blocks.options import Blocks
from agui_runtime.wrappers.drawing.pages import GenerativeUI

_METHODS: Mapping[str, tuple[str, str]] = {
    "actions": ("__call__", "functions, [get_weather]"),
    "hooks": ("on_event", "hooks, [RunLogger()]"),
    "remotes": ("offer", "servers to ask, [McpServers([...])] or [RemoteEndpoint(...)]"),
    "guardrails": ("check", "objects with a `check` method, [TopicChecker(...)]"),
}
"""What the members of each list can do, and what the list is to hold."""

_CALLED_WITH: Mapping[str, Sequence[str]] = {
    "authenticate": ("request",),
    "authorize": ("caller", "access", "resource"),
    "before_request": ("request",),
}
"""What each function is given."""

_STORE = ("log", "threads", "states")


def wrapped_agents(
    agents: Mapping[str, object], shown_as: GenerativeUI, blocks: Blocks | None, *, others: bool
) -> dict[str, EventAgent]:
    """The agents as they are run. Raises Misconfigured where what is shown names agents that there
    are not, unless there may be `others`, whom nobody knows yet.
    """
    wrapped = {name: shown_as.with_apps(name, wrap(it, name)) for name, it in agents.items()}
    if not others:
        shown_as.check(wrapped)
        if blocks is not None:
            blocks.check(wrapped)
    return wrapped


def named_agents(agents: object) -> Mapping[str, object]:
    """The agents by their names; raises Misconfigured for anything else."""
    if isinstance(agents, Mapping):
        for name in agents:
            check("the name of an agent", name, NAME)
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
                raise Misconfigured(f"{name}: {shown(member)} is none; give {hint}")


def check_functions(**functions: object) -> None:
    """Raises Misconfigured for an argument that is neither a function of what it is called with,
    nor left out.
    """
    for name, function in functions.items():
        if function is None:
            continue
        if not callable(function) or isinstance(function, type):
            raise Misconfigured(f"{name}: give a function, not {shown(function)}")
        taken = _CALLED_WITH[name]
        if not takes(function, *taken):
            raise Misconfigured(f"{name}: its function must take {', '.join(taken)}")


def check_store(store: object) -> None:
    """Raises Misconfigured for what is no store, no URL of one, and not left out."""
    is_one = all(hasattr(store, part) for part in _STORE) and not isinstance(store, type)
    if not (store is None or isinstance(store, str) or is_one):
        raise Misconfigured(
            f"store: give a store or its URL, 'sqlite:///threads.db', not {shown(store)}"
        )


def check_states(states: object, agents: Mapping[str, object], *, may_be_others: bool) -> None:
    """Raises Misconfigured for what are no schemas by agents' names, and for one of an agent that
    there is not.
    """
    check("states", states, optional(_SCHEMAS))
    unknown = sorted(states.keys() - agents.keys()) if isinstance(states, Mapping) else []
    if unknown and not may_be_others:
        raise Misconfigured(f"states: no agent {unknown[0]!r}; there are {sorted(agents)}")


_SCHEMAS = Demand(
    "schemas by agents' names, {'default': StateSchema(...)}",
    lambda value: (
        isinstance(value, Mapping) and all(isinstance(each, StateSchema) for each in value.values())
    ),
)


def check_choice(name: str, value: object, choice: object) -> None:
    """Raises Misconfigured for a value that is none of those of a Literal."""
    known: Sequence[object] = get_args(choice)
    if value not in known:
        raise Misconfigured(f"{name} must be {' or '.join(map(repr, known))}, not {value!r}")


def named_actions(sources: Sequence[Action | Callable[..., object]]) -> tuple[Action, ...]:
    """The actions that those functions are; raises Misconfigured for a name that two have."""
    made = tuple(each if isinstance(each, Action) else action(each) for each in sources)
    names = [each.name for each in made]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise Misconfigured(f"more than one action is named {sorted(twice)}")
    return made
