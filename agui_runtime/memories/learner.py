"""Looks at what users said when their threads are quiet, in every process over a store: whichever
is alive then.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from agui_runtime.core.errors import AguiError, StateUnreadable
from agui_runtime.core.events import Message
from agui_runtime.core.log_lines import lasting_logger_of
from agui_runtime.memories.agenda import Appointment
from agui_runtime.memories.backlog import EVERY, Unread
from agui_runtime.memories.embedders.border import EmbedderFailed
from agui_runtime.memories.entries import Proposal
from agui_runtime.memories.extractors.base import Conversation, Utterance
from agui_runtime.memories.memory import Memory
from agui_runtime.off_loop import is_cancelled
from agui_runtime.stores.base import Store
from agui_runtime.stores.shared.outage import Outage

logger = lasting_logger_of(__name__)

SOON = 0.05
"""Seconds at least until a thread is looked at again that a run holds."""

BEGINNING = 10_000
"""Characters of a message that are looked at."""

AT_ONCE = 8
"""So many owners are looked after at a time."""

LONGEST = 60.0
"""Seconds that an extractor has for a thread."""

TAKEN = 2 * LONGEST
"""Seconds after which a process that looks after an owner counts as gone."""

AGAIN = 600.0
"""Seconds until a thread is looked at once more of which nothing could be learned."""


class ExtractorFailed(AguiError):
    """Nobody can say now what is worth remembering of what a user said."""

    code, status = "EXTRACTOR_FAILED", 502


class Learner:
    """`run` is a task of its own."""

    def __init__(self, memory: Memory, store: Store) -> None:
        self._memory = memory
        self._store = store
        self._outage = Outage(logger)
        self._visited: set[str] = set()
        """The owners whom this process looks after now."""

    async def run(self) -> None:
        """Look until cancelled. What is under way then, another process does, or this one when it
        is there again.
        """
        news = self._memory.backlog.news
        async with asyncio.TaskGroup() as visits:
            while True:
                news.clear()
                pause = EVERY
                with self._failures_in_the_log():
                    pause = await self._look(visits)
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await news.wait()

    async def _look(self, visits: asyncio.TaskGroup) -> float:
        """Visit owners who are due; how many seconds later to look again."""
        known = await self._memory.backlog.agenda.all()
        now = self._memory.now()
        due = [each for each in known if each.due_at <= now and each.owner not in self._visited]
        due = due[: AT_ONCE - len(self._visited)]
        random.shuffle(due)  # all processes look at the same moment
        for each in due:
            self._visited.add(each.owner)
            visits.create_task(self._visit(each))
        return min([EVERY, *(each.due_at - now for each in known if each.due_at > now)])

    async def _visit(self, appointment: Appointment) -> None:
        try:
            with self._failures_in_the_log():
                await self._look_after(appointment)
                self._memory.backlog.news.set()  # there is room for the next one
        finally:
            self._visited.discard(appointment.owner)

    @contextmanager
    def _failures_in_the_log(self) -> Iterator[None]:
        try:
            yield
        except AguiError as error:
            self._outage.warn("memory: nothing is learned for now", error.message)
        except Exception as error:  # noqa: BLE001  # a foreign SDK: the store's client
            self._outage.warn("memory: nothing is learned for now", repr(error))

    async def _look_after(self, appointment: Appointment) -> None:
        """While there is time; for the rest the owner waits behind those who are due already."""
        memory, owner = self._memory, appointment.owner
        agenda, until = memory.backlog.agenda, memory.now() + TAKEN
        taken = await agenda.take(appointment, until)
        if taken is None:
            return
        for unread in await memory.backlog.of(owner):
            if unread.due_at <= memory.now() <= until - LONGEST:
                await self._look_at(owner, unread)
        rest = [each.due_at for each in await memory.backlog.of(owner)]
        await agenda.settle(taken, max(min(rest), memory.now()) if rest else None)

    async def _look_at(self, owner: str, unread: Unread) -> None:
        if await self._store.log.active(unread.thread_id) is not None:
            due_at = self._memory.now() + max(self._memory.quiet, SOON)
            await self._memory.backlog.postpone(owner, unread, replace(unread, due_at=due_at))
            return
        conversation = await self._conversation(owner, unread)
        conversation, accepted = _parted(conversation, await self._memory.offered(owner))
        try:
            proposals = await self._proposals(conversation)
            refusals = await self._memory.learn(owner, unread, proposals, accepted)
        except (ExtractorFailed, EmbedderFailed) as error:
            await self._give_up(owner, unread, accepted, error)
        else:
            for refusal in refusals:
                logger.warning("memory: something was not remembered: %s", refusal)

    async def _proposals(self, conversation: Conversation) -> Sequence[Proposal]:
        """Raises ExtractorFailed."""
        if not conversation.utterances:
            return ()
        try:
            async with asyncio.timeout(LONGEST):
                return await self._memory.extractor.proposals(conversation)
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # user code: an extractor, which may also cancel itself
            if isinstance(error, asyncio.CancelledError) and is_cancelled():
                raise
            cause = str(error) if isinstance(error, AguiError) else repr(error)
            raise ExtractorFailed(f"the extractor failed: {cause}") from error

    async def _give_up(
        self, owner: str, unread: Unread, accepted: Sequence[str], error: AguiError
    ) -> None:
        """The first time for a while only."""
        if unread.failures:
            logger.warning("memory: nothing is learned of a thread: %s, again", error)
            await self._memory.learn(owner, unread, (), accepted)
            return
        logger.warning("memory: nothing is learned of a thread yet: %s", error)
        later = replace(unread, failures=1, due_at=self._memory.now() + AGAIN)
        await self._memory.backlog.postpone(owner, unread, later)

    async def _conversation(self, owner: str, unread: Unread) -> Conversation:
        """What there still is of it: nothing of a thread that was deleted meanwhile."""
        thread = await self._store.threads.get(unread.thread_id)
        if thread is None or thread.owner != owner:
            return Conversation(unread.thread_id, ())
        agents = {each.agent for each in unread.messages}
        texts = {agent: await self._texts(unread.thread_id, agent) for agent in agents}
        found = [
            Utterance(each.run_id, each.message_id, texts[each.agent][each.message_id][:BEGINNING])
            for each in unread.messages
            if each.message_id in texts[each.agent]
        ]
        firsts = {next(iter(each), "") for each in texts.values()}
        begins = bool(found) and found[0].message_id in firsts
        return Conversation(unread.thread_id, found, begins)

    async def _texts(self, thread_id: str, agent: str) -> Mapping[str, str]:
        """What the user said in the thread, as the agent has it, by the ids of messages."""
        try:
            saved = await self._store.states.load(thread_id, agent)
        except StateUnreadable:
            return {}
        messages = saved.messages if saved else ()
        return {each["id"]: _text(each) for each in messages if each["role"] == "user"}


def _parted(
    conversation: Conversation, offered: Mapping[str, str]
) -> tuple[Conversation, Sequence[str]]:
    """The user's own words, and the patterns that were suggested and are now accepted: those words
    are an agent's.
    """
    plain = {each: " ".join(each.text.split()) for each in conversation.utterances}
    own = [each for each, text in plain.items() if text not in offered]
    accepted = [offered[text] for text in plain.values() if text in offered]
    return replace(conversation, utterances=own), accepted


def _text(message: Message) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part["type"] == "text")
