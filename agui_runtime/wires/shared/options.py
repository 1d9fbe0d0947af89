"""How an app is served: what all of its wires obey."""

from __future__ import annotations

from dataclasses import dataclass, field

from agui_runtime.core.demands import FLAG, a, check_fields, optional
from agui_runtime.core.forwarded_headers import HeaderNames, for_agents
from agui_runtime.core.hosts import is_address, is_loopback
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.quotas import Quota
from agui_runtime.wires.shared.admission import Hosts, any_origin, listed
from agui_runtime.wires.shared.bodies import DEFAULT_LIMITS, BodyLimits
from agui_runtime.wires.shared.limits import ServerLimits
from agui_runtime.wires.shared.paths import base_of
from agui_runtime.wires.shared.streaming import KEEP_ALIVE

LIMITS = ServerLimits()


_DEMANDS = {
    **dict.fromkeys(("production", "development", "allow_anonymous"), FLAG),
    "ui": optional(FLAG),
    "body": a(BodyLimits),
    "limits": a(ServerLimits),
}


@explains_arguments
@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What all wires of one app obey. `create_app` takes what is left at its default from the
    environment, see `Settings`.

    `path` is that of the `runtimeUrl`. `cors_origins`: with `*` pages of any origin may call,
    without cookies; listed origins may send them, and others may not call. `allowed_hosts` are the
    names under which the server may be called, see `Hosts`. `forward_headers` names the request
    headers that agents may see, also by patterns such as `x-*`. `body` is what one request may
    bring, `limits` what clients may use of the server. In `production`, nobody is shown the
    playground or the GraphQL schema. `ui` says whether people are shown the page at `/ui`; None
    shows it to whoever connects on loopback, in production to nobody. `development` opens what
    shows or wipes more than a user should. With `allow_anonymous`, a runtime without
    `authenticate` answers beyond loopback, too.

    Raises Misconfigured for what cannot be obeyed.
    """

    path: str = "/copilotkit"
    cors_origins: tuple[str, ...] = ("*",)
    allowed_hosts: tuple[str, ...] | None = None
    forward_headers: tuple[str, ...] = ("authorization",)
    production: bool = False
    ui: bool | None = None
    development: bool = False
    allow_anonymous: bool = False
    body: BodyLimits = DEFAULT_LIMITS
    limits: ServerLimits = LIMITS
    places: Quota = field(init=False, repr=False, compare=False)
    """Those of the app's open requests; each ServerOptions has its own."""
    forwarded: HeaderNames = field(init=False, repr=False, compare=False)
    """The names and patterns of `forward_headers`, checked."""

    def __post_init__(self) -> None:
        check_fields(self, _DEMANDS)
        any_origin(self.cors_origins)
        listed(self.cors_origins)
        Hosts(self.allowed_hosts)
        object.__setattr__(self, "forwarded", for_agents(self.forward_headers))
        object.__setattr__(self, "path", base_of(self.path, "path") or "/")
        object.__setattr__(self, "places", self.limits.places())

    @property
    def base(self) -> str:
        """The path to which others are appended: empty for the root."""
        return self.path.rstrip("/")

    @property
    def has_ui(self) -> bool:
        """Whether anybody is shown the page at `/ui`."""
        return not self.production if self.ui is None else self.ui

    def shows_ui(self, listener: str) -> bool:
        """Whether those are who connect at this address, or at a socket in the file system."""
        return self.has_ui and (self.ui or is_loopback(listener) or not is_address(listener))


DEFAULT_OPTIONS = ServerOptions()


@dataclass(frozen=True, slots=True)
class WireOptions:
    """What the handlers of a wire obey: `server` is for all wires of an app, `keep_alive` the
    seconds of silence before a sign of life; each wire has more of its own.
    """

    server: ServerOptions = field(default_factory=ServerOptions)
    keep_alive: float = KEEP_ALIVE
