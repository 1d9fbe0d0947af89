"""The comparator must see what a user would see, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from copy import deepcopy

import pytest

from tests.wires.graphql.comparator import (
    Answer,
    Malformed,
    Outcome,
    Payload,
    differences,
    merge,
    outcome,
)

HEAD: Payload = {
    "data": {"reply": {"threadId": "t1", "messages": [], "__typename": "CopilotResponse"}},
    "hasNext": True,
}


def message(id: str = "m1", created: str = "2026-01-31T12:00:00.000Z") -> Payload:
    return {"__typename": "TextMessageOutput", "id": id, "createdAt": created, "content": []}


def items(values: Sequence[object], *path: str | int) -> Payload:
    return {"items": list(values), "path": ["reply", *path]}


def status(code: str, *path: str | int) -> Payload:
    return {"data": {"status": {"code": code, "__typename": code}}, "path": ["reply", *path]}


def stream(*patches: Payload) -> list[Payload]:
    """One part for each patch, as a slow server would send them."""
    later: list[Payload] = [{"incremental": [patch], "hasNext": True} for patch in patches]
    return deepcopy([HEAD, *later, {"hasNext": False}])


def hello() -> list[Payload]:
    return stream(
        items([message()], "messages", 0),
        items(["Hel"], "messages", 0, "content", 0),
        items(["lo"], "messages", 0, "content", 1),
        status("Success"),
        status("Success", "messages", 0),
    )


def multipart(parts: Sequence[Payload]) -> Answer:
    body = b"\r\n---"
    for part in parts:
        data = json.dumps(part).encode()
        body += b"\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: "
        body += b"%d\r\n\r\n%b\r\n---" % (len(data), data)
    return Answer(200, {"content-type": 'multipart/mixed; boundary="-"'}, body + b"--\r\n")


def event_stream(parts: Sequence[Payload]) -> Answer:
    body = ":\n\n" + "".join(f"event: next\ndata: {json.dumps(part)}\n\n" for part in parts)
    body += "event: complete\ndata:\n\n"
    return Answer(200, {"content-type": "text/event-stream"}, body.encode())


def places(expected: Sequence[Payload], actual: Sequence[Payload]) -> set[str]:
    return {it.place for it in differences(merge(expected), merge(actual))}


def test_an_answer_is_like_itself_in_every_framing() -> None:
    outcomes = [outcome(multipart(hello())), outcome(event_stream(hello())), merge(hello())]
    for one in outcomes:
        assert one.complete
        assert differences(outcomes[0], one) == []


def test_a_reply_is_merged_as_the_client_merges_it() -> None:
    merged = merge(hello()).result["data"]["reply"]
    assert merged["status"]["code"] == "Success"
    assert merged["messages"][0]["content"] == ["Hel", "lo"]
    assert merged["messages"][0]["status"]["code"] == "Success"


def test_parts_may_be_cut_anywhere() -> None:
    one_part = stream()
    patches = [patch for part in hello() for patch in part.get("incremental", ())]
    one_part[1:] = [{"incremental": patches, "hasNext": False}]
    assert places(hello(), one_part) == set()


def test_neighbouring_items_may_share_a_patch() -> None:
    shared = hello()
    shared[2:4] = [
        {"incremental": [items(["Hel", "lo"], "messages", 0, "content", 0)], "hasNext": True}
    ]
    assert places(hello(), shared) == set()


def test_the_order_between_paths_is_free() -> None:
    early = hello()
    early.insert(2, early.pop(4))
    assert places(hello(), early) == set()


def without_part(index: int) -> Callable[[list[Payload]], None]:
    def change(parts: list[Payload]) -> None:
        del parts[index]

    return change


def swapped_tokens(parts: list[Payload]) -> None:
    parts[2], parts[3] = parts[3], parts[2]


def swapped_words(parts: list[Payload]) -> None:
    parts[2]["incremental"][0]["items"], parts[3]["incremental"][0]["items"] = ["lo"], ["Hel"]


def wrong_typename(parts: list[Payload]) -> None:
    parts[1]["incremental"][0]["items"][0]["__typename"] = "ResultMessageOutput"


def failed_status(parts: list[Payload]) -> None:
    parts[4]["incremental"][0]["data"]["status"]["code"] = "Failed"


def token_sent_twice(parts: list[Payload]) -> None:
    parts.insert(3, deepcopy(parts[2]))


def token_repeated(parts: list[Payload]) -> None:
    parts.insert(4, {"incremental": [items(["lo"], "messages", 0, "content", 2)], "hasNext": True})


def message_repeated(parts: list[Payload]) -> None:
    parts.insert(4, {"incremental": [items([message("m2")], "messages", 1)], "hasNext": True})


def other_id(parts: list[Payload]) -> None:
    parts[1]["incremental"][0]["items"][0]["id"] = "m2"


def other_thread(parts: list[Payload]) -> None:
    parts[0]["data"]["reply"]["threadId"] = "t2"


def no_time(parts: list[Payload]) -> None:
    parts[1]["incremental"][0]["items"][0]["createdAt"] = "yesterday"


def null_for_missing(parts: list[Payload]) -> None:
    parts[1]["incremental"][0]["items"][0]["parentMessageId"] = None


def status_twice(parts: list[Payload]) -> None:
    parts.insert(5, deepcopy(parts[4]))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (without_part(3), ".data.reply.messages.0.content.1"),
        (without_part(4), ".data.reply.status"),
        (without_part(5), ".data.reply.messages.0.status"),
        (without_part(6), "complete"),
        (swapped_tokens, "order of reply.messages.0.content"),
        (swapped_words, ".data.reply.messages.0.content.0"),
        (wrong_typename, ".data.reply.messages.0.__typename"),
        (failed_status, ".data.reply.status.code"),
        (token_sent_twice, "order of reply.messages.0.content"),
        (token_repeated, ".data.reply.messages.0.content.2"),
        (message_repeated, ".data.reply.messages.1"),
        (other_id, ".data.reply.messages.0.id"),
        (other_thread, ".data.reply.threadId"),
        (no_time, ".data.reply.messages.0.createdAt"),
        (null_for_missing, ".data.reply.messages.0.parentMessageId"),
        (status_twice, "order of reply"),
    ],
)
def test_what_a_user_would_notice_is_told_with_its_place(
    change: Callable[[list[Payload]], None], place: str
) -> None:
    changed = hello()
    change(changed)
    assert place in places(hello(), changed)


def test_a_patch_for_something_unknown_is_malformed() -> None:
    with pytest.raises(Malformed, match=r"messages\.0\.content"):
        merge(stream(items(["Hel"], "messages", 0, "content", 0)))


def test_a_delimiter_that_comes_with_the_next_part_is_malformed() -> None:
    whole = multipart(hello())
    late = Answer(200, whole.headers, whole.body.replace(b"\r\n---", b"\n---", 3))
    with pytest.raises(Malformed):
        outcome(late)


def test_a_wrong_content_length_is_malformed() -> None:
    whole = multipart(hello())
    wrong = whole.body.replace(b"Content-Length: 1", b"Content-Length: 2", 1)
    with pytest.raises((Malformed, ValueError)):
        outcome(Answer(200, whole.headers, wrong))


def test_a_part_after_the_last_one_is_malformed() -> None:
    with pytest.raises(Malformed, match="after the last"):
        merge([*hello(), {"hasNext": False}])


def result(**fields: object) -> Outcome:
    return Outcome(dict(fields), complete=True)


FIRST = "6e58b66d-38dc-40f4-828a-987ac371107f"
SECOND = "ck-ccc6ce64-30da-4c5e-b99a-8fdcc7b630f9"


def test_a_generated_id_may_be_any_other() -> None:
    assert differences(result(id=FIRST, parent=FIRST), result(id="a_1", parent="a_1")) == []


@pytest.mark.parametrize("actual", [("a", "b", "b"), ("a", "a", "a"), ("", "b", "")])
def test_generated_ids_must_stand_for_one_another(actual: tuple[str, str, str]) -> None:
    one, two, again = actual
    expected = result(id=FIRST, other=SECOND, parent=FIRST)
    assert differences(expected, result(id=one, other=two, parent=again))


def test_a_generated_id_is_seen_inside_a_text() -> None:
    expected = result(id=FIRST, text=f"run {FIRST} of agent")
    assert differences(expected, result(id="r1", text="run r1 of agent")) == []
    assert differences(expected, result(id="r1", text="run r2 of agent"))
    assert differences(expected, result(id="r1", text="run r1 of nobody"))


def test_json_in_a_string_is_compared_by_its_value() -> None:
    expected = result(state='{"a": 1, "b": [2]}')
    assert differences(expected, result(state='{"b":[2],"a":1}')) == []
    found = differences(expected, result(state='{"b":[3],"a":1}'))
    assert [it.place for it in found] == [".state.(JSON).b.0"]


def test_true_is_not_one_and_null_is_not_absent() -> None:
    assert differences(result(running=True), result(running=1))
    assert differences(result(runId=None), result())


def test_a_stack_trace_counts_neither_way() -> None:
    assert differences(result(error={"stack": "at x"}), result(error={})) == []
