"""The client of a server that runs agents for us: headers, retries, limits. It knows no protocol.

What a server reports of its own faults stays in the log; the client's error says what to do.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias, cast

import httpx
import orjson

from agui_runtime.agents.agent import current_run
from agui_runtime.connectors.shared.chat.failures import FailedAttempt
from agui_runtime.connectors.shared.chat.patience import Patience
from agui_runtime.connectors.shared.given import checked_url
from agui_runtime.connectors.shared.pool import Pool
from agui_runtime.core import jsontext
from agui_runtime.core.errors import RemoteFailure
from agui_runtime.core.events import RunContext
from agui_runtime.core.forwarded_headers import for_servers
from agui_runtime.core.jsontext import Json
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.observation import outgoing_headers
from agui_runtime.core.secrets import redact

__all__ = [
    "DEFAULT_OPTIONS",
    "DEFAULT_SIZES",
    "PATIENCE",
    "HeaderSource",
    "Patience",
    "RemoteOptions",
    "RemoteServer",
    "SizeLimits",
    "drain",
]

HeaderSource: TypeAlias = Callable[[RunContext], "Mapping[str, str] | Awaitable[Mapping[str, str]]"]
"""More headers for a request, made of the context of the run that it serves."""

PATIENCE = Patience(retries=3, first_wait=1.0)
"""As the reference does it: again after 1, 2 and 4 seconds."""

_ANSWERS = frozenset({200, 201, 202})
_PASSING = frozenset({408, 429, 502, 503, 504})
_LONGEST_GOODBYE = 2.0
"""Seconds that a server may take to tidy up after its last event."""

"""What belongs to one connection, RFC 9110 7.6.1, or describes a body that is ours."""


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """How much a server may send, in bytes: in one event or one plain answer, and in one stream."""

    event: int = 4 * 1024 * 1024
    stream: int = 256 * 1024 * 1024


DEFAULT_SIZES = SizeLimits()


@explains_arguments
@dataclass(frozen=True, slots=True)
class RemoteOptions:
    """How a server is reached, whichever protocol it speaks.

    `headers` go with every request; `forward_headers` names those of the front end's request that
    go on to the server, of what the wire's own allow-list let through: `x-*` and the like are
    patterns, and `*` is all of them. `on_before_request` makes more. A request is repeated, as
    `patience` says, only before its answer has begun. `client` is the caller's own to close.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    forward_headers: Sequence[str] = ()
    on_before_request: HeaderSource | None = None
    patience: Patience = PATIENCE
    sizes: SizeLimits = DEFAULT_SIZES
    client: httpx.AsyncClient | None = None


DEFAULT_OPTIONS = RemoteOptions()


class RemoteServer:
    """One base URL that takes JSON by POST. `what` names it in messages: "the server of ...".

    Raises Misconfigured for a URL or a header that cannot be meant.
    """

    def __init__(self, url: str, what: str, options: RemoteOptions = DEFAULT_OPTIONS) -> None:
        self.sizes = options.sizes
        self.what = what
        self._url = checked_url(url, "the URL of a remote server")
        self._headers = dict(options.headers)
        self.forwarded_headers = for_servers(options.forward_headers)
        self._on_before_request = options.on_before_request
        self.patience = options.patience
        self._timeout = httpx.Timeout(self.patience.silence, connect=self.patience.connect)
        self._pool = Pool(self._url, options.client)

    async def headers(self, context: RunContext | None) -> dict[str, str]:
        """The headers for a request that serves this context; later sources win."""
        made = {**outgoing_headers(), **self._headers}
        if context is None:
            return made
        made |= self.forwarded(context)
        if self._on_before_request is not None:
            more = self._on_before_request(context)
            made |= await more if inspect.isawaitable(more) else more
        return made

    def forwarded(self, context: RunContext) -> dict[str, str]:
        """The front end's headers that go on to this server."""
        return self.forwarded_headers.pick(context.headers)

    async def ask(
        self, path: str, body: Mapping[str, Json] | None, context: RunContext | None = None
    ) -> Json:
        """The JSON of a plain answer, without a body to a GET; raises RemoteFailure."""
        context = context or current_run.get(None)
        async with self._answer(path, body, context, "application/json") as response:
            answer = await self._whole(response)
        try:
            return jsontext.loads(answer)
        except orjson.JSONDecodeError as error:
            raise self.failure("BROKEN", "answered with something that is no JSON") from error

    @asynccontextmanager
    async def stream(
        self, path: str, body: Mapping[str, Json] | None, accept: str
    ) -> AsyncIterator[AsyncGenerator[bytes, None]]:
        """The bytes of an answer as they come; leaving closes the connection. Raises
        RemoteFailure.
        """
        async with (
            self._answer(path, body, current_run.get(None), accept) as response,
            aclosing(self._blocks(response)) as blocks,
        ):
            yield blocks

    def failure(self, kind: str, problem: str, upstream: int | None = None) -> RemoteFailure:
        """A failure of this server, worded for clients: without the URL."""
        return RemoteFailure(kind, f"{self.what} {problem}", upstream)

    async def reach(self) -> int:
        """The status with which the server answers a GET, which starts nothing; raises
        RemoteFailure where it does not answer, or does not know us.
        """
        head = _encoded(await self.headers(None))
        try:
            answer = await self._pool.client().get(self._url, headers=head, timeout=self._timeout)
        except httpx.HTTPError as error:
            raise self.failure("UNREACHABLE", "cannot be reached; check that it runs") from error
        if answer.status_code in {401, 403}:
            raise self.failure("REFUSED", f"refused ({answer.status_code}); check its key")
        return answer.status_code

    async def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        await self._pool.close()

    @asynccontextmanager
    async def _answer(
        self, path: str, body: Mapping[str, Json] | None, context: RunContext | None, accept: str
    ) -> AsyncIterator[httpx.Response]:
        # Not compressed: what is small on the way could be too much here.
        fixed = {"accept": accept, "accept-encoding": "identity"}
        more = _encoded(fixed | await self.headers(context))
        head = [*more, (b"content-type", b"application/json")]
        data = None if body is None else jsontext.dumps(body)
        response = await self.patience.first_success(lambda: self._attempt(path, head, data))
        async with aclosing(response):
            yield response

    async def _attempt(
        self, path: str, headers: list[tuple[bytes, bytes]], data: bytes | None
    ) -> httpx.Response:
        client = self._pool.client()
        request = client.build_request(
            "GET" if data is None else "POST",
            self._address(path),
            content=data,
            headers=headers,
            timeout=self._timeout,
        )
        try:
            # A redirection could take the headers, and what users said, to another host.
            response = await client.send(request, stream=True, follow_redirects=False)
        except httpx.HTTPError as error:
            self._unanswered(error)
        if response.status_code in _ANSWERS:
            return response
        raise await self._refusal(response)

    def _address(self, path: str) -> str:
        """The URL as it stands, or a path below it: servers know `/agent` and `/agent/` apart."""
        return self._url.rstrip("/") + path if path else self._url

    def _unanswered(self, error: httpx.HTTPError) -> NoReturn:
        if isinstance(error, httpx.LocalProtocolError):
            raise self.failure("REFUSED", "was not asked: a header for it is malformed") from error
        reached = not isinstance(error, httpx.ConnectTimeout)
        if reached and isinstance(error, httpx.TimeoutException):
            raise self.failure("TIMEOUT", "took too long; try again") from error
        failure = self.failure("UNREACHABLE", "cannot be reached; try again, or check that it runs")
        failure.__cause__ = error
        raise FailedAttempt(failure, passing=True)

    async def _refusal(self, response: httpx.Response) -> FailedAttempt:
        body = b""
        async with aclosing(response):
            with suppress(RemoteFailure):
                body = await self._whole(response)
        status = response.status_code
        sentence = _sentence(body)
        problem = f"refused: {sentence} ({status})" if sentence else f"said {status}"
        if response.has_redirect_location:
            problem = f"is elsewhere ({status}); correct its URL, redirections are not followed"
        failure = self.failure("REFUSED", problem)
        failure.upstream = status
        failure.__cause__ = httpx.HTTPError(f"{response.request.url}: {redact(repr(body), 2000)}")
        return FailedAttempt(
            failure, status in _PASSING, _seconds(response.headers.get("retry-after"))
        )

    async def _whole(self, response: httpx.Response) -> bytes:
        answer = bytearray()
        async with aclosing(self._blocks(response)) as blocks:
            async for block in blocks:
                answer += block
                if len(answer) > self.sizes.event:
                    raise self.failure("TOO_LARGE", f"said more than {self.sizes.event} bytes")
        return bytes(answer)

    async def _blocks(self, response: httpx.Response) -> AsyncGenerator[bytes, None]:
        received = 0
        blocks = cast(AsyncGenerator[bytes, None], response.aiter_bytes())  # typed as an iterator
        try:
            async with aclosing(blocks):
                async for block in blocks:
                    received += len(block)
                    if received > self.sizes.stream:
                        limit = self.sizes.stream
                        raise self.failure("TOO_LARGE", f"said more than {limit} bytes in one run")
                    yield block
        except httpx.TimeoutException as error:
            raise self.failure("TIMEOUT", "fell silent; try again") from error
        except httpx.HTTPError as error:
            raise self.failure("BROKEN", "broke off in its answer; try again") from error


async def drain(blocks: AsyncGenerator[bytes, None]) -> None:
    """Let the server end its answer, so that it can save what it has to; the bytes are dropped."""
    with suppress(TimeoutError, RemoteFailure):
        async with asyncio.timeout(_LONGEST_GOODBYE):
            async for _ in blocks:
                pass


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """As HTTP has it; httpx by itself refuses what is not ASCII."""
    return [
        (name.encode("utf-8"), value.encode("utf-8" if _is_wide(value) else "latin-1"))
        for name, value in headers.items()
        if name.lower() != "content-type"
    ]


def _is_wide(value: str) -> bool:
    return any(ord(character) > 255 for character in value)


def _sentence(body: bytes) -> str:
    """The sentence in `{"message": ...}`, `{"error": ...}` or `{"detail": ...}`, if there is one to
    show; beside a message, the error is its title.
    """
    with suppress(orjson.JSONDecodeError):
        answer = jsontext.loads(body)
        sentence = (
            next((answer[key] for key in _SENTENCES if isinstance(answer.get(key), str)), None)
            if isinstance(answer, dict)
            else None
        )
        if isinstance(sentence, str) and "Traceback" not in sentence:
            return redact(sentence)
    return ""


_SENTENCES = ("message", "error", "detail")


def _seconds(text: str | None) -> float | None:
    """Retry-After in seconds; the form with a date is left to the ordinary wait."""
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None
