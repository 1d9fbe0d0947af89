"""From the arguments of `create_app` and the environment to the options and wires of an app.

Pure. Where an argument leaves something open, the environment decides.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Any, TypedDict

from agui_runtime.connectors.transcription import TranscriptionService
from agui_runtime.core.demands import Demand, a, check, check_list, check_texts
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.keyword_arguments import check_arguments, note_arguments
from agui_runtime.named_wires import wires_named
from agui_runtime.runtime.given import check_functions
from agui_runtime.runtime.runtime import Authenticate
from agui_runtime.settings import Settings, variable
from agui_runtime.wires.agui.annotate import Recorder
from agui_runtime.wires.agui.wire import AguiWire
from agui_runtime.wires.graphql.wire import GraphQLWire
from agui_runtime.wires.shared.bodies import DEFAULT_LIMITS, BodyLimits
from agui_runtime.wires.shared.limits import ServerLimits
from agui_runtime.wires.shared.options import DEFAULT_OPTIONS, ServerOptions
from agui_runtime.wires.shared.paths import base_of
from agui_runtime.wires.shared.streaming import KEEP_ALIVE
from agui_runtime.wires.shared.wire import Wire
from agui_runtime.wires.ui.wire import UiWire

_PLACES: Mapping[str, str] = {
    "path": "path",
    "cors_origins": "cors_origins",
    "allowed_hosts": "allowed_hosts",
    "forward_headers": "forward_headers",
    "production": "production",
    "ui": "ui",
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


_PRESENT_FORMS: Mapping[str, str] = {
    "forward_headers": "ServerOptions(forward_headers=...)",
    "max_body": "ServerOptions(body=BodyLimits(bytes=...))",
    "max_values": "ServerOptions(body=BodyLimits(values=...))",
    "max_depth": "ServerOptions(body=BodyLimits(depth=...))",
    "max_messages": "ServerOptions(body=BodyLimits(messages=...))",
    "max_parts": "ServerOptions(body=BodyLimits(parts=...))",
    "development": "ServerOptions(development=...)",
    "keep_alive": "AguiWire(keep_alive=...)",
    "oldest_clients": "AguiWire(oldest_clients=...)",
    "transcription": "AguiWire(transcription=...)",
    "annotations": "AguiWire(annotations=...)",
}


@dataclass(frozen=True, slots=True)
class WireOptions:
    """Deprecated: fields of ServerOptions and of AguiWire under one name. The warning says what to
    write in its place. Raises Misconfigured for what they refuse.
    """

    forward_headers: tuple[str, ...] = DEFAULT_OPTIONS.forward_headers
    max_body: int = DEFAULT_LIMITS.bytes
    max_values: int = DEFAULT_LIMITS.values
    max_depth: int = DEFAULT_LIMITS.depth
    max_messages: int = DEFAULT_LIMITS.messages
    max_parts: int = DEFAULT_LIMITS.parts
    keep_alive: float = KEEP_ALIVE
    oldest_clients: bool = False
    development: bool = False
    transcription: TranscriptionService | None = None
    annotations: Recorder | None = None

    def __post_init__(self) -> None:
        self.server()  # which refuses what cannot be obeyed
        given = [each.name for each in fields(self) if getattr(self, each.name) != each.default]
        forms = ", ".join(_PRESENT_FORMS[name] for name in given) or "nothing"
        warnings.warn(
            f"WireOptions is deprecated: write {forms} in its place, as in create_app(runtime, "
            "options=ServerOptions(...), wires=[GraphQLWire(), AguiWire(...)])",
            DeprecationWarning,
            stacklevel=3,  # whoever made it, past this and the `__init__` of dataclasses
        )

    def server(self) -> ServerOptions:
        """What of it all wires obey."""
        body = BodyLimits(
            bytes=self.max_body,
            values=self.max_values,
            depth=self.max_depth,
            messages=self.max_messages,
            parts=self.max_parts,
        )
        return replace(
            DEFAULT_OPTIONS,
            forward_headers=self.forward_headers,
            development=self.development,
            body=body,
        )

    def agui(self) -> AguiWire:
        """What of it is for the AG-UI routes."""
        return AguiWire(self.keep_alive, self.oldest_clients, self.transcription, self.annotations)


class AppArguments(TypedDict, total=False):
    """Short forms of `create_app`, beside or in place of its `wires` and `options`.

    At `remote_path`, for example `/copilotkit_remote`, the runtime is a remote endpoint for Node
    runtimes too, as with `CopilotKitRemoteWire` among the wires; it is not so otherwise, because
    there actions are called directly. `authenticate` says who is asking where the runtime was not
    given it. `wire_options` are deprecated, see `WireOptions`. The others are fields of
    ServerOptions.
    """

    path: str
    cors_origins: Sequence[str]
    allowed_hosts: Sequence[str] | None
    limits: ServerLimits
    production: bool
    ui: bool | None
    wire_options: WireOptions
    remote_path: str | None
    authenticate: Authenticate | None


def known(arguments: AppArguments) -> Mapping[str, Any]:
    """Those that say something; raises TypeError for one that there is not."""
    check_arguments("create_app", arguments)
    given = {name: value for name, value in arguments.items() if value is not None}
    for name in _DEMANDS.keys() & given.keys():
        check(name, given[name], _DEMANDS[name])
    check_functions(authenticate=given.get("authenticate"))
    return given


note_arguments("create_app", ["wires", "options", "lifespan", *AppArguments.__annotations__])

_DEMANDS: Mapping[str, Demand] = {
    "limits": a(ServerLimits),
    "wire_options": a(WireOptions),
}


def options_of(
    settings: Settings, options: ServerOptions | None, arguments: Mapping[str, Any]
) -> ServerOptions:
    """What all wires of the app obey; raises Misconfigured, also for what is said twice."""
    wire_options: WireOptions | None = arguments.get("wire_options")
    base = wire_options.server() if wire_options else DEFAULT_OPTIONS
    short = sorted(arguments.keys() - {"authenticate", "wire_options", "remote_path"})
    if options is not None:
        check("options of create_app", options, a(ServerOptions))
        if short or base != DEFAULT_OPTIONS:
            names = ", ".join(short or ["wire_options"])
            raise Misconfigured(f"{names}: say it in `options`, a ServerOptions, or leave that out")
        return _resolved(settings, options, {})
    base = replace(base, limits=arguments.get("limits", DEFAULT_OPTIONS.limits))
    given = {name: _NORMAL[name](name, arguments[name]) for name in short if name in _NORMAL}
    return _resolved(settings, base, given)


def _listing(name: str, value: Sequence[str]) -> tuple[str, ...]:
    check_texts(name, value)
    return tuple(value)


_NORMAL: Mapping[str, Callable[[str, Any], object]] = {
    "path": lambda name, value: base_of(value, name) or "/",
    "cors_origins": _listing,
    "allowed_hosts": _listing,
    "production": lambda name, value: value,
    "ui": lambda name, value: value,
}
"""How the arguments that are settings, too, are compared with the environment's."""


_WIRE_OR_NAME = Demand(
    "a wire, such as AguiWire(), or the name of one",
    lambda value: (
        isinstance(value, str)
        or (
            not isinstance(value, type)
            and all(hasattr(value, each) for each in ("name", "routes", "claims"))
        )
    ),
)


def wires_of(
    settings: Settings, wires: Sequence[Wire | str] | None, arguments: Mapping[str, Any]
) -> Sequence[Wire]:
    """Those that were given as objects, or the usual ones with those that are named; raises
    Misconfigured for what is said twice.
    """
    if wires is None:
        return _usual(settings.wires, arguments)
    check_list("wires", wires, _WIRE_OR_NAME)
    names = [each for each in wires if isinstance(each, str)]
    objects = [each for each in wires if not isinstance(each, str)]
    if names and objects:
        raise Misconfigured(
            f"wires: {names[0]!r} is a name, which stands for a wire beside CopilotKit's own, and "
            f"{objects[0].name} an object: give names alone, or all wires of the app as objects"
        )
    if "wires" in settings.present and (objects or tuple(names) != settings.wires):
        raise Misconfigured(
            "AGUI_WIRES cannot be obeyed: the app was given its `wires`; leave out one of the two"
        )
    if names:
        return _usual(names, arguments)
    if given := sorted(arguments.keys() & {"wire_options", "remote_path"}):
        raise Misconfigured(f"{', '.join(given)}: say it in the wires that you give")
    return objects


def _usual(names: Sequence[str], arguments: Mapping[str, Any]) -> Sequence[Wire]:
    """CopilotKit's own, and between them those that are named."""
    remote_path, wire_options = arguments.get("remote_path"), arguments.get("wire_options")
    agui = wire_options.agui() if wire_options else AguiWire()
    remote = [] if remote_path is None else [_remote(remote_path)]
    return [GraphQLWire(), *remote, UiWire(), *wires_named(names), agui]


def _remote(path: str) -> Wire:
    from agui_runtime.wires.copilotkit_remote.wire import CopilotKitRemoteWire  # seldom spoken

    return CopilotKitRemoteWire(path)


def _resolved(
    settings: Settings, options: ServerOptions, given: Mapping[str, object]
) -> ServerOptions:
    """What an app obeys: the `options` where they are not at their defaults, what it was `given` by
    the names of settings, and else the environment.

    Raises Misconfigured where an argument and the environment say something, and not the same.
    """
    usual = {name: attrgetter(place)(DEFAULT_OPTIONS) for name, place in _PLACES.items()}
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
