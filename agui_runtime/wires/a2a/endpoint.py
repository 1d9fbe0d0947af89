"""The HTTP side: from a path to an agent's card, or to the SDK's routes, called with a handler of
requests that is ours.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import AsyncExitStack, aclosing

from a2a.server.routes import create_jsonrpc_routes, create_rest_routes
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Message, Receive, Scope, Send

from agui_runtime.core import jsontext
from agui_runtime.core.errors import AgentNotFound
from agui_runtime.core.events import RunContext
from agui_runtime.core.jsontext import Json
from agui_runtime.runtime.catalog import DEFAULT_AGENT
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.a2a.call import Call, CallContexts, in_our_words
from agui_runtime.wires.a2a.card_answers import CardAnswers
from agui_runtime.wires.a2a.errors import NotThere
from agui_runtime.wires.a2a.exchange import A2AExchange, Item
from agui_runtime.wires.a2a.former_deletion import former_deletion
from agui_runtime.wires.a2a.handler import A2AHandler
from agui_runtime.wires.a2a.options import A2AOptions
from agui_runtime.wires.a2a.params import check_rpc, is_former, rpc_id_in
from agui_runtime.wires.a2a.rest_params import check_body, query_of
from agui_runtime.wires.a2a.rpc_streams import rpc_stream
from agui_runtime.wires.a2a.versions import check_version
from agui_runtime.wires.a2a.wire import WELL_KNOWN
from agui_runtime.wires.shared.expiry import while_known
from agui_runtime.wires.shared.http import unless_gone
from agui_runtime.wires.shared.json_bodies import OpenedBody
from agui_runtime.wires.shared.paths import segments_of
from agui_runtime.wires.shared.table import WrongMethod


class A2AEndpoint:
    """This wire over one runtime: an ASGI app for whatever is below its path."""

    def __init__(self, runtime: CopilotRuntime, options: A2AOptions) -> None:
        self._runtime = runtime
        self._options = options
        self._depth = options.path.count("/")
        self._cards = CardAnswers(runtime, options)
        self._handler, contexts = A2AHandler(runtime, options), CallContexts()
        self._routes: Sequence[BaseRoute] = [
            *create_jsonrpc_routes(self._handler, "/", contexts, enable_v0_3_compat=True),
            *create_rest_routes(self._handler, contexts, enable_v0_3_compat=True),
            former_deletion(self._handler, contexts),
        ]

    @property
    def offered(self) -> Sequence[tuple[str, str]]:
        """Every method and path, with ids in braces, that is answered below the wire's path."""
        cards = [("GET", f"{{agent}}/.well-known/{name}") for name in WELL_KNOWN]
        return cards + [
            (method, f"{{agent}}{each.path}".removesuffix("/"))
            for each in self._routes
            if isinstance(each, Route)
            for method in (each.methods or set()) - {"HEAD"}
        ]

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        exchange = A2AExchange(scope, receive, send)
        segments = segments_of(exchange.scope)[self._depth :]
        return exchange.guard(self._answer(exchange, segments))

    def of_default(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """The card of the default agent, which is found at the host's root, too."""
        exchange = A2AExchange(scope, receive, send)
        segments = segments_of(exchange.scope)
        return exchange.guard(self._answer(exchange, [DEFAULT_AGENT, *segments]))

    async def _answer(self, exchange: A2AExchange, segments: Sequence[str]) -> None:
        agent, *rest = segments or [""]
        exchange.is_rest, exchange.is_former = bool(rest), rest[:1] == ["v1"]
        if self._cards.is_card(rest):
            await self._cards.answer(exchange, agent)
            return
        if not agent:
            raise NotThere(f"name an agent: {self._options.path}/default, for example")
        caller = await exchange.identify(self._runtime.authenticate)
        with self._options.server.places.place(caller.owner):
            context = exchange.context({}, self._options.server.forwarded)
            name = await self._present(agent, context)
            request = await self._request(exchange, rest)
            async with AsyncExitStack() as stack:
                call = Call(exchange, name, context, stack)
                call.lend(request)
                rpc, exchange.rpc = exchange.rpc, None
                items = rpc_stream(self._handler, call, rpc)
                del rpc  # it may be large, and the answer long
                await self._call(call, request, items)

    async def _present(self, agent: str, context: RunContext) -> str:
        """The present name of the agent; raises AgentNotFound and RemoteFailure."""
        try:
            return self._runtime.agent(agent)[0]
        except AgentNotFound as error:
            await self._runtime.find(error.name, context)  # it may be a remote's
            return error.name

    async def _request(self, exchange: A2AExchange, rest: Sequence[str]) -> Request:
        """The request as the SDK's routes get it, at the path below the agent's, with a body that
        was looked at.
        """
        limits = self._options.server.body
        body = await exchange.opened(limits) if exchange.method == "POST" else None
        if body is not None and not exchange.is_rest:
            exchange.rpc_id = rpc_id_in(body.value)
        check_version(exchange.headers)
        if body is not None:
            _check(exchange, rest, body.value)
        receive = _nothing if body is None else _again(body, exchange.receive)
        query = str(query_of(rest, QueryParams(exchange.scope["query_string"]))).encode()
        path = "/" + "/".join(rest)
        scope = {**exchange.scope, "path": path, "root_path": "", "query_string": query}
        return Request(scope, receive)

    async def _call(
        self, call: Call, request: Request, items: AsyncGenerator[Item, None] | None
    ) -> None:
        """Answer with the items, or as the SDK's route does; who goes away ends no run."""
        exchange, begun = call.exchange, None

        async def begin() -> None:
            nonlocal begun
            with in_our_words():
                begun = await self._begun(request, items)

        async with while_known(exchange.caller):
            await unless_gone(exchange.receive, begin())
        if isinstance(begun, Response):
            body = exchange.completed(bytes(begun.body))
            await exchange.reply(begun.status_code, [exchange.json_type], body)
        elif begun is not None:
            await exchange.stream_items(begun, self._options.keep_alive)

    async def _begun(
        self, request: Request, items: AsyncGenerator[Item, None] | None
    ) -> Response | AsyncGenerator[Item, None]:
        """The whole answer, or a stream of which there is something: until then, a failure can be a
        status.
        """
        if items is None:
            answer: Response = await self._route(request.scope).endpoint(request)
            items = getattr(answer, "body_iterator", None)
            if items is None:
                return answer
        return _joined([item async for item in _first(items)], items)

    def _route(self, scope: Scope) -> Route:
        """The SDK's route for the request, whose ids are put into its scope; raises NotThere and
        WrongMethod.
        """
        methods: set[str] = set()
        for route in self._routes:
            match, found = route.matches(scope)
            if match is Match.FULL and isinstance(route, Route):
                scope.update(found)
                return route
            if match is Match.PARTIAL and isinstance(route, Route):
                methods |= route.methods or set()
        if methods:
            raise WrongMethod(sorted(methods))
        raise NotThere("there is nothing at this path; an agent's card names its addresses")


def _check(exchange: A2AExchange, rest: Sequence[str], value: Json) -> None:
    """Raises A2AError for a body that is none of the protocol's."""
    if exchange.is_rest:
        check_body(rest, value)
        return
    check_rpc(value)
    exchange.rpc = value
    exchange.is_former = is_former(value)


def _again(body: OpenedBody, receive: Receive) -> Receive:
    """What gives the SDK's routes the JSON as it was read: keys that come twice, and halves of
    characters, would be faults to them.
    """
    texts = [b"" if body.error else jsontext.dumps(body.value)]

    async def again() -> Message:
        if not texts:
            return await receive()
        return {"type": "http.request", "body": texts.pop(), "more_body": False}

    return again


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _first(items: AsyncGenerator[Item, None]) -> AsyncGenerator[Item, None]:
    async for item in items:
        yield item
        return


async def _joined(
    first: list[Item], rest: AsyncGenerator[Item, None]
) -> AsyncGenerator[Item, None]:
    async with aclosing(rest):
        for item in first:
            yield item
        with in_our_words():
            async for item in rest:
                yield item
