"""The JSON of a request's body, read once: by the wire that answers it, or before by the door that
had to look into it to choose one.
"""

from __future__ import annotations

from starlette.types import Message, Receive, Scope

from agui_runtime.core.errors import AguiError, InvalidInput, TooLarge
from agui_runtime.core.jsontext import Json
from agui_runtime.off_loop import cannot_be_much
from agui_runtime.wires.shared.bodies import BodyLimits, loaded
from agui_runtime.wires.shared.http import read_body

_KEY, _SHORT = "agui_runtime.body", "agui_runtime.short_body"


class NoBody(InvalidInput):
    """The request has none, or an empty one."""


async def json_body(scope: Scope, receive: Receive, limits: BodyLimits) -> Json:
    """The JSON of the body; raises InvalidInput, NoBody, TooLarge or ClientGone."""
    body: OpenedBody | None = scope.pop(_KEY, None)
    body = body or await OpenedBody.read(scope, receive, limits)
    scope[_SHORT] = body.is_short
    return body.taken()


def is_short_body(scope: Scope) -> bool:
    """Whether its JSON, once read, was so little that it cannot be much, see `is_much`."""
    return bool(scope.get(_SHORT))


class OpenedBody:
    """A body that was read for whoever is to answer it: `value` is its JSON, or `error` what is
    wrong with it.
    """

    def __init__(
        self, text: bytes, value: object, error: AguiError | None = None, *, is_short: bool = False
    ) -> None:
        self.value = value
        self.error = error
        self.is_short = is_short
        self._text = text
        self._is_taken = False

    @classmethod
    async def read(cls, scope: Scope, receive: Receive, limits: BodyLimits) -> OpenedBody:
        """Raises ClientGone."""
        text = b""
        try:
            text = await read_body(scope, receive, limits)
            if not text:
                raise NoBody("the request has no body")
            found = await loaded(text, limits)
            is_short = cannot_be_much(found.values, len(text))
            return cls(text, found.value, is_short=is_short)
        except (InvalidInput, TooLarge) as error:
            return cls(text, None, error)

    def lend(self, scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
        """The request for a wire that may read its JSON by `json_body`, or the bytes anew."""

        async def again() -> Message:
            if isinstance(self.error, TooLarge):
                raise self.error
            if self._is_taken:
                return await receive()
            text, self._text, self.value, self._is_taken = self._text, b"", None, True
            return {"type": "http.request", "body": text, "more_body": False}

        return {**scope, _KEY: self}, again

    def taken(self) -> object:
        """The JSON, of which nothing is held here any longer; raises what is wrong with it."""
        value, self.value, self._text, self._is_taken = self.value, None, b"", True
        if self.error is not None:
            wrong, self.error = [self.error], None
            raise wrong.pop()  # which nothing holds here: its traceback holds this call
        return value
