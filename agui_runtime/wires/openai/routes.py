"""The HTTP side: from a path to a handler, whose errors become responses in OpenAI's form."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence

from starlette.types import Receive, Scope, Send

from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.openai.chat import Chat
from agui_runtime.wires.openai.conversations import Conversations
from agui_runtime.wires.openai.errors import NotThere
from agui_runtime.wires.openai.exchange import OpenAIExchange
from agui_runtime.wires.openai.models import Models
from agui_runtime.wires.openai.options import OpenAIOptions
from agui_runtime.wires.openai.responses import Responses
from agui_runtime.wires.shared.paths import segments_of
from agui_runtime.wires.shared.table import Table


class OpenAIEndpoint:
    """This wire over one runtime: an ASGI app for whatever is below its path."""

    def __init__(self, runtime: CopilotRuntime, options: OpenAIOptions) -> None:
        self._runtime = runtime
        self._places = options.server.places
        self._depth = options.path.count("/")
        models, chat = Models(runtime, options), Chat(runtime, options)
        responses, talks = Responses(runtime, options), Conversations(runtime, options)
        self._table = Table(
            (
                ("GET", "models", models.all),
                ("GET", "models/{model}", models.retrieve),
                ("POST", "chat/completions", chat.complete),
                ("POST", "responses", responses.create),
                ("GET", "responses/{response}", responses.retrieve),
                ("DELETE", "responses/{response}", responses.delete),
                ("POST", "responses/{response}/cancel", responses.cancel),
                ("GET", "responses/{response}/input_items", responses.input_items),
                ("POST", "conversations", talks.create),
                ("GET", "conversations/{conversation}", talks.retrieve),
                ("POST", "conversations/{conversation}", talks.update),
                ("DELETE", "conversations/{conversation}", talks.delete),
                ("GET", "conversations/{conversation}/items", talks.items),
                ("POST", "conversations/{conversation}/items", talks.add_items),
                ("GET", "conversations/{conversation}/items/{item}", talks.item),
                ("DELETE", "conversations/{conversation}/items/{item}", talks.delete_item),
            )
        )

    @property
    def offered(self) -> Sequence[tuple[str, str]]:
        """Every method and path, with ids in braces, that is answered below the wire's path."""
        return self._table.offered

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        exchange = OpenAIExchange(scope, receive, send)
        return exchange.guard(self._answer(exchange))

    async def _answer(self, exchange: OpenAIExchange) -> None:
        found = self._table.find(exchange.method, segments_of(exchange.scope)[self._depth :])
        if found is None:
            offered = ", ".join(" ".join(each) for each in self.offered)
            raise NotThere(f"there is nothing at this path, but {offered}")
        handler, ids = found
        caller = await exchange.identify(self._runtime.authenticate)
        with self._places.place(caller.owner):
            await handler(exchange, **ids)
