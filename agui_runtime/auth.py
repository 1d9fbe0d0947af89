"""Who is asking: from an HTTP request to a `Caller`, or a refusal."""

from __future__ import annotations

import inspect

from agui_runtime.errors import Unauthenticated
from agui_runtime.events import ANONYMOUS as ANONYMOUS, Caller
from agui_runtime.runtime import Authenticate


async def caller_of(request: object, authenticate: Authenticate | None) -> Caller:
    """The caller behind a wire's request; raises Unauthenticated if `authenticate` says None."""
    if authenticate is None:
        return ANONYMOUS
    caller = authenticate(request)
    if inspect.isawaitable(caller):
        caller = await caller
    if caller is None:
        raise Unauthenticated("this runtime does not know you; check your credentials")
    return caller
