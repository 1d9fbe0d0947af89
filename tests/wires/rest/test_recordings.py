"""What was said in a recording, as text."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from agui_runtime import CopilotRuntime, Recording, RestWire, create_app
from agui_runtime.core.errors import ModelFailure
from tests.runtime.worlds import Scripted
from tests.support import client_of
from tests.wires.callers.routes import AUDIO
from tests.wires.rest.serving import AT


class Typist:
    """Writes how much it was given, or fails."""

    def __init__(self, failure: ModelFailure | None = None) -> None:
        self._failure = failure

    async def transcribe(self, recording: Recording) -> str:
        if self._failure:
            raise self._failure
        return f"{len(recording.data)} bytes"


def an_app(typist: Typist) -> FastAPI:
    return create_app(
        CopilotRuntime({"default": Scripted()}), wires=[RestWire(transcription=typist)]
    )


async def test_a_recording_is_written_down_from_a_form_and_from_json() -> None:
    async with client_of(an_app(Typist())) as client:
        form = await client.post(
            f"{AT}/transcribe", files={"audio": ("r.webm", b"sound", "audio/webm")}
        )
        json = await client.post(f"{AT}/transcribe", json=AUDIO)
    assert form.json() == {"text": "5 bytes", "size": 5, "type": "audio/webm"}
    assert json.json() == form.json()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid_request"),
        ({"audio": "!", "mimeType": "audio/webm"}, 400, "invalid_request"),
        ({"audio": "aGk=", "mimeType": "video/webm"}, 400, "invalid_audio_format"),
    ],
)
async def test_what_is_no_recording_is_refused(
    body: dict[str, str], status: int, code: str
) -> None:
    async with client_of(an_app(Typist())) as client:
        refused = await client.post(f"{AT}/transcribe", json=body)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.json().keys() == {"code", "message", "requestId"}


async def test_a_service_that_fails_is_an_error() -> None:
    failure = ModelFailure("RATE_LIMITED", "too many recordings; try again")
    async with client_of(an_app(Typist(failure))) as client:
        refused = await client.post(f"{AT}/transcribe", json=AUDIO)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")


async def test_without_a_service_it_refuses(caplog: pytest.LogCaptureFixture) -> None:
    async with client_of(create_app(CopilotRuntime({"default": Scripted()}))) as client:
        refused = await client.post(f"{AT}/transcribe", json=AUDIO)
    assert (refused.status_code, refused.json()["code"]) == (503, "service_not_configured")
    assert caplog.text == ""
