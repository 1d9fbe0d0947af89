"""`/chat/completions`: a run that lasts as long as somebody waits for its answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, nullcontext
from time import time

from agui_runtime.core.events import RunRequest
from agui_runtime.off_loop import is_much, unless_long
from agui_runtime.runs.handle import RunHandle
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.openai.chat_answer import ChatStream, Completion, WholeChat
from agui_runtime.wires.openai.chat_request import ChatRequest, chat_request
from agui_runtime.wires.openai.conversations import thread_of, turn
from agui_runtime.wires.openai.deltas import Deltas
from agui_runtime.wires.openai.exchange import OpenAIExchange
from agui_runtime.wires.openai.options import OpenAIOptions
from agui_runtime.wires.shared.expiry import while_known
from agui_runtime.wires.shared.http import unless_gone
from agui_runtime.wires.shared.pace import paced


class Chat:
    """The handler of `/chat/completions`."""

    def __init__(self, runtime: CopilotRuntime, options: OpenAIOptions) -> None:
        self._runtime = runtime
        self._options = options
        self._limits = options.server.body

    async def complete(self, exchange: OpenAIExchange) -> None:
        """Answer with a completion; a client that closes its connection stops the run."""
        body = await exchange.body(self._limits)
        request = await unless_long(is_much(body), chat_request, body, self._limits)
        del body
        async with self._place(exchange, request):
            handle = await self._started(exchange, request)
            completion = Completion(f"chatcmpl-{handle.run.run_id}", int(time()), request.model)
            deltas = Deltas([tool["name"] for tool in request.tools])
            if request.stream:
                stream = ChatStream(completion, deltas, include_usage=request.include_usage)
                del request
                async with _stopped_with_its_reader(handle):
                    await exchange.stream(_frames(handle, stream), self._options.keep_alive)
            else:
                del request
                async with _stopped_with_its_reader(handle):
                    await _answer(exchange, handle, WholeChat(completion, deltas))

    def _place(
        self, exchange: OpenAIExchange, request: ChatRequest
    ) -> AbstractAsyncContextManager[None]:
        streams = self._runtime.streams
        return streams.place(exchange.caller.owner) if request.stream else nullcontext()

    async def _started(self, exchange: OpenAIExchange, request: ChatRequest) -> RunHandle:
        context = exchange.run_context(self._options.server.forwarded, request.props)
        await self._runtime.find(request.model, context)
        thread = thread_of(request, exchange.headers, self._options.thread_headers)
        next_turn = await turn(request, thread, self._runtime.threads, exchange.caller)
        return await self._runtime.start(
            RunRequest(next_turn.input, context, request.model, ephemeral=next_turn.beside)
        )


@asynccontextmanager
async def _stopped_with_its_reader(handle: RunHandle) -> AsyncIterator[None]:
    """Whoever reads it in this block is the only one who waits for the run."""
    try:
        yield
    finally:
        if handle.ended is None or not handle.ended.done():
            await handle.stop()


async def _frames(handle: RunHandle, stream: ChatStream) -> AsyncGenerator[bytes, None]:
    async with aclosing(paced(handle.batches(), ended=handle.ended)) as batches:
        async for batch in batches:
            if ready := b"".join(stream.frames(batch.records)):
                yield ready
            del batch, ready
    if stream.failure is not None:
        raise stream.failure


async def _answer(exchange: OpenAIExchange, handle: RunHandle, whole: WholeChat) -> None:
    async def collect() -> None:
        async with aclosing(handle.batches()) as batches:
            async for batch in batches:
                whole.feed(batch.records)

    async with while_known(exchange.caller):
        present = await unless_gone(exchange.receive, collect())
    if present:
        await exchange.answer(whole.body())
