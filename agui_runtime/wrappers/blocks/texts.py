"""Blocks in text: what becomes of the text messages of one call of an agent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping

from pydantic import BaseModel

from agui_runtime.core.events import Event, Message
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.wrappers.blocks.history import noted
from agui_runtime.wrappers.blocks.open_texts import CONTENT, END, START, OpenTexts
from agui_runtime.wrappers.blocks.pieces import Begun, Broken, Piece, Words, Written
from agui_runtime.wrappers.blocks.run_blocks import RunBlocks
from agui_runtime.wrappers.blocks.scanner import BlockScanner
from agui_runtime.wrappers.blocks.shown import Place, Shown


class WrittenBlocks:
    """Fed with all events of one call of an agent."""

    def __init__(self, shown: Shown, run: RunBlocks, models: Mapping[str, type[BaseModel]]) -> None:
        self._shown = shown
        self._run = run
        self._models = models
        self._texts = OpenTexts(run, lazily=True)
        self._scanners: dict[str, BlockScanner] = {}
        self._places: dict[str, Place] = {}
        self._written: set[str] = set()
        self._behind: dict[str, str | None] = {}  # the text before each block
        self._last: str | None = None

    def through(self, event: Event) -> Iterator[Event]:
        """What the page is given of it."""
        yield from self._shown.looked_up()
        kind, id_ = event["type"], event.get("messageId", "")
        if kind == START and event.get("role", "assistant") == "assistant":
            self._scanners[id_] = BlockScanner(self._models)
            self._written.add(id_)
            yield from self._texts.feed(event)
        elif kind == CONTENT and id_ in self._scanners:
            yield from self._pieces(event, self._scanners[id_].feed(event["delta"]))
        elif kind == END and id_ in self._scanners:
            rest = {"type": CONTENT, "messageId": id_}
            yield from self._pieces(rest, self._scanners.pop(id_).end())
            yield from self._passed(self._texts.feed(event))
        elif kind == "MESSAGES_SNAPSHOT":
            yield from self._stated(event)
        else:
            self._run.note(event)
            yield event

    def taken(self, behind: str) -> list[JsonObject]:
        """What is to be noted of the blocks since; `behind` is the message that is answered."""
        lines, blocks = self._shown.summaries, self._behind
        self._behind = {}
        return [
            noted(id_, last or behind, lines[id_])
            for id_, last in blocks.items()
            if id_ in lines and id_ not in self._shown.faults
        ]

    def _stated(self, event: Event) -> Iterator[Event]:
        """The agent says what its messages are: those with blocks in them are several."""
        stated: list[Message] = []
        for message in event["messages"]:
            written = message.get("content")
            if message["role"] != "assistant" or not isinstance(written, str) or not written:
                stated.append(message)
                continue
            if not self._run.knows(message["id"]) and message["id"] not in self._written:
                yield from self._whole(message["id"], written)
            stated += self._parts(message, written)
        yield event | {"messages": stated}

    def _whole(self, id_: str, written: str) -> Iterator[Event]:
        """A message that was not streamed."""
        if any(not isinstance(piece, Words) for piece in _pieces_of(written, self._models)):
            yield from self.through({"type": START, "messageId": id_, "role": "assistant"})
            yield from self.through({"type": CONTENT, "messageId": id_, "delta": written})
            yield from self.through({"type": END, "messageId": id_})

    def _parts(self, message: Message, written: str) -> Iterator[Message]:
        texts = _texts_of(_pieces_of(written, self._models))
        if texts == [written]:
            yield message
            return
        if not texts and message.get("toolCalls"):
            yield {key: value for key, value in message.items() if key != "content"}
        own = self._texts.ids.get(message["id"], [])
        for at, text in enumerate(texts):
            id_ = own[at] if at < len(own) else _id_of(message["id"], at)
            more = message if at == 0 else {"role": message["role"]}
            yield {**more, "id": id_, "content": text}

    async def rest(self) -> AsyncIterator[Event]:
        """What is to be shown when the agent has ended."""
        for event in self.broken_off():
            yield event
        async for event in self._shown.rest():
            yield event

    def broken_off(self) -> Iterator[Event]:
        """For the messages that will not be completed."""
        scanners, self._scanners = self._scanners, {}
        for id_, scanner in scanners.items():
            yield from self._pieces({"type": CONTENT, "messageId": id_}, scanner.end())

    async def close(self) -> None:
        await self._shown.close()

    def _passed(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            self._last = event["messageId"] if event["type"] == START else self._last
            yield event

    def _pieces(self, delta: Event, pieces: Iterable[Piece]) -> Iterator[Event]:
        words: list[str] = []
        for piece in pieces:
            if isinstance(piece, Words):
                words.append(piece.text)
                continue
            yield from self._words(delta, words)
            words = []
            yield from self._block(delta["messageId"], piece)
        yield from self._words(delta, words)

    def _words(self, delta: Event, words: list[str]) -> Iterator[Event]:
        if words:
            yield from self._passed(self._texts.feed(delta | {"delta": "".join(words)}))

    def _block(self, message: str, piece: Begun | Written | Broken) -> Iterator[Event]:
        match piece:
            case Begun(kind):
                yield from self._texts.interrupt()
                place, events = self._shown.begun(kind, message)
                self._places[message] = place
                self._behind[place.id] = self._last
                yield from events
            case Written(text):
                yield from self._shown.ended(self._places.pop(message), text)
            case Broken(reason, None):
                yield from self._shown.refused(self._places.pop(message), reason)
            case Broken(reason, kind):
                yield from self._shown.unknown(kind or "", reason, message)


def _pieces_of(text: str, models: Mapping[str, type[BaseModel]]) -> list[Piece]:
    scanner = BlockScanner(models)
    return [*scanner.feed(text), *scanner.end()]


def _texts_of(pieces: Iterable[Piece]) -> list[str]:
    """The texts between blocks."""
    texts: list[list[str]] = [[]]
    for piece in pieces:
        if isinstance(piece, Words):
            texts[-1].append(piece.text)
        else:
            texts.append([])
    return ["".join(words) for words in texts if words]


def _id_of(message: str, at: int) -> str:
    return message if at == 0 else f"{message}-text" if at == 1 else f"{message}-text-{at}"
