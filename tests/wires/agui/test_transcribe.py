"""`/transcribe`, with the service for OpenAI-compatible servers."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message

from agui_runtime.connectors.transcription import OpenAITranscription, Recording
from agui_runtime.core.errors import Misconfigured
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.agui.envelope import Enveloped
from agui_runtime.wires.agui.exchange import AguiExchange
from agui_runtime.wires.agui.options import AguiOptions
from agui_runtime.wires.agui.transcribe import Transcribe
from agui_runtime.wires.agui.wire import AguiWire
from agui_runtime.wires.shared.bodies import SLICE
from tests.runtime.worlds import Scripted
from tests.support import served
from tests.wires.agui.scripted import scripted_agents
from tests.wires.agui.serving import serving

KEY = "sk-test-0123456789abcdef0123456789abcdef"
SOUND = {"audio": base64.b64encode(b"hello").decode(), "mimeType": "audio/webm"}


@asynccontextmanager
async def transcribing(status: int = 200, body: object = None) -> AsyncIterator[httpx.AsyncClient]:
    """A runtime whose service answers so; by default it tells what it was sent."""

    async def transcriptions(request: Request) -> Response:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        async with request.form() as form:
            file = form["file"]
            assert not isinstance(file, str)
            expected = f"{form['model']} {file.filename} {file.content_type} {file.size}"
        return JSONResponse({"text": expected} if body is None else body, status)

    provider = FastAPI()
    provider.add_route("/v1/audio/transcriptions", transcriptions, methods=["POST"])
    async with served(provider) as origin:
        service = OpenAITranscription("whisper-1", api_key=KEY, base_url=f"{origin}/v1")
        wire = AguiWire(transcription=service)
        async with serving(CopilotRuntime(agents=scripted_agents()), wire) as client:
            yield client


async def test_a_recording_in_a_form_is_written_down() -> None:
    async with transcribing() as client:
        files = {"audio": ("r.webm", b"hello", "audio/webm")}
        answer = await client.post("/transcribe", files=files)
    text = "whisper-1 r.webm audio/webm 5"
    assert answer.json() == {"text": text, "size": 5, "type": "audio/webm"}


@pytest.mark.parametrize("prefix", ["", "data:audio/webm;base64,"])
async def test_a_recording_in_json_is_written_down(prefix: str) -> None:
    async with transcribing() as client:
        sound = SOUND | {"audio": prefix + SOUND["audio"]}
        answer = await client.post("/transcribe", json=sound)
        enveloped = await client.post("", json={"method": "transcribe", "body": sound})
    assert answer.json()["text"] == "whisper-1 recording.webm audio/webm 5"
    assert enveloped.json() == answer.json()


@pytest.mark.parametrize(
    ("status", "body", "expected", "code", "retryable"),
    [
        (401, {"error": {"message": f"bad key {KEY}"}}, 401, "auth_failed", False),
        (429, {"error": {"message": "slow down"}}, 429, "rate_limited", True),
        (500, {"error": {"message": "oops"}}, 500, "provider_error", True),
        (200, {"no": "text"}, 500, "provider_error", True),
        (401, {"error": {"message": f"bad key {KEY[:6]}...{KEY[-4:]}"}}, 401, "auth_failed", False),
        (200, {"error": {"message": "slow down", "code": 429}}, 429, "rate_limited", True),
    ],
)
async def test_what_the_provider_refuses_is_reported_safely(
    status: int, body: object, expected: int, code: str, retryable: bool
) -> None:
    async with transcribing(status, body) as client:
        answer = await client.post("/transcribe", json=SOUND)
    assert answer.status_code == expected
    assert answer.json()["error"] == code
    assert answer.json()["retryable"] is retryable
    assert KEY not in answer.text
    assert KEY[-4:] not in answer.text


async def test_a_text_that_is_no_json_is_the_transcript() -> None:
    async def transcriptions(request: Request) -> Response:
        return Response("Good morning\n", media_type="text/plain")

    provider = FastAPI()
    provider.add_route("/v1/audio/transcriptions", transcriptions, methods=["POST"])
    async with served(provider) as origin:
        service = OpenAITranscription("whisper-1", base_url=f"{origin}/v1")
        wire = AguiWire(transcription=service)
        async with serving(CopilotRuntime(agents=scripted_agents()), wire) as client:
            answer = await client.post("/transcribe", json=SOUND)
    assert answer.json()["text"] == "Good morning"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"mimeType": "image/png"}, "invalid_audio_format"),
        ({"mimeType": ""}, "invalid_request"),
        ({"audio": "no base64!"}, "invalid_request"),
        ({"audio": "Grüße"}, "invalid_request"),
    ],
)
async def test_what_is_no_recording_is_refused(changed: dict[str, str], code: str) -> None:
    async with transcribing() as client:
        answer = await client.post("/transcribe", json=SOUND | changed)
    assert answer.status_code == 400
    assert answer.json()["error"] == code


SOUND_OF_MANY_SLICES = b"\r\n--" * 200_000
FORM = (
    b'--b\r\nContent-Disposition: form-data; name="audio"; filename="a.webm"\r\n'
    b"Content-Type: audio/webm\r\n\r\n%b\r\n--b--\r\n"
)


def long_recording(*, in_json: bool) -> AguiExchange:
    """In a form, or in JSON that was read already."""

    async def receive() -> Message:
        return {"type": "http.request", "body": FORM % SOUND_OF_MANY_SLICES}

    async def send(message: Message) -> None:
        return

    kind = (b"content-type", b"multipart/form-data; boundary=b")
    scope = {"type": "http", "method": "POST", "headers": [kind]}
    exchange = AguiExchange(scope, receive, send)
    if in_json:
        body = SOUND | {"audio": base64.b64encode(SOUND_OF_MANY_SLICES).decode()}
        exchange.enveloped = Enveloped("POST", ["transcribe"], body=body)
    return exchange


@pytest.mark.parametrize("in_json", [False, True])
async def test_others_have_their_turns_while_a_long_recording_is_taken_in(
    *,
    in_json: bool,
) -> None:
    exchange = long_recording(in_json=in_json)
    turns = 0

    class Listening:
        async def transcribe(self, recording: Recording) -> str:
            assert recording.data == SOUND_OF_MANY_SLICES
            assert turns >= len(recording.data) // SLICE
            return "heard"

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    options = AguiOptions(transcription=Listening())
    runtime = CopilotRuntime({"default": Scripted()})
    await exchange.identify(None)
    await Transcribe(runtime, options).transcribe(exchange)
    beside.cancel()


@pytest.mark.parametrize("audio", ["eA==eA==", "eA==" * 20_000, "eHh4" * 8192 + "e", "=", "=eA="])
async def test_base64_has_its_padding_at_its_end_alone(audio: str) -> None:
    async with transcribing() as client:
        answer = await client.post("/transcribe", json=SOUND | {"audio": audio})
    assert answer.json()["error"] == "invalid_request"


async def test_a_form_without_a_recording_is_refused() -> None:
    async with transcribing() as client:
        answers = [
            await client.post("/transcribe", files={"other": ("r.webm", b"x", "audio/webm")}),
            await client.post(
                "/transcribe", content=b"x", headers={"content-type": "multipart/form-data"}
            ),
        ]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert [answer.json()["error"] for answer in answers] == ["invalid_request"] * 2


async def test_a_provider_out_of_reach_may_be_tried_again() -> None:
    service = OpenAITranscription(api_key=KEY, base_url="http://127.0.0.1:9/v1")
    wire = AguiWire(transcription=service)
    async with serving(CopilotRuntime(agents=scripted_agents()), wire) as client:
        answer = await client.post("/transcribe", json=SOUND)
    assert answer.json()["error"] == "network_error"


def test_openai_itself_needs_a_key() -> None:
    with pytest.raises(Misconfigured, match="api_key"):
        OpenAITranscription()
