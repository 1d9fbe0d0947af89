"""Speech to text: the seam, and a service for OpenAI-compatible endpoints. It answers nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import httpx

from agui_runtime.connectors.shared import network
from agui_runtime.connectors.shared.chat.failures import (
    failed,
    failure,
    parsed,
    refused,
    stream_failure,
)
from agui_runtime.connectors.shared.chat.transport import unanswered
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.secrets import Secrets

OPENAI = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class Recording:
    """Sound as a front end recorded it."""

    data: bytes
    mime_type: str
    filename: str


class TranscriptionService(Protocol):
    """Turns the speech of a recording into text."""

    async def transcribe(self, recording: Recording) -> str:
        """The text; raises ModelFailure, whose message is safe to show."""


class OpenAITranscription:
    """`POST {base_url}/audio/transcriptions`, as OpenAI and servers compatible with it serve it.

    Each call opens a connection of its own, so a service belongs to no event loop. `timeout` is in
    seconds. Raises Misconfigured without a key for OpenAI itself.
    """

    def __init__(
        self,
        model: str = "whisper-1",
        *,
        api_key: str | None = None,
        base_url: str = OPENAI,
        language: str | None = None,
        timeout: float = 60.0,
    ) -> None:
        if base_url == OPENAI and not api_key:
            raise Misconfigured("OpenAITranscription needs api_key=..., or another base_url")
        network.check(base_url)
        self._url = f"{base_url.rstrip('/')}/audio/transcriptions"
        self._fields = {"model": model} | ({"language": language} if language else {})
        self._headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._secrets = Secrets([api_key or ""])
        self._timeout = timeout

    async def transcribe(self, recording: Recording) -> str:
        file = (recording.filename, recording.data, recording.mime_type)
        try:
            async with network.client(timeout=self._timeout, headers=self._headers) as client:
                answer = await client.post(self._url, data=self._fields, files={"file": file})
        except httpx.HTTPError as error:
            raise unanswered(error).failure from None
        body = self._secrets.cut_all(parsed(answer.content))
        if not answer.is_success:
            raise refused(answer.status_code, body).failure
        return _text(body)


def _text(body: object) -> str:
    """The transcript in an answer: its `text`, or all of an answer that is no JSON."""
    if isinstance(body, dict):
        if isinstance(body.get("text"), str):
            return str(body["text"])
        if error := failed(body):
            raise stream_failure(error)
    elif body and isinstance(body, str):
        return body
    raise failure("UNAVAILABLE", cause="the answer has no text")
