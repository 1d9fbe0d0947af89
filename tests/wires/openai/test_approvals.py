"""Calls that somebody has to approve of first, as OpenAI's own Python client has them."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from agui_runtime import CopilotRuntime
from tests.wires.graphql.serving import by_header
from tests.wires.openai import snippets
from tests.wires.openai.careful import Careful
from tests.wires.openai.serving import Recorder, client_of, plain_client_of, serving
from tests.wires.openai.test_conversations import all_items
from tests.wires.openai.test_refusals import error_of
from tests.wires.openai.test_responses import respond, thread_of
from tests.wires.openai.test_threads import stored


def answer(item: Any, approve: bool = True, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # the client's
    given = {"approval_request_id": item.id, "approve": approve, **more}
    return {"type": "mcp_approval_response", **given}


async def questions(client: Any, **more: Any) -> tuple[Any, list[Any]]:  # noqa: ANN401  # the client's
    """The response that asks, and its questions."""
    first = await respond(client, **more)
    return first, [each for each in first.output if each.type == "mcp_approval_request"]


@pytest.mark.parametrize(("approve", "words"), [(True, "removed"), (False, "refused")])
@pytest.mark.parametrize("named", [True, False])
async def test_a_call_is_carried_out_as_somebody_decides(
    approve: bool, words: str, named: bool
) -> None:
    runtime = CopilotRuntime({"default": (agent := Careful())})
    async with client_of(runtime) as client:
        first, [item] = await questions(client)
        assert first.status == "completed"
        assert (item.name, item.arguments) == ("remove", '{"file":"a"}')
        more = {"previous_response_id": first.id} if named else {}
        second = await respond(client, [answer(item, approve)], **more)
        [done, message] = second.output
        assert (done.type, done.name, done.output) == ("mcp_call", "remove", words)
        assert done.approval_request_id == item.id
        assert message.content[0].text == "Done."
        assert thread_of(second) == thread_of(first)
        assert agent.answers == [[("may-c-a", {"approved": approve})]]
        found = await client.responses.retrieve(second.id)
        assert found.output == second.output


async def test_the_same_answer_again_is_the_same_response_and_another_one_is_refused() -> None:
    runtime = CopilotRuntime({"default": (agent := Careful())})
    async with client_of(runtime) as client:
        _, [item] = await questions(client)
        second = await respond(client, [answer(item)])
        again = await respond(client, [answer(item)])
        assert (again.id, again.output) == (second.id, second.output)
        stream = await respond(client, [answer(item)], stream=True)
        last = [event async for event in stream][-1]
        assert last.response.output == second.output
        with pytest.raises(openai.BadRequestError) as caught:
            await respond(client, [answer(item, approve=False)])
        assert caught.value.code == "approval_already_answered"
    assert len(agent.answers) == 1


async def test_the_stream_helper_shows_questions_and_what_became_of_them() -> None:
    async with client_of(CopilotRuntime({"default": Careful("a", "b")})) as client:
        async with client.responses.stream(model="default", input="hi") as stream:
            first = await stream.get_final_response()
        items = [answer(each) for each in first.output]
        async with client.responses.stream(model="default", input=items) as stream:
            kinds = [event.type async for event in stream]
            second = await stream.get_final_response()
    assert [each.type for each in first.output] == ["mcp_approval_request"] * 2
    assert [each.type for each in second.output] == ["mcp_call", "mcp_call", "message"]
    assert kinds.count("response.output_item.done") == 3


async def test_all_questions_of_a_response_are_answered_at_once() -> None:
    async with client_of(CopilotRuntime({"default": Careful("a", "b")})) as client:
        _, [one, two] = await questions(client)
        for wrong in ([answer(one)], [answer(one), answer(one), answer(two)]):
            with pytest.raises(openai.BadRequestError):
                await respond(client, wrong)
        assert (await respond(client, [answer(two), answer(one)])).status == "completed"


async def test_a_question_is_not_answered_once_the_thread_has_gone_on() -> None:
    runtime = CopilotRuntime({"default": Careful(), "other": Recorder()})
    async with client_of(runtime) as client:
        first, [item] = await questions(client)
        await respond(client, "never mind", model="other", previous_response_id=first.id)
        with pytest.raises(openai.BadRequestError) as caught:
            await respond(client, [answer(item)])
        assert caught.value.code == "approval_request_not_found"
        assert "No tool output" not in str(caught.value)


CLOSED = {
    "type": "object",
    "properties": {"approved": {"type": "boolean"}},
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("schema", "payload"),
    [
        (None, {"approved": False, "reason": "mine"}),
        (CLOSED, {"approved": False}),
    ],
)
async def test_a_reason_goes_along_where_the_question_takes_one(
    schema: dict[str, Any] | None, payload: dict[str, Any]
) -> None:
    async with client_of(CopilotRuntime({"default": (agent := Careful(schema=schema))})) as client:
        _, [item] = await questions(client)
        await respond(client, [answer(item, approve=False, reason="mine")])
    assert agent.answers == [[("may-c-a", payload)]]


async def test_a_question_of_somebody_else_is_as_unknown_as_one_that_nobody_asked() -> None:
    runtime = CopilotRuntime({"default": (agent := Careful())}, authenticate=by_header)
    async with plain_client_of(runtime) as client:
        body = {"model": "default", "input": "hi"}
        made = await client.post("/v1/responses", json=body, headers={"x-user": "ann"})
        item = made.json()["output"][0]
        for id_ in (item["id"], "mcpr_x", item["id"][:-1]):
            given = {"approval_request_id": id_, "approve": True}
            again = {"model": "default", "input": [{"type": "mcp_approval_response", **given}]}
            refused = await client.post("/v1/responses", json=again, headers={"x-user": "bob"})
            assert refused.status_code == 400
            error = error_of(refused)
            assert (error["code"], error["param"]) == ("approval_request_not_found", "input")
            assert error["message"] == f"Approval request with id '{id_}' not found"
    assert agent.answers == []


async def test_a_question_is_answered_in_its_own_thread_alone() -> None:
    async with client_of(CopilotRuntime({"default": Careful()})) as client:
        _, [item] = await questions(client)
        other = await respond(client)
        for more in ({"previous_response_id": other.id}, {"conversation": "t9"}, {"store": False}):
            with pytest.raises(openai.BadRequestError):
                await respond(client, [answer(item)], **more)


async def test_a_conversation_holds_the_question_until_it_is_answered() -> None:
    runtime = CopilotRuntime({"default": Careful()})
    async with client_of(runtime) as client:
        _, [item] = await questions(client, conversation="t1")
        before = await all_items(client, "t1", order="asc")
        assert [each.type for each in before] == ["message", "mcp_approval_request"]
        assert before[1].id == item.id
        await respond(client, [answer(item)], conversation="t1")
        after = await all_items(client, "t1", order="asc")
        assert [each.type for each in after] == ["message", "mcp_call", "message"]
        assert [each["role"] for each in await stored(runtime)] == [
            *("user", "assistant", "tool", "assistant"),
        ]


async def test_a_client_that_names_all_items_again_answers_in_their_thread() -> None:
    """As the AI SDK does."""
    runtime = CopilotRuntime({"default": Careful()})
    async with client_of(runtime) as client:
        first, [item] = await questions(client)
        whole = [
            {"role": "user", "content": "hi"},
            {"type": "item_reference", "id": item.id},
            answer(item),
        ]
        second = await respond(client, whole)
        assert thread_of(second) == thread_of(first)
        assert second.output[0].output == "removed"


async def test_a_client_that_names_items_goes_on_in_their_thread() -> None:
    runtime = CopilotRuntime({"default": (agent := Recorder())})
    async with client_of(runtime) as client:
        first = await respond(client)
        whole = [
            {"role": "user", "content": "hi"},
            {"type": "item_reference", "id": first.output[0].id},
            {"role": "user", "content": "more"},
        ]
        second = await respond(client, whole)
        assert thread_of(second) == thread_of(first)
        hello = ("assistant", "Hello world")
        assert agent.messages == [("user", "hi"), hello, ("user", "more")]
        third = await respond(client, [*whole[:2], {"role": "user", "content": "other"}])
        assert thread_of(third) != thread_of(first)
        assert agent.messages == [("user", "hi"), hello, ("user", "other")]
        with pytest.raises(openai.BadRequestError, match="not found"):
            gone = await respond(client, store=False)
            await respond(client, [{"type": "item_reference", "id": gone.output[0].id}])


async def test_the_snippet_of_the_documentation_works(capsys: pytest.CaptureFixture[str]) -> None:
    async with serving(CopilotRuntime({"careful": Careful()})) as origin:
        await snippets.run("mcp_approval_response", origin)
    assert capsys.readouterr().out.strip() == "Done."


async def test_answers_that_come_again_with_the_whole_conversation_are_history() -> None:
    runtime = CopilotRuntime({"default": (agent := Careful()), "other": (other := Recorder())})
    async with client_of(runtime) as client:
        first, [item] = await questions(client)
        whole = [{"role": "user", "content": "hi"}, reference(item), answer(item)]
        second = await respond(client, whole)
        whole += [*map(reference, second.output), {"role": "user", "content": "more"}]
        third = await respond(client, whole, model="other")
        assert thread_of(third) == thread_of(first)
        assert [role for role, _ in other.messages] == [
            *("user", "assistant", "tool", "assistant", "user"),
        ]
    assert len(agent.answers) == 1


async def test_a_second_question_is_answered_beside_the_answer_to_the_first() -> None:
    runtime = CopilotRuntime({"default": (agent := Careful())})
    async with client_of(runtime) as client:
        first, [item] = await questions(client)
        whole = [{"role": "user", "content": "hi"}, reference(item), answer(item)]
        second = await respond(client, whole)
        whole += [*map(reference, second.output), {"role": "user", "content": "once more"}]
        third = await respond(client, whole)
        [again] = [each for each in third.output if each.type == "mcp_approval_request"]
        fourth = await respond(client, [*whole, reference(again), answer(again, approve=False)])
        assert thread_of(fourth) == thread_of(first)
    assert [made for [(_, made)] in agent.answers] == [{"approved": True}, {"approved": False}]


def reference(item: Any) -> dict[str, str]:  # noqa: ANN401  # the client's
    return {"type": "item_reference", "id": item.id}
