"""The client of the A2A SDK's generation 0.3 with a server: prints, as JSON, what it makes of the
scenes over each binding.
"""

import asyncio
import json
import sys
import uuid

import httpx
from a2a.client import A2ACardResolver, A2AClientError, Client, ClientConfig, ClientFactory
from a2a.types import (
    AgentCard,
    Message,
    Part,
    Role,
    Task,
    TaskArtifactUpdateEvent,
    TaskIdParams,
    TaskQueryParams,
    TextPart,
    TransportProtocol,
)


def message(words: str, **more: str) -> Message:
    parts = [Part(root=TextPart(text=words))]
    return Message(message_id=str(uuid.uuid4()), role=Role.user, parts=parts, **more)


def text_of(task: Task) -> str:
    parts = [part for each in task.artifacts or () for part in each.parts]
    return "".join(part.root.text for part in parts)


async def sent(client: Client, words: str, **more: str) -> Task:
    """The task as the client has it at the end of the stream."""
    tasks = [task async for task, _ in client.send_message(message(words, **more))]
    return tasks[-1]


async def cut(client: Client) -> Task:
    """A task whose stream was closed at its first words."""
    stream = client.send_message(message("hold"))
    async for task, update in stream:
        if isinstance(update, TaskArtifactUpdateEvent):
            await stream.aclose()
            return task
    raise AssertionError("the agent said nothing")


async def taken_up(client: Client) -> Task:
    task = await cut(client)
    async for latest, update in client.resubscribe(TaskIdParams(id=task.id)):
        if update is None:
            await sent(client, "go on")
        task = latest
    return task


async def refusal(client: Client) -> str:
    try:
        await client.get_task(TaskQueryParams(id="unknown"))
    except A2AClientError as error:
        return type(error).__name__
    return "none"


async def scenes(http: httpx.AsyncClient, card: AgentCard, binding: TransportProtocol) -> object:
    common = {"httpx_client": http, "supported_transports": [binding]}
    client = ClientFactory(ClientConfig(**common)).create(card)
    still = ClientFactory(ClientConfig(streaming=False, **common)).create(card)
    asked = await sent(client, "ask me")
    question = asked.status.message.parts[0].root.text
    answered = await sent(client, "Rome", task_id=asked.id, context_id=asked.context_id)
    stopped = await client.cancel_task(TaskIdParams(id=(await cut(client)).id))
    return {
        "streamed": text_of(await sent(client, "world")),
        "whole": text_of(await sent(still, "world")),
        "question": [asked.status.state.value, question],
        "answered": [answered.id == asked.id, text_of(answered)],
        "cancelled": stopped.status.state.value,
        "taken up": text_of(await taken_up(client)),
        "failed": (await sent(client, "break")).status.state.value,
        "refused": await refusal(client),
    }


async def main() -> None:
    async with httpx.AsyncClient(timeout=20) as http:
        card = await A2ACardResolver(http, f"{sys.argv[1]}/a2a/default").get_agent_card()
        bindings = (TransportProtocol.jsonrpc, TransportProtocol.http_json)
        made = {each.value: await scenes(http, card, each) for each in bindings}
    sys.stdout.write(json.dumps(made))


asyncio.run(main())
