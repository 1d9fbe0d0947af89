"""Actions by which agents decide themselves what is remembered of the user."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated

from pydantic import Field

from agui_runtime.agents.actions import Action, action, failed
from agui_runtime.agents.agent import current_run
from agui_runtime.core.errors import AguiError
from agui_runtime.memories.entries import Entry, Origin, Proposal, Tier
from agui_runtime.memories.memory import Memory
from agui_runtime.memories.owners import owner_of_run


def memory_actions(memory: Memory) -> Sequence[Action]:
    """`remember`, `recall` and `forget`, for `CopilotRuntime(actions=...)`: of whoever the run is
    for, and of nobody else.
    """
    chosen = _Actions(memory)
    return [action(chosen.remember), action(chosen.recall), action(chosen.forget)]


class _Actions:
    """Their docstrings are what models read."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def remember(
        self,
        text: Annotated[str, Field(description="one fact, as one sentence")],
        key: Annotated[
            str, Field(description="only for what counts always, such as name or language")
        ] = "",
        about: Annotated[str, Field(description="the person or thing, if not the user")] = "",
    ) -> object:
        """Keep a fact about the user for later conversations."""
        run = current_run.get(None)
        origin = Origin(thread_id=(run and run.thread_id) or "", extractor="agent")
        tier: Tier = "core" if key.strip() else "associative"
        proposal = Proposal(tier, text, origin, key, about)

        async def write(owner: str) -> object:
            (entry,) = await self._memory.remember(owner, [proposal])
            return _shown(entry)

        return await self._tried(write)

    async def recall(
        self, about: Annotated[str, Field(description="what to look for, in the user's words")]
    ) -> object:
        """Look up what is known of the user from other conversations."""

        async def read(owner: str) -> object:
            found = await self._memory.recall(owner, about)
            facts = [entry for entry, _ in found.facts]
            return [_shown(each) for each in (*found.core, *facts, *found.episodes)]

        return await self._tried(read)

    async def forget(
        self, entry_id: Annotated[str, Field(description="as recall tells it")]
    ) -> object:
        """Delete an entry that is known of the user."""

        async def delete(owner: str) -> object:
            await self._memory.delete(owner, entry_id)
            return "forgotten"

        return await self._tried(delete)

    async def _tried(self, step: Callable[[str], Awaitable[object]]) -> object:
        """What comes of it for whoever the run is for; a refusal is a result as well."""
        owner = owner_of_run(self._memory)
        if owner is None:
            return failed("ANONYMOUS", "nothing is remembered of users who did not sign in")
        try:
            return await step(owner)
        except AguiError as error:
            return failed(error.code, error.message)


def _shown(entry: Entry) -> Mapping[str, str]:
    text = f"{entry.key}: {entry.text}" if entry.tier == "core" else entry.text
    return {"id": entry.id, "text": text}
