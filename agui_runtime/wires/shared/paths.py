"""Where wires are served: paths of an app, with or without a slash at their end."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Iterable, Mapping
from urllib.parse import quote, unquote

from starlette.datastructures import URL
from starlette.types import ASGIApp, Receive, Scope, Send

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.jsontext import Json


def base_of(path: object, name: str) -> str:
    """The path without a slash at its end, empty for the root; raises Misconfigured, which names
    it `name`.
    """
    if not (isinstance(path, str) and _PATH.fullmatch(path)):
        hint = "it begins with a slash, for example /copilotkit, and has none of ? # { }"
        raise Misconfigured(f"{name}={path!r} is not a path: {hint}")
    return path.rstrip("/")


class TrailingSlash:
    """A middleware that takes a path with a slash at its end, or with several at its beginning, for
    the same path without.

    It answers, and does not redirect: a redirected POST may lose its body, and one of another
    origin its permission. `raw_path` stays as it came.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] in ("http", "websocket") and _is_odd(scope["path"]):
            root = scope.get("root_path", "").rstrip("/") + "/"
            path = "/" + scope["path"].strip("/")
            scope = {**scope, "path": path if len(path) >= len(root) else root}
        return self._app(scope, receive, send)


class MountRoots:
    """A middleware that takes the path of a mount, as it is, for the root of what is mounted there:
    Starlette's routing would redirect it, or know nothing of it. `raw_path` stays as it came.
    """

    def __init__(self, app: ASGIApp, mounts: Iterable[str]) -> None:
        self.app = app
        self._mounts = frozenset(mounts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            within = scope["path"].removeprefix(scope.get("root_path", "").rstrip("/"))
            if within in self._mounts:
                scope = {**scope, "path": scope["path"] + "/"}
        await self.app(scope, receive, send)


def path_within(scope: Mapping[str, Json]) -> str:
    """The path within the app, as it is matched by routes."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


def segments_of(scope: Scope) -> list[str]:
    """The path's segments within the app, split before they are decoded: an id may hold a slash."""
    raw = scope.get("raw_path") or quote(scope["path"]).encode()
    path = raw.partition(b"?")[0].decode("ascii", "replace")
    mounted = quote(scope.get("root_path", "").rstrip("/")) + "/"
    below = f"{path}/".removeprefix(mounted).strip("/")
    segments = below.split("/") if below else []
    return list(map(unquote, segments)) if "%" in below else segments


def public_root(scope: Scope) -> str:
    """The address of this app as its client wrote it, below whatever it is mounted at."""
    url = URL(scope=scope)
    mount = scope.get("root_path", "").rstrip("/")
    return f"{url.scheme}://{url.netloc}{mount}"


def listener_of(scope: Scope) -> str:
    """The address at which a connection came in; a path for a socket in the file system, empty
    where the server does not say.
    """
    address: str = (scope.get("server") or ("",))[0] or ""
    return address


def ends_with_slash(scope: Scope) -> bool:
    """Whether the client's address does, on which its relative links depend."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0].endswith(b"/")


def _is_odd(path: str) -> bool:
    return path.endswith("/") or path.startswith("//")


_PATH = re.compile(r"(?:/[^/?#{}]+)*/?")
