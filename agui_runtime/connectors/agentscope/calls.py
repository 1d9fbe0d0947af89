"""Gives the calls of an agent's model ids of their own. Everything later goes by them.

Servers that number their calls anew in each answer would have a result, or an approval, go to an
older call of that id.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import replace
from typing import TypeAlias

from agentscope.agent import Agent
from agentscope.message import Msg, ToolCallBlock
from agentscope.middleware import MiddlewareBase
from agentscope.model import ChatResponse

from agui_runtime.connectors.shared.chat.reply import distinct
from agui_runtime.core.jsontext import JsonObject

_Answer: TypeAlias = ChatResponse | AsyncGenerator[ChatResponse, None]


class DistinctCalls(MiddlewareBase):  # type: ignore[misc]  # its types are not read, see pyproject.toml
    """Where an answer calls by an id that the thread has, the call gets a numbered variant of it.

    The agent's state keeps the call under that id, and so does the model find it in its prompt.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        """`taken` are the ids that the thread has beside those in the agent's state."""
        self._taken = set(taken)

    async def on_model_call(
        self,
        agent: Agent,
        input_kwargs: JsonObject,
        next_handler: Callable[..., Awaitable[_Answer]],
    ) -> _Answer:
        self._taken.update(block.id for message in agent.state.context for block in _calls(message))
        names = _Names(self._taken)
        answer = await next_handler()
        return names.put(answer) if isinstance(answer, ChatResponse) else names.put_all(answer)


class _Names:
    """The ids of the calls in one answer, by those that its server gave them."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = taken
        self._ours: dict[str, str] = {}

    async def put_all(
        self, pieces: AsyncGenerator[ChatResponse, None]
    ) -> AsyncGenerator[ChatResponse, None]:
        async with aclosing(pieces):
            async for piece in pieces:
                yield self.put(piece)

    def put(self, piece: ChatResponse) -> ChatResponse:
        """The piece with our ids; its own blocks belong to the model, which adds them up."""
        if not any(isinstance(block, ToolCallBlock) for block in piece.content):
            return piece
        return replace(piece, content=[self._named(block) for block in piece.content])

    def _named(self, block: object) -> object:
        if not isinstance(block, ToolCallBlock):
            return block
        if block.id not in self._ours:
            self._ours[block.id] = distinct(block.id, self._taken)
        return block.model_copy(update={"id": self._ours[block.id]})


def _calls(message: Msg) -> Iterable[ToolCallBlock]:
    blocks: Iterable[ToolCallBlock] = message.get_content_blocks("tool_call")
    return blocks
