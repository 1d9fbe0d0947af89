"""Recordings to text: a form's file, or base64 in JSON, by whatever service there is."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive

from agui_runtime.connectors.transcription import Recording, TranscriptionService
from agui_runtime.core.access import Resource
from agui_runtime.core.errors import AguiError, InvalidInput, ModelFailure
from agui_runtime.core.events import Caller
from agui_runtime.runtime.permissions import Permissions
from agui_runtime.wires.shared.bodies import SLICE, BodyLimits
from agui_runtime.wires.shared.exchange import Exchange
from agui_runtime.wires.shared.http import read_body

KINDS = ("aac", "flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "ogg", "wav", "wave", "webm")
FORMATS = frozenset(f"audio/{kind}" for kind in (*KINDS, "x-m4a", "x-wav"))

_EXTENSIONS = {"audio/mpeg": "mp3", "audio/x-wav": "wav", "audio/wave": "wav", "audio/x-m4a": "m4a"}


class Refused(AguiError):
    """No text came of it; whether the same request may succeed later is `retryable`."""

    def __init__(self, status: int, code: str, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retryable = retryable


class Transcript(NamedTuple):
    """What was said in a recording of so many bytes of this type."""

    text: str
    size: int
    type: str


class Transcriber:
    """Refuses until a service is configured."""

    def __init__(self, permissions: Permissions, service: TranscriptionService | None) -> None:
        self._permissions = permissions
        self._service = service

    async def transcript(
        self, caller: Caller, recording: Callable[[], Awaitable[Recording]]
    ) -> Transcript:
        """Of the recording, which is read only if it is of use; raises Refused and Forbidden."""
        if self._service is None:
            message = "Transcription service is not configured"
            raise Refused(503, "service_not_configured", message)
        await self._permissions.check(caller, "transcribe", Resource())
        given = await recording()
        kind = given.mime_type.partition(";")[0].strip().lower()
        if kind not in FORMATS:
            known = ", ".join(sorted(FORMATS))
            message = f"Unsupported audio format: {kind}. Supported: {known}"
            raise Refused(400, "invalid_audio_format", message)
        try:
            text = await self._service.transcribe(given)
        except ModelFailure as error:
            raise _failed(error) from error
        return Transcript(text, len(given.data), given.mime_type)


async def recording_of(exchange: Exchange, limits: BodyLimits) -> Recording:
    """The one that the request's body is or holds; raises Refused, TooLarge and ClientGone."""
    kind = exchange.headers.get("content-type", "").lower()
    if kind.startswith("multipart/form-data"):
        return await _from_form(exchange, limits)
    if not kind.startswith("application/json"):
        raise _invalid("Request must be multipart/form-data or application/json with base64 audio")
    try:
        return await recording_in(await exchange.json(limits))
    except InvalidInput as error:
        raise _invalid(error.message) from None


async def _from_form(exchange: Exchange, limits: BodyLimits) -> Recording:
    body = await read_body(exchange.scope, exchange.receive, limits)
    try:
        async with Request(exchange.scope, _in_slices(body)).form() as form:
            file = form.get("audio")
            if not isinstance(file, UploadFile):
                raise _invalid("No audio file found in form data; name the field 'audio'")
            name = file.filename or "recording"
            return Recording(await file.read(), file.content_type or "", name)
    except HTTPException as error:
        raise _invalid(error.detail) from None


def _in_slices(body: bytes) -> Receive:
    """The body once more, so little at a time that others have their turns while it is parsed."""
    rest = memoryview(body)

    async def receive() -> Message:
        nonlocal rest
        part, rest = bytes(rest[:SLICE]), rest[SLICE:]
        await asyncio.sleep(0)
        return {"type": "http.request", "body": part, "more_body": bool(rest)}

    return receive


async def recording_in(body: object) -> Recording:
    """`{audio, mimeType, filename?}`; `audio` is base64, or a data URL of it; raises Refused."""
    given: Mapping[str, Any] = body if isinstance(body, dict) else {}
    audio, mime = given.get("audio"), given.get("mimeType")
    if not isinstance(audio, str) or not audio:
        raise _invalid("Request must include 'audio' field with base64-encoded audio data")
    if not isinstance(mime, str) or not mime:
        raise _invalid("Request must include 'mimeType' field, for example 'audio/webm'")
    encoded = audio.partition(",")[2] if audio.startswith("data:") else audio
    try:
        data = await _decoded(encoded)
    except ValueError:  # also for letters that are not ASCII
        raise _invalid("'audio' is not base64") from None
    name = given.get("filename")
    return Recording(data, mime, name if isinstance(name, str) and name else _name(mime))


async def _decoded(encoded: str) -> bytes:
    """What the base64 stands for, in slices between which others have their turns; raises
    ValueError.
    """
    if encoded.find("=", 0, -2) >= 0:  # a slice could end there
        raise ValueError("padding before the end")
    parts = []
    for start in range(0, len(encoded), SLICE):
        parts.append(base64.b64decode(encoded[start : start + SLICE], validate=True))
        await asyncio.sleep(0)
    return b"".join(parts)


def _name(mime: str) -> str:
    kind = mime.partition(";")[0].strip().lower()
    return f"recording.{_EXTENSIONS.get(kind, kind.rpartition('/')[2])}"


def _invalid(message: str) -> Refused:
    return Refused(400, "invalid_request", message)


def _failed(error: ModelFailure) -> Refused:
    status, code, retryable = _FAILURES.get(error.code, (500, "provider_error", True))
    return Refused(status, code, error.message, retryable=retryable)


_FAILURES: Mapping[str, tuple[int, str, bool]] = {
    "MODEL_AUTHENTICATION": (401, "auth_failed", False),
    "MODEL_PERMISSION": (401, "auth_failed", False),
    "MODEL_RATE_LIMITED": (429, "rate_limited", True),
    "MODEL_TIMEOUT": (500, "network_error", True),
    "MODEL_UNREACHABLE": (500, "network_error", True),
}
