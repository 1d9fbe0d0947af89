"""The endpoint of GraphQL over HTTP and event streams, and of the page for it."""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import aclosing
from typing import NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from agui_runtime.wires.graphql.answer.context import GraphQLExecutionContext, StartedAnswer
from agui_runtime.wires.graphql.delivery.incremental import Delivery
from agui_runtime.wires.graphql.delivery.plan import Plan
from agui_runtime.wires.graphql.delivery.stream import beginning, deliveries
from agui_runtime.wires.graphql.engine.engine import Engine, Identity
from agui_runtime.wires.graphql.engine.operations import Operation, Refused
from agui_runtime.wires.graphql.nouns.operation_request import GraphQLRequest
from agui_runtime.wires.graphql.transport.exchange import GraphQLExchange
from agui_runtime.wires.graphql.transport.http import (
    ALLOW,
    BadRequest,
    NotGraphQL,
    WrongPath,
    from_body,
    from_query_string,
    read_json,
)
from agui_runtime.wires.graphql.transport.playground import Playground
from agui_runtime.wires.graphql.transport.sockets import SocketEndpoint
from agui_runtime.wires.shared.http import unless_gone
from agui_runtime.wires.shared.json_bodies import is_short_body
from agui_runtime.wires.shared.paths import public_root
from agui_runtime.wires.shared.sockets import Seats, SocketLimits


class Endpoints(NamedTuple):
    """What answers HTTP requests, and what answers WebSockets."""

    http: ASGIApp
    sockets: ASGIApp


def endpoints(
    engine: Engine, limits: SocketLimits, page: Playground | None, base: str
) -> Endpoints:
    """Those of an app whose base path is `base`; browsers are shown the `page`."""
    seats = Seats(limits)
    return Endpoints(
        GraphQLEndpoint(engine, seats, page, base),
        SocketEndpoint(engine, seats),
    )


class GraphQLEndpoint:
    """An ASGI app: plain, because a framework's request handling costs more than the query."""

    def __init__(self, engine: Engine, seats: Seats, page: Playground | None, base: str) -> None:
        self._engine = engine
        self._base = base
        self._seats = seats
        self._page = page

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        exchange = GraphQLExchange(scope, receive, send)
        return exchange.guard(self._serve(exchange))

    async def _serve(self, exchange: GraphQLExchange) -> None:
        if exchange.method == "POST":
            await self._post(exchange)
        elif self._page and exchange.wants_page:
            await self._page.show(exchange.scope, exchange.receive, exchange.send)
        else:
            await self._answer(self._request_of(exchange), exchange)

    async def _post(self, exchange: GraphQLExchange) -> None:
        body = await read_json(exchange, self._engine.body_limits)
        try:
            request = from_body(body, short=is_short_body(exchange.scope))
        except NotGraphQL as error:
            raise self._elsewhere(error, exchange) from None
        await self._answer(request, exchange)

    def _elsewhere(self, error: BadRequest, exchange: GraphQLExchange) -> BadRequest:
        """Where this path is another name of GraphQL alone, it says where other clients belong."""
        root = exchange.scope.get("root_path", "").rstrip("/")
        if exchange.scope["path"] == (f"{root}{self._base}" or "/"):
            return error
        there = public_root(exchange.scope) + self._base
        return WrongPath(f"Only GraphQL is spoken here; set the runtimeUrl to {there}")

    def _request_of(self, exchange: GraphQLExchange) -> GraphQLRequest:
        if exchange.method == "GET":
            return from_query_string(exchange.scope["query_string"])
        if exchange.method == "OPTIONS":  # no preflight: those are answered before they get here
            raise BadRequest(204, None, ALLOW)
        raise BadRequest(405, "GraphQL only supports GET and POST requests.", ALLOW)

    async def _answer(self, request: GraphQLRequest, exchange: GraphQLExchange) -> None:
        try:
            operation = self._engine.prepare(request)
        except Refused as refused:
            await exchange.refuse_operation(refused.errors)
            return
        _agree(operation, exchange)
        caller = await exchange.identify(self._engine.runtime.authenticate)
        identity = Identity(caller, exchange.headers, exchange.request_id)
        if operation.is_subscription:
            with self._seats.taken():
                results = self._engine.answers(operation, request, identity)
                work = exchange.write_events(results)
                exchange.grow(self._seats.limits.keep_alive)
                await exchange.growing(work)
            return
        context = self._engine.surroundings(operation, identity)
        place, streams = self._engine.places(operation, identity)
        with place:
            async with streams:
                await self._execute(operation, request, context, exchange)
        context.trace.finish()

    async def _execute(
        self,
        operation: Operation,
        request: GraphQLRequest,
        context: GraphQLExecutionContext,
        exchange: GraphQLExchange,
    ) -> None:
        async def answer() -> None:
            await exchange.answer_result(await self._engine.execute(operation, request, context))

        if operation.plan is not None:
            result = await self._engine.execute(operation, request, context)
            if context.started is None:
                await exchange.answer_result(result)
            else:
                await self._stream(context.started, operation.plan, exchange)
        elif operation.is_mutation:  # it may take as long as a run
            await unless_gone(exchange.receive, answer())
        else:
            await answer()

    async def _stream(self, run: StartedAnswer, plan: Plan, exchange: GraphQLExchange) -> None:
        delivery = Delivery(plan, run.projector.response)
        write = exchange.write_parts if plan.incremental else exchange.write_whole

        async def bring() -> None:
            async with aclosing(deliveries(run, delivery)) as batches:
                async for payloads in batches:
                    await write(payloads, delivery.finished)

        if plan.incremental:
            exchange.grow(run.streaming.heartbeat)
        if first := beginning(run, delivery):  # which need not wait until a task has its turn
            await write(first, delivery.finished)
        if delivery.finished:
            return
        if plan.incremental:
            finished = await exchange.growing(bring())
        else:
            finished = await unless_gone(exchange.receive, bring())
        if not finished and self._engine.runtime.options.stop_on_disconnect:
            await run.handle.stop()


def _agree(operation: Operation, exchange: GraphQLExchange) -> None:
    """Raises BadRequest for what must not be done, or cannot be answered, by such a request."""
    if operation.kind != "query" and exchange.method == "GET":  # any page may make browsers send it
        mistake = f"Can only perform a {operation.kind} operation from a POST request."
        raise BadRequest(405, mistake, [(b"allow", b"POST")])
    exchange.agree(
        incremental=operation.plan is not None and operation.plan.incremental,
        subscription=operation.is_subscription,
    )
