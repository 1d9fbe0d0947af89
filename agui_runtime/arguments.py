"""From the arguments of `create_app` and the environment to the options and wires of an app.

Pure. Where an argument leaves something open, the environment decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any, TypedDict

from agui_runtime.core.errors import Misconfigured
from agui_runtime.settings import Settings, variable
from agui_runtime.wires.agui.options import WireOptions
from agui_runtime.wires.agui.wire import AguiWire
from agui_runtime.wires.copilotkit_remote.wire import CopilotKitRemoteWire
from agui_runtime.wires.graphql.wire import GraphQLWire
from agui_runtime.wires.shared.limits import ServerLimits
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.paths import base_of
from agui_runtime.wires.shared.wire import Wire

WIRE_OPTIONS = WireOptions()
USUAL = ServerOptions()

_PLACES: Mapping[str, str] = {
    "path": "path",
    "cors_origins": "cors_origins",
    "allowed_hosts": "allowed_hosts",
    "forward_headers": "forward_headers",
    "production": "production",
    "development": "development",
    "allow_anonymous": "allow_anonymous",
    "max_caller_requests": "limits.caller_requests",
    "max_requests": "limits.requests",
    "max_body": "body.bytes",
    "max_values": "body.values",
    "max_depth": "body.depth",
    "max_messages": "body.messages",
    "max_parts": "body.parts",
}
"""Where the settings of an app stand in its ServerOptions."""

_OF_AN_APP = frozenset(_PLACES)


class AppArguments(TypedDict, total=False):
    """Short forms of `create_app`, beside or in place of its `wires` and `options`.

    `wire_options` are those of the routes that today's front ends use; what they say of bodies and
    headers holds on all wires. At `remote_path`, for example `/copilotkit_remote`, the runtime is a
    remote endpoint for Node runtimes too; it is not so otherwise, because there actions are called
    directly. The others are fields of ServerOptions.
    """

    path: str
    cors_origins: Sequence[str]
    allowed_hosts: Sequence[str] | None
    limits: ServerLimits
    production: bool
    wire_options: WireOptions
    remote_path: str | None


def known(arguments: AppArguments) -> Mapping[str, Any]:
    """Those that say something; raises TypeError for one that there is not."""
    if unknown := sorted(arguments.keys() - AppArguments.__annotations__.keys()):
        raise TypeError(f"create_app() has no argument {unknown[0]!r}")
    return {name: value for name, value in arguments.items() if value is not None}


def options_of(
    settings: Settings, options: ServerOptions | None, arguments: Mapping[str, Any]
) -> ServerOptions:
    """What all wires of the app obey; raises Misconfigured, also for what is said twice."""
    wire: WireOptions = arguments.get("wire_options", WIRE_OPTIONS)
    short = sorted(arguments.keys() - {"wire_options", "remote_path"})
    if options is not None:
        if short or _of_all_wires(wire) != _of_all_wires(WIRE_OPTIONS):
            names = ", ".join(short or ["wire_options"])
            raise Misconfigured(f"{names}: say it in `options`, a ServerOptions, or leave that out")
        return _resolved(settings, options, {})
    limits = arguments.get("limits", USUAL.limits)
    base = replace(USUAL, **_of_all_wires(wire), limits=limits)
    given = {name: _NORMAL[name](name, arguments[name]) for name in short if name in _NORMAL}
    return _resolved(settings, base, given)


def _listing(name: str, value: Sequence[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        raise Misconfigured(f"{name}: give a list, [{value!r}]")
    return tuple(value)


_NORMAL: Mapping[str, Callable[[str, Any], object]] = {
    "path": lambda name, value: base_of(value, name) or "/",
    "cors_origins": _listing,
    "allowed_hosts": _listing,
    "production": lambda name, value: bool(value),
}
"""How the arguments that are settings, too, are compared with the environment's."""


def _of_all_wires(wire: WireOptions) -> dict[str, Any]:
    return {
        "forward_headers": wire.forward_headers,
        "development": wire.development,
        "body": wire.body_limits,
    }


def wires_of(wires: Sequence[Wire] | None, arguments: Mapping[str, Any]) -> Sequence[Wire]:
    """Those that were given, or the usual ones; raises Misconfigured for what is said twice."""
    remote_path = arguments.get("remote_path")
    if wires is not None:
        if given := sorted(arguments.keys() & {"wire_options", "remote_path"}):
            raise Misconfigured(f"{', '.join(given)}: say it in the wires that you give")
        return wires
    wire = arguments.get("wire_options", WIRE_OPTIONS)
    agui = AguiWire(wire.keep_alive, wire.oldest_clients, wire.transcription, wire.annotations)
    remote = [] if remote_path is None else [CopilotKitRemoteWire(remote_path)]
    return [GraphQLWire(), *remote, agui]


def _resolved(
    settings: Settings, options: ServerOptions, given: Mapping[str, object]
) -> ServerOptions:
    """What an app obeys: the `options` where they are not at their defaults, what it was `given` by
    the names of settings, and else the environment.

    Raises Misconfigured where an argument and the environment say something, and not the same.
    """
    usual = {name: attrgetter(place)(USUAL) for name, place in _PLACES.items()}
    chosen = {name: attrgetter(place)(options) for name, place in _PLACES.items()}
    arguments = {name: chosen[name] for name in chosen if chosen[name] != usual[name]} | {**given}
    for name in sorted(settings.present & arguments.keys()):
        if getattr(settings, name) != arguments[name]:
            raise Misconfigured(
                f"{variable(name)} cannot be obeyed: the app was given {name}={arguments[name]!r}; "
                "leave out one of the two"
            )
    declared = {name: getattr(settings, name) for name in settings.present & _OF_AN_APP}
    return _placed(options, declared | arguments)


def _placed(options: ServerOptions, values: Mapping[str, object]) -> ServerOptions:
    parts: dict[str, dict[str, Any]] = {"": {}, "limits": {}, "body": {}}
    for name, value in values.items():
        part, _, attribute = _PLACES[name].rpartition(".")
        parts[part][attribute] = value
    limits = replace(options.limits, **parts["limits"])
    body = replace(options.body, **parts["body"])
    return replace(options, limits=limits, body=body, **parts[""])
