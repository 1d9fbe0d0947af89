"""One request of an A2A client, as the SDK's routes hand it on to our handler of requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field

from a2a.extensions.common import HTTP_EXTENSION_HEADER, get_requested_extensions
from a2a.server.context import ServerCallContext
from a2a.server.routes.common import ServerCallContextBuilder
from a2a.utils.errors import (
    A2AError,
    InternalError,
    InvalidParamsError,
    TaskNotFoundError,
    UnsupportedOperationError,
)
from starlette.requests import Request

from agui_runtime.core.errors import AguiError, InvalidInput, RunNotFound, ThreadNotFound
from agui_runtime.core.events import Caller, RunContext
from agui_runtime.core.log_lines import logger_of
from agui_runtime.wires.a2a.exchange import A2AExchange
from agui_runtime.wires.shared.http import log_failure

logger = logger_of(__name__)

_KEY = "agui_runtime.call"


@dataclass(slots=True)
class Call:
    """A request to an agent under its present name. What is entered on the `stack` lasts as long as
    the answer. `refusal` is why there is none, where the protocol has no error for it.
    """

    exchange: A2AExchange
    agent: str
    context: RunContext
    stack: AsyncExitStack
    refusal: AguiError | None = field(default=None)

    @property
    def caller(self) -> Caller:
        return self.exchange.caller

    def lend(self, request: Request) -> None:
        """Let the handler find the call of this request."""
        request.scope[_KEY] = self

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Of what the block raises, give the SDK errors of its own; nothing else is shown."""
        try:
            yield
        except A2AError:
            raise
        except (ThreadNotFound, RunNotFound):
            raise TaskNotFoundError from None
        except InvalidInput as error:
            raise InvalidParamsError(error.message) from None
        except AguiError as error:
            self.refusal = error
            raise UnsupportedOperationError(error.message) from None
        except Exception as error:  # noqa: BLE001  # a wire's edge
            log_failure(logger, error)
            raise InternalError("the server failed; see its log") from None


class CallContexts(ServerCallContextBuilder):
    """Makes the SDK's context of a request that was lent a call."""

    def build(self, request: Request) -> ServerCallContext:
        wanted = request.headers.getlist(HTTP_EXTENSION_HEADER)
        return ServerCallContext(
            state={"headers": dict(request.headers), _KEY: request.scope[_KEY]},
            requested_extensions=get_requested_extensions(wanted),
        )


def context_of(call: Call) -> ServerCallContext:
    """The SDK's context of a call that its routes do not see."""
    return ServerCallContext(state={_KEY: call})


def call_of(context: ServerCallContext) -> Call:
    call: Call = context.state[_KEY]
    return call
