"""How single events of AgentScope are told, where no model of the tests would say them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from agentscope.event import (
    CustomEvent,
    DataBlockDeltaEvent,
    DataBlockEndEvent,
    DataBlockStartEvent,
    HintBlockEvent,
    ReplyEndEvent,
    ToolResultDataDeltaEvent,
    ToolResultEndEvent,
)
from agentscope.types import ErrorInfo, ReplyFinishedReason

from agui_runtime.connectors.agentscope.translator import AgentScopeTranslator
from agui_runtime.core.errors import AgentFailure
from agui_runtime.core.events import Event
from tests.connectors.talk import ask

PNG = {"reply_id": "r", "block_id": "b1", "media_type": "image/png"}


def told(*events: object, supplied: frozenset[str] = frozenset()) -> list[Event]:
    translator = AgentScopeTranslator(ask("hi"), supplied)
    return [each for event in events for each in translator.feed(event)]


def ended(reason: ReplyFinishedReason, error: ErrorInfo | None = None) -> list[Event]:
    translator = AgentScopeTranslator(ask("hi"), ())
    translator.feed(
        ReplyEndEvent(session_id="s", reply_id="r", finished_reason=reason, error=error)
    )
    return translator.end((), "r")


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        (("iVBO", "Rw0="), "iVBORw0="),
        (("iVA=", "Tkc="), "iVBORw=="),
        (("iVBORw0=",), "iVBORw0="),
    ],
    ids=["one text, cut", "two that are whole", "one piece"],
)
def test_pictures_and_sounds_of_the_agent_are_activities(pieces: Sequence[str], whole: str) -> None:
    data = [DataBlockDeltaEvent(**PNG, data=piece) for piece in pieces]
    events = told(DataBlockStartEvent(**PNG, name="cat.png"), *data, DataBlockEndEvent(**PNG))
    source = {"type": "data", "value": whole, "mimeType": "image/png"}
    content = {"type": "image", "source": source, "metadata": {"filename": "cat.png"}}
    ids = {"messageId": "media-b1", "activityType": "agentscope.media"}
    assert events == [{"type": "ACTIVITY_SNAPSHOT", **ids, "content": content}]


def test_media_by_url_in_the_stream_and_in_a_result() -> None:
    url = "https://site.test/cat.pdf"
    media = {**PNG, "media_type": "application/pdf"}
    [activity] = told(DataBlockDeltaEvent(**media, url=url), DataBlockEndEvent(**PNG))
    assert activity["content"]["source"]["value"] == url

    ids = {"reply_id": "r", "tool_call_id": "c1"}
    data = ToolResultDataDeltaEvent(**ids, media_type="application/pdf", url=url)
    [result] = told(data, ToolResultEndEvent(**ids, state="success"))
    source = {"type": "url", "value": url, "mimeType": "application/pdf"}
    assert result["content"] == [{"type": "document", "source": source}]


def test_custom_events_pass_and_hints_do_not() -> None:
    custom = CustomEvent(name="tasks", value={"done": 1})
    hint = HintBlockEvent(reply_id="r", block_id="b", hint="It is noon.")
    assert told(hint, custom) == [{"type": "CUSTOM", "name": "tasks", "value": {"done": 1}}]


def test_a_reply_that_ends_badly_is_a_failure() -> None:
    with pytest.raises(AgentFailure) as steps:
        ended(ReplyFinishedReason.EXCEED_MAX_ITERS)
    with pytest.raises(AgentFailure) as error:
        ended(ReplyFinishedReason.ERROR, ErrorInfo(message="It broke."))
    assert steps.value.code == "MAX_ITERATIONS"
    assert error.value.message == "It broke."


def test_an_agent_that_interrupted_itself_is_told_as_cancelled() -> None:
    [finished] = ended(ReplyFinishedReason.INTERRUPTED)
    assert finished["outcome"] == {"type": "cancelled"}
