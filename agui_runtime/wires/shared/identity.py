"""Who calls: from an HTTP request to a `Caller`, or a refusal."""

from __future__ import annotations

from agui_runtime.core.access import Undecided
from agui_runtime.core.errors import Unauthenticated
from agui_runtime.core.events import ANONYMOUS as ANONYMOUS, Caller
from agui_runtime.runtime.decisions import decided
from agui_runtime.runtime.runtime import Answer, Authenticate
from agui_runtime.wires.shared.expiry import check_unexpired


class OwnAnswer(Exception):
    """`authenticate` answers the request itself, in place of the runtime."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("answered by `authenticate`")
        self.answer = answer


async def caller_of(request: object, authenticate: Authenticate | None) -> Caller:
    """The caller behind a wire's request; raises Unauthenticated if `authenticate` returns None or
    a caller whose credentials have expired, OwnAnswer if it answers itself, and Undecided if it
    fails, takes too long, or returns what is none of these.
    """
    if authenticate is None:
        return ANONYMOUS
    caller = await decided("authenticate", authenticate, request)
    if caller is None:
        raise Unauthenticated("this runtime does not know you; check your credentials")
    if isinstance(caller, Caller):
        check_unexpired(caller)
        return caller
    if callable(caller):
        raise OwnAnswer(caller)
    kind = type(caller).__name__
    wrong = TypeError(f"`authenticate` returned a {kind}, which is no Caller, None, or response")
    raise Undecided("authenticate") from wrong
