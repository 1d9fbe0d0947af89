"""JSON-RPC with one A2A server: calls, and streams of frames."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import suppress

import orjson

from agui_runtime.connectors.a2a.wording import Wording
from agui_runtime.connectors.shared.remote import RemoteServer
from agui_runtime.core import jsontext
from agui_runtime.core.errors import ProtocolFailure, RemoteFailure
from agui_runtime.core.event_stream_parser import EventStreamParser
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.secrets import redact

_LONGEST_ERROR = 1000


class RpcRefusal(RemoteFailure):
    """The server answered with an error of JSON-RPC's form."""

    def __init__(self, message: str) -> None:
        super().__init__("REFUSED", message)


class Rpc:
    """What is said in the words of one generation."""

    def __init__(self, server: RemoteServer, wording: Wording, *, streams: bool) -> None:
        self.server = server
        self.wording = wording
        self.streams = streams

    async def call(self, method: str, params: JsonObject) -> Json:
        """The result; raises RpcRefusal, RemoteFailure and ProtocolFailure."""
        return self._result(await self.server.ask("", _request(method, params)))

    async def stream(
        self, method: str, params: JsonObject
    ) -> AsyncGenerator[tuple[str, JsonObject], None]:
        """The frames with their kinds, to the end of the answer; raises the same. Some servers
        answer with a single result, and all do so with an error.
        """
        parser = EventStreamParser(self.server.sizes.event)
        whole: list[bytes] | None = None
        async with self.server.stream("", _request(method, params), "text/event-stream") as blocks:
            async for block in blocks:
                if whole is None and not parser.is_open and block.lstrip()[:1] == b"{":
                    whole = []
                if whole is not None:
                    whole.append(block)
                    self._check_size(whole)
                    continue
                for data in parser.feed(block):
                    yield self._update(data)
        if whole is not None:
            yield self._update(b"".join(whole))
        for update in self._last(parser):
            yield update

    def _last(self, parser: EventStreamParser) -> list[tuple[str, JsonObject]]:
        """A last frame that no empty line follows; one that was cut off is none."""
        with suppress(ProtocolFailure):
            return [self._update(data) for data in parser.feed(b"\n\n")]
        return []

    def _update(self, data: bytes) -> tuple[str, JsonObject]:
        try:
            answer = jsontext.loads(data)
        except orjson.JSONDecodeError:
            raise ProtocolFailure("an event-stream frame of the agent is not JSON") from None
        return self.wording.update(self._result(answer))

    def _check_size(self, pieces: list[bytes]) -> None:
        if sum(map(len, pieces)) > self.server.sizes.event:
            raise self.server.failure(
                "TOO_LARGE", f"said more than {self.server.sizes.event} bytes"
            )

    def _result(self, answer: Json) -> Json:
        if not isinstance(answer, dict) or not ("result" in answer or "error" in answer):
            raise ProtocolFailure("the agent sent an answer that is none of JSON-RPC's")
        error = answer.get("error")
        if error is None:
            return answer["result"]
        message, code = (
            (error.get("message"), error.get("code")) if isinstance(error, dict) else (error, None)
        )
        sentence = redact(str(message), _LONGEST_ERROR)
        raise RpcRefusal(f"{self.server.what} refused: {sentence} ({code})")


def _request(method: str, params: JsonObject) -> JsonObject:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
