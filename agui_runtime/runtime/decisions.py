"""What users' functions decide: who is asking, and what they may. They may raise anything, or never
return; then nobody may anything.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import ParamSpec

from agui_runtime.core.access import Undecided
from agui_runtime.core.errors import AguiError
from agui_runtime.off_loop import is_cancelled

P = ParamSpec("P")

PATIENCE = 30.0
"""So many seconds a decision is waited for."""


async def decided(
    name: str, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs
) -> object:
    """What the function, which is called `name`, answers or returns an awaitable of. Raises errors
    of ours that it raises, and Undecided for all else, and where it takes longer than PATIENCE.
    """
    try:
        answer = function(*args, **kwargs)
        return await _awaited(name, answer) if inspect.isawaitable(answer) else answer
    except asyncio.CancelledError as error:
        if is_cancelled():
            raise
        raise Undecided(name) from error
    except (AguiError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # user code, which may also call `sys.exit`
        raise Undecided(name) from error


async def _awaited(name: str, answer: Awaitable[object]) -> object:
    try:
        async with asyncio.timeout(PATIENCE) as limit:
            return await answer
    except TimeoutError:
        if not limit.expired():  # one of the function's own
            raise
        raise Undecided(name, within=PATIENCE) from None
