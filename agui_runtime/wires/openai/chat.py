"""`/chat/completions`: a run that lasts as long as somebody waits for its answer."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from time import time

from agui_runtime.core.events import RunRequest
from agui_runtime.off_loop import is_much, unless_long
from agui_runtime.runs.handle import RunHandle
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.openai.chat_answer import ChatStream, Completion, WholeChat
from agui_runtime.wires.openai.chat_request import ChatRequest, chat_request
from agui_runtime.wires.openai.delivery import read_whole, stopped_with_its_reader, write_frames
from agui_runtime.wires.openai.deltas import Deltas
from agui_runtime.wires.openai.exchange import OpenAIExchange
from agui_runtime.wires.openai.options import OpenAIOptions
from agui_runtime.wires.openai.turns import thread_of, turn


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
            stream = request.stream
            encoder = ChatStream(completion, deltas, include_usage=request.include_usage)
            del request
            async with stopped_with_its_reader(handle):
                if stream:
                    ready = partial(write_frames, handle.batches(), encoder, handle.ended)
                    await exchange.stream(ready, self._options.keep_alive)
                    return
                whole = WholeChat(completion, deltas)
                if await read_whole(exchange, handle, whole.feed):
                    await exchange.answer(whole.body())

    def _place(
        self, exchange: OpenAIExchange, request: ChatRequest
    ) -> AbstractAsyncContextManager[object]:
        streams = self._runtime.streams
        return streams.place(exchange.caller.owner) if request.stream else nullcontext()

    async def _started(self, exchange: OpenAIExchange, request: ChatRequest) -> RunHandle:
        context = exchange.run_context(self._options.server.forwarded, request.props)
        await self._runtime.find(request.model, context)
        thread = thread_of(request, exchange.scope["headers"], self._options.thread_headers)
        next_turn = await turn(request, thread, self._runtime.threads, exchange.caller)
        return await self._runtime.start(
            RunRequest(next_turn.input, context, request.model, ephemeral=next_turn.beside)
        )
