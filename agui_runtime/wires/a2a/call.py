"""One request of an A2A client, as the SDK's routes hand it on to our handler of requests."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass

from a2a.extensions.common import HTTP_EXTENSION_HEADER, get_requested_extensions
from a2a.server.context import ServerCallContext
from a2a.server.routes import rest_dispatcher
from a2a.server.routes.common import ServerCallContextBuilder
from a2a.utils.errors import A2AError, InternalError, InvalidParamsError, TaskNotFoundError
from starlette.requests import Request

from agui_runtime.core.errors import InvalidInput, RunNotFound, ThreadNotFound
from agui_runtime.core.events import Caller, RunContext
from agui_runtime.wires.a2a.exchange import A2AExchange

_KEY = "agui_runtime.call"


def _is_fault(record: logging.LogRecord) -> bool:
    """Whether a line of the SDK's is none of an answer that a client gets in the midst of a stream,
    such as that its thread was deleted meanwhile: of these the SDK writes tracebacks.
    """
    error = record.exc_info[1] if record.exc_info else None
    return isinstance(error, InternalError) or not isinstance(error, A2AError)


logging.getLogger(rest_dispatcher.__name__).addFilter(_is_fault)


class PastTheSdk(BaseException):
    """Carries an error that is none of the protocol's past the SDK's routes: they would log and
    answer each Exception by themselves.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def in_the_sdks_words() -> Iterator[None]:
    """Of what the block raises, give the SDK errors of its own, and nothing else to answer."""
    try:
        yield
    except A2AError:
        raise
    except (ThreadNotFound, RunNotFound):
        raise TaskNotFoundError from None
    except InvalidInput as error:
        raise InvalidParamsError(error.message) from None
    except Exception as error:  # a wire's edge
        raise PastTheSdk(error) from error


@contextmanager
def in_our_words() -> Iterator[None]:
    """Raise what went past the SDK's routes in the block."""
    try:
        yield
    except PastTheSdk as passed:
        raise passed.error from None


@dataclass(slots=True)
class Call:
    """A request to an agent under its present name. What is entered on the `stack` lasts as long as
    the answer.
    """

    exchange: A2AExchange
    agent: str
    context: RunContext
    stack: AsyncExitStack

    @property
    def caller(self) -> Caller:
        return self.exchange.caller

    def lend(self, request: Request) -> None:
        """Let the handler find the call of this request."""
        request.scope[_KEY] = self


class CallContexts(ServerCallContextBuilder):
    """Makes the SDK's context of a request that was lent a call."""

    def build(self, request: Request) -> ServerCallContext:
        call: Call = request.scope[_KEY]
        wanted = request.headers.getlist(HTTP_EXTENSION_HEADER)
        return ServerCallContext(
            state={"headers": call.exchange.headers, _KEY: call},
            requested_extensions=get_requested_extensions(wanted),
        )


def context_of(call: Call) -> ServerCallContext:
    """The SDK's context of a call that its routes do not see."""
    return ServerCallContext(state={_KEY: call})


def call_of(context: ServerCallContext) -> Call:
    call: Call = context.state[_KEY]
    return call
