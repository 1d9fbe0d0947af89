"""What a client gets where a frame is refused or a stream breaks off: a frame of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from agui_runtime.core.errors import AguiError, RequestError, TooManyRequests
from agui_runtime.core.jsontext import JsonObject


class UnknownFrame(RequestError):
    """No frame that clients send has this type, or this kind."""

    code, status = "UNKNOWN_FRAME", 400

    def __init__(self, field: str, known: Iterable[str]) -> None:
        super().__init__(f"{field}: there are {', '.join(known)}")


class OutOfOrder(RequestError):
    """The frame is well, but it cannot come now."""

    code, status = "OUT_OF_ORDER", 409


class RequestOpen(RequestError):
    """Another request of this socket has that id, and goes on."""

    code, status = "REQUEST_ID_IN_USE", 409

    def __init__(self, request_id: str) -> None:
        super().__init__(f"request {request_id!r} is open; give each request an id of its own")


class RequestNotOpen(RequestError):
    """It has ended, or there never was one."""

    code, status = "REQUEST_NOT_FOUND", 404

    def __init__(self, request_id: str) -> None:
        super().__init__(f"no stream {request_id!r} is open on this socket")


class CallNotWaiting(RequestError):
    """The call was answered already, or the client was never given it on this request."""

    code, status = "TOOL_CALL_NOT_FOUND", 404

    def __init__(self, call_id: str, waiting: Collection[str]) -> None:
        hint = f"there are {sorted(waiting)}" if waiting else "it waits for none"
        super().__init__(f"the request waits for no result of call {call_id!r}; {hint}")


class Subject(NamedTuple):
    """The frame that an error is about, as far as its client could be understood."""

    request_id: str | None = None
    type: str | None = None


def error_frame(error: Exception, about: Subject, *, is_open: bool = False) -> JsonObject:
    """The error as a frame; of one that nobody expected, nothing is shown. `is_open`: the request
    of that id goes on.
    """
    shown = error if isinstance(error, AguiError) else AguiError(_UNEXPECTED)
    wait = {"retry_after": shown.retry_after} if isinstance(shown, TooManyRequests) else {}
    what = {"code": shown.code, "message": shown.message, **wait}
    return {"type": "error", "request_id": about.request_id, "frame": about.type, **what} | {
        "open": is_open
    }


_UNEXPECTED = "something went wrong; see the server's log"
