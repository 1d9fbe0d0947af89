"""Puts tool calls together out of their parts, whichever way a server names and numbers them. Pure.

Names come late, in pieces, or again with every part; ids and indices repeat, change or are missing.
A call begins when its name is certain; its earlier pieces are emitted then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ag_ui.core import Tool

from agui_runtime.connectors.shared.chat.arguments import CallArguments
from agui_runtime.connectors.shared.chat.chunks import CallPiece
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.log_lines import logger_of

_PLAIN = frozenset({"index", "id", "type", "function"})
"""The keys of a call that has nothing besides what every call has."""

logger = logger_of(__name__)


@dataclass(slots=True, eq=False)
class StreamedCall:
    """One call. `id` is ours, and empty until the call has begun; `given` is the server's.

    `sources` are the objects in which more stands than every call has. `twin` is the call of which
    this may be a repetition, as far as can be seen yet.
    """

    given: str
    index: int | None
    name: str = ""
    id: str = ""
    arguments: CallArguments = field(default_factory=CallArguments)
    sources: list[JsonObject] = field(default_factory=list)
    twin: StreamedCall | None = None

    @property
    def begun(self) -> bool:
        return bool(self.id)


class Calls:
    """The calls of one answer, in their order. `tools` are those that may be called."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self.all: list[StreamedCall] = []
        self.lost = False
        """A call was left out."""

    def take_all(self, pieces: Iterable[CallPiece]) -> Iterator[StreamedCall]:
        """The calls that the pieces of one chunk belong to, which may be new ones. Of pieces with
        names each is one, unless they have one id and one index.
        """
        here: list[StreamedCall] = []
        for piece in pieces:
            call = self._take(piece, here)
            if call is not None:
                here.append(call)
                yield call

    def _take(self, piece: CallPiece, here: Sequence[StreamedCall]) -> StreamedCall | None:
        call = self._known(piece)
        if piece.name and call in here and not self._same_place(piece, call):
            call, twin = None, None
        else:
            twin = self._twin(piece, call)
        if call is None or self._begins_another(piece, call):
            if not (piece.name or piece.arguments or piece.id):
                return None
            call = StreamedCall(piece.id, piece.index, twin=twin)
            self.all.append(call)
        if not piece.source.keys() <= _PLAIN:
            call.sources.append(piece.source)
        call.given = call.given or piece.id
        if not call.begun:
            call.name = self._named(call.name, piece.name)
        call.arguments.take(piece.arguments)
        return call

    def certain(self, call: StreamedCall) -> bool:
        """Whether the call is one by now, and no more of its name can follow."""
        if call.twin is not None and call.arguments.whole and not self._repeats(call):
            call.twin = None
        if not call.name or call.twin is not None:
            return False
        longer = any(tool != call.name and tool.startswith(call.name) for tool in self._tools)
        return call.arguments.any or (call.name in self._tools and not longer)

    def certain_at_last(self, call: StreamedCall) -> bool:
        """The same when the answer is over. A call without a name means the one tool that takes its
        arguments, where there is only one.
        """
        if self._repeats(call):
            return False
        call.name = call.name or self._fitting(call)
        if not call.name:
            self.lost = True
            logger.warning("a tool call without a name was left out of the model's answer")
        return bool(call.name)

    def _repeats(self, call: StreamedCall) -> bool:
        return call.twin is not None and call.arguments.same_as(call.twin.arguments)

    def _fitting(self, call: StreamedCall) -> str:
        if len(self._tools) == 1:
            return next(iter(self._tools))
        keys = call.arguments.keys
        fitting = [name for name, tool in self._tools.items() if keys and keys <= _keys(tool)]
        return fitting[0] if len(fitting) == 1 else ""

    def _known(self, piece: CallPiece) -> StreamedCall | None:
        """By its id, where that is known, else by its index, else the latest."""
        same = [call for call in self.all if piece.id and call.given == piece.id]
        exact = [call for call in same if call.index == piece.index]
        if same:
            return (exact or same)[-1]
        if piece.index is not None:
            return next((call for call in reversed(self.all) if call.index == piece.index), None)
        return self.all[-1] if self.all else None

    def _begins_another(self, piece: CallPiece, call: StreamedCall) -> bool:
        """Whether the piece is of another call than the one that its id or index leads to."""
        other_id = bool(piece.id and call.given and piece.id != call.given)
        if not piece.name:
            return other_id and call.arguments.whole and bool(piece.arguments.strip())
        other_name = bool(call.name) and not self._goes_on(call, piece.name)
        if call.arguments.whole or call.arguments.bare:
            return other_id or other_name or call.arguments.whole
        if other_name:
            return other_id or call.arguments.any or piece.name in self._tools
        return other_id and call.arguments.any and piece.arguments.lstrip().startswith("{")

    def _twin(self, piece: CallPiece, call: StreamedCall | None) -> StreamedCall | None:
        """The call that the piece may only repeat: LocalAI tells one call under several indices,
        others give several calls one id, or name a call again that is whole.
        """
        if call is None or piece.name != call.name or (piece.id and piece.id != call.given):
            return None
        return call

    def _same_place(self, piece: CallPiece, call: StreamedCall | None) -> bool:
        return call is not None and (piece.id or None, piece.index) == (call.given, call.index)

    def _goes_on(self, call: StreamedCall, name: str) -> bool:
        """Whether it is the call's name, or a further part of it."""
        if name.startswith(call.name):
            return True
        return not call.begun and not call.arguments.any and name not in self._tools

    def _named(self, known: str, more: str) -> str:
        if not more or more == known:
            return known
        whole = more.startswith(known) and more in self._tools
        return self._cleaned(more if whole else known + more)

    def _cleaned(self, name: str) -> str:
        """The name of a tool, where a server has written it several times in a row, or something
        around it: gpt-oss puts `functions.` before and `<|channel|>...` behind.
        """
        if name in self._tools:
            return name
        times = (name[: len(name) // n] for n in range(2, 9) if len(name) % n == 0)
        repeated = (one for one in times if one * (len(name) // len(one)) == name)
        bare = name.partition("<|")[0].removeprefix("functions.").strip()
        return next((one for one in (bare, *repeated) if one in self._tools), name)


def _keys(tool: Tool) -> frozenset[str]:
    """The names of the tool's parameters."""
    schema = tool.parameters
    properties = schema.get("properties") if isinstance(schema, dict) else None
    return frozenset(properties or ())
