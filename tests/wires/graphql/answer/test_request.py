"""From the mutation's input to what an agent is asked, and from messages to what a page loads."""

from __future__ import annotations

from typing import Any

import pytest

from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.events import Caller, RunContext, RunRequest
from agui_runtime.wires.graphql.answer.context import Streaming
from agui_runtime.wires.graphql.answer.messages import legacy, text_of
from agui_runtime.wires.graphql.answer.request import run_request, streaming_of
from agui_runtime.wires.graphql.nouns.enums import (
    ActionInputAvailability,
    CopilotRequestType,
    MessageRole,
    MetaEventName,
    StreamingDelivery,
)
from agui_runtime.wires.graphql.nouns.inputs import (
    ActionExecutionMessageInput,
    ActionInput,
    AgentSessionInput,
    AgentStateInput,
    AgentStateMessageInput,
    CopilotContextInput,
    ForwardedParametersInput,
    FrontendInput,
    GenerateCopilotResponseInput,
    GenerateCopilotResponseMetadataInput,
    ImageMessageInput,
    MessageInput,
    MetaEventInput,
    ResultMessageInput,
    StreamingConfigInput,
    TextMessageInput,
)
from agui_runtime.wires.shared.pace import FRAME
from tests.wires.graphql.runs import NOON

SCHEMA = '{"type":"object","properties":{}}'


def requested(
    kind: CopilotRequestType | None = None,
    properties: dict[str, Any] | None = None,
    **fields: Any,  # noqa: ANN401  # the input's own
) -> RunRequest:
    metadata = GenerateCopilotResponseMetadataInput()
    if kind is not None:
        metadata.request_type = kind
    given: dict[str, Any] = {
        "metadata": metadata,
        "messages": [],
        "frontend": FrontendInput(actions=[]),
    }
    data = GenerateCopilotResponseInput(**(given | fields))
    return run_request(data, RunContext(Caller("ann"), "r-1", properties or {}))


def message(identity: str, **kind: Any) -> MessageInput:  # noqa: ANN401  # one of the inputs
    return MessageInput(id=identity, created_at=NOON, **kind)


def text(identity: str, content: str, role: MessageRole = MessageRole.user) -> MessageInput:
    return message(identity, text_message=TextMessageInput(content=content, role=role))


def call(identity: str, arguments: str = "{}", parent: str | None = None) -> MessageInput:
    made = ActionExecutionMessageInput(name="f", arguments=arguments, parent_message_id=parent)
    return message(identity, action_execution_message=made)


def sent(*messages: MessageInput) -> list[dict[str, Any]]:
    """What the agent is sent for these messages."""
    asked = requested(messages=list(messages)).input
    return [each.model_dump(by_alias=True) for each in asked.messages]


def action(name: str, available: str = "", schema: str = SCHEMA) -> ActionInput:
    made = ActionInput(name=name, description=f"does {name}", json_schema=schema)
    if available:
        made.available = ActionInputAvailability[available]
    return made


def function(identity: str) -> dict[str, Any]:
    return {"id": identity, "type": "function", "function": {"name": "f", "arguments": "{}"}}


def test_texts_keep_their_ids_and_roles() -> None:
    roles = [MessageRole.system, MessageRole.user, MessageRole.developer, MessageRole.assistant]
    assert sent(*(text(f"m{i}", "x", role) for i, role in enumerate(roles))) == [
        {"id": f"m{i}", "role": role.value, "content": "x"} for i, role in enumerate(roles)
    ]


def test_calls_join_their_parent_message() -> None:
    spoken = text("a1", "Calling", MessageRole.assistant)
    assert sent(spoken, call("c1", parent="a1"), call("c2", parent="a1")) == [
        {
            "id": "a1",
            "role": "assistant",
            "content": "Calling",
            "toolCalls": [function("c1"), function("c2")],
        }
    ]


def test_calls_without_a_message_make_one_with_their_parents_id_or_their_own() -> None:
    made = sent(text("u1", "x"), call("c1", parent="a9"), call("c2", parent="a9"), call("c3"))
    assert [(each["id"], len(each["toolCalls"])) for each in made[1:]] == [("a9", 2), ("c3", 1)]


def test_a_call_whose_parent_is_not_the_assistants_stands_alone() -> None:
    assert [each["id"] for each in sent(text("u1", "x"), call("c1", parent="u1"))] == ["u1", "c1"]


def test_results_answer_their_calls_and_images_are_part_of_a_users_message() -> None:
    result = ResultMessageInput(action_execution_id="c1", action_name="f", result="ok")
    image = ImageMessageInput(format="png", bytes="aGk=", role=MessageRole.user)
    answered, shown = sent(message("r1", result_message=result), message("i1", image_message=image))
    assert answered == {"id": "r1", "role": "tool", "content": "ok", "toolCallId": "c1"}
    assert shown == {
        "id": "i1",
        "role": "user",
        "content": [
            {
                "type": "image",
                "source": {"type": "data", "value": "aGk=", "mimeType": "image/png"},
            }
        ],
    }


def test_what_no_agent_can_read_is_left_out() -> None:
    state = AgentStateMessageInput(
        thread_id="t",
        agent_name="a",
        role=MessageRole.assistant,
        state="{}",
        running=True,
        node_name="",
        run_id="",
        active=True,
    )
    left_out = [
        call("c1", arguments='{"half'),
        message("s1", agent_state_message=state),
        text("t1", "x", MessageRole.tool),
        message("e1"),
    ]
    assert sent(*left_out) == []


def test_only_a_chat_belongs_to_its_thread() -> None:
    assert not requested().ephemeral
    assert not requested(CopilotRequestType.Chat).ephemeral
    for kind in set(CopilotRequestType) - {CopilotRequestType.Chat}:
        assert requested(kind).ephemeral


def test_the_front_end_follows_up_by_itself() -> None:
    assert not requested().follow_up


def test_the_thread_is_the_requests_or_the_sessions() -> None:
    session = AgentSessionInput(agent_name="a", thread_id="s")
    assert requested(thread_id="t", agent_session=session).input.thread_id == "t"
    assert requested(agent_session=session).input.thread_id == "s"
    assert requested(run_id="r").input.thread_id == ""
    assert requested(run_id="r").input.run_id == ""


def test_a_model_is_offered_fewer_actions_than_an_agent() -> None:
    actions = [
        action("plain"),
        action("on", "enabled"),
        action("far", "remote"),
        action("off", "disabled", "{bad"),
        action("plain", schema='{"title":"second"}'),
    ]
    model = requested(frontend=FrontendInput(actions=actions))
    agent = requested(
        frontend=FrontendInput(actions=actions), agent_session=AgentSessionInput(agent_name="a")
    )
    assert (model.agent, agent.agent) == (None, "a")
    assert [tool.name for tool in model.input.tools or []] == ["plain", "on"]
    assert [tool.name for tool in agent.input.tools or []] == ["plain", "on", "far"]
    first = (model.input.tools or [])[0]
    assert first.description == "does plain"
    assert first.parameters == {"type": "object", "properties": {}}


@pytest.mark.parametrize("schema", ["{bad", "[]", "1"])
def test_a_schema_that_is_no_object_fails_an_agents_request_only(schema: str) -> None:
    frontend = FrontendInput(actions=[action("f", schema=schema)])
    assert [tool.parameters for tool in requested(frontend=frontend).input.tools or []] == [{}]
    with pytest.raises(InvalidInput, match="action 'f'"):
        requested(frontend=frontend, agent_session=AgentSessionInput(agent_name="a"))


def test_the_sessions_agent_gets_the_state_and_configuration_that_the_front_end_holds() -> None:
    states = [
        AgentStateInput(agent_name="b", state='{"other":1}'),
        AgentStateInput(agent_name="a", state='{"n":1}', config='{"k":2,"streamSubgraphs":true}'),
    ]
    asked = requested(
        properties={"tenant": "x", "threadMetadata": {"m": 1}},
        agent_session=AgentSessionInput(agent_name="a", node_name="plan"),
        agent_states=states,
        context=[CopilotContextInput(description="name", value="Ann")],
        meta_events=[
            MetaEventInput(name=MetaEventName.LangGraphInterruptEvent, value="{}", response="yes")
        ],
    ).input
    assert asked.state == {"n": 1}
    assert asked.forwarded_props == {
        "config": {"k": 2},
        "command": {"resume": "yes"},
        "metaEvents": [{"name": "LangGraphInterruptEvent", "value": "{}", "response": "yes"}],
        "threadMetadata": {"m": 1},
        "nodeName": "plan",
        "streamSubgraphs": True,
        "tenant": "x",
    }
    assert [(each.description, each.value) for each in asked.context or []] == [("name", "Ann")]


def test_without_any_of_these_an_agent_gets_empty_ones() -> None:
    asked = requested(agent_states=[AgentStateInput(agent_name="a", state="{}")]).input
    assert asked.state == {}
    assert (asked.tools, asked.context) == ([], [])
    assert asked.forwarded_props == {"config": {}, "threadMetadata": {}}


def test_state_that_is_no_json_counts_as_none() -> None:
    held = AgentStateInput(agent_name="a", state="{bad", config="[]")
    asked = requested(agent_session=AgentSessionInput(agent_name="a"), agent_states=[held]).input
    assert asked.state == {}
    assert asked.forwarded_props == {"config": {}, "threadMetadata": {}}


def test_model_parameters_are_forwarded_flat_and_zero_is_a_value() -> None:
    parameters = ForwardedParametersInput(temperature=0.0, max_tokens=None, stop=["\n"])
    asked = requested(properties={"model": "page's"}, forwarded_parameters=parameters).input
    assert asked.forwarded_props == {
        "config": {},
        "threadMetadata": {},
        "model": "page's",
        "temperature": 0.0,
        "stop": ["\n"],
    }


def test_properties_that_could_not_be_written_again_are_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(300):
        deep = {"a": deep}
    with pytest.raises(InvalidInput, match="properties"):
        requested(properties=deep)


def test_an_answer_is_streamed_part_by_part_unless_the_request_says_otherwise() -> None:
    assert streaming_of(None) == streaming_of(StreamingConfigInput()) == Streaming(FRAME, 0)
    framed = StreamingConfigInput(delivery=StreamingDelivery.Framed)
    assert streaming_of(framed) == Streaming(FRAME, 0)
    framed.frame_milliseconds, framed.heartbeat_seconds = 250, 2.5
    assert streaming_of(framed) == Streaming(frame=0.25, heartbeat=2.5)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"frame_milliseconds": 0}, "frameMilliseconds: 0 is not between 1 and 1000"),
        ({"frame_milliseconds": 1001}, "frameMilliseconds: 1001 is not between 1 and 1000"),
        ({"heartbeat_seconds": 0.5}, "heartbeatSeconds: 0.5 is not between 1 and 300"),
    ],
)
def test_a_streaming_that_cannot_be_meant_is_refused(config: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        streaming_of(StreamingConfigInput(**config))


def test_a_page_loads_texts_calls_and_results_and_nothing_else() -> None:
    messages: list[dict[str, Any]] = [
        {"id": "s1", "role": "system", "content": "Be kind"},
        {
            "id": "u1",
            "role": "user",
            "content": [{"type": "text", "text": "hi"}, {"type": "image"}],
        },
        {"id": "a1", "role": "assistant", "content": "Hm", "toolCalls": [function("c1")]},
        {"id": "t1", "role": "tool", "content": "ok", "toolCallId": "c1"},
        {"id": "t2", "role": "tool", "content": "ok", "toolCallId": "c9"},
        {"id": "r1", "role": "reasoning", "content": "thinking"},
    ]
    bad = {"id": "c2", "function": {"name": "g", "arguments": "{half"}}
    messages.append({"id": "a2", "role": "assistant", "toolCalls": [bad]})
    assert legacy(messages) == [
        {"role": "system", "content": "Be kind", "id": "s1"},
        {"role": "user", "content": "hi", "id": "u1"},
        {"role": "assistant", "content": "Hm", "id": "a1"},
        {"id": "c1", "name": "f", "arguments": {}, "parentMessageId": "a1"},
        {"actionExecutionId": "c1", "actionName": "f", "result": "ok", "id": "t1"},
        {"actionExecutionId": "c9", "actionName": "unknown", "result": "ok", "id": "t2"},
        {"id": "c2", "name": "g", "arguments": {}, "parentMessageId": "a2"},
    ]


def test_content_that_is_no_text_is_an_empty_one() -> None:
    assert text_of(None) == ""
