"""Which requests get in, of whatever wire, and without which of their headers. Pure.

Browsers send requests for any page, and add the user's cookies. So a page that is not this server's
own has to be listed, and what changes something has to be of a content type for which browsers ask
first (Fetch standard, 4.8: a preflight).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from agui_runtime.core.demands import check_texts
from agui_runtime.core.errors import Misconfigured, RequestError
from agui_runtime.core.hosts import is_address, is_loopback, is_unspecified
from agui_runtime.core.jsontext import Json
from agui_runtime.wires.shared.origins import (
    OPAQUE,
    Host,
    MalformedHeader,
    Origin,
    PageKind,
    page_of,
    parse_host,
    parse_origin,
)
from agui_runtime.wires.shared.paths import path_within

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Those that change nothing, on any wire."""

FORM = "multipart/form-data"

SIMPLE_TYPES = frozenset({"application/x-www-form-urlencoded", FORM, "text/plain"})
"""Content types that any page sends to anybody, without a preflight; so it does with none."""

WITHHELD = {
    "http": frozenset({b"cookie"}),
    # An `authorization` that a page sets itself needs a preflight; a WebSocket has none.
    "websocket": frozenset({b"cookie", b"authorization"}),
}
"""What browsers may have added by themselves, whichever page a request comes from."""

NOTHING: frozenset[bytes] = frozenset()


class NotAdmitted(RequestError):
    """The request is turned away before any wire sees it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Admission(NamedTuple):
    """A request gets in without the `withheld` headers, and a `bodiless` one without a body."""

    withheld: frozenset[bytes] = NOTHING
    bodiless: bool = False


class Hosts:
    """The names under which this server may be called.

    A name is exact, or begins with `*.` for all names below, or is `*`. Without any, where a
    connection comes in on loopback it must be for a name of this machine: a page whose name was
    made to point here (DNS rebinding) would count as this server's own. Raises Misconfigured.
    """

    def __init__(self, names: Iterable[str] | None = None) -> None:
        if names is not None:
            check_texts("allowed_hosts", names)
        self._names = None if names is None else frozenset(map(_pattern, names))
        if self._names == frozenset():
            raise Misconfigured("allowed_hosts: give at least one name, or '*' for any")

    def admits(self, host: Host, listener: str) -> bool:
        """Whether a request for the host may come in at that address."""
        if self._names is None:
            local = is_loopback(host.name) or is_unspecified(host.name)
            return local or not is_loopback(listener)
        return not self._names.isdisjoint(_patterns_of(host.name))


@dataclass(frozen=True, slots=True)
class AdmissionRules:
    """Whom a server lets in.

    `origins` may send their cookies; with `any_origin` all others get in without. Below the paths
    `json_below` bodies must be JSON; at those of `forms` they may be forms, too. At those of
    `probes` the server may be called by any address, as orchestrators do. Unless `strangers` may
    call, connections that come in beyond loopback are for the `probes` alone. `ambient` headers
    come with the requests of any page, as cookies do, and count as little.
    """

    origins: frozenset[Origin] = frozenset()
    any_origin: bool = False
    hosts: Hosts = field(default_factory=Hosts)
    json_below: Sequence[str] = ()
    forms: Sequence[str] = ()
    probes: Sequence[str] = ()
    strangers: bool = True
    ambient: frozenset[bytes] = NOTHING

    def admit(self, scope: Mapping[str, Json]) -> Admission:
        """What becomes of a request, by its ASGI scope; raises NotAdmitted."""
        headers = _Headers(scope["headers"])
        host, origin = headers.host(), headers.origin()
        headers.check_credentials()
        self._check_host(host, scope)
        self._check_listener(scope)
        page = page_of(
            origin,
            host,
            secure=scope.get("scheme") in ("https", "wss"),
            site=headers.only("sec-fetch-site"),
            listed=self.origins,
        )
        method = scope.get("method", "")
        changes = method not in SAFE_METHODS
        foreign = page is PageKind.FOREIGN and (changes or not headers.navigates)
        if foreign and not self.any_origin and (changes or origin):
            raise _unknown_origin(origin)
        checked = changes and scope["type"] == "http" and self._is_of_a_wire(scope)
        bodiless = checked and not self._has_known_type(headers, scope, foreign=foreign)
        withheld = WITHHELD[scope["type"]] | self.ambient if foreign else NOTHING
        return Admission(withheld, bodiless)

    def _check_host(self, host: Host | None, scope: Mapping[str, Any]) -> None:
        if host is None or self.hosts.admits(host, (scope.get("server") or ("",))[0]):
            return
        if not (is_address(host.name) and is_one_of(self.probes, scope)):
            raise _unknown_host(host)

    def _check_listener(self, scope: Mapping[str, Any]) -> None:
        """However the app is served: its server says where a connection came in. A path is that of
        a socket in this machine's file system, a name stands for none.
        """
        listener = (scope.get("server") or ("",))[0]
        if self.strangers or not is_address(listener) or is_loopback(listener):
            return
        if not is_one_of(self.probes, scope):
            raise _stranger()

    def _is_of_a_wire(self, scope: Mapping[str, Any]) -> bool:
        return is_below(self.json_below, scope)

    def _has_known_type(
        self, headers: _Headers, scope: Mapping[str, Any], *, foreign: bool
    ) -> bool:
        """False for a type that only an empty body may have."""
        kinds = headers.content_types()
        if kinds and all(is_json(kind) or self._is_form(kind, scope) for kind in kinds):
            return True
        untyped = foreign and not kinds and scope["method"] == "POST"
        if untyped or not SIMPLE_TYPES.isdisjoint(kinds):
            raise not_json()
        return False

    def _is_form(self, kind: str, scope: Mapping[str, Any]) -> bool:
        """Whether it is one where the path takes forms."""
        return kind == FORM and is_one_of(self.forms, scope)


def any_origin(names: Sequence[str]) -> bool:
    """Whether pages of any origin may call; a browser refuses credentials with a wildcard, so a
    list that mixes them is a mistake. Raises Misconfigured.
    """
    check_texts("cors_origins", names)
    if "*" in names and len(names) > 1:
        raise Misconfigured("cors_origins: either '*' or a list of origins, not both")
    return "*" in names


def listed(names: Iterable[str]) -> frozenset[Origin]:
    """The origins of those names, without `*`; raises Misconfigured."""
    return frozenset(_listed(name) for name in names if name != "*")


def is_below(paths: Iterable[str], scope: Mapping[str, Json]) -> bool:
    """Whether a request is for one of those paths of the app, or for one below."""
    return _normal(path_within(scope)).startswith(_configured(tuple(paths)))


def is_one_of(paths: Sequence[str], scope: Mapping[str, Json]) -> bool:
    """Whether a request is for one of those paths of the app, and for none below."""
    return bool(paths) and _normal(path_within(scope)) in _configured(tuple(paths))


def is_json(kind: str) -> bool:
    """Whether a media type, lower-case and without parameters, is one of JSON."""
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


def not_json() -> NotAdmitted:
    message = "send a body of JSON, with the header Content-Type: application/json"
    return NotAdmitted(415, "UNSUPPORTED_MEDIA_TYPE", message)


_READ = {
    name.encode(): name
    for name in (
        *("host", "origin", "content-type"),
        *("sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", "authorization"),
    )
}


class _Headers:
    """The headers that decide, a repeated one with all its values."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in raw:
            if name in _READ:
                text = value.strip(b" \t").decode("latin-1")  # RFC 9110 5.5; not all parsers do
                self._values.setdefault(_READ[name], []).append(text)

    def only(self, name: str) -> str | None:
        values = self._values.get(name, ())
        return values[0] if len(values) == 1 else None

    def check_credentials(self) -> None:
        """Two of them would be two callers: one for `authenticate`, and another one for agents."""
        if len(set(self._values.get("authorization", ()))) > 1:
            message = "Authorization: send it once (RFC 9110 11.6.2)"
            raise NotAdmitted(400, "BAD_CREDENTIALS", message)

    def host(self) -> Host | None:
        """Every browser sends one, and only browsers can be misled about a name."""
        try:
            return parse_host(self._single("host")) if "host" in self._values else None
        except MalformedHeader as error:
            raise NotAdmitted(400, "BAD_HOST", f"Host: {error}") from None

    def origin(self) -> Origin | None:
        try:
            return parse_origin(self._single("origin")) if "origin" in self._values else None
        except MalformedHeader as error:
            raise NotAdmitted(400, "BAD_ORIGIN", f"Origin: {error}") from None

    @property
    def navigates(self) -> bool:
        """Whether somebody has followed a link, which is no page's doing."""
        mode, goal = self.only("sec-fetch-mode"), self.only("sec-fetch-dest")
        return (mode, goal, "origin" in self._values) == ("navigate", "document", False)

    def content_types(self) -> list[str]:
        """Lower-case and without parameters."""
        values = self._values.get("content-type", ())
        kinds = [value.partition(";")[0].strip(" \t").lower() for value in values]
        return [kind for kind in kinds if kind]

    def _single(self, name: str) -> str:
        values = self._values[name]
        if len(values) > 1:
            raise MalformedHeader("it must be sent once")
        return values[0]


def _stranger() -> NotAdmitted:
    message = (
        "this runtime knows nobody and answers on loopback only; the operator can give it "
        "`authenticate`, or let everybody share all threads (allow_anonymous)"
    )
    return NotAdmitted(403, "ANONYMOUS_NOT_ALLOWED", message)


def _unknown_host(host: Host) -> NotAdmitted:
    message = f"this server is not called {host.name!r}; the operator can allow it (allowed_hosts)"
    return NotAdmitted(403, "HOST_NOT_ALLOWED", message)


def _unknown_origin(origin: Origin | None) -> NotAdmitted:
    name = "this origin" if origin in (None, OPAQUE) else str(origin)
    message = f"pages of {name} may not call; the operator can allow it (cors_origins)"
    return NotAdmitted(403, "ORIGIN_NOT_ALLOWED", message)


def _pattern(name: str) -> str:
    if name == "*":
        return name
    below = "*." if name.startswith("*.") else ""
    try:
        host = parse_host(_bracketed(name.removeprefix("*.")))
    except MalformedHeader as error:
        raise Misconfigured(f"allowed_hosts: {error}") from None
    if host.port is not None:
        raise Misconfigured(f"allowed_hosts: names have no ports; {host.name!r} is for all of them")
    return below + host.name


def _bracketed(name: str) -> str:
    return f"[{name}]" if name.count(":") > 1 and not name.startswith("[") else name


def _patterns_of(name: str) -> Iterable[str]:
    """All that admit the name."""
    yield from ("*", name)
    while "." in name:
        name = name.partition(".")[2]
        yield f"*.{name}"


def _listed(name: str) -> Origin:
    try:
        origin = parse_origin(name)
    except MalformedHeader as error:
        hint = "write it as https://app.example.com, without a path"
        raise Misconfigured(f"cors_origins: {error}; {hint}") from None
    if origin == OPAQUE:
        raise Misconfigured(
            f"cors_origins: {name!r} is that of every file and sandboxed frame; use '*', and tokens"
        )
    return origin


@cache
def _configured(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(_normal, paths))


def _normal(path: str) -> str:
    """With one slash before, between and after its segments."""
    path = path.strip("/")
    if "//" in path:
        path = "/".join(filter(None, path.split("/")))
    return f"/{path}/" if path else "/"
