"""An agent that is a model behind any OpenAI-compatible chat-completions endpoint, over httpx.

It asks once for each run and carries out no tools: calls of tools end the run, and the front end,
or what wraps the agent, comes back with their results.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import cast

import httpx
from ag_ui.core import RunAgentInput

from agui_runtime.connectors.shared.chat.failures import (
    FailedAttempt,
    malformed,
    parsed,
    refused,
    refused_without_key,
)
from agui_runtime.connectors.shared.chat.framing import AnswerStream
from agui_runtime.connectors.shared.chat.media import COMPATIBLE, OPENAI as MEDIA_OF_OPENAI, Media
from agui_runtime.connectors.shared.chat.observing import model_call
from agui_runtime.connectors.shared.chat.patience import Patience
from agui_runtime.connectors.shared.chat.reply import ChatReply, Provider
from agui_runtime.connectors.shared.chat.request import ChatOptions, chat_request
from agui_runtime.connectors.shared.chat.transport import broken_off, unanswered
from agui_runtime.connectors.shared.given import checked_base_url, checked_key
from agui_runtime.connectors.shared.pool import Pool
from agui_runtime.core import jsontext
from agui_runtime.core.demands import NAME, TEXT, TEXTS_BY_NAME, a, check, optional
from agui_runtime.core.errors import Misconfigured, ProtocolFailure
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import Json
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.secrets import secrets_of
from agui_runtime.off_loop import is_much, unless_long

logger = logger_of(__name__)

__all__ = ["OPENAI", "ChatOptions", "Media", "OpenAIAgent", "Patience"]

OPENAI = "https://api.openai.com/v1"

_LONGEST_REFUSAL = 64 * 1024
_LONGEST_GOODBYE = 0.5
"""Seconds that a connection may take to end after its answer has."""


@explains_arguments
class OpenAIAgent:
    """Answers each run with one streamed chat completion.

    Raises ModelFailure, with the provider's HTTP status as `upstream`, for whatever the provider
    refuses or breaks off. A request is repeated, as `patience` says, only before its first token.
    Closing or cancelling a run closes its connection to the provider at once.
    """

    calls_at_once = True

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None = None,
        base_url: str = OPENAI,
        name: str = "openai",
        description: str = "",
        instructions: str | None = None,
        options: ChatOptions | None = None,
        patience: Patience | None = None,
        headers: Mapping[str, str] | None = None,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        """`headers` go with every request; `client` is the caller's own to close.

        Raises Misconfigured for a URL or key that cannot be meant, and for OpenAI without a key.
        """
        check("model of OpenAIAgent", model, NAME)
        check("instructions of OpenAIAgent", instructions, optional(TEXT))
        check("options of OpenAIAgent", options, optional(a(ChatOptions)))
        check("patience of OpenAIAgent", patience, optional(a(Patience)))
        check("headers of OpenAIAgent", headers, optional(TEXTS_BY_NAME))
        check("client of OpenAIAgent", client, optional(a(httpx.AsyncClient)))
        base_url = checked_base_url(base_url, "base_url of OpenAIAgent")
        official = base_url == OPENAI
        if official and not (api_key or headers or client):
            raise Misconfigured("OpenAIAgent needs api_key=..., or the base_url of another server")
        options = options or ChatOptions()
        if options.keep_system_role is None:
            options = replace(options, keep_system_role=not official)
        if options.media is None:
            options = replace(options, media=MEDIA_OF_OPENAI if official else COMPATIBLE)
        self.name = name
        self.description = description or f"the model {model}"
        self._provider = "openai" if official else "openai-compatible"
        self._model = model
        self._url = f"{base_url}/chat/completions"
        self._instructions = instructions
        self._options = options
        self._patience = patience or Patience()
        self._timeout = httpx.Timeout(self._patience.silence, connect=self._patience.connect)
        self._api_key = checked_key(api_key or "", "api_key of OpenAIAgent")
        self._headers = _request_headers(self._api_key, headers or {})
        self._secrets = secrets_of(self._api_key, (headers or {}).items())
        self._pool = Pool(base_url, client)
        self._miscounting: set[str] = set()

    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        """The events of one answer, up to RUN_FINISHED with its `usage`."""
        origin = httpx.URL(self._url).netloc.decode()
        given = (self._model, request, self._options, self._instructions, origin)
        body = await unless_long(is_much(request), chat_request, *given)
        provider = Provider(
            self._provider,
            body["model"],
            origin,
            self._secrets,
            self._options.thinks_first,
            self._miscounting,
        )
        retried: list[Event] = []
        with model_call(request, provider, body) as (reply, seen):
            answer = _StreamedAnswer(reply)
            async with self._answering(body, seen.headers(), retried) as blocks:
                for event in retried:
                    yield event
                with answer.breaks_reported():
                    async for block in blocks:
                        seen.answered()
                        for event in answer.feed(block):
                            yield event
                        if answer.done:
                            await _drain(blocks)
                            break
            for event in answer.end():
                yield event

    async def probe(self) -> str:
        """Ask for the list of models, which costs nothing; raises ModelFailure."""
        url = self._url.removesuffix("/chat/completions") + "/models"
        try:
            answer = await self._pool.client().get(url, headers=self._headers, timeout=_PROBED)
        except httpx.HTTPError as error:
            raise unanswered(error).failure from None
        found = parsed(answer.content)
        if answer.is_success:
            return f"its provider {_listed(self._model, found)}"
        if answer.status_code in {404, 405}:
            return "its provider answers, and lists no models"
        raise refused(answer.status_code, self._secrets.cut_all(found), None).failure

    async def close(self) -> None:
        """Close the agent's connections; a later run opens new ones."""
        await self._pool.close()

    @asynccontextmanager
    async def _answering(
        self, body: Mapping[str, Json], headers: Mapping[str, str], retried: list[Event]
    ) -> AsyncIterator[AsyncGenerator[bytes, None]]:
        """The bytes of an answer that the provider has begun; closed afterwards, read or not."""
        attempt = partial(self._attempt, headers)
        response = await self._patience.first_answer(body, attempt, retried)
        blocks = cast(AsyncGenerator[bytes, None], response.aiter_bytes())  # typed as an iterator
        async with aclosing(response), aclosing(blocks):
            yield blocks

    async def _attempt(
        self, headers: Mapping[str, str], body: Mapping[str, Json]
    ) -> httpx.Response:
        client, content = self._pool.client(), jsontext.dumps(body)
        request = client.build_request(
            "POST",
            self._url,
            content=content,
            headers={**headers, **self._headers},
            timeout=self._timeout,
        )
        try:
            response = await client.send(request, stream=True)
        except httpx.HTTPError as error:
            raise unanswered(error) from None
        if response.is_success:
            return response
        raise await self._refusal(response)

    async def _refusal(self, response: httpx.Response) -> FailedAttempt:
        body = b""
        async with aclosing(response):
            with suppress(httpx.HTTPError):
                async for block in response.aiter_bytes():
                    body += block
                    if len(body) > _LONGEST_REFUSAL:
                        break
        refusal = self._secrets.cut_all(parsed(body))
        made = refused(response.status_code, refusal, response.headers.get("retry-after"))
        has_key = any(name in response.request.headers for name in _KEY_HEADERS)
        return made if has_key else refused_without_key(made)


class _StreamedAnswer:
    """The events in the bytes of one answer, and whether the answer is complete."""

    def __init__(self, reply: ChatReply) -> None:
        self._reply = reply
        self._stream = AnswerStream()

    @property
    def done(self) -> bool:
        return self._stream.done

    def feed(self, block: bytes) -> Iterator[Event]:
        for value, event in self._stream.feed(block):
            yield from self._reply.feed(value, event)

    def end(self) -> Iterator[Event]:
        for value, event in self._stream.end():
            yield from self._reply.feed(value, event)
        if not (self.done or self._reply.finished):
            raise self._reply.unfinished(self._stream.stray)
        yield from self._reply.close()

    @contextmanager
    def breaks_reported(self) -> Iterator[None]:
        """Tell what goes wrong while an answer is read as ModelFailure. What breaks behind the
        answer's own end breaks nothing.
        """
        try:
            yield
        except httpx.HTTPError as error:
            if not self._reply.surely_finished:
                broken = broken_off(error)
                raise broken from broken.__cause__
            logger.info("the model's connection broke behind its answer: %r", error)
        except ProtocolFailure as error:
            broken = malformed(str(error))
            raise broken from broken.__cause__


_PROBED = 10.0
"""Seconds for a list of models."""


def _listed(model: str, found: Json) -> str:
    models = found.get("data") if isinstance(found, dict) else None
    names = [each.get("id") for each in models or () if isinstance(each, dict)]
    return f"lists {model}" if model in names else f"answers, and lists no {model}"


_KEY_HEADERS = ("authorization", "api-key", "x-api-key")


def _request_headers(api_key: str, more: Mapping[str, str]) -> dict[str, str]:
    headers = {"content-type": "application/json", "accept": "text/event-stream", **more}
    if api_key:
        headers["authorization"] = f"Bearer {api_key}"
    return headers


async def _drain(blocks: AsyncGenerator[bytes, None]) -> None:
    """Read the end of a finished answer, so that its connection can serve another run."""
    with suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(_LONGEST_GOODBYE):
            async for _ in blocks:
                pass
